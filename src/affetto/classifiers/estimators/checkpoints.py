"""Training that resumes after an interruption: the folder of its checkpoints, and the files in it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from io import BytesIO
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, TypeVar

from affetto._files import write_bytes
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from affetto.classifiers.estimators.base import ProbabilisticClassifier

    ClassifierT = TypeVar("ClassifierT", bound=ProbabilisticClassifier)

CHECKPOINT_FOLDER = "affetto-checkpoints"
"""Name of the folder within that of the bundle or of the report. No other program uses this name."""


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write tensors and plain values, completely or not at all; the folder is made if it is missing."""
    import torch

    content = BytesIO()
    torch.save(dict(state), content)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, content.getvalue())


@contextmanager
def reading_checkpoint(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the state of a checkpoint, without executing code from it.

    Raises
    ------
    ParameterError
        If the file is damaged, or if the `with` block fails because of its content.
    """
    import torch

    try:
        yield torch.load(path, weights_only=True)
    except (OSError, EOFError, RuntimeError, UnpicklingError, LookupError, TypeError, ValueError) as error:
        raise ParameterError(f"the checkpoint {path} is damaged ({error}); train again without resuming") from None


@contextmanager
def keeping_checkpoints(pipeline: ProbabilisticClassifier, folder: Path, *, resume: bool) -> Iterator[None]:
    """Let every network of a pipeline write checkpoints within the `with` block, and remove them at its end.

    Parameters
    ----------
    pipeline : estimator
        Its parameters named `checkpoints` are set for the time of the block.
    folder : Path
        Folder of the results. The checkpoints are in a folder of their own within it.
    resume : bool
        Whether to use the checkpoints that an interrupted training left there. Otherwise they are removed first.
    """
    names = _parameters(pipeline)
    if not resume:
        _remove_checkpoints(folder / CHECKPOINT_FOLDER)
    pipeline.set_params(**dict.fromkeys(names, folder / CHECKPOINT_FOLDER))
    try:
        yield
    finally:
        pipeline.set_params(**dict.fromkeys(names))
    _remove_checkpoints(folder / CHECKPOINT_FOLDER)


def without_checkpoints(estimator: ClassifierT) -> ClassifierT:
    """Return an unfitted copy of an estimator whose networks write no checkpoints."""
    from sklearn.base import clone

    copy: ClassifierT = clone(estimator)
    return copy.set_params(**dict.fromkeys(_parameters(copy)))


def _remove_checkpoints(folder: Path) -> None:
    for pattern in ("*.pt", "*.part"):  # the latter if writing was interrupted
        for file in folder.glob(pattern):
            file.unlink(missing_ok=True)
    with suppress(OSError):  # it does not exist, or holds other files
        folder.rmdir()


def _parameters(estimator: ProbabilisticClassifier) -> list[str]:
    return [name for name in estimator.get_params(deep=True) if name.split("__")[-1] == "checkpoints"]

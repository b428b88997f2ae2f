"""Training that goes on where it was interrupted."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECKPOINTS = "affetto-checkpoints"
"""Name of the folder, within that of the bundle or of the report: one that nobody else gives to theirs."""


@contextmanager
def keeping_checkpoints(chain: Any, folder: Path, *, resume: bool) -> Iterator[None]:
    """Let every network of a chain keep its state after each epoch, until all is done.

    Parameters
    ----------
    chain : estimator
        Its parameters named `checkpoints` are set, in place, and set back.
    folder : Path
        Where the results will be; the checkpoints lie in a folder of their own within it, which is removed at the end.
    resume : bool
        Whether to go on from what an interrupted training left there; otherwise that is removed first.
    """
    kept = folder / CHECKPOINTS
    names = _parameters(chain)
    if not resume:
        remove_checkpoints(folder)
    chain.set_params(**dict.fromkeys(names, kept))
    try:
        yield
    finally:
        chain.set_params(**dict.fromkeys(names))
    remove_checkpoints(folder)


def remove_checkpoints(folder: Path) -> None:
    """Remove the states that a training keeps in a folder, and nothing else.

    Parameters
    ----------
    folder : Path
        Of the bundle, the report or the encoder.
    """
    kept = folder / CHECKPOINTS
    for pattern in ("*.pt", "*.part"):  # the latter where writing was interrupted
        for state in kept.glob(pattern):
            state.unlink(missing_ok=True)
    with suppress(OSError):  # it was never there, or holds something else
        kept.rmdir()


def without_checkpoints(estimator: Any) -> Any:
    """Return an unfitted copy that keeps no state: what was asked for is the same wherever it is fitted.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    estimator
    """
    from sklearn.base import clone

    return clone(estimator).set_params(**dict.fromkeys(_parameters(estimator)))


def _parameters(estimator: Any) -> list[str]:
    return [name for name in estimator.get_params(deep=True) if name.split("__")[-1] == "checkpoints"]

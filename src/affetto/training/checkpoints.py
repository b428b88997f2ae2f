"""Training that goes on where it was interrupted."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECKPOINTS = "checkpoints"
"""Name of the folder, within that of the bundle or of the report."""


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
        shutil.rmtree(kept, ignore_errors=True)
    chain.set_params(**dict.fromkeys(names, kept))
    try:
        yield
    finally:
        chain.set_params(**dict.fromkeys(names))
    shutil.rmtree(kept, ignore_errors=True)


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

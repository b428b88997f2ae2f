"""The state of a training on disk: written whole or not at all, and read without executing anything of it."""

from __future__ import annotations

import io
from contextlib import contextmanager
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import torch

from affetto._files import write_bytes
from affetto.errors import AffettoError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


def save_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write a state; a file that is there is replaced.

    Parameters
    ----------
    path : Path
        In a folder that is made if it is missing.
    state : mapping
        Tensors and plain values.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    torch.save(dict(state), content)
    write_bytes(path, content.getvalue())


@contextmanager
def reading_state(path: Path) -> Iterator[dict[str, Any]]:
    """Read a state, and take what does not fit where it is used for damage, too.

    Parameters
    ----------
    path : Path

    Yields
    ------
    dict
        What was saved.

    Raises
    ------
    ParameterError
        If it is damaged, or what is done within fails for what it holds.
    """
    try:
        yield torch.load(path, weights_only=True)  # tensors and plain values: no code from the file is run
    except AffettoError:
        raise
    except (OSError, EOFError, RuntimeError, UnpicklingError, LookupError, TypeError, ValueError):
        raise ParameterError(f"the checkpoint {path} is damaged; train again without resuming") from None

"""The recordings that a command names."""

from __future__ import annotations

import glob
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

FilesArgument = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Recordings; - reads one from standard input.")
]
TrackOption = Annotated[
    int | None, typer.Option("--track", metavar="N", min=1, help="Hear this audio track, counted from 1.")
]


def named_files(names: Sequence[str]) -> list[str]:
    """Return the names of recordings, with wildcards expanded that the shell left alone, as on Windows."""
    expanded: list[str] = []
    for name in names:
        matches = sorted(glob.glob(name)) if glob.has_magic(name) and not Path(name).exists() else []  # noqa: PTH207 (Path.glob takes no absolute pattern)
        expanded.extend(matches or [name])
    if expanded.count("-") > 1:
        raise ParameterError("standard input holds one recording; give - once")
    return expanded


def read_from(names: Sequence[str]) -> list[str | int]:
    """Return what the recordings are read from: paths, and the descriptor of standard input."""
    return [sys.stdin.fileno() if name == "-" else name for name in names]


def opened(names: Sequence[str], *, again: bool = False) -> list[str | BinaryIO | bytes]:
    """Return the recordings themselves.

    Parameters
    ----------
    names : sequence of str
        From `named_files`.
    again : bool
        Whether the sound is needed twice: only then is standard input held in memory, all of it.
    """
    standard_input = sys.stdin.buffer
    return [(standard_input.read() if again else standard_input) if name == "-" else name for name in names]

"""The recordings that a command names."""

from __future__ import annotations

import glob
import io
import os
import sys
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
    if "" in names:
        raise ParameterError("a recording's name is empty; name a file")
    expanded: list[str] = []
    for name in names:
        # Path.glob takes no absolute pattern, and Path.exists raises where a folder is locked.
        matches = sorted(glob.glob(name)) if glob.has_magic(name) and not os.path.exists(name) else []  # noqa: PTH110, PTH207
        expanded.extend(matches or [name])
    if expanded.count("-") > 1:
        raise ParameterError("standard input holds one recording; give - once")
    return expanded


def read_from(names: Sequence[str]) -> list[str | int]:
    """Return what the recordings are read from: paths, and the descriptor of standard input."""
    return [sys.stdin.fileno() if name == "-" else name for name in names]


class _Kept(io.BytesIO):
    """What can be read only once, such as a pipe, kept in memory under its name.

    Parameters
    ----------
    file : binary file object
        It is read to its end.
    name : str
        What messages and results call it.
    """

    def __init__(self, file: BinaryIO, *, name: str) -> None:
        super().__init__(file.read())
        self.name = name


def opened(names: Sequence[str], *, again: bool = False) -> list[str | BinaryIO]:
    """Return the recordings themselves.

    Parameters
    ----------
    names : sequence of str
        From `named_files`.
    again : bool
        Whether the sound is needed twice: only then are standard input and pipes held in memory, all of them. They are
        to be rewound by whoever reads them.
    """
    sources: list[str | BinaryIO] = [sys.stdin.buffer if name == "-" else name for name in names]
    return [_kept(source) for source in sources] if again else sources


def _kept(source: str | BinaryIO) -> str | BinaryIO:
    """Return what can be read any number of times; a recording that cannot be read at all remains as it is."""
    try:
        if not isinstance(source, str):
            return _Kept(source, name=source.name)
        if os.path.exists(source) and not os.path.isfile(source) and not os.path.isdir(source):  # noqa: PTH110, PTH112, PTH113 (as above)
            with open(source, "rb") as file:  # noqa: PTH123 (as the name is given)
                return _Kept(file, name=source)
    except OSError:
        # Said of it when it is recognized.
        pass
    return source

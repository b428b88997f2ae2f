"""Files that appear whole or not at all, and never in place of a recording."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

_STANDARD_OUTPUT = 1  # its file descriptor
_FORBIDDEN = "may not be written; check the permissions, or name another file"


def require_writable(path: str | os.PathLike[str], *, sources: Iterable[object]) -> None:
    """Say what is wrong with a file to write, before there is anything to write into it.

    Parameters
    ----------
    path : path
        The file to write; one that exists may be replaced.
    sources : iterable
        What is recognized; those that are paths or file descriptors are never written into.

    Raises
    ------
    ParameterError
        If the file is a folder, is in none, may not be written, is one of the recordings or standard output.
    """
    path = Path(path)
    try:
        obstacle = _obstacle(path)
    except PermissionError:  # not even to look into the folder
        obstacle = _FORBIDDEN
    except (OSError, ValueError) as error:  # a name that is too long, or with a null character
        obstacle = f"cannot be written: {_why(error)}; name another file"
    if obstacle:
        raise ParameterError(f"{path} {obstacle}")
    if is_same_file(path, _STANDARD_OUTPUT):
        # What is printed meanwhile and the file would overwrite each other.
        raise ParameterError(f"{path} is standard output; to print there, give a format and no file")
    for source in sources:
        if isinstance(source, str | os.PathLike | int) and is_same_file(path, source):
            raise ParameterError(f"{path} is the recording itself; name another file to write")


def _obstacle(path: Path) -> str:
    """Return what stands in the way of a file; nothing where it can be written."""
    if path.is_dir():
        return "is a folder; name a file in it"
    if not path.parent.is_dir():
        return f"cannot be written: there is no folder {path.parent}; make it first"
    target = Path(os.path.realpath(path))
    # A file is made anew beside the one that it replaces.
    permitted = (not target.exists() or os.access(target, os.W_OK)) and (
        _is_device(target) or os.access(target.parent, os.W_OK | os.X_OK)
    )
    return "" if permitted else _FORBIDDEN


def is_same_file(path: str | os.PathLike[str], source: str | os.PathLike[str] | int) -> bool:
    """Return whether two names are of one file; of files that are not there yet, whether their places are one.

    Parameters
    ----------
    path : path
    source : path or int
        Or a file descriptor.
    """
    try:
        # The places first: they tell of files that are not there yet. Then links, and systems that ignore case.
        places_are_one = not isinstance(source, int) and os.path.realpath(path) == os.path.realpath(source)
        return places_are_one or os.path.samefile(path, source)  # noqa: PTH121 (Path.samefile takes no descriptor)
    except (OSError, ValueError):  # one of them does not exist; a null character in the name
        return False


def _is_device(path: Path) -> bool:
    """Return whether it is a pipe, or a device such as /dev/null: to be written into, not to be replaced by a file."""
    return path.exists() and not path.is_file()


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file at once: until it is complete, whatever was there stays as it was.

    Parameters
    ----------
    path : path
        The file; a link is followed.
    content : bytes
        What it shall hold.

    Raises
    ------
    ParameterError
        If it cannot be written.
    """
    path = Path(path)
    try:
        if _is_device(path):
            path.write_bytes(content)
            return
        target = Path(os.path.realpath(path))  # unlike `Path.resolve`, links that lead to themselves are no error
        part = target.with_name(f".affetto-{token_hex(8)}.part")
        try:
            part.write_bytes(content)
            if target.exists():
                shutil.copymode(target, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise ParameterError(f"{path} cannot be written: {_why(error)}") from error


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)

"""Write files atomically, and check beforehand that they can be written."""

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


def require_writable(path: str | os.PathLike[str], *, sources: Iterable[object]) -> None:
    """Check that a file can be written, before the work whose result it takes.

    Parameters
    ----------
    path : path
        The file to write, which may exist.
    sources : iterable
        Inputs, and other outputs; paths and open files among them must not be overwritten.

    Raises
    ------
    ParameterError
        If the file is a folder, in a missing folder, not permitted, one of the sources, or standard output.
    """
    path = Path(path)
    try:
        problem = _problem(path)
    except (OSError, ValueError) as error:  # for example a name that is too long, or holds a null character
        problem = f"cannot be written: {_reason(error)}; name another file"
    if problem:
        raise ParameterError(f"{path} {problem}")
    if is_same_file(path, _STANDARD_OUTPUT):
        # Printed text and the file would overwrite each other.
        raise ParameterError(f"{path} is standard output; to print there, give a format and no file")
    for source in sources:
        if is_same_file(path, source):
            raise ParameterError(f"{path} is already an input or an output; name another file to write")


def _problem(path: Path) -> str:
    """Return why a file cannot be written; empty if it can."""
    if path.is_dir():
        return "is a folder; name a file in it"
    if not path.parent.is_dir():
        return f"cannot be written: there is no folder {path.parent}; make it first"
    target = Path(os.path.realpath(path))
    # A new file is made in the folder, and replaces the old one.
    permitted = (not target.exists() or os.access(target, os.W_OK)) and (
        _is_device(target) or os.access(target.parent, os.W_OK | os.X_OK)
    )
    return "" if permitted else "may not be written; check the permissions, or name another file"


def is_same_file(path: str | os.PathLike[str], other: object) -> bool:
    """Return whether a path is the file of another path, which need not exist, of a descriptor, or of an open file."""
    try:
        if hasattr(other, "fileno"):
            other = other.fileno()
        if not isinstance(other, str | os.PathLike | int):
            return False
        # Names are compared because files may not exist yet, files because of hard links and case.
        same_name = not isinstance(other, int) and os.path.realpath(path) == os.path.realpath(other)
        return same_name or os.path.samefile(path, other)  # noqa: PTH121 (Path.samefile takes no descriptor)
    except (OSError, ValueError):  # one of them does not exist, or its name holds a null character
        return False


def _is_device(path: Path) -> bool:
    """Return whether a path is a pipe or a device, such as /dev/null, which is not replaced by a file."""
    return path.exists() and not path.is_file()


def write_bytes(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file atomically: it has either its old or its new content, also after a crash. Links are followed.

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
        target = Path(os.path.realpath(path))  # unlike `Path.resolve`, this allows links to themselves
        part = target.with_name(f".affetto-{token_hex(8)}.part")
        try:
            part.write_bytes(content)
            if target.exists():
                shutil.copymode(target, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise ParameterError(f"{path} cannot be written: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)

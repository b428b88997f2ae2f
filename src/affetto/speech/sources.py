"""The kinds of source that a recording can come from, their names, and open files for the decoders."""

from __future__ import annotations

import io
import os
import re
from contextlib import nullcontext
from inspect import iscoroutinefunction
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, BinaryIO, TypeAlias, cast

from affetto.errors import AudioError
from affetto.speech.decoders.base import EncodedFile, reason
from affetto.speech.waveform import Waveform

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Source: TypeAlias = "str | os.PathLike[str] | bytes | BinaryIO | tuple[ArrayLike, float] | Waveform"
"""A path, the bytes of a file, a binary file object, (samples, sample rate in Hz), or a waveform."""

# A pipe is kept in memory up to this size, then in a temporary file.
_SPOOL_BYTES = 1 << 25
_READ_BYTES = 1 << 18
# A scheme has at least two letters; one is a drive of Windows. A path has lost one of the two slashes.
_URL = re.compile(r"([a-z][a-z0-9+.-]+):/{1,3}\S", re.IGNORECASE)


def source_name(source: Source) -> str:
    """Return the name of a source for messages and results: its path, or its kind such as ``<bytes>``."""
    match source:
        case str() | os.PathLike():
            return os.fspath(source)
        case Waveform() | tuple():
            return "<samples>"
        case bytes() | bytearray() | memoryview():
            return "<bytes>"
        case _:
            name = getattr(source, "name", None)
            return name if isinstance(name, str) else "<file>"


def open_file(source: str | os.PathLike[str] | bytes | BinaryIO) -> EncodedFile:
    """Open an encoded recording.

    A file object is read from its position, or from its beginning if it is at its end. A pipe or socket is read to
    its end first, since decoders must seek.

    Raises
    ------
    AudioError
        If the file does not exist, cannot be read, is empty, or is not a binary file.
    """
    name = source_name(source)
    match source:
        case bytes() | bytearray() | memoryview():
            file = EncodedFile(io.BytesIO(source), name=name, owned=True)
        case str() | os.PathLike():
            file = _seekable(_open_path(Path(source), name=name), name=name, owned=True)
        case _ if hasattr(source, "read"):
            file = _seekable(_synchronous(source, name=name), name=name, owned=False)
        case _:
            raise AudioError(
                f"cannot read a recording from {type(source).__name__}; "
                "give a path, bytes, a file object or (samples, sample_rate)"
            )
    is_empty = not file.read(1)
    file.rewind()
    if is_empty:
        file.close()
        file.check()
        raise AudioError(f"{name} is empty (0 bytes); record or export it again")
    return file


def _open_path(path: Path, *, name: str) -> BinaryIO:
    try:
        if not path.is_dir():
            return path.open("rb")
    except PermissionError:
        raise AudioError(f"{path}: no permission to read it; check the permissions of the file") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        if scheme := _URL.match(name):
            advice = "give its path" if scheme[1].lower() == "file" else "download it and give the file or its bytes"
            raise AudioError(f"{name} is a URL, which is not supported; {advice}") from None
        if isinstance(error, FileNotFoundError):
            raise AudioError(f"{path} does not exist; check the name") from None
        raise AudioError(f"{path} cannot be opened: {reason(error)}") from None
    raise AudioError(f"{path} is a folder; give the recordings in it, for example {path / '*.wav'}")


def _synchronous(file: Any, *, name: str) -> BinaryIO:
    """Return the file itself, or the synchronous file in an upload object of a web framework."""
    if not iscoroutinefunction(file.read):
        return cast("BinaryIO", file)
    inner = getattr(file, "file", None)
    if inner is None or not hasattr(inner, "read") or iscoroutinefunction(inner.read):
        raise AudioError(f"{name} is an asynchronous file; await its read() and give the bytes")
    return cast("BinaryIO", inner)


def _seekable(file: BinaryIO, *, name: str, owned: bool) -> EncodedFile:
    if isinstance(file, io.TextIOBase):
        raise AudioError(f"{name} is a text file object; open it in binary mode")
    try:
        if _can_seek(file):
            position = file.tell()
            # A file that has just been written is at its end.
            file.seek(0 if position and not file.read(1) else position)
            return EncodedFile(file, name=name, owned=owned)
        # Closed by the EncodedFile.
        spool = cast("IO[bytes]", SpooledTemporaryFile(_SPOOL_BYTES))  # noqa: SIM115
        with file if owned else nullcontext():
            _copy(file, spool)
    except TypeError:
        raise AudioError(f"{name} does not give bytes; open it in binary mode") from None
    except Exception as error:  # the file may be the caller's own object
        raise AudioError(f"{name} cannot be read: {reason(error)}") from None
    spool.seek(0)
    return EncodedFile(spool, name=name, owned=True)


def _can_seek(file: BinaryIO) -> bool:
    """Return whether a file object can seek; it may have only some of the methods of `io.IOBase`."""
    if not (hasattr(file, "seek") and hasattr(file, "tell")):
        return False
    return file.seekable() if hasattr(file, "seekable") else True


def _copy(file: BinaryIO, target: IO[bytes]) -> None:
    """Read a file object to its end."""
    try:
        data = file.read(_READ_BYTES)
    except TypeError:  # its `read` takes no size
        target.write(file.read())
        return
    while data:
        target.write(data)
        data = file.read(_READ_BYTES)

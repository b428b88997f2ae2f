"""What a recording may come as: names for messages, and open binary files for the decoders."""

from __future__ import annotations

import io
import math
import os
import re
import time
from bisect import bisect_right
from contextlib import nullcontext, suppress
from inspect import iscoroutinefunction
from itertools import accumulate
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, BinaryIO, TypeAlias, cast

import numpy as np

from affetto.errors import AudioError
from affetto.speech.waveform import Waveform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

Source: TypeAlias = "str | os.PathLike[str] | bytes | BinaryIO | tuple[ArrayLike, float] | Waveform"
"""A path, an encoded file's bytes, a binary file object, (samples, sample rate in Hz), or a waveform."""

Piece: TypeAlias = "bytes | tuple[int, int]"
"""Bytes, or a part of a file: where it begins and where it ends."""

# A pipe is kept in memory up to this many bytes, and beyond on disk.
_SPOOL_BYTES = 1 << 25
_PIECE_BYTES = 1 << 18
# Two letters at least: one is a drive of Windows. A path has lost one of the two slashes.
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]+):/{1,3}\S", re.IGNORECASE)
# A decoder finds the beginning of any real file in far less. Of a damaged header, megabytes of zeros may be taken for
# millions of empty parts.
_MAX_OPENING_CPU_S = 4.0


def source_name(source: Source) -> str:
    """Return what messages and results call a source: the path, or what it is."""
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


class UnreadableError(Exception):
    """A decoder cannot read a file; another one may.

    Parameters
    ----------
    why : str
        The decoder's reason.
    knows_format : bool
        Whether it is a file of a known format, only encoded in a way that is unknown.
    """

    def __init__(self, why: str, *, knows_format: bool = False) -> None:
        super().__init__(why)
        self.knows_format = knows_format


class EncodedFile:
    """An open file as the decoders see it: without a name, beginning where it was given, and never raising.

    From a name they would conclude the format, rightly or wrongly. What is raised in a decoder's callback is lost or
    printed, so a failure is kept for `check`, and a seek to where nothing can be, which damaged headers ask for,
    leaves the position as it is.

    Parameters
    ----------
    file : binary file object
        Open and seekable.
    name : str
        What error messages call it.
    owned : bool
        Whether to close it in the end.
    """

    def __init__(self, file: IO[bytes], *, name: str, owned: bool) -> None:
        self._name = name
        self._file = file
        self._owned = owned
        self._failure: Exception | None = None
        self._deadline_s = time.thread_time() + _MAX_OPENING_CPU_S
        self._is_given_up = False
        self._start = file.tell()

    def opened(self) -> None:
        """Lift the limit of time, which a decoder has while it looks for the beginning."""
        self._deadline_s = math.inf

    def rewind(self) -> None:
        """Begin again, for another decoder, with a new limit of time."""
        self._deadline_s = time.thread_time() + _MAX_OPENING_CPU_S
        self._is_given_up = self._failure is not None
        self.seek(0)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; none at the end, or where reading fails."""
        if self._is_given_up or time.thread_time() > self._deadline_s:
            self._is_given_up = True
            return b""
        try:
            data = self._file.read(size)
            if not isinstance(data, bytes | bytearray):
                raise TypeError(f"it gives {type(data).__name__} instead of bytes; open it in binary mode")
        except Exception as error:  # of the caller's file, which may be a network's or an archive's
            self._failure = error
            self._is_given_up = True
            return b""
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position if there can be such, and return the position."""
        with suppress(Exception):
            self._file.seek(offset + self._start if whence == os.SEEK_SET else offset, whence)
        return self.tell()

    def tell(self) -> int:
        """Return the position; once the file is given up, its end, beyond which no decoder looks for more."""
        return (self._file.seek(0, os.SEEK_END) if self._is_given_up else self._file.tell()) - self._start

    def size(self) -> int:
        """Return the number of bytes; the position stays."""
        position = self.tell()
        size = self.seek(0, os.SEEK_END)
        self.seek(position)
        return size

    def spliced(self, pieces: Sequence[Piece]) -> EncodedFile:
        """Return some of this file's bytes, and others between them, as a file of its own."""
        is_all = list(pieces) == [(0, self.size())]
        self.seek(0)
        file = self._file if is_all else cast("IO[bytes]", _Splice(self._file, pieces, self._start))
        return EncodedFile(file, name=self._name, owned=False)

    def check(self) -> None:
        """Raise AudioError if reading failed, which decoders take for the end of the file."""
        if self._failure is not None:
            raise AudioError(f"{self._name} cannot be read: {reason(self._failure)}")

    def close(self) -> None:
        """Close the file, unless it is the caller's."""
        if self._owned:
            self._file.close()


class _Splice:
    """A file made of parts of another one, and of bytes between them.

    Parameters
    ----------
    file : binary file object
        The other one.
    pieces : sequence of bytes or (int, int)
        Bytes, or where a part begins and ends in the other file.
    start : int
        From where those places are counted.
    """

    def __init__(self, file: IO[bytes], pieces: Sequence[Piece], start: int) -> None:
        self._file = file
        self._pieces = pieces
        self._start = start
        sizes = [len(piece) if isinstance(piece, bytes) else piece[1] - piece[0] for piece in pieces]
        self._ends = list(accumulate(sizes))
        self._position = 0

    def read(self, size: int = -1) -> bytes:
        end = self._ends[-1]
        stop = end if size < 0 else min(self._position + size, end)
        parts = []
        while self._position < stop:
            i = bisect_right(self._ends, self._position)
            at = self._position - (self._ends[i - 1] if i else 0)
            n, piece = min(stop, self._ends[i]) - self._position, self._pieces[i]
            if isinstance(piece, bytes):
                part = piece[at : at + n]
            else:
                self._file.seek(self._start + piece[0] + at)
                part = self._file.read(n)
            if not part:
                break
            self._position += len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._ends[-1]}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position


def open_file(source: str | os.PathLike[str] | bytes | BinaryIO) -> EncodedFile:
    """Open an encoded recording of whatever kind, or say in one sentence why not.

    A file object is read from where it stands, one that stands at its end from its beginning. A pipe or socket is read
    to its end first, since decoders must seek.

    Raises
    ------
    AudioError
        If there is no such file, it may not be read, is empty, or is no binary file.
    """
    name = source_name(source)
    match source:
        case bytes() | bytearray() | memoryview():
            file = EncodedFile(io.BytesIO(source), name=name, owned=True)
        case str() | os.PathLike():
            file = _wrapped(_open_path(Path(source), name=name), name=name, owned=True)
        case _ if hasattr(source, "read"):
            file = _wrapped(_synchronous(source, name=name), name=name, owned=False)
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


def waveform_of_pair(pair: tuple[object, ...], *, name: str, channel: int | None = None) -> tuple[Waveform, str]:
    """Make a waveform of (samples, sample rate), and a note on it; of all channels, or of one, counted from 0."""
    if len(pair) != 2:
        raise AudioError(f"{name}: a tuple must be (samples, sample_rate), not {len(pair)} values")
    samples, rate = pair
    if np.isscalar(samples) and not isinstance(samples, bytes) and not np.isscalar(rate):
        raise AudioError(f"{name}: give (samples, sample_rate), in this order")
    return Waveform.mixed(samples, rate, name=name, channel=channel)  # type: ignore[arg-type] # checked there


def reason(error: Exception) -> str:
    """Return a library's message as part of our sentence."""
    text = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
    return str(text).strip().rstrip(".") or type(error).__name__


def _open_path(path: Path, *, name: str) -> BinaryIO:
    try:
        if not path.is_dir():
            return path.open("rb")
    except PermissionError:
        raise AudioError(f"{path}: reading it is not permitted; check the file's permissions") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        if scheme := _ADDRESS.match(name):
            advice = (
                "give the path alone" if scheme[1].lower() == "file" else "download it, and give the file or its bytes"
            )
            raise AudioError(f"{name} is an address, which is not read from; {advice}") from None
        if isinstance(error, FileNotFoundError):
            raise AudioError(f"{path}: there is no such file; check the name") from None
        raise AudioError(f"{path} cannot be opened: {reason(error)}") from None
    raise AudioError(f"{path} is a folder; name the recordings in it, for example {path / '*.wav'}")


def _synchronous(file: Any, *, name: str) -> BinaryIO:
    """Return what can be read: the file within an upload object of a web framework whose own `read` is a coroutine."""
    if not iscoroutinefunction(file.read):
        return cast("BinaryIO", file)
    inner = getattr(file, "file", None)
    if inner is None or not hasattr(inner, "read") or iscoroutinefunction(inner.read):
        raise AudioError(f"{name} is read asynchronously; give the bytes that awaiting its read() gives")
    return cast("BinaryIO", inner)


def _wrapped(file: BinaryIO, *, name: str, owned: bool) -> EncodedFile:
    if isinstance(file, io.TextIOBase):
        raise AudioError(f"{name} gives text; open it in binary mode")
    try:
        if _can_seek(file):
            position = file.tell()
            # What has just been written, or read by somebody else, stands at its end.
            file.seek(0 if position and not file.read(1) else position)
            return EncodedFile(file, name=name, owned=owned)
        # Closed by the EncodedFile.
        spool = cast("IO[bytes]", SpooledTemporaryFile(_SPOOL_BYTES))  # noqa: SIM115
        with file if owned else nullcontext():
            _copy(file, spool)
    except TypeError:
        raise AudioError(f"{name} gives something else than bytes; open it in binary mode") from None
    except Exception as error:  # as in `EncodedFile.read`
        raise AudioError(f"{name} cannot be read: {reason(error)}") from None
    spool.seek(0)
    return EncodedFile(spool, name=name, owned=True)


def _can_seek(file: BinaryIO) -> bool:
    """Return whether a file object can seek; many that are no io.IOBase have but some of its methods."""
    if not (hasattr(file, "seek") and hasattr(file, "tell")):
        return False
    return file.seekable() if hasattr(file, "seekable") else True


def _copy(file: BinaryIO, target: IO[bytes]) -> None:
    """Read a file object to its end; its `read` may take no size."""
    try:
        data = file.read(_PIECE_BYTES)
    except TypeError:
        target.write(file.read())
        return
    while data:
        target.write(data)
        data = file.read(_PIECE_BYTES)

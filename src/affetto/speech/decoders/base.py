"""The protocol of decoders, and the open file that they read."""

from __future__ import annotations

import math
import os
import time
from bisect import bisect_right
from itertools import accumulate
from typing import IO, TYPE_CHECKING, Protocol, TypeAlias, cast

from affetto.errors import AudioError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

BLOCK_SAMPLES = 1 << 17
"""Most samples in a block, summed over channels."""

Piece: TypeAlias = "bytes | tuple[int, int]"
"""Bytes, or the first and last position of a range in a file."""

# A decoder opens a real file in far less. Some damaged headers keep it busy for minutes.
_MAX_OPENING_CPU_S = 4.0


class Decoder(Protocol):
    """Decodes a file.

    Attributes
    ----------
    sample_rate_hz : int
        Sample rate at the beginning.
    n_channels : int
        Number of channels at the beginning.
    warnings : list of str
        Sentences without their subject, such as "is damaged at 1.20 s". Final after the last block.
    """

    sample_rate_hz: int
    n_channels: int
    warnings: list[str]

    def blocks(self) -> Iterator[tuple[NDArray[np.float32], int]]:
        """Yield samples of shape (n_samples, n_channels) and their sample rate, which may change."""

    def close(self) -> None:
        """Release the file."""


class RecordingDecoder(Decoder, Protocol):
    """Decodes one recording of a file."""

    header_duration_s: float
    """Duration that the header states, 0 if it states none. Final after the last block."""
    tolerance_s: float
    """A recording that is shorter than its header by no more than this is complete."""


class UnreadableError(Exception):
    """A decoder cannot read a file. Another decoder may."""


class EncodedFile:
    """An open file for the decoders: it has no name, starts at position 0 and never raises.

    Decoders would guess the format from a name. They lose or print exceptions that are raised in their callbacks, so
    failures are kept for `check`.

    Parameters
    ----------
    file : binary file object
        Open and seekable, at the beginning of the recording.
    name : str
        Name for error messages.
    owned : bool
        Whether `close` closes the file.
    """

    def __init__(self, file: IO[bytes], *, name: str, owned: bool) -> None:
        self._name = name
        self._file = file
        self._owned = owned
        self._failure: Exception | None = None
        self._deadline_s = time.thread_time() + _MAX_OPENING_CPU_S
        self._has_ended = False
        self._start = file.tell()

    def mark_opened(self) -> None:
        """Lift the time limit that holds until a decoder has found the first samples."""
        self._deadline_s = math.inf

    def rewind(self) -> None:
        """Return to the beginning for another decoder, with a new time limit."""
        self._deadline_s = time.thread_time() + _MAX_OPENING_CPU_S
        self._has_ended = self._failure is not None
        self.seek(0)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, or no bytes at the end and after a failure."""
        if self._has_ended or time.thread_time() > self._deadline_s:
            self._has_ended = True
            return b""
        try:
            data = self._file.read(size)
            if not isinstance(data, bytes | bytearray):
                raise TypeError(f"it gives {type(data).__name__} instead of bytes; open it in binary mode")
        except Exception as error:  # the file may be the caller's own object
            self._failure = error
            self._has_ended = True
            return b""
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position and return it. An impossible position leaves the present one."""
        try:
            self._file.seek(offset + self._start if whence == os.SEEK_SET else offset, whence)
        except Exception as error:
            if (offset, whence) == (0, os.SEEK_END):  # always possible, unless the file is broken
                self._failure = error
        return self.tell()

    def tell(self) -> int:
        """Return the position. After a failure it is the end, so that decoders stop."""
        return (self._file.seek(0, os.SEEK_END) if self._has_ended else self._file.tell()) - self._start

    def spliced(self, pieces: Sequence[Piece]) -> EncodedFile:
        """Return a file that consists of ranges of this file and of other bytes."""
        is_all = list(pieces) == [(0, self.seek(0, os.SEEK_END))]
        self.seek(0)
        file = self._file if is_all else cast("IO[bytes]", _Splice(self._file, pieces, self._start))
        return EncodedFile(file, name=self._name, owned=False)

    def check(self) -> None:
        """Raise AudioError if reading has failed. Decoders take a failure for the end of the file."""
        if self._failure is not None:
            raise AudioError(f"{self._name} cannot be read: {reason(self._failure)}")

    def close(self) -> None:
        """Close the file if it is owned."""
        if self._owned:
            self._file.close()


class _Splice:
    """A read-only file made of `pieces`; the ranges among them are counted from `start` of `file`."""

    def __init__(self, file: IO[bytes], pieces: Sequence[Piece], start: int) -> None:
        self._file = file
        self._pieces = pieces
        self._start = start
        self._ends = list(accumulate(n_bytes([piece]) for piece in pieces))
        self._position = 0

    def read(self, size: int = -1) -> bytes:
        end = self._ends[-1]
        stop = end if size < 0 else min(self._position + size, end)
        parts = []
        while self._position < stop:
            i = bisect_right(self._ends, self._position)
            offset = self._position - (self._ends[i - 1] if i else 0)
            n, piece = min(stop, self._ends[i]) - self._position, self._pieces[i]
            if isinstance(piece, bytes):
                part = piece[offset : offset + n]
            else:
                self._file.seek(self._start + piece[0] + offset)
                part = self._file.read(n)
            if not part:
                break
            self._position += len(part)
            parts.append(part)
        return b"".join(parts)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._ends[-1]}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position


def n_bytes(pieces: Sequence[Piece]) -> int:
    """Return the total length of pieces."""
    return sum(len(piece) if isinstance(piece, bytes) else piece[1] - piece[0] for piece in pieces)


def reason(error: Exception) -> str:
    """Return a library's error message without its full stop, to be part of a sentence."""
    text = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
    return str(text).strip().rstrip(".") or type(error).__name__

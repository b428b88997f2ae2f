"""Random access to the bytes of a file, and the tags around recordings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from affetto.speech.decoders.base import EncodedFile, Piece

_BLOCK_BYTES = 1 << 18
_HEADER_BYTES = 1 << 12
# No pattern that `Bytes.find` searches for is longer.
_PATTERN_BYTES = 32


class Recording(NamedTuple):
    """One of the recordings in a file.

    Attributes
    ----------
    end : int
        Position behind it.
    pieces : sequence of bytes or (int, int)
        What a decoder reads of it.
    warnings : sequence of str
        Sentences without their subject.
    is_cut : bool
        Whether it continues beyond the end of the file.
    missing_share : float
        By what share of itself it is shorter than its header states, if its decoder does not know.
    """

    end: int
    pieces: Sequence[Piece]
    warnings: Sequence[str] = ()
    is_cut: bool = False
    missing_share: float = 0.0


class Bytes:
    """The bytes of a file by position. Positions near each other cost one read.

    Attributes
    ----------
    size : int
        Number of bytes.
    """

    def __init__(self, file: BinaryIO | EncodedFile) -> None:
        self._file = file
        self.size = file.seek(0, os.SEEK_END)
        self._start = 0
        self._block = b""

    def at(self, position: int, n: int) -> bytes:
        """Return `n` bytes from a position on, fewer at the end."""
        start = position - self._start
        if start < 0 or start + n > len(self._block):
            # A short step forward is sequential reading; a jump asks for a header.
            block_bytes = _BLOCK_BYTES if 0 < start <= len(self._block) else _HEADER_BYTES
            self._file.seek(position)
            self._start, start = position, 0
            self._block = self._file.read(max(n, block_bytes))
        return self._block[start : start + n]

    def number(self, position: int, n: int, *, big: bool = False) -> int:
        """Return an unsigned integer of `n` bytes."""
        return int.from_bytes(self.at(position, n), "big" if big else "little")

    def find(self, pattern: re.Pattern[bytes], position: int) -> int | None:
        """Return the first match of a short pattern from a position on, or None."""
        while position < self.size and (block := self.at(position, _BLOCK_BYTES)):
            if found := pattern.search(block):
                return position + found.start()
            is_last = position + len(block) >= self.size
            position += len(block) if is_last else max(len(block) - _PATTERN_BYTES, 1)
        return None

    def are_zero(self) -> bool:
        """Return whether all bytes are zero."""
        blocks = range(0, self.size, _BLOCK_BYTES)
        return all(not self.at(position, _BLOCK_BYTES).strip(b"\0") for position in blocks)


def behind_tags(data: Bytes, position: int) -> int:
    """Return the position behind the tags (ID3, APE) at a position."""
    while (after := _behind_tag(data, position)) > position:
        position = min(after, data.size)
    return position


def behind_padding(data: Bytes, position: int) -> int:
    """Return the position behind the tags and zeros at a position."""
    while position < data.size:
        position = behind_tags(data, position)
        block = data.at(position, _BLOCK_BYTES)
        n_zeros = len(block) - len(block.lstrip(b"\0"))
        if n_zeros == 0:
            break
        position += n_zeros
    return position


def before_tags(data: Bytes, end: int) -> int:
    """Return the position before the tags (ID3v1, APE) that end at a position."""
    while end > 0:
        footer = data.at(max(end - 32, 0), 32)
        if data.at(max(end - 128, 0), 3) == b"TAG":
            end = max(end - 128, 0)
        elif footer.startswith(b"APETAGEX") and not footer[23] & 0x20:
            header_bytes = 32 if footer[23] & 0x80 else 0
            end -= min(max(int.from_bytes(footer[12:16], "little"), 32) + header_bytes, end)
        else:
            break
    return end


def damage_warning(times_s: Sequence[float]) -> list[str]:
    """Return a warning of damage at these times, or none."""
    if not times_s:
        return []
    n_more = len(times_s) - 1
    more = "" if not n_more else f" and in {n_more} more place{'s' * (n_more > 1)}"
    return [f"is damaged at {times_s[0]:.2f} s{more}; the rest was read"]


def _behind_tag(data: Bytes, position: int) -> int:
    head = data.at(position, 32)
    if head.startswith(b"ID3") and len(head) > 9:
        # Each byte holds seven bits.
        size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        return position + 10 + size
    if head.startswith(b"APETAGEX") and len(head) == 32:
        return position + 32 + (int.from_bytes(head[12:16], "little") if head[23] & 0x20 else 0)
    return position + 128 if head.startswith(b"TAG") else position

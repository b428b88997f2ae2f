"""Where a flac file ends, which its header does not say: behind the frame with the last of its samples."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from affetto.speech.layouts import read_until_next
from affetto.speech.scanning import Recording, before_tags

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from affetto.speech.scanning import Bytes

_INFO_AT = 8
_MAX_HEADER_BYTES = 16
_LEAST_FRAME_BYTES = 8
_ROW_BYTES = 128
# More than any frame; what is further behind is not looked at.
_MAX_FRAME_BYTES = 1 << 18


def read_flac(data: Bytes, start: int) -> Recording:
    """Find the end of a flac file, or what may be it: another recording's beginning."""
    info = data.at(start + _INFO_AT, 18)
    least, most = int.from_bytes(info[:2], "big"), int.from_bytes(info[2:4], "big")
    n_samples = int.from_bytes(info[13:18], "big") & (1 << 36) - 1
    if len(info) < 18 or least != most or not least or not n_samples:
        return read_until_next(data, start, b"fLaC")
    last = _frame_at(data, start, (n_samples - 1) // least)
    if last is None:
        return read_until_next(data, start, b"fLaC")
    stop = before_tags(data, data.size)
    if last < stop and _checksum(data.at(last, min(stop - last, _MAX_FRAME_BYTES))) == 0:
        return Recording(data.size, [(start, data.size)])
    recording = read_until_next(data, start, b"fLaC")
    end = _end_of_frame(data, last, min(stop, recording.end))
    # Of sixteen bits a checksum is zero by chance too: what decoders get does not depend on it.
    return recording if end is None else recording._replace(end=end)


def _frame_at(data: Bytes, start: int, number: int) -> int | None:
    """Return the place of the frame with a number."""
    pattern = re.compile(rb"\xff\xf8.." + re.escape(_as_utf8(number)), re.DOTALL)
    place = data.find(pattern, start)
    while place is not None and not _has_checksum(data.at(place, _MAX_HEADER_BYTES), len(_as_utf8(number))):
        place = data.find(pattern, place + 1)
    return place


def _end_of_frame(data: Bytes, place: int, stop: int) -> int | None:
    """Return where a frame ends: where the checksum of all before it is zero."""
    frame = data.at(place, min(stop - place, _MAX_FRAME_BYTES))
    table = _tables()[0].tolist()
    checksum = 0
    for i, byte in enumerate(frame):
        checksum = (checksum << 8 & 0xFFFF) ^ table[checksum >> 8 ^ byte]
        if checksum == 0 and i >= _LEAST_FRAME_BYTES:
            return place + i + 1
    return None


def _checksum(frame: bytes) -> int:
    """Return the checksum of a frame (the polynomial is x^16 + x^15 + x^2 + 1), all rows of it at a time."""
    table, skip = _tables()
    rows = np.frombuffer(bytes(-len(frame) % _ROW_BYTES) + frame, ">u2").reshape(-1, _ROW_BYTES // 2)
    checksums = np.zeros(len(rows), np.uint16)
    for column in rows.T:
        checksums = table[checksums ^ column]
    total = 0
    for checksum in checksums.tolist():
        total = int(skip[total]) ^ checksum
    return total


@cache
def _tables() -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Return what two bytes do to a checksum, and what a row of zeros does."""
    table = np.arange(1 << 16, dtype=np.uint16)
    for _ in range(16):
        table = ((table << 1) ^ (table >> 15) * 0x8005).astype(np.uint16)
    skip = np.arange(1 << 16, dtype=np.uint16)
    for _ in range(_ROW_BYTES // 2):
        skip = table[skip]
    return table, skip


def _has_checksum(head: bytes, n_number: int) -> bool:
    """Return whether a frame's header is whole (the polynomial is x^8 + x^2 + x + 1)."""
    n = 4 + n_number + {6: 1, 7: 2}.get(head[2] >> 4, 0) + {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)
    if len(head) <= n:
        return False
    checksum = 0
    for byte in head[:n]:
        checksum ^= byte
        for _ in range(8):
            checksum = (checksum << 1 ^ (0x07 if checksum & 0x80 else 0)) & 0xFF
    return checksum == head[n]


def _as_utf8(number: int) -> bytes:
    """Return a number as headers have it: as the bytes of a character."""
    if number < 1 << 7:
        return bytes([number])
    # As many more bytes as it takes, of six bits each.
    n_more = next(n for n in range(1, 7) if number < 1 << 6 + 5 * n)
    first = 0xFF << 7 - n_more & 0xFF & ~(1 << 6 - n_more) | number >> 6 * n_more
    return bytes([first, *(0x80 | number >> 6 * i & 0x3F for i in reversed(range(n_more)))])

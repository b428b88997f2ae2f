"""The pages of an ogg file: which of them are whole, and where another recording begins."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, NamedTuple

from affetto.speech.decoders.scanning import Recording, behind_tags, damage_warning

if TYPE_CHECKING:
    from affetto.speech.decoders.scanning import Bytes

_CAPTURE = re.compile(rb"OggS\0")
_HEADER_BYTES = 27
_BEGINS, _ENDS = 2, 4
_MAX_POSITION = 1 << 62
# zlib's checksum takes the bits of each byte in the other order.
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class _Page(NamedTuple):
    size: int
    begins: bool
    ends: bool
    position: int
    serial: int
    number: int
    body: bytes


def read_ogg(data: Bytes, start: int) -> Recording:
    """Find the whole pages of one recording, which may have several tracks at the same time."""
    position = end = begin = start
    pieces: list[tuple[int, int]] = []
    numbers: dict[int, int] = {}
    damage_s: list[float] = []
    rate, position_s = 0, 0.0
    is_started = has_ended = False
    while position < data.size:
        found, page = _page_from(data, position)
        if page is None or (is_started and page.begins):
            break
        if found != position:
            if behind_tags(data, position) != found:
                damage_s.append(position_s)
            pieces.append((begin, position))
            position = begin = found
        elif not page.begins and numbers.get(page.serial, page.number - 1) != page.number - 1:
            damage_s.append(position_s)
        is_started |= not page.begins
        rate = rate or (_rate(page.body) if page.begins else 0)
        numbers[page.serial] = page.number
        if rate and page.position < _MAX_POSITION:
            position_s = page.position / rate
        position += page.size
        end, has_ended = position, page.ends
    pieces.append((begin, end))
    is_cut = data.at(end, 4) == b"OggS" and end + max(_page_size(data, end), _HEADER_BYTES) > data.size
    # An interrupted download may end in zeros.
    is_cut |= not has_ended and data.at(end, 1) == b"\0"
    kept = [piece for piece in pieces if piece[0] != piece[1]]
    if not kept:  # no whole page: the decoders refuse it
        return Recording(data.size, [(start, data.size)])
    return Recording(data.size if is_cut else end, kept, damage_warning(damage_s), is_cut)


def _page_from(data: Bytes, position: int) -> tuple[int, _Page | None]:
    """Return the next whole page, and its position."""
    page = _page(data, position)
    found: int | None = position
    while page is None and (found := data.find(_CAPTURE, position + 1)) is not None:
        position, page = found, _page(data, found)
    return position, page


def _page(data: Bytes, position: int) -> _Page | None:
    """Read a page, or return None if there is none or its checksum is wrong."""
    size = _page_size(data, position)
    page = data.at(position, size) if size else b""
    if not page or len(page) < size:
        return None
    blank = page[:22] + bytes(4) + page[26:]
    checksum = zlib.crc32(blank.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    if int(f"{checksum:032b}"[::-1], 2) != int.from_bytes(page[22:26], "little"):
        return None
    granule, serial, number = (int.from_bytes(page[a:b], "little") for a, b in ((6, 14), (14, 18), (18, 22)))
    body = page[_HEADER_BYTES + page[26] :][:32]
    return _Page(size, bool(page[5] & _BEGINS), bool(page[5] & _ENDS), granule, serial, number, body)


def _page_size(data: Bytes, position: int) -> int:
    """Return the number of bytes of a page, 0 if there is none."""
    head = data.at(position, _HEADER_BYTES)
    if len(head) < _HEADER_BYTES or not head.startswith(b"OggS\0"):
        return 0
    return _HEADER_BYTES + head[26] + sum(data.at(position + _HEADER_BYTES, head[26]))


def _rate(body: bytes) -> int:
    """Return how many units of a page's position are a second, 0 if that is unknown."""
    if body.startswith(b"\x01vorbis"):
        return int.from_bytes(body[12:16], "little")
    if body.startswith(b"\x7fFLAC"):
        return int.from_bytes(body[27:30], "big") >> 4
    return 48_000 if body.startswith(b"OpusHead") else 0

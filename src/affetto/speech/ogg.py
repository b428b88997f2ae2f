"""The pages of an ogg file: which of them are whole, and where another recording begins."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, NamedTuple

from affetto.speech.scanning import Recording, behind_tags, damage_notes

if TYPE_CHECKING:
    from affetto.speech.scanning import Bytes

_CAPTURE = re.compile(rb"OggS\0")
_HEADER_BYTES = 27
_BEGINS, _ENDS = 2, 4
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


def read_ogg(data: Bytes, start: int) -> Recording | None:
    """Read the pages of one recording, which may have several tracks at the same time; return None without a page."""
    place = end = begin = start
    pieces: list[tuple[int, int]] = []
    numbers: dict[int, int] = {}
    damage_s: list[float] = []
    n_per_second, position_s = 0, 0.0
    is_started = has_ended = False
    while place < data.size:
        page = _page(data, place)
        if page is None:
            found = _next_page(data, place + 1)
            following = None if found is None else _page(data, found)
            if found is None or following is None or (is_started and following.begins):
                break
            if behind_tags(data, place) != found:
                damage_s.append(position_s)
            pieces.append((begin, place))
            place = begin = found
            continue
        if page.begins and is_started:
            break
        is_started |= not page.begins
        if page.begins:
            n_per_second = n_per_second or _granules_per_second(page.body)
        elif numbers.get(page.serial, page.number - 1) != page.number - 1 and not (damage_s and begin == place):
            damage_s.append(position_s)
        numbers[page.serial] = page.number
        if n_per_second and 0 <= page.position < 1 << 62:
            position_s = page.position / n_per_second
        place += page.size
        end, has_ended = place, page.ends
    pieces.append((begin, end))
    if end == start:
        return None
    is_cut = data.at(end, 4) == b"OggS" and end + max(_page_size(data, end), _HEADER_BYTES) > data.size
    # Of a download that has stopped, the rest is zeros.
    is_cut |= not has_ended and data.at(end, 1) == b"\0"
    kept = [piece for piece in pieces if piece[0] != piece[1]]
    return Recording(data.size if is_cut else end, kept, damage_notes(damage_s), is_cut)


def _page(data: Bytes, place: int) -> _Page | None:
    """Read a page; return None where there is none, or one whose checksum is wrong."""
    size = _page_size(data, place)
    page = data.at(place, size) if size else b""
    if not page or len(page) < size:
        return None
    blank = page[:22] + bytes(4) + page[26:]
    checksum = zlib.crc32(blank.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    if int(f"{checksum:032b}"[::-1], 2) != int.from_bytes(page[22:26], "little"):
        return None
    position, serial, number = (int.from_bytes(page[a:b], "little") for a, b in ((6, 14), (14, 18), (18, 22)))
    return _Page(
        size,
        bool(page[5] & _BEGINS),
        bool(page[5] & _ENDS),
        position,
        serial,
        number,
        page[_HEADER_BYTES + page[26] :][:32],
    )


def _page_size(data: Bytes, place: int) -> int:
    """Return how long a page is, 0 where there is none."""
    head = data.at(place, _HEADER_BYTES)
    if len(head) < _HEADER_BYTES or not head.startswith(b"OggS\0"):
        return 0
    return _HEADER_BYTES + head[26] + sum(data.at(place + _HEADER_BYTES, head[26]))


def _next_page(data: Bytes, place: int) -> int | None:
    """Return the place of the next whole page."""
    found = data.find(_CAPTURE, place)
    while found is not None and _page(data, found) is None:
        found = data.find(_CAPTURE, found + 1)
    return found


def _granules_per_second(body: bytes) -> int:
    if body.startswith(b"\x01vorbis"):
        return int.from_bytes(body[12:16], "little")
    if body.startswith(b"OpusHead"):
        return 48_000
    if body.startswith(b"Speex   "):
        return 0
    return int.from_bytes(body[27:30], "big") >> 4 if body.startswith(b"\x7fFLAC") else 0

"""The frames of an mp3: their number, and a file without what damage has left between them.

libsndfile stops at damage, and without a header guesses the number of frames from the first one. It is given
whole frames behind a header that states their number.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from affetto.speech.decoders.base import n_bytes
from affetto.speech.decoders.scanning import Recording, behind_tags, damage_warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from affetto.speech.decoders.base import Piece
    from affetto.speech.decoders.scanning import Bytes

# fmt: off
_BIT_RATES = {  # in kbit/s, by whether it is MPEG 1, and layer
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
# fmt: on
_SYNC = re.compile(rb"\xff[\xe2-\xff]")
# Frames of one kind that must follow one another: the few bits of one header prove nothing.
_N_CONSECUTIVE = 3
_HEAD_BYTES = 64
_SEARCH_BYTES = 1 << 16
_HAS_FRAMES, _HAS_BYTES = 1, 2  # flags of the Xing header
# At this bit rate every kind of frame has room for the Xing header.
_XING_BIT_RATE = 0x90


class Frame(NamedTuple):
    """What the header of a frame says.

    Attributes
    ----------
    size : int
        Number of bytes.
    kind : tuple
        MPEG version, layer, sample rate, and whether it is mono: the same in all frames of a recording.
    n_samples : int
        Samples of each channel.
    sample_rate_hz : int
        Sample rate.
    n_side : int
        Bytes of side information behind the header; 0 in layers I and II.
    """

    size: int
    kind: tuple[int, int, int, bool]
    n_samples: int
    sample_rate_hz: int
    n_side: int


class _Counts(NamedTuple):
    """What a header in the first frame states."""

    n_frames: int
    size_at: int  # position of the number of bytes in the frame; 0 if it is not stated


@lru_cache(4096)
def parse_frame(head: bytes) -> Frame | None:
    """Read the four bytes of a frame header, or return None if they are not one."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bit_rate, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or bit_rate in (0, 15) or rate == 3:
        return None
    is_mpeg_1, is_mono = version == 3, head[3] >> 6 == 3
    sample_rate_hz = (44_100, 48_000, 32_000)[rate] >> (0 if is_mpeg_1 else 1 if version == 2 else 2)
    n_samples = {1: 384, 2: 1_152, 3: 1_152 if is_mpeg_1 else 576}[layer]
    unit = 4 if layer == 1 else 1
    bits = _BIT_RATES[is_mpeg_1, layer][bit_rate] * 1_000
    size = (n_samples // 8 // unit * bits // sample_rate_hz + (head[2] >> 1 & 1)) * unit
    n_side = {(True, True): 17, (True, False): 32, (False, True): 9, (False, False): 17}[is_mpeg_1, is_mono]
    return Frame(size, (version, layer, rate, is_mono), n_samples, sample_rate_hz, n_side if layer == 3 else 0)


def first_frame(data: Bytes, start: int, n_searched: int) -> int | None:
    """Return the position of the first frame within `n_searched` bytes, or None."""
    for found in _SYNC.finditer(data.at(start, n_searched)):
        if _are_consecutive(data, start + found.start()):
            return start + found.start()
    return None


def read_mp3(data: Bytes, start: int) -> Recording:
    """Find the frames of the recording whose first frame is at `start`."""
    first = parse_frame(data.at(start, 4))
    assert first is not None
    counts = _find_counts(data, start, first)
    end = begin = start if counts is None else start + first.size
    pieces: list[Piece] = []
    damage_s: list[float] = []
    n_frames = 0
    for position, frame, n_skipped in _frames(data, end, first):
        if _find_counts(data, position, frame) is not None:  # another recording begins
            break
        if n_skipped and n_frames:
            damage_s.append(n_frames * first.n_samples / first.sample_rate_hz)
        if position != end:
            pieces.append((begin, end))
            begin = position
        n_frames += 1
        end = position + frame.size
    pieces = [piece for piece in [*pieces, (begin, end)] if piece[0] != piece[1]]
    following = parse_frame(data.at(end, 4))
    is_cut = following is not None and following.kind == first.kind and end + following.size > data.size
    if counts is not None and counts.n_frames >= n_frames:
        # libmpg123 prints a warning if the size is wrong.
        head = bytearray(data.at(start, first.size))
        if counts.size_at:
            head[counts.size_at : counts.size_at + 4] = (n_bytes(pieces) + first.size).to_bytes(4, "big")
        pieces.insert(0, bytes(head))
    elif first.n_side:
        pieces.insert(0, _xing_frame(data.at(start, 4), first, n_frames, n_bytes(pieces)))
    return Recording(data.size if is_cut else end, pieces, damage_warning(damage_s), is_cut)


def _frames(data: Bytes, position: int, first: Frame) -> Iterator[tuple[int, Frame, int]]:
    """Yield position and header of each frame like the first, and how many damaged bytes are before it."""
    is_sure = False
    while True:
        n_skipped = 0
        frame = parse_frame(data.at(position, 4))
        is_whole = frame is not None and frame.kind == first.kind and position + frame.size <= data.size
        if not is_whole or not (is_sure or _are_consecutive(data, position)):
            behind = behind_tags(data, position)
            following = _next_frame(data, behind, first)
            if following is None:
                return
            position, n_skipped = following, following - behind
            frame = parse_frame(data.at(position, 4))
        assert frame is not None
        yield position, frame, n_skipped
        is_sure = True
        position += frame.size


def _next_frame(data: Bytes, position: int, first: Frame) -> int | None:
    """Return the position of the next frame like the first that others follow, or None."""
    while position < data.size:
        block = data.at(position, _SEARCH_BYTES)
        for found in _SYNC.finditer(block):
            frame = parse_frame(block[found.start() : found.start() + 4])
            if frame is not None and _are_consecutive(data, position + found.start()):
                return position + found.start() if frame.kind == first.kind else None
        position += max(len(block) - 3, 1)
    return None


def _are_consecutive(data: Bytes, position: int) -> bool:
    """Return whether frames of one kind follow one another, up to the end of the recording."""
    kind = None
    for i in range(_N_CONSECUTIVE):
        frame = parse_frame(data.at(position, 4))
        if i and frame is None and (position == data.size or behind_tags(data, position) != position):
            return True
        if frame is None or position + frame.size > data.size or (i and frame.kind != kind):
            return False
        kind = frame.kind
        position += frame.size
    return True


def _find_counts(data: Bytes, position: int, frame: Frame) -> _Counts | None:
    """Read the Xing, Info or VBRI header in a frame, or return None."""
    head = data.at(position, _HEAD_BYTES)
    if head[36:40] == b"VBRI":
        return _Counts(int.from_bytes(head[50:54], "big"), 46)
    for at in (4 + frame.n_side, 6 + frame.n_side):  # the latter behind a checksum
        if frame.n_side and head[at : at + 4] in (b"Xing", b"Info") and head[at + 7] & _HAS_FRAMES:
            return _Counts(int.from_bytes(head[at + 8 : at + 12], "big"), at + 12 if head[at + 7] & _HAS_BYTES else 0)
    return None


def _xing_frame(head: bytes, first: Frame, n_frames: int, size: int) -> bytes:
    """Return a silent frame that states how many frames follow."""
    head = bytes([head[0], head[1] | 1, _XING_BIT_RATE | head[2] & 0x0C, head[3]])
    frame = parse_frame(head)
    assert frame is not None
    numbers = n_frames.to_bytes(4, "big") + (size + frame.size).to_bytes(4, "big")
    content = head + bytes(first.n_side) + b"Info" + bytes([0, 0, 0, _HAS_FRAMES | _HAS_BYTES]) + numbers
    return content.ljust(frame.size, b"\0")

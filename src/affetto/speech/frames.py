"""Sound in frames without a container: mp3, AAC (ADTS), AMR."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from affetto.speech.scanning import BEGINNING_BYTES, Recording, behind_tags, damage_notes, find_beginning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from affetto.speech.scanning import Bytes
    from affetto.speech.sources import Piece

# fmt: off
_BIT_RATES = {  # by whether it is MPEG 1, and layer; in kbit/s
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_AAC_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_AC3_BIT_RATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
# By the kind of frame; the first for narrow band, with 9 to 14 undefined.
_AMR_SIZES = (
    (13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1),
    (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1),
)
# fmt: on
_AMR_NO_SOUND = 14  # from this kind on
_SEARCH_BYTES = 1 << 16


class Frame(NamedTuple):
    """What a frame's header says.

    Attributes
    ----------
    size : int
        Bytes, the header among them.
    kind : tuple
        What all frames of a recording have in common.
    n_samples : int
        Samples of each channel.
    sample_rate_hz : int
        The rate.
    n_side : int
        Of mp3, bytes of what stands between the header and what is encoded; 0 of all else.
    """

    size: int
    kind: tuple[object, ...]
    n_samples: int
    sample_rate_hz: int
    n_side: int = 0


class Codec(NamedTuple):
    """How to find frames."""

    parse: Callable[[bytes], Frame | None]
    """Reads a header."""
    n_head: int
    """Bytes of a header."""
    beginning: re.Pattern[bytes]
    """How every frame begins."""
    n_chain: int
    """How many must follow one another to be believed: few bits alone prove nothing."""
    is_steady: bool = True
    """Whether all of a recording are of one kind."""


class Found(NamedTuple):
    """A frame, its place, and how many bytes before it are neither a frame nor a tag."""

    place: int
    frame: Frame
    n_skipped: int


@lru_cache(4096)
def mpeg_frame(head: bytes) -> Frame | None:
    """Read the first four bytes of an mp3's frame; None if they are none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bit_rate, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or bit_rate in (0, 15) or rate == 3:
        return None
    is_first = version == 3
    hz = (44_100, 48_000, 32_000)[rate] >> (0 if is_first else 1 if version == 2 else 2)
    n_samples = 384 if layer == 1 else 1_152 if layer == 2 or is_first else 576
    bits = _BIT_RATES[is_first, layer][bit_rate] * 1_000
    unit = 4 if layer == 1 else 1
    size = (n_samples // 8 // unit * bits // hz + (head[2] >> 1 & 1)) * unit
    is_mono = head[3] >> 6 == 3
    n_side = (0 if layer < 3 else 17 if is_mono else 32) if is_first else (0 if layer < 3 else 9 if is_mono else 17)
    return Frame(size, (version, layer, rate, is_mono), n_samples, hz, n_side)


@lru_cache(4096)
def adts_frame(head: bytes) -> Frame | None:
    """Read the first six bytes of a frame of AAC; None if they are none."""
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return None
    rate = head[2] >> 2 & 15
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    if rate >= len(_AAC_RATES) or size < 7:
        return None
    channels = (head[2] & 1) << 2 | head[3] >> 6
    return Frame(size, (head[1] & 8, head[2] >> 6, rate, channels), 1_024, _AAC_RATES[rate])


@lru_cache(256)
def ac3_frame(head: bytes) -> Frame | None:
    """Read the first six bytes of a frame of AC-3; None if they are none."""
    if len(head) < 6 or not head.startswith(b"\x0b\x77") or head[5] >> 3 > 10:
        return None
    rate, code = head[4] >> 6, head[4] & 63
    if rate == 3 or code >= 2 * len(_AC3_BIT_RATES):
        return None
    bit_rate = _AC3_BIT_RATES[code >> 1]
    n_words = (2 * bit_rate, bit_rate * 320 // 147 + (code & 1), 3 * bit_rate)[rate]
    return Frame(2 * n_words, (rate,), 1_536, (48_000, 44_100, 32_000)[rate])


def amr_frame(head: bytes, *, is_wide: bool) -> Frame | None:
    """Read the first byte of a frame of AMR; None if it is none, or if it says of itself that it is damaged."""
    kind = head[0] >> 3 & 15 if head else 0
    size = _AMR_SIZES[is_wide][kind]
    if not head or head[0] & 0x83 or not size or not (head[0] & 4 or kind >= _AMR_NO_SOUND):
        return None
    return Frame(size, (kind,), 320 if is_wide else 160, 16_000 if is_wide else 8_000)


MPEG = Codec(mpeg_frame, 4, re.compile(rb"\xff[\xe2-\xff]"), 3)
ADTS = Codec(adts_frame, 6, re.compile(rb"\xff[\xf0\xf1\xf8\xf9]"), 3)
AC3 = Codec(ac3_frame, 6, re.compile(rb"\x0b\x77"), 3)
AMR = Codec(partial(amr_frame, is_wide=False), 1, re.compile(rb"[\x04-\x7c]"), 8, is_steady=False)
AMR_WB = Codec(partial(amr_frame, is_wide=True), 1, re.compile(rb"[\x04-\x7c]"), 8, is_steady=False)


def read_frames(data: Bytes, start: int, codec: Codec, *, n_before: int = 0) -> Recording | None:
    """Read the frames of one recording, behind as many bytes of a header; return None where there are none."""
    pieces: list[Piece] = [(start, start + n_before)] if n_before else []
    begin = end = last = start + n_before
    n_samples, damage_s = 0, []
    first: Frame | None = None
    for place, frame, n_skipped in frames(data, end, codec):
        if first is not None and codec.is_steady and frame.kind != first.kind:
            break
        first = first or frame
        if n_skipped and n_samples:
            damage_s.append(n_samples / first.sample_rate_hz)
            # What destroyed the beginning of a frame began in the one before.
            end = last
        if place != end:
            pieces += [(begin, end)] if end > begin else []
            begin = place
        n_samples += frame.n_samples
        last, end = place, place + frame.size
    if first is None:
        return None
    is_cut = goes_beyond(data, end, codec, first)
    return Recording(data.size if is_cut else end, [*pieces, (begin, end)], damage_notes(damage_s), is_cut)


def frames(data: Bytes, place: int, codec: Codec) -> Iterator[Found]:
    """Yield the frames from a place on, up to where nothing or another recording follows."""
    kind = None
    while True:
        frame = codec.parse(data.at(place, codec.n_head))
        is_whole = frame is not None and place + frame.size <= data.size
        if frame is None or not is_whole or (frame.kind != kind and not is_chain(data, place, codec)):
            behind = behind_tags(data, place)
            following = _next_frame(data, behind, codec)
            if following is None:
                return
            place, n_skipped = following, following - behind
            frame = codec.parse(data.at(place, codec.n_head))
            assert frame is not None
        else:
            n_skipped = 0
        yield Found(place, frame, n_skipped)
        kind = frame.kind
        place += frame.size


def _next_frame(data: Bytes, place: int, codec: Codec) -> int | None:
    """Return the next place where frames follow one another, None if another recording or nothing does."""
    while place < data.size:
        block = data.at(place, _SEARCH_BYTES)
        other = find_beginning(block)
        for found in codec.beginning.finditer(block, 0, len(block) if other is None else other):
            if is_chain(data, place + found.start(), codec):
                return place + found.start()
        if other is not None or place + len(block) >= data.size:
            return None
        place += len(block) - BEGINNING_BYTES
    return None


def goes_beyond(data: Bytes, place: int, codec: Codec, first: Frame) -> bool:
    """Return whether another frame like the first begins at a place, and goes on beyond the end of the file."""
    frame = codec.parse(data.at(place, codec.n_head))
    if frame is None or (codec.is_steady and frame.kind != first.kind):
        return False
    return place + frame.size > data.size


def is_chain(data: Bytes, place: int, codec: Codec) -> bool:
    """Return whether as many frames as prove something follow one another."""
    kind = None
    for i in range(codec.n_chain):
        frame = codec.parse(data.at(place, codec.n_head))
        if place == data.size or (i and frame is None and behind_tags(data, place) != place):
            return 3 * i >= codec.n_chain  # the last frames of a recording
        if frame is None or place + frame.size > data.size or (i and codec.is_steady and frame.kind != kind):
            return False
        kind = frame.kind
        place += frame.size
    return True

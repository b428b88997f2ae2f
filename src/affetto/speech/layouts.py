"""Containers whose headers state sizes: where a recording ends, and whether the sizes are true."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from affetto.speech.scanning import LEAST_BYTES, Recording, begins_at, behind_padding

if TYPE_CHECKING:
    from affetto.speech.scanning import Bytes
    from affetto.speech.sources import Piece

# Sizes beyond these, less what a header takes, are what programs write that stream and never learn the length.
_UNKNOWN_SIZES = (1 << 31, 1 << 32)
_HEADERS_BYTES = 1 << 16
_ASF, _EBML = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"\x1a\x45\xdf\xa3"
_UNKNOWN_CAF_SIZE = (1 << 64) - 1
_MP4_BOXES = (b"moov", b"free", b"skip", b"udta", b"meta", b"mfra", b"uuid", b"wide")
_CAF_CHUNKS = (b"data", b"pakt", b"free", b"info", b"chan", b"kuki")
_FLV_TAGS = (8, 9, 18)
_TS_BYTES = 188
_WAVPACK_INITIAL = 0x800
_MAX_BLOCKS = 100_000
# Real files have a handful; a damaged one may be read as millions of empty chunks.
_MAX_CHUNKS = 1_000
_NAME = re.compile(rb"[ -~]{4}")
_LAST_CHUNKS = re.compile(rb"LIST|[Ii][Dd]3 |bext|cue |smpl|iXML|_PMX|PEAK|afsp|DISP|ANNO|NAME")
_MAX_LAST_CHUNK_BYTES = 1 << 16
_WRAPS = 1 << 32
# In what follows the stated end; noise and text are louder than sound, and text is text.
_MAX_LOUD, _MAX_PRINTABLE = 0.25, 0.95
_HALF_SCALE = 64  # in the byte that counts most
_LEAST_LEVEL = 1e-9
_MIN_UNEVENNESS = 1.3
_SAMPLED_BYTES = 1 << 16
_PCM, _FLOAT, _A_LAW, _MU_LAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE


class _Chunk(NamedTuple):
    name: bytes
    at: int  # where its content is
    size: int

    @property
    def end(self) -> int:
        return self.at + self.size + self.size % 2


class _Format(NamedTuple):
    """How samples lie in a file: what numpy calls one, and how many bytes it has."""

    kind: str
    n_bytes: int


_LOGARITHMIC = _Format("log", 1)
_AU_FORMATS = {
    **{encoding: _Format(">i", encoding - 1) for encoding in (2, 3, 4, 5)},
    6: _Format(">f", 4),
    7: _Format(">f", 8),
    1: _LOGARITHMIC,
    27: _LOGARITHMIC,
}


class _Sound(NamedTuple):
    """Where samples are, in fact."""

    ranges: list[tuple[int, int]]
    end: int  # of all that belongs to the recording
    is_as_stated: bool
    missing_share: float


def is_unknown_size(size: int, n_available: int) -> bool:
    """Return whether a size says that whoever wrote it did not know it."""
    return size > n_available and any(abs(unknown - size) <= _HEADERS_BYTES for unknown in _UNKNOWN_SIZES)


def read_wave(data: Bytes, start: int) -> Recording:
    """Read the chunks of a wav file (RIFF or RF64)."""
    form, long_size = b"", 0
    for chunk in _chunks(data, start + 12):
        match chunk.name:
            case b"fmt ":
                form = data.at(chunk.at, min(chunk.size, 64))
            case b"ds64":
                long_size = data.number(chunk.at + 8, 8)
            case b"data":
                size = long_size if chunk.size == _WRAPS - 1 and long_size else chunk.size
                sound = _find_sound(data, chunk.at, size, literal=b"WAVE", format_=_wave_format(form))
                pieces: list[Piece] = [(start, sound.end)]
                if not sound.is_as_stated:
                    n_bytes = sum(stop - first for first, stop in sound.ranges)
                    pieces = [_wave_head(form, n_bytes), *sound.ranges]
                return Recording(sound.end, pieces, missing_share=sound.missing_share)
    return Recording(data.size, [(start, data.size)])


def read_aiff(data: Bytes, start: int) -> Recording:
    """Read the chunks of an aiff file."""
    common = b""
    for chunk in _chunks(data, start + 12, big=True):
        if chunk.name == b"COMM":
            common = data.at(chunk.at, min(chunk.size, 22))
        elif chunk.name == b"SSND":
            size = max(chunk.size - 8, 0)
            sound = _find_sound(data, chunk.at + 8, size, literal=b"AIF", format_=_aiff_format(common), big=True)
            pieces: list[Piece] = [(start, sound.end)]
            if not sound.is_as_stated and (head := _au_head_of_aiff(common)):
                pieces = [head, *sound.ranges]
            return Recording(sound.end, pieces, missing_share=sound.missing_share)
    return Recording(data.size, [(start, data.size)])


def read_au(data: Bytes, start: int) -> Recording:
    """Read the header of an au file."""
    offset, size, encoding = (data.number(start + at, 4, big=True) for at in (4, 8, 12))
    format_ = _AU_FORMATS.get(encoding)
    sound = _find_sound(data, start + offset, size, literal=b".snd\0", format_=format_, has_chunks=False)
    pieces: list[Piece] = [(start, sound.end)]
    if not sound.is_as_stated:
        pieces = [(start, start + 8), b"\xff" * 4, (start + 12, start + offset), *sound.ranges]
    return Recording(sound.end, pieces, missing_share=sound.missing_share)


def read_caf(data: Bytes, start: int) -> Recording:
    """Read the chunks of a caf file."""
    place, missing = start + 8, 0.0
    for _ in range(_MAX_CHUNKS):
        name, size = data.at(place, 4), data.number(place + 4, 8, big=True)
        if not _NAME.fullmatch(name) or begins_at(data, place):
            break
        if size == _UNKNOWN_CAF_SIZE:
            return read_until_next(data, start, b"caff\0")
        if place + 12 + size > data.size and name not in _CAF_CHUNKS:
            break
        if name == b"data":
            missing = max(_missing_share(size, data.size - place - 12), 0.0)
        place += 12 + size
    end = min(place, data.size)
    return Recording(end, [(start, end)], is_cut=place > data.size, missing_share=missing)


def read_w64(data: Bytes, start: int) -> Recording:
    """Read the chunks of a w64 file."""
    size = data.number(start + 16, 8)
    stop = (
        start + size if 40 <= size <= data.size - start else _next_beginning(data, start + 40, b"riff\x2e\x91\xcf\x11")
    )
    place, missing = start + 40, 0.0
    for _ in range(_MAX_CHUNKS):
        size = data.number(place + 16, 8)
        if place >= stop or size < 24:
            break
        if place + size > stop and data.at(place, 4) == b"data" and size < 1 << 48:
            missing = _missing_share(size - 24, stop - place - 24)
        place += size + -size % 8
    return Recording(stop, [(start, stop)], missing_share=missing)


def read_voc(data: Bytes, start: int) -> Recording:
    """Read the blocks of a voc file."""
    place = start + max(data.number(start + 20, 2), 26)
    for _ in range(_MAX_BLOCKS):
        if place >= data.size or data.at(place, 1) == b"\0":
            break
        place += 4 + data.number(place + 1, 3)
    return _sized(data, start, place + 1)


def read_avi(data: Bytes, start: int) -> Recording:
    """Read the parts of an avi file, of which long ones have several."""
    place = start
    while data.at(place, 4) == b"RIFF" and data.at(place + 8, 4) == (b"AVI " if place == start else b"AVIX"):
        size = data.number(place + 4, 4)
        if not size or is_unknown_size(size, data.size):
            place = _next_beginning(data, place + 12, b"AVI LIST")
            break
        place += 8 + size + size % 2
    return _sized(data, start, place)


def read_mp4(data: Bytes, start: int) -> Recording:
    """Read the boxes of an mp4 or mov file."""
    place, seen = start, set()
    for _ in range(_MAX_BLOCKS):
        size, name = data.number(place, 4, big=True), data.at(place + 4, 4)
        size = data.number(place + 8, 8, big=True) if size == 1 else size or data.size - place
        is_next = name == b"ftyp" and b"moov" in seen and (b"mdat" in seen or b"moof" in seen)
        if size < 8 or is_next or not name.isalnum():
            break
        if place + size > data.size:
            # What else is not whole costs no sound, or is no box at all.
            is_cut = name in (b"mdat", b"moof")
            place = data.size if is_cut or name in _MP4_BOXES else place
            return Recording(place, [(start, place)], is_cut=is_cut)
        seen.add(name)
        place += size
    return _sized(data, start, place)


def read_matroska(data: Bytes, start: int) -> Recording:
    """Read the head of a matroska or webm file, and find another behind it if it does not state its size."""
    size, n = _ebml_size(data, start + 4)
    segment = start + 4 + n + (size or 0)
    size, n = _ebml_size(data, segment + 4)
    end = _next_beginning(data, segment + 4, _EBML) if size is None else min(segment + 4 + n + size, data.size)
    return Recording(end, [(start, end)])


def read_until_next(data: Bytes, start: int, literal: bytes) -> Recording:
    """Take for one recording all up to where another of its format begins."""
    end = _next_beginning(data, start + 4, literal)
    return Recording(end, [(start, end)])


def read_asf(data: Bytes, start: int) -> Recording:
    """Read the objects of a Windows Media file."""
    place = start
    for _ in range(_MAX_CHUNKS):
        size = data.number(place + 16, 8)
        if size < 24 or (place > start and begins_at(data, place)) or not data.at(place, 16).strip(b"\0"):
            break
        if place + size > data.size:
            return read_until_next(data, start, _ASF)
        place += size
    return _sized(data, start, place) if place > start else read_until_next(data, start, _ASF)


def read_flv(data: Bytes, start: int) -> Recording:
    """Read the tags of a Flash video."""
    place = start + 13
    while data.number(place, 1) in _FLV_TAGS and place < data.size:
        place += 15 + data.number(place + 1, 3, big=True)
    return _sized(data, start, place)


def read_mpeg_ts(data: Bytes, start: int) -> Recording:
    """Find the last of the packets of a transport stream."""
    n_packets, n_rest = divmod(data.size - start, _TS_BYTES)
    n_whole = n_packets
    while n_whole and data.at(start + (n_whole - 1) * _TS_BYTES, 1) != b"G":
        n_whole -= 1
    end = start + n_whole * _TS_BYTES
    is_cut = n_rest > 0 and n_whole == n_packets and data.at(end, 1) == b"G"
    return Recording(data.size if is_cut else end, [(start, end)], is_cut=is_cut)


def read_wavpack(data: Bytes, start: int) -> Recording:
    """Read the blocks of a wavpack file."""
    place = start
    while data.at(place, 4) == b"wvpk":
        # The first samples, in the block of the first channels.
        if place > start and data.number(place + 16, 4) == 0 and data.number(place + 24, 4) & _WAVPACK_INITIAL:
            break
        place += 8 + data.number(place + 4, 4)
    return _sized(data, start, place)


def _sized(data: Bytes, start: int, end: int) -> Recording:
    """Make a recording of what ends at a place, be it beyond the file."""
    stop = min(end, data.size)
    return Recording(stop, [(start, stop)], is_cut=end > data.size)


def _find_sound(
    data: Bytes,
    at: int,
    stated: int,
    *,
    literal: bytes,
    format_: _Format | None,
    big: bool = False,
    has_chunks: bool = True,
) -> _Sound:
    """Find out where the samples are that begin at a place, whatever size is stated."""
    n_available = max(data.size - at, 0)
    following = data.at(at, 4)
    is_unset = stated == 0 and bool(following) and not following.rstrip(b" ").isalnum() and not begins_at(data, at)
    if is_unset or is_unknown_size(stated, n_available):
        end = _next_beginning(data, at, literal)
        last = _before_chunks(data, end, big=big) if has_chunks else end
        return _Sound([(at, last)], end, is_as_stated=False, missing_share=0.0)
    if stated > n_available:
        missing_share = _missing_share(stated, n_available)
        return _Sound([(at, data.size)], data.size, is_as_stated=True, missing_share=missing_share)
    ranges = [(at, at + stated)]
    place = at + stated
    if has_chunks:
        place, more = _behind_chunks(data, place, big=big)
        ranges += more
    # A size of four bytes begins at 0 again behind 4 GB.
    for n_bytes in range(stated + (n_available - stated) // _WRAPS * _WRAPS, stated, -_WRAPS):
        end, _ = _behind_chunks(data, at + n_bytes, big=big)
        if data.size - behind_padding(data, end) < LEAST_BYTES or begins_at(data, end):
            return _Sound([(at, at + n_bytes)], end, is_as_stated=False, missing_share=0.0)
    rest = behind_padding(data, place)
    is_over = data.size - rest < LEAST_BYTES or begins_at(data, rest) or place > at + stated + stated % 2
    if not is_over and format_ is not None and _goes_on(data, place + -stated % format_.n_bytes, format_):
        end = _next_beginning(data, place, literal)
        last = _before_chunks(data, end, big=big) if has_chunks else end
        return _Sound([(at, last)], end, is_as_stated=False, missing_share=0.0)
    return _Sound(ranges, place, is_as_stated=len(ranges) == 1, missing_share=0.0)


def _goes_on(data: Bytes, place: int, format_: _Format) -> bool:
    """Return whether samples go on behind the stated end: neither text nor compressed nor random bytes."""
    n = min(data.size - place, _SAMPLED_BYTES) // format_.n_bytes
    octets = np.frombuffer(data.at(place, n * format_.n_bytes), np.uint8)
    if np.mean((octets >= ord("\t")) & (octets <= ord("~"))) > _MAX_PRINTABLE:
        return False
    if format_.kind == "log":
        # Of random bytes there are as many of each value.
        shares = np.bincount(octets, minlength=256) / n
        return bool((shares**2).sum() > _MIN_UNEVENNESS / 256 + 1 / n)
    if format_.kind.endswith("f"):
        values = np.abs(octets.view(f"{format_.kind}{format_.n_bytes}"))
        # Others are as often astronomical or next to nothing.
        is_plausible = (values == 0) | ((values > _LEAST_LEVEL) & (values <= 1))
        return bool(np.mean(is_plausible) > 1 - _MAX_LOUD)
    # The byte that counts most.
    high = octets[0 if format_.kind.startswith(">") else format_.n_bytes - 1 :: format_.n_bytes]
    level = np.abs((high if format_.kind.endswith("u") else high + np.uint8(128)).astype(np.int16) - 128)
    return bool(np.mean(level > _HALF_SCALE) < _MAX_LOUD)


def _wave_format(form: bytes) -> _Format | None:
    if len(form) < 16:
        return None
    kind, bits = struct.unpack("<H12xH", form[:16])
    kind = int.from_bytes(form[24:26], "little") if kind == _EXTENSIBLE and len(form) >= 26 else kind
    n_bytes = -(-bits // 8)
    if kind == _PCM and n_bytes in (1, 2, 3, 4):
        return _Format("<u" if n_bytes == 1 else "<i", n_bytes)
    if kind == _FLOAT and n_bytes in (4, 8):
        return _Format("<f", n_bytes)
    return _LOGARITHMIC if kind in (_A_LAW, _MU_LAW) else None


def _wave_head(form: bytes, n_bytes: int) -> bytes:
    """Return the header of a wav file with so many bytes of samples."""
    chunk = b"fmt " + struct.pack("<I", len(form)) + form + bytes(len(form) % 2)
    size = 12 + len(chunk) + n_bytes
    if size + 36 < _WRAPS:
        return b"RIFF" + struct.pack("<I", size) + b"WAVE" + chunk + b"data" + struct.pack("<I", n_bytes)
    sizes = struct.pack("<IQQQI", 28, size + 36, n_bytes, 0, 0)
    return b"RF64\xff\xff\xff\xffWAVEds64" + sizes + chunk + b"data\xff\xff\xff\xff"


def _aiff_format(common: bytes) -> _Format | None:
    bits, compression = int.from_bytes(common[6:8], "big"), common[18:22] or b"NONE"
    return _Format(">i", -(-bits // 8)) if compression in (b"NONE", b"twos") and 1 <= bits <= 32 else None


def _au_head_of_aiff(common: bytes) -> bytes | None:
    """Return the header of an au file, which need not state a size, for samples as they are in an aiff file."""
    format_ = _aiff_format(common)
    if format_ is None:
        return None
    exponent, mantissa = struct.unpack(">HQ", common[8:18])
    rate = mantissa >> max(16_383 + 63 - (exponent & 0x7FFF), 0)
    n_channels = int.from_bytes(common[:2], "big")
    return b".snd" + struct.pack(">5I", 24, _WRAPS - 1, format_.n_bytes + 1, rate & 0xFFFFFFFF, n_channels)


def _chunks(data: Bytes, place: int, *, big: bool = False) -> list[_Chunk]:
    """Return the chunks from a place on."""
    chunks: list[_Chunk] = []
    while len(chunks) < _MAX_CHUNKS and place + 8 <= data.size:
        chunks.append(_Chunk(data.at(place, 4), place + 8, data.number(place + 4, 4, big=big)))
        place = chunks[-1].end
    return chunks


def _behind_chunks(data: Bytes, place: int, *, big: bool) -> tuple[int, list[tuple[int, int]]]:
    """Return the place behind the chunks at a place, and where they are samples."""
    ranges: list[tuple[int, int]] = []
    for _ in range(_MAX_CHUNKS):
        # Some programs leave out the byte that makes the place even.
        starts = [place + place % 2, place] if place % 2 else [place]
        chunk = next((found for start in starts if (found := _chunk_at(data, start, big=big))), None)
        if chunk is None:
            break
        if chunk.name in (b"data", b"SSND"):
            ranges.append((chunk.at + 8 * (chunk.name == b"SSND"), chunk.at + chunk.size))
        place = min(chunk.at + chunk.size, data.size)
    return place, ranges


def _before_chunks(data: Bytes, end: int, *, big: bool) -> int:
    """Return the place before a chunk that ends at a place, where no size tells where the samples end."""
    start = max(end - _MAX_LAST_CHUNK_BYTES, 0)
    for found in _LAST_CHUNKS.finditer(data.at(start, end - start)):
        chunk = _chunk_at(data, start + found.start(), big=big)
        if chunk is not None and _behind_chunks(data, start + found.start(), big=big)[0] in (end, end - 1):
            return start + found.start()
    return end


def _chunk_at(data: Bytes, place: int, *, big: bool) -> _Chunk | None:
    name, size = data.at(place, 4), data.number(place + 4, 4, big=big)
    is_one = _NAME.fullmatch(name) and place + 8 + size <= data.size and not begins_at(data, place)
    return _Chunk(name, place + 8, size) if is_one else None


def _next_beginning(data: Bytes, place: int, literal: bytes) -> int:
    """Return where another recording of a format begins, the end of the file if none does."""
    found = data.find_beginning(place, literal=literal)
    return data.size if found is None else found


def _missing_share(stated: int, there: int) -> float:
    return (stated - there) / there if there > 0 else 0.0


def _ebml_size(data: Bytes, place: int) -> tuple[int | None, int]:
    """Return a size as matroska writes it, None where it is unknown, and how many bytes it takes."""
    first = data.number(place, 1)
    n = 9 - first.bit_length()
    value = data.number(place, n, big=True) & (1 << 7 * n) - 1
    return (None if value == (1 << 7 * n) - 1 else value), n

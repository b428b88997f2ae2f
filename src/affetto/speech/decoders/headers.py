"""Container headers: formats by their first bytes, and the sizes that headers state."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, NamedTuple

from affetto.speech.decoders.scanning import Recording, before_tags, behind_tags

if TYPE_CHECKING:
    from affetto.speech.decoders.base import Piece
    from affetto.speech.decoders.scanning import Bytes

# Formats that libsndfile does not read, by their first bytes, with their names in messages.
_SIGNATURES = (
    (rb".{4}(?:ftyp|moov|mdat|wide)|\0.{3}(?:free|skip|pnot)", "MP4 or QuickTime"),
    (rb"\x1a\x45\xdf\xa3", "Matroska or WebM"),
    (rb"#!AMR", "AMR"),
    (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media"),
    (rb"\xff[\xf0\xf1\xf8\xf9]", "AAC"),
    (rb"\x56[\xe0-\xff]", "AAC (LATM)"),
    (rb"FLV\x01", "Flash video"),
    (rb".{8}AVI ", "AVI"),
    (rb"\0\0\x01\xba", "MPEG video"),
    # Packets have a fixed size. Cameras put four bytes of time before each.
    (rb"\x47.{187}\x47.{187}\x47|.{4}\x47.{191}\x47.{191}\x47", "MPEG transport stream"),
    (rb"\x0b\x77", "AC-3"),
    (rb"wvpk", "WavPack"),
    (rb"\x02dss", "DSS"),
    (rb".{28}Speex   ", "Ogg Speex"),
)
_HEAD_BYTES = 400
# Programs that write a wav to a pipe state these sizes, less what the header takes.
_UNKNOWN_SIZES = (1 << 31, 1 << 32)
_MAX_HEADER_BYTES = 1 << 16
_WRAP = 1 << 32  # a size of four bytes starts at 0 again
# Real files have a handful of chunks. A damaged one may be read as millions of empty chunks.
_MAX_CHUNKS = 1_000
_CHUNK_NAME = re.compile(rb"[ -~]{4}")
# Behind the chunks of a recording, these begin another one.
_BEGINNINGS = (b"RIFF", b"RF64", b"riff", b"fLaC", b"OggS", b"FORM", b"caff", b".snd")


class _Layout(NamedTuple):
    """How chunks lie in a file."""

    first: int
    n_name: int
    n_size: int
    is_big: bool
    sound: bytes
    n_counted: int  # bytes of the chunk's own header that its size includes
    alignment: int
    is_sound_last: bool  # libsndfile reads what is behind the sound as more of it

    def content(self, data: Bytes, position: int) -> tuple[int, int]:
        """Return the position and the size of the content of a chunk."""
        size = data.number(position + self.n_name, self.n_size, big=self.is_big) - self.n_counted
        return position + self.n_name + self.n_size, size


_WAV = _Layout(12, 4, 4, False, b"data", 0, 2, False)
_LAYOUTS = (
    (re.compile(rb"FORM.{4}AIF[FC]", re.DOTALL), _Layout(12, 4, 4, True, b"SSND", 0, 2, False)),
    (re.compile(rb"caff"), _Layout(8, 4, 8, True, b"data", 0, 1, False)),
    (re.compile(rb"riff\x2e\x91\xcf\x11"), _Layout(40, 16, 8, False, b"data", 24, 8, True)),
)


class _WavHeader(NamedTuple):
    """What the header of a wav file (RIFF or RF64) states."""

    format: bytes  # the chunk fmt
    start: int  # position of the first sample
    size: int  # bytes of samples
    n_available: int  # bytes from the first sample to the end of the file

    @property
    def is_size_unknown(self) -> bool:
        """Whether the writer of the header did not know the size."""
        return self.size > self.n_available and any(
            abs(unknown - self.size) <= _MAX_HEADER_BYTES for unknown in _UNKNOWN_SIZES
        )


def container_label(data: Bytes) -> str | None:
    """Return the name of a format that only libav reads, or None."""
    head = data.at(behind_tags(data, 0), _HEAD_BYTES)
    return next((label for signature, label in _SIGNATURES if re.match(signature, head, re.DOTALL)), None)


def _read_wav_header(data: Bytes, start: int) -> _WavHeader | None:
    """Read the header of a wav file, or return None if it ends before the samples."""
    form, long_size = b"", 0
    position = start + 12
    for _ in range(_MAX_CHUNKS):
        name, size = data.at(position, 4), data.number(position + 4, 4)
        content = position + 8
        if name == b"data":
            size = long_size if size == _WRAP - 1 and long_size else size
            return _WavHeader(form, content, size, max(data.size - content, 0))
        if name == b"fmt ":
            form = data.at(content, min(size, 64))
        elif name == b"ds64":
            long_size = data.number(content + 8, 8)
        position = content + size + size % 2
    return None


def read_wav(data: Bytes, start: int) -> Recording:
    """Find the samples of a wav file, whose header may state a wrong size."""
    header = _read_wav_header(data, start)
    if header is None:
        return Recording(data.size, [(start, data.size)])
    n_available = header.n_available
    if header.is_size_unknown or (header.size == 0 and not _is_chunk(data, header.start, _WAV)):
        pieces: list[Piece] = [_wav_head(header.format, n_available), (header.start, data.size)]
        return Recording(data.size, pieces)
    if header.size > n_available:
        missing_share = (header.size - n_available) / max(n_available, 1)
        return Recording(data.size, [(start, data.size)], missing_share=missing_share)
    n_wrapped = (n_available - header.size) // _WRAP * _WRAP
    sound_end = header.start + header.size + n_wrapped
    end = _behind_chunks(data, header.start, header.size + n_wrapped, _WAV)
    if n_wrapped:
        return Recording(end, [_wav_head(header.format, header.size + n_wrapped), (header.start, sound_end)])
    return Recording(end, [(start, end)])


def _wav_head(form: bytes, n_bytes: int) -> bytes:
    """Return the header of a wav file with this many bytes of samples."""
    chunk = b"fmt " + struct.pack("<I", len(form)) + form + bytes(len(form) % 2)
    size = 12 + len(chunk) + n_bytes
    if size + 36 < _WRAP:
        return b"RIFF" + struct.pack("<I", size) + b"WAVE" + chunk + b"data" + struct.pack("<I", n_bytes)
    sizes = struct.pack("<IQQQI", 28, size + 36, n_bytes, 0, 0)
    return b"RF64\xff\xff\xff\xffWAVEds64" + sizes + chunk + b"data\xff\xff\xff\xff"


def read_chunks(data: Bytes, start: int) -> Recording | None:
    """Find the samples of an aiff, au, caf or w64 file; return None for another format."""
    head = data.at(start, 16)
    layout = next((layout for pattern, layout in _LAYOUTS if pattern.match(head)), None)
    if head.startswith(b".snd"):
        sound, size = start + data.number(start + 4, 4, big=True), data.number(start + 8, 4, big=True)
    elif layout is None:
        return None
    else:
        position = start + layout.first
        for _ in range(_MAX_CHUNKS):
            sound, size = layout.content(data, position)
            if data.at(position, 4) == layout.sound or size < 0:
                break
            position = sound + size + -size % layout.alignment
    n_available = data.size - sound
    is_unknown = any(abs(unknown - size) <= _MAX_HEADER_BYTES for unknown in (*_UNKNOWN_SIZES, 1 << 64))
    if size <= 0 or size >= n_available or is_unknown:
        missing_share = (size - n_available) / n_available if size > n_available > 0 and not is_unknown else 0.0
        end = max(before_tags(data, data.size), start)
        return Recording(end, [(start, end)], missing_share=missing_share)
    sound_end = sound + size
    end = sound_end if layout is None else _behind_chunks(data, sound, size, layout)
    return Recording(end, [(start, sound_end if layout and layout.is_sound_last else end)])


def _is_chunk(data: Bytes, position: int, layout: _Layout) -> bool:
    name = data.at(position, 4)
    content, size = layout.content(data, position)
    return bool(_CHUNK_NAME.fullmatch(name)) and name not in _BEGINNINGS and 0 <= size <= data.size - content


def _behind_chunks(data: Bytes, content: int, size: int, layout: _Layout) -> int:
    """Return the position behind a chunk and those that follow it."""
    for _ in range(_MAX_CHUNKS):
        end = content + size
        # Some programs omit the padding.
        starts = [end + -size % layout.alignment, end]
        start = next((start for start in starts if _is_chunk(data, start, layout)), None)
        if start is None:
            break
        content, size = layout.content(data, start)
    return content + size

"""What a wav header promises, which libsndfile does not tell: it silently believes the file's size instead."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from affetto.speech.sources import EncodedFile

# PCM, float, and the extensible header around either. Of compressed formats the header's sizes tell no length.
_UNCOMPRESSED = (0x0001, 0x0003, 0xFFFE)
# What programs write that stream to a pipe and never learn the length: sox, arecord, ffmpeg.
_UNKNOWN_SIZES = (0, 0x7FFFF000, 0x80000000, 0xFFFFFFFF)
# Real files have a handful; a damaged one may be read as millions of empty chunks.
_MAX_CHUNKS = 1_000


class WavHeader(NamedTuple):
    """A wav header.

    Attributes
    ----------
    promised_s : float
        Length in seconds that it promises; 0 where it promises none.
    has_padding : bool
        Whether there is a ``FLLR`` chunk, with which Apple's tools align the samples to a disk page.
    unset_size_at : int or None
        Where the samples' size stands if it is 0 although there are some: the recorder never came to write it.
    """

    promised_s: float
    has_padding: bool
    unset_size_at: int | None = None


def read_wav_header(file: BinaryIO | EncodedFile) -> WavHeader | None:
    """Read the header of a wav file (RIFF or RF64).

    Parameters
    ----------
    file : binary file object
        At the beginning of the file; its position is changed.

    Returns
    -------
    WavHeader or None
        None where the file is no wav.
    """
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        return None
    bytes_per_second = 0
    long_size = 0
    has_padding = False
    for chunk, size in _chunks(file):
        if chunk == b"data":
            start = file.tell()
            unset_size_at = start - 4 if size == 0 and _holds_samples(file.read(4)) else None
            size = long_size if size in _UNKNOWN_SIZES else size
            return WavHeader(size / bytes_per_second if bytes_per_second else 0.0, has_padding, unset_size_at)
        if chunk == b"fmt ":
            kind, _, rate, _, frame_bytes = struct.unpack("<HHIIH", file.read(14).ljust(14, b"\0"))
            bytes_per_second = rate * frame_bytes if kind in _UNCOMPRESSED else 0
        elif chunk == b"ds64":
            long_size = int.from_bytes(file.read(16)[8:], "little")
        has_padding |= chunk == b"FLLR"
    return WavHeader(0.0, has_padding)


def _holds_samples(beginning: bytes) -> bool:
    """Return whether bytes are no name of another chunk; samples begin as such a name hardly ever."""
    return bool(beginning) and not beginning.rstrip(b" ").isalnum()


def _chunks(file: BinaryIO | EncodedFile) -> Iterator[tuple[bytes, int]]:
    """Yield name and size of each chunk, the file being at the chunk's content."""
    for _ in range(_MAX_CHUNKS):
        if len(header := file.read(8)) < 8:
            return
        chunk, size = struct.unpack("<4sI", header)
        start = file.tell()
        yield chunk, size
        file.seek(start + size + size % 2)

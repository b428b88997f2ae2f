"""What a wav header promises, to the sample."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from affetto.speech.layouts import is_unknown_size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from affetto.speech.sources import EncodedFile

# PCM, float, and the extensible header around either. Of compressed formats the header's sizes tell no length.
_UNCOMPRESSED = (0x0001, 0x0003, 0xFFFE)
# Real files have a handful; a damaged one may be read as millions of empty chunks.
_MAX_CHUNKS = 1_000


class WavHeader(NamedTuple):
    """A wav header.

    Attributes
    ----------
    header_duration_s : float
        Length in seconds that it promises; 0 where it promises none.
    has_padding : bool
        Whether there is a ``FLLR`` chunk, with which Apple's tools align the samples to a disk page.
    """

    header_duration_s: float
    has_padding: bool


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
            size = long_size if size == 0xFFFFFFFF and long_size else size
            start = file.tell()
            is_unknown = is_unknown_size(size, file.seek(0, 2) - start)
            header_duration_s = size / bytes_per_second if bytes_per_second and not is_unknown else 0.0
            return WavHeader(header_duration_s, has_padding)
        if chunk == b"fmt ":
            # The size of a block may be anything, and decoders do not look at it.
            kind, n_channels, rate, bits = struct.unpack("<HHI6xH", file.read(16).ljust(16, b"\0"))
            bytes_per_second = rate * n_channels * -(-bits // 8) if kind in _UNCOMPRESSED else 0
        elif chunk == b"ds64":
            long_size = int.from_bytes(file.read(16)[8:], "little")
        has_padding |= chunk == b"FLLR"
    return WavHeader(0.0, has_padding)


def _chunks(file: BinaryIO | EncodedFile) -> Iterator[tuple[bytes, int]]:
    """Yield name and size of each chunk, the file being at the chunk's content."""
    for _ in range(_MAX_CHUNKS):
        if len(header := file.read(8)) < 8:
            return
        chunk, size = struct.unpack("<4sI", header)
        start = file.tell()
        yield chunk, size
        file.seek(start + size + size % 2)

"""The end of a flac recording, which its header does not state."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from affetto.speech.decoders.scanning import Recording, before_tags, behind_padding

if TYPE_CHECKING:
    from affetto.speech.decoders.scanning import Bytes

FLAC = re.compile(rb"fLaC[\0\x80]\0\0\x22")
_NEXT_RECORDING = re.compile(FLAC.pattern + rb"|OggS\0\x02|R(?:IFF|F64).{4}WAVE", re.DOTALL)
_MAX_METADATA_BLOCKS = 1_000
_MAX_FRAME_BYTES = 1 << 17
_POLYNOMIAL = 0x18005  # of the checksum of a frame


def read_flac(data: Bytes, start: int) -> Recording:
    """Find the end of a flac recording: the next recording, or the end of its last frame."""
    position = start + 4
    for _ in range(_MAX_METADATA_BLOCKS):
        is_last = data.at(position, 1) >= b"\x80"
        position += 4 + data.number(position + 1, 3, big=True)
        if is_last:
            break
    following = data.find(_NEXT_RECORDING, position)
    if following is not None:
        return Recording(following, [(start, following)])
    # The checksum of sixteen bits may find a wrong end. Thus the decoder reads all.
    return Recording(_find_end(data, start, position), [(start, data.size)])


def _find_end(data: Bytes, start: int, position: int) -> int:
    """Return the position behind the last frame, or the end of the file if there is only padding or it is unknown."""
    info = data.at(start + 8, 18)
    block_size, n_samples = int.from_bytes(info[:2], "big"), int.from_bytes(info[13:], "big") & (1 << 36) - 1
    number = (n_samples - 1) // max(block_size, 1)
    if info[:2] != info[2:4] or not 0 <= number <= sys.maxunicode:
        return data.size
    pattern = re.compile(rb"\xff\xf8.." + re.escape(chr(number).encode("utf-8", "surrogatepass")), re.DOTALL)
    last = None
    while (found := data.find(pattern, position)) is not None:
        last, position = found, found + 1
    if last is None:
        return data.size
    sound_end = before_tags(data, data.size)
    ends = _zero_checksums(data, last, min(sound_end, last + _MAX_FRAME_BYTES))
    is_padded = any(behind_padding(data, end) >= sound_end for end in ends)
    return data.size if is_padded or not ends else ends[0]


def _zero_checksums(data: Bytes, start: int, stop: int) -> list[int]:
    """Return the positions before which the checksum of a frame is zero, as at its end."""
    table = list(range(0, 1 << 16, 1 << 8))
    for _ in range(8):
        table = [value << 1 ^ (_POLYNOMIAL if value & 0x8000 else 0) for value in table]
    ends, checksum = [], 0
    for end, byte in enumerate(data.at(start, stop - start), start + 1):
        checksum = (checksum << 8 & 0xFFFF) ^ table[checksum >> 8 ^ byte]
        if checksum == 0:
            ends.append(end)
    return ends

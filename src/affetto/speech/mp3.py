"""What libsndfile does not tell of an mp3: whether its length is stated or guessed, and whether more follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

    from affetto.speech.sources import EncodedFile

# The first frame is no longer than this.
_SEARCHED_BYTES = 4_096
# Less than a tenth of a second, and what padding may leave.
_LEAST_BYTES = 1_000
# Real files have one or two.
_MAX_TAGS = 10
_HAS_FRAMES = 1  # the flag of Xing's header


def states_length(file: BinaryIO | EncodedFile) -> bool:
    """Return whether an mp3 begins with a header that has its number of frames (Xing, Info or VBRI).

    Parameters
    ----------
    file : binary file object
        At the beginning of the file; its position is changed.
    """
    start = file.tell()
    for _ in range(_MAX_TAGS):
        head = file.read(10)
        if head[:3] != b"ID3" or len(head) < 10:
            break
        # Seven bits in each byte; of a footer's ten bytes there is enough room to search.
        size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
        start += 10 + size
        file.seek(start)
    file.seek(start)
    frame = file.read(_SEARCHED_BYTES)
    if b"VBRI" in frame:
        return True
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    return at >= 0 and bool(int.from_bytes(frame[at + 4 : at + 8]) & _HAS_FRAMES)


def holds_more(file: BinaryIO | EncodedFile) -> bool:
    """Return whether more than tags follows where decoding has ended.

    Parameters
    ----------
    file : binary file object
        At that place; its position is changed.
    """
    rest = file.read(_SEARCHED_BYTES << 4)
    if rest.startswith(b"APETAGEX"):
        rest = rest[32 + int.from_bytes(rest[12:16], "little") :]
    if rest.startswith(b"TAG"):
        rest = rest[128:]
    return len(rest.strip(b"\0")) > _LEAST_BYTES

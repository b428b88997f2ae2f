"""Looking through the bytes of a file: what is at a place, what is behind it, where another recording begins."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from affetto.speech.sources import EncodedFile, Piece

# How each format begins that is known by more than a few bits.
_BEGINNINGS = (
    rb"RIFF.{4}(?:WAVE|AVI LIST)|RF64.{4}WAVE|riff\x2e\x91\xcf\x11|FORM.{4}AIF[FC]|\.snd\0\0.{3}\0\0\0[\x01-\x1b]"
    rb"|caff\0[\x01\x02].{2}desc|Creative Voice File\x1a|fLaC[\0\x80]\0\0\x22|OggS\0[\x02\x06]\0{8}"
    rb"|\0\0\0.ftyp|\x1a\x45\xdf\xa3.{1,8}\x42[\x86\xf7\xf2\xf3\x82\x87\x85]"
    rb"|\x30\x26\xb2\x75\x8e\x66\xcf\x11|FLV\x01[\x01\x04\x05]\0\0\0\x09|#!AMR(?:-WB)?\n"
)
BEGINNING = re.compile(_BEGINNINGS, re.DOTALL)
# What to look for to find them, and how far behind the beginning it is: many times as fast as the expression.
_LITERALS = (
    *((b"WAVE", 8), (b"AVI LIST", 8), (b"riff\x2e\x91\xcf\x11", 0), (b"AIF", 8), (b".snd\0", 0), (b"caff\0", 0)),
    *((b"Creative Voice File\x1a", 0), (b"fLaC", 0), (b"OggS\0", 0), (b"ftyp", 4), (b"\x1a\x45\xdf\xa3", 0)),
    *((b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", 0), (b"FLV\x01", 0), (b"#!AMR", 0)),
)
BEGINNING_BYTES = 24
_BLOCK_BYTES = 1 << 18
_HEADER_BYTES = 1 << 12
_LYRICS_END = re.compile(rb"LYRICS200|LYRICSEND")
_MP4_ZEROS = 3  # with which such a file begins
# Less than any recording, and what may be left over behind one without a loss.
LEAST_BYTES = 16


class Recording(NamedTuple):
    """One of the recordings in a file.

    Attributes
    ----------
    end : int
        Where it ends.
    pieces : sequence of bytes or (int, int)
        What a decoder shall see of it.
    notes : sequence of str
        What is damaged, each a sentence without its subject.
    is_cut : bool
        Whether it goes on beyond the end of the file.
    missing_s : float
        By how many seconds it is shorter than its header says.
    missing_share : float
        By what share of itself it is shorter.
    """

    end: int
    pieces: Sequence[Piece]
    notes: Sequence[str] = ()
    is_cut: bool = False
    missing_s: float = 0.0
    missing_share: float = 0.0


def damage_notes(times_s: Sequence[float]) -> list[str]:
    """Say when a recording is damaged."""
    if not times_s:
        return []
    more = len(times_s) - 1
    places = "" if not more else " and in 1 more place" if more == 1 else f" and in {more} more places"
    return [f"is damaged at {times_s[0]:.2f} s{places}; what decodes of the rest was read"]


class Bytes:
    """A file's bytes by their place; places near each other cost one reading.

    Attributes
    ----------
    size : int
        How many there are.
    """

    def __init__(self, file: EncodedFile) -> None:
        self._file = file
        self.size = file.size()
        self._start = 0
        self._block = b""

    def at(self, place: int, n: int) -> bytes:
        """Return `n` bytes from a place on, fewer at the end."""
        start = place - self._start
        if start < 0 or start + n > len(self._block):
            # Who reads on will go on; who jumps wants a header.
            block_bytes = _BLOCK_BYTES if 0 < start <= len(self._block) else _HEADER_BYTES
            self._file.seek(place)
            self._start, start = place, 0
            self._block = self._file.read(max(n, block_bytes))
        return self._block[start : start + n]

    def number(self, place: int, n: int, *, big: bool = False) -> int:
        """Return an unsigned number of `n` bytes."""
        return int.from_bytes(self.at(place, n), "big" if big else "little")

    def find(self, pattern: re.Pattern[bytes], place: int) -> int | None:
        """Return the first place from one on that matches, None if there is none; no match may be long."""

        def search(block: bytes) -> int | None:
            found = pattern.search(block)
            return found.start() if found else None

        return self._find(search, place)

    def find_beginning(self, place: int, *, literal: bytes | None = None) -> int | None:
        """Return the first place from one on where a recording of a known format begins, None if there is none.

        A format's literal may be given to look for it alone, which is fast.
        """
        literals = tuple(known for known in _LITERALS if literal in (None, known[0]))
        return self._find(partial(find_beginning, literals=literals), place)

    def _find(self, search: Callable[[bytes], int | None], place: int) -> int | None:
        while place < self.size and (block := self.at(place, _BLOCK_BYTES)):
            found = search(block)
            if found is not None:
                return place + found
            place += max(len(block) - BEGINNING_BYTES, 1) if place + len(block) < self.size else len(block)
        return None

    def are_zero(self, start: int, end: int) -> bool:
        """Return whether nothing but zeros is in a range."""
        return all(
            not self.at(place, min(_BLOCK_BYTES, end - place)).strip(b"\0") for place in range(start, end, _BLOCK_BYTES)
        )


def find_beginning(block: bytes, literals: tuple[tuple[bytes, int], ...] = _LITERALS) -> int | None:
    """Return where in a block a recording of a known format begins, None if there is none."""
    found = []
    for literal, offset in literals:
        at = block.find(literal, offset)
        while at >= 0 and not BEGINNING.match(block, at - offset):
            at = block.find(literal, at + 1)
        found += [at - offset] if at >= 0 else []
    return min(found, default=None)


def begins_at(data: Bytes, place: int) -> bool:
    """Return whether a recording of a format that is known by its first bytes begins at a place."""
    return BEGINNING.match(data.at(place, BEGINNING_BYTES)) is not None


def behind_tags(data: Bytes, place: int) -> int:
    """Return the place behind the tags at a place: ID3, APE, Lyrics3."""
    while (after := _behind_tag(data, place)) > place:
        place = min(after, data.size)
    return place


def behind_padding(data: Bytes, place: int) -> int:
    """Return the place behind tags and zeros."""
    while place < data.size:
        place = behind_tags(data, place)
        block = data.at(place, _BLOCK_BYTES)
        n_zeros = len(block) - len(block.lstrip(b"\0"))
        if n_zeros == 0 or begins_at(data, place):
            break
        place += n_zeros
        if n_zeros >= _MP4_ZEROS and begins_at(data, place - _MP4_ZEROS):
            place -= _MP4_ZEROS
            break
    return place


def before_tags(data: Bytes, end: int) -> int:
    """Return the place before the tags that end at a place, and that are known by their end only."""
    while True:
        if data.at(max(end - 128, 0), 3) == b"TAG":
            end -= 128
        elif (foot := data.at(max(end - 32, 0), 32)).startswith(b"APETAGEX") and not foot[23] & 0x20:
            end -= min(max(int.from_bytes(foot[12:16], "little"), 32), end)
        elif (foot := data.at(max(end - 15, 0), 15)).endswith(b"LYRICS200") and foot[:6].isdigit():
            end -= min(int(foot[:6]) + 15, end)
        else:
            return end


def _behind_tag(data: Bytes, place: int) -> int:
    head = data.at(place, 32)
    if head.startswith((b"ID3", b"3DI")) and len(head) > 9:
        # Seven bits in each byte.
        size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        return place + 10 + size + (10 if head[5] & 0x10 else 0)
    if head.startswith(b"APETAGEX") and len(head) == 32:
        return place + 32 + (int.from_bytes(head[12:16], "little") if head[23] & 0x20 else 0)
    if head.startswith(b"TAG"):
        return place + (227 if head.startswith(b"TAG+") else 128)
    if head.startswith(b"LYRICSBEGIN"):
        found = data.find(_LYRICS_END, place)
        return place if found is None else found + 9
    return place

"""An mp3's frames: how many there are, which of them are whole, and a file without those that are not.

libsndfile's decoder reports damage on the process's standard error, goes on or says that all is over, and tells the
caller nothing of it. It is given whole frames only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from affetto.speech.frames import MPEG, Frame, frames, goes_beyond
from affetto.speech.scanning import Recording, damage_notes

if TYPE_CHECKING:
    from affetto.speech.scanning import Bytes
    from affetto.speech.sources import Piece

_HEAD_BYTES = 64  # of a frame, in which is all that is looked at
_HAS_FRAMES, _HAS_BYTES = 1, 2  # flags of Xing's header
_MAX_BIG_VALUES = 288
# By the samples of a frame, the bits that tell how far it refers to what came before it.
_N_BITS_RESERVOIR = {1_152: 9, 576: 8}
# The bit rate of a header of our own: in each kind of frame it leaves room for the number of frames.
_OWN_BIT_RATE = 0x90
# Where no header tells how many frames there are, libsndfile guesses from the first and the file's size, and reads no
# further than that.
_FAR = 1 << 40


def read_mp3(data: Bytes, start: int) -> Recording | None:
    """Read the frames of one recording; return None where there are none."""
    recording: _Recording | None = None
    for place, frame, n_skipped in frames(data, start, MPEG):
        head = data.at(place, _HEAD_BYTES)
        is_header = _find_counts(head, frame) is not None
        if recording is None:
            recording = _Recording(data, place, frame)
        elif frame.kind != recording.first.kind or is_header:
            break
        if not is_header:
            recording.add(place, frame, head, n_skipped=n_skipped)
    return None if recording is None else recording.finished()


class _Recording:
    """Takes one frame after another, and keeps what is whole."""

    def __init__(self, data: Bytes, place: int, first: Frame) -> None:
        self.first = first
        self._data = data
        self._head_at = place
        self._counts = _find_counts(data.at(place, _HEAD_BYTES), first)
        self._start = self._end = place if self._counts is None else place + first.size
        self._pieces: list[Piece] = []
        self._n_frames = 0
        self._n_reservoir = 0
        # At the beginning, and behind damage, frames refer to what is not there.
        self._is_recovering = True
        # Its place, and of what lacks a part, how many bytes before it are known.
        self._last: tuple[int, Frame, int | None] | None = None
        self._damage_s: list[float] = []

    def add(self, place: int, frame: Frame, head: bytes, *, n_skipped: int) -> None:
        """Take the next frame."""
        if n_skipped and self._n_frames:
            self._damage_s.append(self._position_s)
            self._n_reservoir, self._is_recovering = 0, True
        # What destroyed the beginning of a frame began in the one before.
        self._settle(spoil=bool(n_skipped))
        needed = _reservoir_needed(head, frame)
        is_whole = needed is not None and needed <= self._n_reservoir
        if not is_whole and not self._is_recovering:
            self._damage_s.append(self._position_s)
        self._is_recovering = not is_whole
        self._last = place, frame, None if is_whole else self._n_reservoir
        # Decoders carry on what a frame refers to, and no more.
        kept = needed if is_whole else self._n_reservoir
        self._n_reservoir = 0 if needed is None or kept is None else kept + _n_main(frame)
        self._n_frames += 1

    def finished(self) -> Recording:
        """Return what has come."""
        self._settle(spoil=False)
        self._keep_to(self._end)
        notes = damage_notes(self._damage_s)
        is_cut = goes_beyond(self._data, self._end, MPEG, self.first)
        end = self._data.size if is_cut else self._end
        missing_s = max(self._counts.n_frames - self._n_frames, 0) * self._frame_s if self._counts else 0.0
        return Recording(end, self._pieces_with_head(), notes, is_cut, missing_s)

    @property
    def _frame_s(self) -> float:
        return self.first.n_samples / self.first.sample_rate_hz

    @property
    def _position_s(self) -> float:
        return self._n_frames * self._frame_s

    def _settle(self, *, spoil: bool) -> None:
        """Keep the last frame, or a silent one in its place."""
        if self._last is None:
            return
        place, frame, n_known = self._last
        if place != self._end:
            self._keep_to(self._end)
            self._start = place
        self._end = place + frame.size
        if n_known is None and not spoil:
            return
        self._keep_to(place)
        if frame.n_side:
            self._pieces.append(_silent_head(self._data.at(place, 4), frame, n_known or 0))
            self._start = place + 4 + frame.n_side
        else:
            self._start = self._end

    def _keep_to(self, end: int) -> None:
        if end > self._start:
            self._pieces.append((self._start, end))
        self._start = end

    def _pieces_with_head(self) -> list[Piece]:
        size = sum(len(piece) if isinstance(piece, bytes) else piece[1] - piece[0] for piece in self._pieces)
        if self._counts is not None:
            head = bytearray(self._data.at(self._head_at, self.first.size))
            if self._counts.n_frames != self._n_frames:
                for at, number in ((self._counts.frames_at, self._n_frames), (self._counts.bytes_at, size + len(head))):
                    head[at : at + 4] = number.to_bytes(4, "big") if at else head[at : at + 4]
            return [bytes(head), *self._pieces]
        if not self.first.n_side:
            return [*self._pieces, (self._data.size, self._data.size + _FAR), bytes(128)]
        head = bytearray(self._data.at(self._head_at, 4))
        head[1] |= 1
        head[2] = _OWN_BIT_RATE | head[2] & 0x0C
        frame = MPEG.parse(bytes(head))
        assert frame is not None
        numbers = self._n_frames.to_bytes(4, "big") + (size + frame.size).to_bytes(4, "big")
        text = bytes(head) + bytes(frame.n_side) + b"Info" + bytes([0, 0, 0, _HAS_FRAMES | _HAS_BYTES]) + numbers
        return [text.ljust(frame.size, b"\0"), *self._pieces]


class _Counts(NamedTuple):
    """What the header in the first frame says, and where in the frame it stands."""

    n_frames: int
    frames_at: int
    bytes_at: int  # 0 where it says nothing of bytes


def _find_counts(head: bytes, frame: Frame) -> _Counts | None:
    """Read a header that has its number of frames (Xing, Info or VBRI), None where there is none."""
    if head[36:40] == b"VBRI":
        return _Counts(int.from_bytes(head[50:54], "big"), 50, 46)
    at = 4 + frame.n_side
    at = at if head[at : at + 4] in (b"Xing", b"Info") else at + 2  # behind a checksum
    if head[at : at + 4] not in (b"Xing", b"Info") or not frame.n_side or not head[at + 7] & _HAS_FRAMES:
        return None
    n_frames = int.from_bytes(head[at + 8 : at + 12], "big")
    return _Counts(n_frames, at + 8, at + 12 if head[at + 7] & _HAS_BYTES else 0)


def _silent_head(head: bytes, frame: Frame, n_reservoir: int) -> bytes:
    """Return what makes a frame silent, and hands on what came before it to later ones."""
    n_bits = _N_BITS_RESERVOIR[frame.n_samples]
    side = min(n_reservoir, (1 << n_bits) - 1) << 8 * frame.n_side - n_bits
    # Without the checksum, which would be another.
    return bytes([head[0], head[1] | 1, *head[2:]]) + side.to_bytes(frame.n_side, "big")


def _n_main(frame: Frame) -> int:
    return frame.size - 4 - frame.n_side


def _reservoir_needed(head: bytes, frame: Frame) -> int | None:
    """Return how many bytes of the frames before it a frame needs; None if what it says cannot be."""
    if not frame.n_side:
        return 0
    has_checksum = not head[1] & 1
    start = 6 if has_checksum else 4
    n_bits, value = 8 * frame.n_side, int.from_bytes(head[start : start + frame.n_side], "big")
    is_first = frame.n_samples == 1_152  # MPEG 1
    n_channels = 1 if frame.n_side == (17 if is_first else 9) else 2
    if is_first:
        needed, at, n_parts, n_part, n_scale = value >> n_bits - 9, 14 + 4 if n_channels == 1 else 12 + 8, 2, 59, 4
    else:
        needed, at, n_parts, n_part, n_scale = value >> n_bits - 8, 9 if n_channels == 1 else 10, 1, 63, 9
    n_encoded = 0
    for start in range(at, at + n_parts * n_channels * n_part, n_part):
        part = value >> n_bits - start - n_part
        n_encoded += part >> n_part - 12 & 0xFFF
        n_big_values = part >> n_part - 21 & 0x1FF
        is_switched, block_type = part >> n_part - 30 - n_scale & 1, part >> n_part - 32 - n_scale & 3
        if n_big_values > _MAX_BIG_VALUES or (is_switched and not block_type):
            return None
    return needed if n_encoded <= 8 * (needed + _n_main(frame) - 2 * has_checksum) else None

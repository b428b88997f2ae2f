"""Which sound of a recording answers for each turn: planned before the sound is read, cut while it is decoded."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from affetto.conversations.overlaps import several_speakers, uncovered
from affetto.preprocessing.vad import SpeechSegmenter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from affetto.conversations import Turn
    from affetto.preprocessing.vad import SpeechSegment
    from affetto.speech import SoundStream

# The sound around a turn in which breaths and sobs are looked for, as around every segment of speech. It ends half-way
# to the turns before and after; silence takes the place of the rest, as the detector of speech needs some to start, and
# so that an answer does not depend on how close the others are.
_BEFORE_S = 1.0
_AFTER_S = 0.4

# So much of a turn must be free of other speakers for an answer from this part alone. In trials, less told no more of a
# voice than the whole turn with the others did.
_LEAST_FREE_S = 2.0
_LEAST_FREE_SHARE = 2 / 3
# Shorter gaps between two other speakers hold no word.
_LEAST_GAP_S = 0.25
# The segmenter finds no speech in shorter windows, however loud it is.
_LEAST_WINDOW_S = 0.1


class Window(NamedTuple):
    """A part of a recording in which one turn is listened to.

    Attributes
    ----------
    turn : int
        The number of the turn.
    start_s, end_s : float
        Where speech belongs to the turn.
    before_s, after_s : float
        Where the sound around it begins and ends.
    """

    turn: int
    start_s: float
    end_s: float
    before_s: float
    after_s: float


class Plan(NamedTuple):
    """What to listen to.

    Attributes
    ----------
    windows : list of Window
        In the order of the beginning of their sound. A turn too short for speech has none.
    overlapped : frozenset of int
        The turns of which too little is free of other speakers, so that their sound is that of several voices.
    shortened : frozenset of int
        The turns that are listened to only where no other speaker has one.
    """

    windows: list[Window]
    overlapped: frozenset[int]
    shortened: frozenset[int]


def plan_windows(turns: Sequence[Turn]) -> Plan:
    """Plan what to listen to for each turn: the parts in which no other speaker has a turn, if they are long enough.

    Parameters
    ----------
    turns : sequence of Turn
        In the order of their start, as from `in_order`.
    """
    starts = [turn.start_s for turn in turns]
    latest_ends = list(accumulate((turn.end_s for turn in turns), max))
    overlaps = several_speakers(turns)
    windows, overlapped, shortened = [], set(), set()
    for number, turn in enumerate(turns):
        whole, length_s = (turn.start_s, turn.end_s), turn.end_s - turn.start_s
        parts = uncovered(whole, overlaps, least_s=min(_LEAST_GAP_S, length_s))
        free_s = sum(end - start for start, end in parts)
        if free_s < min(_LEAST_FREE_S, _LEAST_FREE_SHARE * length_s):
            overlapped.add(number)
            parts = [whole]
        elif parts != [whole]:
            shortened.add(number)
        for start, end in parts:
            if end - start >= _LEAST_WINDOW_S:
                before, after = _neighbours(start, end, starts, latest_ends)
                windows.append(Window(number, start, end, before, after))
    windows.sort(key=lambda window: window.before_s)
    return Plan(windows, frozenset(overlapped), frozenset(shortened))


def _neighbours(
    start_s: float, end_s: float, starts: Sequence[float], latest_ends: Sequence[float]
) -> tuple[float, float]:
    """Return from where to where the sound around a window belongs to no other turn."""
    earlier, later = bisect_left(starts, start_s), bisect_left(starts, end_s)
    before = max(start_s - _BEFORE_S, 0.0)
    if earlier:
        before = max(before, min(start_s, (latest_ends[earlier - 1] + start_s) / 2))
    after = end_s + _AFTER_S
    if later < len(starts):
        after = min(after, (end_s + starts[later]) / 2)
    return before, after


def find_speech_in_windows(
    stream: SoundStream, windows: Iterable[Window], *, progress: Callable[[float], None] | None = None
) -> Iterator[tuple[int, SpeechSegment]]:
    """Find the segments of speech in windows while the sound is decoded.

    Parameters
    ----------
    stream : SoundStream
        Of one channel.
    windows : iterable of Window
        In the order of the beginning of their sound.
    progress : callable, optional
        Called with the position in seconds after each block, and before each step of the work on it: a block may hold
        hundreds of windows, and each costs as much as a short recording.

    Yields
    ------
    turn, SpeechSegment
        The number of the turn, and a segment in it.
    """
    report = progress or _ignore
    waiting, listening = deque(windows), list[_Listener]()
    position = 0
    for block in stream:
        report(stream.position_s)
        end = position + len(block)
        while waiting and waiting[0].before_s * stream.sample_rate_hz < end:
            report(stream.position_s)
            listening.append(_Listener(waiting.popleft(), stream.sample_rate_hz))
        for listener in listening:
            report(stream.position_s)
            yield from listener.push(block, position)
        listening = [listener for listener in listening if listener.last > end]
        position = end
    for listener in listening:
        report(stream.position_s)
        yield from listener.end()


def _ignore(position_s: float) -> None:
    pass


class _Listener:
    """Cuts the sound of one window into segments of speech."""

    def __init__(self, window: Window, sample_rate_hz: int) -> None:
        self._turn = window.turn
        start, end = round(window.start_s * sample_rate_hz), round(window.end_s * sample_rate_hz)
        self._first, self.last = round(window.before_s * sample_rate_hz), round(window.after_s * sample_rate_hz)
        self._origin = start - round(_BEFORE_S * sample_rate_hz)  # where the segmenter begins
        self._n_after = max(end + round(_AFTER_S * sample_rate_hz) - self.last, 0)
        self._segmenter = SpeechSegmenter(sample_rate_hz, within=(start - self._origin, end - self._origin))
        self._segmenter.push(np.zeros(max(self._first - self._origin, 0), np.float32))

    def push(self, block: NDArray[np.float32], position: int) -> Iterator[tuple[int, SpeechSegment]]:
        """Process a block of the recording that begins at a position."""
        samples = block[max(self._first - position, 0) : self.last - position]
        yield from self._placed(self._segmenter.push(samples))
        if self.last <= position + len(block):
            yield from self.end()

    def end(self) -> Iterator[tuple[int, SpeechSegment]]:
        """Process the end of the window, or of the recording."""
        after = self._segmenter.push(np.zeros(self._n_after, np.float32))
        yield from self._placed([*after, *self._segmenter.end()])

    def _placed(self, segments: Iterable[SpeechSegment]) -> Iterator[tuple[int, SpeechSegment]]:
        for segment in segments:
            yield self._turn, segment._replace(start=max(self._origin + segment.start, 0))

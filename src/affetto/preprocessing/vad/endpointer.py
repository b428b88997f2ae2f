"""From the probability of speech in each frame to segments of speech, in a stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class FrameSpan(NamedTuple):
    """The frames of a segment of speech, ends exclusive.

    Attributes
    ----------
    start, end : int
        The segment with its margins.
    padded_start, padded_end : int
        The segment with more frames around it, as far as they are nearer to it than to the segment before.
    """

    start: int
    end: int
    padded_start: int
    padded_end: int


@dataclass(kw_only=True)
class Endpointer:
    """Find segments of speech in a stream of probabilities. Use one instance for each recording.

    A segment begins with a probability above `onset`, and ends after a pause of probabilities up to `offset`. A long
    segment is cut where a pause is most probable. Each segment is returned as soon as its end is certain.

    Parameters
    ----------
    onset, offset : float
        Probabilities of speech: above the first a segment begins, up to the second it pauses.
    pause : int
        Frames of a pause that ends a segment. As many follow a padded segment.
    margin : int
        Frames kept before and after the speech, which protect quiet consonants.
    before : int
        Frames before the speech in a padded segment, at least `margin`.
    min_speech : float
        Expected frames of speech, the sum of their probabilities; segments with less are noise.
    max_frames : int
        Frames without margins; longer segments are cut.
    """

    onset: float = 0.4
    offset: float = 0.3
    pause: int
    margin: int
    before: int
    min_speech: float
    max_frames: int

    _n_frames: int = field(default=0, init=False)
    _free: int = field(default=0, init=False)  # the first frame after the last segment
    _start: int | None = field(default=None, init=False)  # of the speech of the ongoing segment
    _end: int = field(default=0, init=False)  # of its speech so far
    _probabilities: list[float] = field(default_factory=list, init=False)  # since the start

    @property
    def needed_from(self) -> int:
        """The first frame that may become part of a segment; earlier frames can be discarded."""
        start = self._n_frames if self._start is None else self._start
        return max(self._free, start - self.before)

    @property
    def ongoing(self) -> FrameSpan | None:
        """The segment that `end` would return now; None without enough speech."""
        if self._start is None or sum(self._probabilities[: self._end - self._start]) < self.min_speech:
            return None
        return self._span(self._end + self.margin, self._end + self.pause)

    @property
    def speaking(self) -> bool:
        """Whether the last frames belong to the speech of a segment."""
        return self.ongoing is not None and self._n_frames - self._end <= self.margin

    def push(self, probabilities: Iterable[float]) -> Iterator[FrameSpan]:
        """Process the probabilities of more frames, and yield each segment that has ended."""
        for probability in probabilities:
            frame = self._n_frames
            self._n_frames += 1
            if self._start is None:
                if probability <= self.onset:
                    continue
                self._start, self._probabilities = frame, []
            self._probabilities.append(probability)
            if probability > self.offset:
                self._end = frame + 1
            if frame + 1 - self._end >= self.pause:
                yield from self.end()
            elif frame + 1 - self._start >= self.max_frames:
                yield self._cut(self._start)

    def end(self) -> Iterator[FrameSpan]:
        """Yield the ongoing segment, if any, and finish it."""
        segment = self.ongoing
        self._start = None
        if segment is not None:
            self._free = segment.end
            yield segment

    def _cut(self, start: int) -> FrameSpan:
        """Cut the ongoing segment where speech is least probable, in its second half; the rest begins the next one."""
        # A mean over five frames; at the end fewer frames would always have the least sum.
        candidates = range(self.max_frames // 2, len(self._probabilities) - 2)
        kept = min(candidates, key=lambda i: sum(self._probabilities[i - 2 : i + 3]))
        cut = start + kept
        segment = self._span(cut, cut)
        self._start = self._free = cut
        self._end = max(self._end, cut)  # speech may have ended before the cut
        self._probabilities = self._probabilities[kept:]
        return segment

    def _span(self, end: int, padded_end: int) -> FrameSpan:
        """Return the ongoing segment with the given ends."""
        assert self._start is not None
        start = max(self._free, self._start - self.margin)
        # Frames nearer to the segment before may hold another speaker's breath.
        nearer = (self._free + start) // 2 if self._free else 0
        return FrameSpan(
            start=start,
            end=min(end, self._n_frames),
            padded_start=max(nearer, self._start - self.before),
            padded_end=min(padded_end, self._n_frames),
        )

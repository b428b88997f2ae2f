"""From the probability of speech in each frame to utterances, while the sound arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class FrameSpan(NamedTuple):
    """A segment of speech between pauses.

    Attributes
    ----------
    start, end : int
        It holds the frames from `start` up to, not including, `end`.
    first, last : int
        The same with what is around it, as far as that is heard and nearer to it than to another utterance before.
    """

    start: int
    end: int
    first: int
    last: int


class Endpointer:
    """Finds utterances in the probabilities of speech, which arrive frame by frame.

    An utterance begins where speech becomes more probable than `onset`, and ends where it has stayed below `offset` for
    a pause. A long one is cut where a pause is most probable. Each comes out as soon as it is certain that it is over.

    It keeps what it has heard so far: take one for each recording.

    Parameters
    ----------
    onset, offset : float
        Probabilities of speech: above the first an utterance begins, below the second it pauses.
    pause : int
        Frames of pause that end an utterance.
    margin : int
        Frames kept before and after it, as far as they are not another's: quiet consonants are easily missed.
    before : int
        Frames around it before its speech, no fewer than the margin; after its speech these are the pause.
    least : float
        Expected frames of speech, the sum of their probabilities; what has fewer is noise that sounds like speech for
        a moment.
    longest : int
        Frames without margins; longer utterances are cut.
    """

    def __init__(
        self,
        *,
        onset: float = 0.4,
        offset: float = 0.3,
        pause: int,
        margin: int,
        before: int,
        least: float,
        longest: int,
    ) -> None:
        self.onset = onset
        self.offset = offset
        self.pause = pause
        self.margin = margin
        self.before = before
        self.least = least
        self.longest = longest
        self._n_frames = 0
        self._free = 0  # the first frame that belongs to no utterance yet
        self._start: int | None = None
        self._last = 0  # after the last frame of speech
        self._probabilities: list[float] = []  # since the start

    @property
    def needed_from(self) -> int:
        """The first frame that may still become part of an utterance; what lies before can be forgotten."""
        begin = self._n_frames if self._start is None else self._start
        return max(self._free, begin - self.before)

    @property
    def ongoing(self) -> FrameSpan | None:
        """What `end` would give now: the utterance that goes on; None where there is none or too little of it yet."""
        if self._start is None or sum(self._probabilities[: self._last - self._start]) < self.least:
            return None
        return self._up_to(self._last + self.margin, self._last + self.pause)

    @property
    def speaking(self) -> bool:
        """Whether the last frames are speech, and enough of it for an utterance."""
        return self.ongoing is not None and self._n_frames - self._last <= self.margin

    def push(self, probabilities: Iterable[float]) -> Iterator[FrameSpan]:
        """Take more frames.

        Parameters
        ----------
        probabilities : iterable of float
            Of speech, one for each frame.

        Yields
        ------
        FrameSpan
            Each that is over.
        """
        for probability in probabilities:
            frame = self._n_frames
            self._n_frames += 1
            if self._start is None:
                if probability <= self.onset:
                    continue
                self._start, self._probabilities = frame, []
            self._probabilities.append(probability)
            if probability > self.offset:
                self._last = frame + 1
            if frame + 1 - self._last >= self.pause:
                yield from self._closed()
            elif frame + 1 - self._start >= self.longest:
                yield self._cut()

    def end(self) -> Iterator[FrameSpan]:
        """Take the end of the sound.

        Yields
        ------
        FrameSpan
            The one that was not over.
        """
        yield from self._closed()

    def _closed(self) -> Iterator[FrameSpan]:
        utterance = self.ongoing
        self._start = None
        if utterance is not None:
            self._free = utterance.end
            yield utterance

    def _cut(self) -> FrameSpan:
        """Cut where speech is least probable, not too early; what comes after goes on as the next."""
        assert self._start is not None
        # Only where both neighbours are known: a sum over fewer frames would always be the least.
        candidates = range(self.longest // 2, len(self._probabilities) - 2)
        kept = min(candidates, key=lambda i: sum(self._probabilities[i - 2 : i + 3]))
        cut = self._start + kept
        utterance = self._up_to(cut, cut)
        self._start, self._free = cut, cut
        # Speech may have ended before the cut, which is in its pause then.
        self._last = max(self._last, cut)
        self._probabilities = self._probabilities[kept:]
        return utterance

    def _up_to(self, end: int, last: int) -> FrameSpan:
        """Return the utterance that has begun, as if it and what is around it ended there."""
        assert self._start is not None
        start = max(self._free, self._start - self.margin)
        # What is nearer to the utterance before belongs to that: often another person's breath.
        nearer = (self._free + start) // 2 if self._free else 0
        return FrameSpan(
            start=start,
            end=min(end, self._n_frames),
            first=max(nearer, self._start - self.before),
            last=min(last, self._n_frames),
        )

"""Recognizing sound while it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from affetto.preprocessing.vad import SpeechSegment, SpeechSegmenter
    from affetto.recognition.aggregator import ResultAggregator, SegmentPrediction
    from affetto.recognition.result import AdaptedTo, Recognition, Segment
    from affetto.speech import StreamResampler


class Summarize(Protocol):
    """How a recognizer makes a recognition of segments."""

    def __call__(
        self,
        segments: list[Segment],
        answers: ResultAggregator,
        *,
        source: str,
        duration_s: float,
        loudest_dbfs: float,
        warnings: tuple[str, ...],
    ) -> Recognition:
        """Return the recognition."""


class LiveRecognition:
    """Sound that arrives piece by piece, recognized on the way; made by `Recognizer.listen`.

    The sizes of the pieces make no difference, and sound is forgotten once no utterance can need it any more. One live
    recognition is for one stream and one thread; any number of them may run side by side.

    Parameters
    ----------
    sound : StreamResampler
        Makes the pieces what the model hears.
    segmenter : SpeechSegmenter
        Finds the utterances.
    listen : callable
        From a segment of speech to what the model hears of it.
    answers : ResultAggregator
        From that to segments.
    summarize : Summarize
        From all segments to the recognition.
    keep : bool
        Whether `end` gives all segments; if not, only those that are not out before.

    Examples
    --------
    >>> import affetto
    >>> call = affetto.read("examples/reading-long.flac")
    >>> live = affetto.Recognizer().listen(sample_rate_hz=call.sample_rate_hz)
    >>> segments = live.push(call.samples[:35_000])
    >>> len(segments), live.speaking, live.interim().end_s < 2.2
    (0, True, True)
    >>> segments += live.push(call.samples[35_000:])
    >>> result = live.end()
    >>> len(segments), len(result.segments), result.duration_s == round(call.duration_s, 3)
    (1, 2, True)
    """

    def __init__(
        self,
        sound: StreamResampler,
        segmenter: SpeechSegmenter,
        *,
        listen: Callable[[SpeechSegment], SegmentPrediction],
        answers: ResultAggregator,
        summarize: Summarize,
        keep: bool,
    ) -> None:
        self._sound = sound
        self._segmenter = segmenter
        self._listen = listen
        self._answers = answers
        self._summarize = summarize
        self._keep = keep
        self._segments: list[Segment] = []

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks now."""
        return self._segmenter.speaking

    @property
    def position_s(self) -> float:
        """How many seconds have been heard so far."""
        return self._segmenter.position_s

    @property
    def adapted_to(self) -> AdaptedTo | None:
        """What the answers are adapted to, as in `Recognition`."""
        return self._answers.adapted_to

    def push(self, chunk: ArrayLike) -> list[Segment]:
        """Take more sound.

        Parameters
        ----------
        chunk : array-like, shape (n_samples,) or (n_samples, n_channels)
            As many samples as there are, floats with full scale 1 or integers; channels are averaged.

        Returns
        -------
        list of Segment
            Each utterance that is over, about half a second after its end.

        Raises
        ------
        AudioError
            If the chunk makes no sense.
        """
        samples = self._sound.push(chunk)
        if not len(samples):
            return []
        found = self._answered(self._segmenter.push(samples))
        if self._keep:
            self._segments += found
        return found

    def interim(self) -> Segment | None:
        """Recognize what has been heard so far of an utterance that is not over.

        Returns
        -------
        Segment or None
            None where nobody speaks. Each call costs as much as recognizing an utterance.
        """
        segment = self._segmenter.ongoing
        return None if segment is None else self._answers.interim(self._listen(segment))

    def end(self, *, source: str = "<stream>", warnings: tuple[str, ...] = ()) -> Recognition:
        """Take the end of the sound.

        Parameters
        ----------
        source : str
            What the result calls the sound.
        warnings : tuple of str
            What is worth knowing about it.

        Returns
        -------
        Recognition
            What `Recognizer.recognize` would give for the whole; what it refuses as too short is no speech here.
        """
        segments = [*self._segmenter.push(self._sound.end()), *self._segmenter.end()]
        self._segments += self._answered(segments)
        return self._summarize(
            self._segments,
            self._answers,
            source=source,
            duration_s=self.position_s,
            loudest_dbfs=self._segmenter.loudest_dbfs,
            warnings=(*warnings, *self._sound.warnings),
        )

    def _answered(self, segments: list[SpeechSegment]) -> list[Segment]:
        return [self._answers.add(self._listen(segment)) for segment in segments]

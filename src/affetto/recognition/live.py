"""Recognition of sound that arrives in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from affetto.preprocessing.vad import SpeechSegmenter
from affetto.recognition.aggregator import no_speech_reason
from affetto.speech import StreamResampler

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from affetto.preprocessing.vad import SpeechSegment
    from affetto.recognition.aggregator import ResultAggregator
    from affetto.recognition.inference_pool import InferencePool
    from affetto.recognition.result import AdaptedTo, Recognition, Segment


class LiveRecognition:
    """Recognizes one stream of sound while it arrives; made by `Recognizer.listen`.

    The result does not depend on the sizes of the pieces. Sound is dropped as soon as no segment needs it. Each stream
    needs its own object, used by one thread; any number of them may run side by side.

    Parameters
    ----------
    sample_rate_hz : float
        The rate of the arriving sound.
    pool : InferencePool
        Runs the model.
    aggregator : ResultAggregator
        A new one.
    keep : bool
        Whether `end` returns all segments; if False, only those that `push` has not returned.

    Raises
    ------
    AudioError
        If the rate is out of range.

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
        self, sample_rate_hz: float, pool: InferencePool, aggregator: ResultAggregator, *, keep: bool = True
    ) -> None:
        self._resampler = StreamResampler(sample_rate_hz, pool.sample_rate_hz)
        self._segmenter = SpeechSegmenter(pool.sample_rate_hz)
        self._pool = pool
        self._aggregator = aggregator
        self._keep = keep
        self._segments: list[Segment] = []

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks now."""
        return self._segmenter.speaking

    @property
    def position_s(self) -> float:
        """How many seconds of sound have been processed."""
        return self._segmenter.position_s

    @property
    def adapted_to(self) -> AdaptedTo | None:
        """What the answers are adapted to, as in `Recognition`."""
        return self._aggregator.adapted_to

    def push(self, chunk: ArrayLike) -> list[Segment]:
        """Process more sound.

        Parameters
        ----------
        chunk : array-like, shape (n_samples,) or (n_samples, n_channels)
            Any number of samples, floats with full scale 1 or integers; channels are averaged.

        Returns
        -------
        list of Segment
            Each segment that has ended, about half a second after its end.

        Raises
        ------
        AudioError
            If the chunk does not hold samples.
        """
        samples = self._resampler.push(chunk)
        if not len(samples):
            return []
        segments = self._recognized(self._segmenter.push(samples))
        if self._keep:
            self._segments += segments
        return segments

    def interim(self) -> Segment | None:
        """Recognize the segment that is being spoken; each call costs as much as recognizing a whole segment.

        Returns
        -------
        Segment or None
            None if nobody speaks.
        """
        ongoing = self._segmenter.ongoing
        return None if ongoing is None else self._aggregator.interim(self._pool.predict(ongoing))

    def end(self, *, source: str = "<stream>", warnings: tuple[str, ...] = ()) -> Recognition:
        """End the stream.

        Parameters
        ----------
        source : str
            The name of the sound in the result.
        warnings : tuple of str
            Warnings about the sound, for the result.

        Returns
        -------
        Recognition
            As `Recognizer.recognize` gives for the whole; sound that it refuses as too short counts as no speech here.
        """
        last = [*self._segmenter.push(self._resampler.end()), *self._segmenter.end()]
        self._segments += self._recognized(last)
        return self._aggregator.result(
            self._segments,
            source=source,
            duration_s=self.position_s,
            no_speech=no_speech_reason(self._segmenter.loudest_dbfs),
            warnings=(*warnings, *self._resampler.warnings),
        )

    def _recognized(self, segments: list[SpeechSegment]) -> list[Segment]:
        return [self._aggregator.add(self._pool.predict(segment)) for segment in segments]

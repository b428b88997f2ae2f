"""Recognizing sound while it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from affetto.preprocessing.voice_activity import SpeechSegmenter, Stretch
    from affetto.recognition.result import Recognition, Segment
    from affetto.speech import ArrivingSound


class SpeechMean:
    """The mean of segments' probabilities, weighted by their length; it keeps none of them.

    Attributes
    ----------
    speech_s : float
        How long all segments are together.
    """

    def __init__(self) -> None:
        self.speech_s = 0.0
        self._sum: NDArray[np.floating] = np.zeros(1)

    @property
    def probabilities(self) -> NDArray[np.floating]:
        """The mean, of shape (n_labels,); there must be a segment."""
        return self._sum / self.speech_s

    def add(self, segment: Segment) -> None:
        """Take one segment more.

        Parameters
        ----------
        segment : Segment
            One that is answered.
        """
        length_s = segment.end_s - segment.start_s
        self.speech_s += length_s
        self._sum = self._sum + length_s * np.array(list(segment.probabilities.values()))


class Summarize(Protocol):
    """How a recognizer makes a recognition of segments."""

    def __call__(
        self,
        segments: list[Segment],
        mean: SpeechMean,
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
    sound : ArrivingSound
        Makes the pieces what the model hears.
    segmenter : SpeechSegmenter
        Finds the utterances.
    answer : callable
        From a stretch of speech to its segment.
    summarize : Summarize
        From all segments to the recognition.
    keep : bool
        Whether `end` gives all segments; if not, only those that are not out before.

    Examples
    --------
    >>> import affetto
    >>> call = affetto.read("examples/angry.flac")
    >>> live = affetto.Recognizer().listen(sample_rate=call.sample_rate_hz)
    >>> segments = live.hear(call.samples[:35_000])
    >>> len(segments), live.speaking, live.interim().end_s < 1.6
    (0, True, True)
    >>> segments += live.hear(call.samples[35_000:])
    >>> result = live.end()
    >>> result.status, len(result.segments), result.duration_s == round(call.duration_s, 3)
    ('ok', 1, True)
    """

    def __init__(
        self,
        sound: ArrivingSound,
        segmenter: SpeechSegmenter,
        *,
        answer: Callable[[Stretch], Segment],
        summarize: Summarize,
        keep: bool,
    ) -> None:
        self._sound = sound
        self._segmenter = segmenter
        self._answer = answer
        self._summarize = summarize
        self._keep = keep
        self._segments: list[Segment] = []
        self._mean = SpeechMean()

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks now."""
        return self._segmenter.speaking

    @property
    def position_s(self) -> float:
        """How many seconds have been heard so far."""
        return self._segmenter.position_s

    def hear(self, chunk: ArrayLike) -> list[Segment]:
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
        samples = self._sound.hear(chunk)
        if not len(samples):
            return []
        found = self._answered(self._segmenter.hear(samples))
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
        stretch = self._segmenter.ongoing
        return None if stretch is None else self._answer(stretch)

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
            What `Recognizer.recognize` would give for the whole.
        """
        stretches = [*self._segmenter.hear(self._sound.end()), *self._segmenter.end()]
        self._segments += self._answered(stretches)
        return self._summarize(
            self._segments,
            self._mean,
            source=source,
            duration_s=self.position_s,
            loudest_dbfs=self._segmenter.loudest_dbfs,
            warnings=warnings,
        )

    def _answered(self, stretches: list[Stretch]) -> list[Segment]:
        segments = [self._answer(stretch) for stretch in stretches]
        for segment in segments:
            self._mean.add(segment)
        return segments

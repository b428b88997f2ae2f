"""From the model's outputs for the segments of one recording to its result."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from affetto.adaptation.prior import apply_prior
from affetto.recognition.dimensions import dimensions
from affetto.recognition.result import Recognition, Segment
from affetto.speech.waveform import SILENCE_DBFS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from affetto.acoustics.measures import AcousticMeasures
    from affetto.adaptation.online import OnlineAdapter
    from affetto.classifiers.onnx_model import ModelOutput
    from affetto.conversations import Turn
    from affetto.recognition.result import AdaptedTo, ModelName, Status

_DECIMALS = 6


class SegmentPrediction(NamedTuple):
    """A segment and the model's output for it, before adaptation and prior.

    Attributes
    ----------
    start_s, end_s : float
        Where the segment begins and ends in the recording.
    output : ModelOutput
    acoustics : AcousticMeasures or None
        None if they were not asked for.
    """

    start_s: float
    end_s: float
    output: ModelOutput
    acoustics: AcousticMeasures | None = None

    @property
    def length_s(self) -> float:
        """How long it is."""
        return self.end_s - self.start_s


class Answer(NamedTuple):
    """The fields that `Segment` and `Recognition` share."""

    status: Status
    emotion: str | None
    confidence: float | None
    probabilities: dict[str, float]
    arousal: float | None
    valence: float | None


_NO_SPEECH = Answer("no_speech", None, None, {}, None, None)


def no_speech_reason(loudest_dbfs: float) -> str:
    """Return why no speech is found in a recording.

    Parameters
    ----------
    loudest_dbfs : float
        The level of the loudest moment, which distinguishes silence from sound without speech.
    """
    if loudest_dbfs < SILENCE_DBFS:
        return f"silence: nothing is louder than {-SILENCE_DBFS:g} dB below full scale"
    return "no voice: there is sound, such as noise or music, but no speech"


@dataclass(slots=True)
class _Mean:
    """The mean of answers, weighted by the length of their speech."""

    probabilities: NDArray[np.floating] | float = 0.0
    balanced: NDArray[np.floating] | float = 0.0  # without the prior, on which arousal and valence do not depend
    length_s: float = 0.0

    def add(self, probabilities: NDArray[np.floating], balanced: NDArray[np.floating], length_s: float) -> None:
        self.probabilities = self.probabilities + length_s * probabilities
        self.balanced = self.balanced + length_s * balanced
        self.length_s += length_s

    def get(self) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        return np.asarray(self.probabilities / self.length_s), np.asarray(self.balanced / self.length_s)


def _joined_acoustics(predictions: Sequence[SegmentPrediction]) -> AcousticMeasures | None:
    measured = [(p.start_s, p.end_s, p.acoustics) for p in predictions if p.acoustics is not None]
    if not measured:
        return None
    from affetto.acoustics.measurement import join_measures

    return join_measures(measured)


class ResultAggregator:
    """Turns the predictions for the segments of one recording, or of one of its channels, into its result.

    Parameters
    ----------
    model : ModelName
    labels : sequence of str
        The model's emotions.
    threshold : float
        Answers of less confidence are uncertain.
    new_adapter : callable
        Returns a new `OnlineAdapter`, one for each speaker.
    prior : ndarray of shape (n_labels,)
        The share of each emotion, from `resolve_prior`.
    trained : ndarray of shape (n_labels,), optional
        The share of each emotion in training, from `trained_shares`; by default all are equal.
    """

    def __init__(
        self,
        model: ModelName,
        labels: Sequence[str],
        threshold: float,
        new_adapter: Callable[[], OnlineAdapter],
        prior: NDArray[np.float64],
        trained: NDArray[np.float64] | None = None,
    ) -> None:
        self._model = model
        self._labels = labels
        self._threshold = threshold
        self._adapters = defaultdict[str | None, "OnlineAdapter"](new_adapter)
        self._adapter = self._adapters[None]  # of speakers without a name
        self._prior, self._trained = prior, trained
        self._mean, self._overlapped = _Mean(), _Mean()

    @property
    def adapted_to(self) -> AdaptedTo | None:
        """What the answers are adapted to, as in `Recognition`."""
        return next((adapter.adapted_to for adapter in self._adapters.values() if adapter.adapted_to), None)

    @property
    def speech_s(self) -> float:
        """The length of all segments that count in the overall result."""
        return self._counted.length_s

    @property
    def _counted(self) -> _Mean:
        """The mean without overlapped turns, whose sound is that of others too, unless there are no others."""
        return self._mean if self._mean.length_s else self._overlapped

    def add(self, prediction: SegmentPrediction) -> Segment:
        """Return the next segment, and count it in the overall result."""
        balanced = self._adapter.probabilities(prediction.output)
        segment = self._segment(prediction, balanced)
        self._adapter.add(prediction.output)
        self._mean.add(np.array(list(segment.probabilities.values())), balanced, prediction.length_s)
        return segment

    def add_turn(
        self, turn: Turn, predictions: Sequence[SegmentPrediction], *, overlapped: bool, reason: str | None
    ) -> Segment:
        """Return the answer to the next turn, and count it in the overall result.

        Each piece of speech is adapted to those before it of the same speaker.

        Parameters
        ----------
        turn : Turn
        predictions : sequence of SegmentPrediction
            For each piece of speech in it. The answer is their mean, weighted by their length.
        overlapped : bool
            Whether other speakers are heard in it. The answer is uncertain then, has no acoustic measures, no other is
            adapted to it, and it counts in the overall result only if all turns with speech are overlapped.
        reason : str, optional
            As in `Segment`.
        """
        adapter, mean = self._adapters[turn.speaker], _Mean()
        for prediction in predictions:
            balanced = adapter.probabilities(prediction.output)
            if not overlapped:
                adapter.add(prediction.output)
            mean.add(apply_prior(balanced, self._prior, self._trained), balanced, prediction.length_s)
        answer = _NO_SPEECH
        if mean.length_s:
            probabilities, balanced = mean.get()
            answer = self._answer(probabilities, balanced)
            counted = self._overlapped if overlapped else self._mean
            counted.add(np.array(list(answer.probabilities.values())), balanced, mean.length_s)
            if overlapped:
                answer = answer._replace(status="uncertain")
        return Segment(
            turn.start_s,
            turn.end_s,
            **answer._asdict(),
            acoustics=None if overlapped else _joined_acoustics(predictions),
            speaker=turn.speaker,
            text=turn.text,
            reason=reason,
        )

    def interim(self, prediction: SegmentPrediction) -> Segment:
        """Return a segment that may not be over, without counting it."""
        return self._segment(prediction, self._adapter.probabilities(prediction.output))

    def overall(self) -> Answer:
        """Return the mean over the segments, weighted by their length. There must be one."""
        return self._answer(*self._counted.get())

    def result(
        self,
        segments: Sequence[Segment],
        *,
        source: str,
        duration_s: float,
        no_speech: str,
        channel: int | None = None,
        track: int | None = None,
        warnings: tuple[str, ...] = (),
    ) -> Recognition:
        """Return the result of the whole recording.

        Parameters
        ----------
        segments : sequence of Segment
            Those that the result lists.
        source, duration_s, channel, track, warnings
            As in `Recognition`.
        no_speech : str
            The reason to give if there is no speech.
        """
        answer: dict[str, Any]
        if self.speech_s:
            answer = {**self.overall()._asdict(), "adapted_to": self.adapted_to}
        else:
            answer = {**_NO_SPEECH._asdict(), "reason": no_speech}
        return Recognition(
            source=source,
            duration_s=round(duration_s, 3),
            segments=tuple(segments),
            model=self._model,
            channel=channel,
            track=track,
            warnings=warnings,
            **answer,
        )

    def _segment(self, prediction: SegmentPrediction, balanced: NDArray[np.floating]) -> Segment:
        answer = self._answer(apply_prior(balanced, self._prior, self._trained), balanced)
        return Segment(prediction.start_s, prediction.end_s, **answer._asdict(), acoustics=prediction.acoustics)

    def _answer(self, probabilities: NDArray[np.floating], balanced: NDArray[np.floating]) -> Answer:
        by_label = {label: round(float(p), _DECIMALS) for label, p in zip(self._labels, probabilities, strict=True)}
        emotion = self._labels[int(probabilities.argmax())]
        arousal, valence = (round(float(value), _DECIMALS) for value in dimensions(self._labels, balanced))
        return Answer(
            status="ok" if by_label[emotion] >= self._threshold else "uncertain",
            emotion=emotion,
            confidence=by_label[emotion],
            probabilities=by_label,
            arousal=arousal,
            valence=valence,
        )

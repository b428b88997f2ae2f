"""From the model's outputs for the segments of one recording to its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from affetto.adaptation.prior import apply_prior
from affetto.recognition.dimensions import dimensions
from affetto.recognition.result import Recognition, Segment
from affetto.speech.waveform import SILENCE_DBFS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.acoustics.measures import AcousticMeasures
    from affetto.adaptation.online import OnlineAdapter
    from affetto.classifiers.onnx_model import ModelOutput
    from affetto.recognition.result import AdaptedTo, ModelName, SegmentStatus

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


class Answer(NamedTuple):
    """The fields that `Segment` and `Recognition` share."""

    status: SegmentStatus
    emotion: str
    confidence: float
    probabilities: dict[str, float]
    arousal: float
    valence: float


class ResultAggregator:
    """Turns the predictions for the segments of one recording, or of one of its channels, into its result.

    Parameters
    ----------
    model : ModelName
    labels : sequence of str
        The model's emotions.
    threshold : float
        Answers of less confidence are uncertain.
    adapter : OnlineAdapter
        A new one for each recording.
    prior : ndarray of shape (n_labels,)
        The share of each emotion, from `resolve_prior`.
    trained : ndarray of shape (n_labels,), optional
        The share of each emotion in training, from `trained_shares`; by default all are equal.

    Attributes
    ----------
    speech_s : float
        The length of all segments together.
    """

    def __init__(
        self,
        model: ModelName,
        labels: Sequence[str],
        threshold: float,
        adapter: OnlineAdapter,
        prior: NDArray[np.float64],
        trained: NDArray[np.float64] | None = None,
    ) -> None:
        self._model = model
        self._labels = labels
        self._threshold = threshold
        self._adapter = adapter
        self._prior, self._trained = prior, trained
        self.speech_s = 0.0
        self._sum: NDArray[np.floating] = np.zeros(len(labels))
        # Without the prior, for arousal and valence, which do not depend on it.
        self._balanced_sum: NDArray[np.floating] = np.zeros(len(labels))

    @property
    def adapted_to(self) -> AdaptedTo | None:
        """What the answers are adapted to, as in `Recognition`."""
        return self._adapter.adapted_to

    def add(self, prediction: SegmentPrediction) -> Segment:
        """Return the next segment, and count it in the overall result."""
        balanced = self._adapter.probabilities(prediction.output)
        segment = self._segment(prediction, balanced)
        self._adapter.add(prediction.output)
        length_s = segment.end_s - segment.start_s
        self.speech_s += length_s
        self._sum = self._sum + length_s * np.array(list(segment.probabilities.values()))
        self._balanced_sum = self._balanced_sum + length_s * balanced
        return segment

    def interim(self, prediction: SegmentPrediction) -> Segment:
        """Return a segment that may not be over, without counting it."""
        return self._segment(prediction, self._adapter.probabilities(prediction.output))

    def overall(self) -> Answer:
        """Return the mean over the segments, weighted by their length. There must be one."""
        return self._answer(self._sum / self.speech_s, self._balanced_sum / self.speech_s)

    def result(
        self,
        segments: Sequence[Segment],
        *,
        source: str,
        duration_s: float,
        loudest_dbfs: float,
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
        loudest_dbfs : float
            The level of the loudest moment, which distinguishes silence from sound without speech.
        """
        answer: dict[str, Any]
        if self.speech_s:
            answer = {**self.overall()._asdict(), "adapted_to": self.adapted_to}
        else:
            is_silent = loudest_dbfs < SILENCE_DBFS
            answer = {
                **dict.fromkeys(("emotion", "confidence", "arousal", "valence")),
                "status": "no_speech",
                "probabilities": {},
                "reason": f"silence: nothing is louder than {-SILENCE_DBFS:g} dB below full scale"
                if is_silent
                else "no voice: there is sound, such as noise or music, but no speech",
            }
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

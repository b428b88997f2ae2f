"""From what a model hears of each utterance to answers about them and the whole, while a recording goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from affetto.adaptation.prior import apply_prior
from affetto.recognition.dimensions import dimensions
from affetto.recognition.result import Segment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.acoustics.measures import AcousticMeasures
    from affetto.adaptation.online import OnlineAdapter
    from affetto.classifiers.onnx_model import ModelOutput
    from affetto.recognition.result import AdaptedTo, SegmentStatus

_DECIMALS = 6


class SegmentPrediction(NamedTuple):
    """An utterance as the model hears it.

    Attributes
    ----------
    start_s, end_s : float
        Where it begins and ends in the recording.
    heard : ModelOutput
    acoustics : Explanation or None
        How the voice sounds, where that was asked for.
    """

    start_s: float
    end_s: float
    heard: ModelOutput
    acoustics: AcousticMeasures | None = None


class Answer(NamedTuple):
    """What is said of an utterance or of the whole: the fields of `Segment` and `Recognition` of these names."""

    status: SegmentStatus
    emotion: str
    confidence: float
    probabilities: dict[str, float]
    arousal: float
    valence: float


class ResultAggregator:
    """The answers about one recording, or one channel of it.

    Parameters
    ----------
    labels : sequence of str
        The model's emotions.
    threshold : float
        Answers of less confidence are uncertain.
    adapter : OnlineAdapter
        Of this recording alone.
    prior : ndarray of shape (n_labels,)
        How frequent each emotion is, from `resolve_prior`.
    trained : ndarray of shape (n_labels,), optional
        How frequent each was in training, from `trained_shares`; by default all were alike.

    Attributes
    ----------
    speech_s : float
        How long all utterances are together.
    """

    def __init__(
        self,
        labels: Sequence[str],
        threshold: float,
        adapter: OnlineAdapter,
        prior: NDArray[np.float64],
        trained: NDArray[np.float64] | None = None,
    ) -> None:
        self._labels = labels
        self._threshold = threshold
        self._adapter = adapter
        self._prior, self._trained = prior, trained
        self.speech_s = 0.0
        self._sum: NDArray[np.floating] = np.zeros(len(labels))
        # Of what the prior was not applied to: arousal and valence do not depend on it.
        self._balanced_sum: NDArray[np.floating] = np.zeros(len(labels))

    @property
    def adapted_to(self) -> AdaptedTo | None:
        """What the answers are adapted to."""
        return self._adapter.adapted_to

    def add(self, utterance: SegmentPrediction) -> Segment:
        """Answer the next utterance, and remember it.

        Parameters
        ----------
        utterance : SegmentPrediction

        Returns
        -------
        Segment
        """
        balanced = self._adapter.probabilities(utterance.heard)
        segment = self._segment(utterance, balanced)
        self._adapter.add(utterance.heard)
        length_s = segment.end_s - segment.start_s
        self.speech_s += length_s
        self._sum = self._sum + length_s * np.array(list(segment.probabilities.values()))
        self._balanced_sum = self._balanced_sum + length_s * balanced
        return segment

    def interim(self, utterance: SegmentPrediction) -> Segment:
        """Answer an utterance that may not be over, and do not remember it.

        Parameters
        ----------
        utterance : SegmentPrediction

        Returns
        -------
        Segment
        """
        return self._segment(utterance, self._adapter.probabilities(utterance.heard))

    def overall(self) -> Answer:
        """Answer the whole: the mean over the utterances, weighted by their length. There must be one.

        Returns
        -------
        Answer
        """
        return self._answer(self._sum / self.speech_s, self._balanced_sum / self.speech_s)

    def _segment(self, utterance: SegmentPrediction, balanced: NDArray[np.floating]) -> Segment:
        answer = self._answer(apply_prior(balanced, self._prior, self._trained), balanced)
        return Segment(
            start_s=utterance.start_s,
            end_s=utterance.end_s,
            **answer._asdict(),
            acoustics=utterance.acoustics,
        )

    def _answer(self, probabilities: NDArray[np.floating], balanced: NDArray[np.floating]) -> Answer:
        best = int(probabilities.argmax())
        by_label = {label: round(float(p), _DECIMALS) for label, p in zip(self._labels, probabilities, strict=True)}
        emotion = self._labels[best]
        arousal, valence = (round(float(value), _DECIMALS) for value in dimensions(self._labels, balanced))
        return Answer(
            status="ok" if by_label[emotion] >= self._threshold else "uncertain",
            emotion=emotion,
            confidence=by_label[emotion],
            probabilities=by_label,
            arousal=arousal,
            valence=valence,
        )

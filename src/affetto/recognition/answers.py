"""From what a model hears of each utterance to answers about them and the whole, while a recording goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from affetto.recognition.result import Segment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.adaptation.online import OnlineAdapter
    from affetto.recognition.explanation import Explanation
    from affetto.recognition.inference import Heard
    from affetto.recognition.result import AdaptedTo, SegmentStatus


class HeardUtterance(NamedTuple):
    """An utterance as the model hears it.

    Attributes
    ----------
    start_s, end_s : float
        Where it begins and ends in the recording.
    heard : Heard
    explanation : Explanation or None
        How the voice sounds, where that was asked for.
    """

    start_s: float
    end_s: float
    heard: Heard
    explanation: Explanation | None = None


class Answers:
    """The answers about one recording, or one channel of it.

    Parameters
    ----------
    labels : sequence of str
        The model's emotions.
    threshold : float
        Answers of less confidence are uncertain.
    adapter : OnlineAdapter
        Of this recording alone.

    Attributes
    ----------
    speech_s : float
        How long all utterances are together.
    """

    def __init__(self, labels: Sequence[str], threshold: float, adapter: OnlineAdapter) -> None:
        self._labels = labels
        self._threshold = threshold
        self._adapter = adapter
        self.speech_s = 0.0
        self._sum: NDArray[np.floating] = np.zeros(len(labels))

    @property
    def adapted_to(self) -> AdaptedTo | None:
        """What the answers are adapted to."""
        return self._adapter.adapted_to

    def add(self, utterance: HeardUtterance) -> Segment:
        """Answer the next utterance, and remember it.

        Parameters
        ----------
        utterance : HeardUtterance

        Returns
        -------
        Segment
        """
        segment = self.interim(utterance)
        self._adapter.add(utterance.heard)
        length_s = segment.end_s - segment.start_s
        self.speech_s += length_s
        self._sum = self._sum + length_s * np.array(list(segment.probabilities.values()))
        return segment

    def interim(self, utterance: HeardUtterance) -> Segment:
        """Answer an utterance that may not be over, and do not remember it.

        Parameters
        ----------
        utterance : HeardUtterance

        Returns
        -------
        Segment
        """
        status, emotion, confidence, probabilities = self._answer(self._adapter.probabilities(utterance.heard))
        return Segment(
            start_s=utterance.start_s,
            end_s=utterance.end_s,
            status=status,
            emotion=emotion,
            confidence=confidence,
            probabilities=probabilities,
            explanation=utterance.explanation,
        )

    def overall(self) -> tuple[SegmentStatus, str, float, dict[str, float]]:
        """Answer the whole: the mean over the utterances, weighted by their length. There must be one.

        Returns
        -------
        status, emotion, confidence, probabilities
        """
        return self._answer(self._sum / self.speech_s)

    def _answer(self, probabilities: NDArray[np.floating]) -> tuple[SegmentStatus, str, float, dict[str, float]]:
        best = int(probabilities.argmax())
        by_label = {label: round(float(p), 6) for label, p in zip(self._labels, probabilities, strict=True)}
        emotion = self._labels[best]
        return "ok" if by_label[emotion] >= self._threshold else "uncertain", emotion, by_label[emotion], by_label

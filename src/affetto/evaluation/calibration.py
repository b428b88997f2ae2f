"""Calibration: how well confidence agrees with accuracy, and how accurate the most confident answers are.

All figures are fractions between 0 and 1. The confidence of a clip is its largest probability.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto.errors import ParameterError
from affetto.evaluation.predictions import DECIMALS
from affetto.evaluation.scores import CALIBRATION_BINS, confidence_bins, expected_calibration_error

if TYPE_CHECKING:
    from affetto.evaluation.predictions import Predictions

COVERAGES = (100, 95, 90, 80, 70, 60, 50)
"""The parts of all clips, in percent, at which the coverage curve is measured."""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The clips with confidences above `low`, up to and including `high`.

    Attributes
    ----------
    confidence, accuracy : float or None
        Mean confidence and accuracy of these clips; None without clips.
    """

    low: float
    high: float
    clips: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The part of all clips whose confidence reaches a threshold, and their accuracy; None without clips."""

    coverage: float
    accuracy: float | None
    threshold: float


@dataclass(frozen=True, slots=True)
class CalibrationCurve:
    """The calibration of one system.

    Attributes
    ----------
    clips : int
    expected_calibration_error : float
    reliability : tuple of ReliabilityBin
        15 bins of equal width, from the least confidence to the greatest.
    coverage : tuple of Coverage
        From all clips to the most confident half.
    """

    clips: int
    expected_calibration_error: float
    reliability: tuple[ReliabilityBin, ...]
    coverage: tuple[Coverage, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the content for JSON, rounded as the probabilities are."""
        return {
            "clips": self.clips,
            "bins": len(self.reliability),
            "expected_calibration_error": round(self.expected_calibration_error, DECIMALS),
            "reliability": [_rounded(part) for part in self.reliability],
            "coverage": [_rounded(part) for part in self.coverage],
        }


def measure_calibration(predictions: Predictions) -> CalibrationCurve:
    """Measure the calibration of one system, pooled over the folds.

    Notes
    -----
    Reliability: Guo, Pleiss, Sun & Weinberger 2017, "On calibration of modern neural networks", ICML. Coverage: Geifman
    & El-Yaniv 2017, "Selective classification for deep neural networks", NIPS. Each percentage has the greatest
    threshold that answers so many clips. Clips of equal confidence are answered together, so a few more may be.
    """
    confidence = predictions.probabilities.max(axis=1)
    correct = predictions.predicted_index == predictions.emotion_index
    bin_of = confidence_bins(confidence)
    reliability = []
    for index, (low, high) in enumerate(pairwise(np.linspace(0, 1, CALIBRATION_BINS + 1).tolist())):
        inside = bin_of == index
        clips = int(np.count_nonzero(inside))
        means = (float(confidence[inside].mean()), float(correct[inside].mean())) if clips else (None, None)
        reliability.append(ReliabilityBin(low, high, clips, *means))
    descending = np.sort(confidence)[::-1].tolist()
    least = [-(-len(descending) * percentage // 100) for percentage in COVERAGES]  # rounded up, exactly
    return CalibrationCurve(
        clips=len(predictions),
        expected_calibration_error=expected_calibration_error(predictions.emotion_index, predictions.probabilities),
        reliability=tuple(reliability),
        coverage=tuple(answer_above(predictions, descending[count - 1]) for count in least),
    )


def answer_above(predictions: Predictions, threshold: float) -> Coverage:
    """Measure the answers whose confidence reaches a threshold; raise a ParameterError if it is not from 0 to 1."""
    if not 0 <= threshold <= 1:
        raise ParameterError(f"the threshold is {threshold}; it must be a confidence from 0 to 1")
    answered = predictions.probabilities.max(axis=1) >= threshold
    correct = (predictions.predicted_index == predictions.emotion_index)[answered]
    accuracy = float(correct.mean()) if answered.any() else None
    return Coverage(coverage=float(answered.mean()), accuracy=accuracy, threshold=threshold)


def _rounded(part: ReliabilityBin | Coverage) -> dict[str, Any]:
    return {name: round(value, DECIMALS) if isinstance(value, float) else value for name, value in asdict(part).items()}

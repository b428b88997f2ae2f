"""Calibration: how far a system's probabilities can be believed, and what leaving out the least sure answers gains.

All figures are fractions between 0 and 1. Confidence is the largest probability of a clip.
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
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.evaluation.predictions import Predictions

COVERAGES = (100, 95, 90, 80, 70, 60, 50)
"""Which parts of all clips, in percent, the coverage curve answers."""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The answers that were given with about the same confidence.

    Attributes
    ----------
    low, high : float
        Confidences above `low`, up to and with `high`; with `low` too where that is 0.
    clips : int
        How many answers.
    confidence, accuracy : float or None
        Their mean confidence, and the part of them that is right; None where there are none.
    """

    low: float
    high: float
    clips: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What comes of answering only where confidence reaches a threshold.

    Attributes
    ----------
    coverage : float
        The part of all clips that is answered.
    accuracy : float or None
        The part of these that is right; None where nothing is answered.
    threshold : float
        The least confidence that is answered.
    """

    coverage: float
    accuracy: float | None
    threshold: float


@dataclass(frozen=True, slots=True)
class CalibrationCurve:
    """How one system's confidence goes with the truth.

    Attributes
    ----------
    clips : int
        How many it was measured on.
    expected_calibration_error : float
        The mean distance of confidence and accuracy, see `affetto.evaluation.scores`.
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
        """Return what JSON knows, with as many decimals as the probabilities have."""
        return {
            "clips": self.clips,
            "bins": len(self.reliability),
            "expected_calibration_error": round(self.expected_calibration_error, DECIMALS),
            "reliability": [_rounded(part) for part in self.reliability],
            "coverage": [_rounded(part) for part in self.coverage],
        }


def measure_calibration(predictions: Predictions) -> CalibrationCurve:
    """Compute everything about the calibration of one system.

    Parameters
    ----------
    predictions : Predictions
        What the system said, pooled over the folds.

    Returns
    -------
    CalibrationCurve
    """
    return CalibrationCurve(
        clips=len(predictions),
        expected_calibration_error=expected_calibration_error(predictions.emotion_index, predictions.probabilities),
        reliability=reliability_table(predictions),
        coverage=coverage_curve(predictions),
    )


def reliability_table(predictions: Predictions, *, bins: int = CALIBRATION_BINS) -> tuple[ReliabilityBin, ...]:
    """Compare confidence with accuracy, bin by bin.

    Parameters
    ----------
    predictions : Predictions
        What the system said.
    bins : int
        Number of bins of equal width over confidences from 0 to 1.

    Returns
    -------
    tuple of ReliabilityBin
        Ascending, the empty ones too.

    Notes
    -----
    Guo, Pleiss, Sun & Weinberger 2017, "On calibration of modern neural networks", ICML. The mean over the bins of
    the distance of accuracy and confidence, weighted by clips, is the expected calibration error.
    """
    confidence, correct = _answers(predictions)
    bin_of = confidence_bins(confidence, bins=bins)
    edges = np.linspace(0, 1, bins + 1).tolist()
    table = []
    for index, (low, high) in enumerate(pairwise(edges)):
        inside = bin_of == index
        clips = int(np.count_nonzero(inside))
        means = (float(confidence[inside].mean()), float(correct[inside].mean())) if clips else (None, None)
        table.append(ReliabilityBin(low, high, clips, *means))
    return tuple(table)


def coverage_curve(predictions: Predictions, *, percentages: Sequence[int] = COVERAGES) -> tuple[Coverage, ...]:
    """Tell how accurate the most confident answers are, for several parts of all clips.

    Parameters
    ----------
    predictions : Predictions
        What the system said.
    percentages : sequence of int
        How many of all clips are to be answered at the least, in percent from 1 to 100.

    Returns
    -------
    tuple of Coverage
        One for each percentage: the greatest threshold that answers so many. Clips of equal confidence are answered
        together, so that it may be a few more.

    Raises
    ------
    ParameterError
        If a percentage is out of range.

    Notes
    -----
    Geifman & El-Yaniv 2017, "Selective classification for deep neural networks", NIPS, with the largest probability
    as the confidence.
    """
    confidence, _ = _answers(predictions)
    descending = np.sort(confidence)[::-1]
    curve = []
    for percentage in percentages:
        if not 1 <= percentage <= 100:
            raise ParameterError(f"a coverage of {percentage} % cannot be; it must be from 1 to 100")
        answered = -(-len(descending) * percentage // 100)  # rounded up, exactly
        curve.append(answer_above(predictions, float(descending[answered - 1])))
    return tuple(curve)


def answer_above(predictions: Predictions, threshold: float) -> Coverage:
    """Tell how many clips are answered, and how many of these rightly, where confidence must reach a threshold.

    Parameters
    ----------
    predictions : Predictions
        What the system said.
    threshold : float
        The least confidence that is answered, from 0 to 1.

    Returns
    -------
    Coverage

    Raises
    ------
    ParameterError
        If the threshold is out of range.
    """
    if not 0 <= threshold <= 1:
        raise ParameterError(f"the threshold is {threshold}; it must be a confidence from 0 to 1")
    confidence, correct = _answers(predictions)
    answered = confidence >= threshold
    accuracy = float(correct[answered].mean()) if answered.any() else None
    return Coverage(coverage=float(answered.mean()), accuracy=accuracy, threshold=threshold)


def _answers(predictions: Predictions) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Confidence of each clip, and whether the answer is right: shape (n_clips,) each."""
    correct: NDArray[np.bool_] = predictions.predicted_index == predictions.emotion_index
    return predictions.probabilities.max(axis=1), correct


def _rounded(part: ReliabilityBin | Coverage) -> dict[str, Any]:
    return {name: round(value, DECIMALS) if isinstance(value, float) else value for name, value in asdict(part).items()}

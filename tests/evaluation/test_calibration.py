from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from affetto.errors import ParameterError
from affetto.evaluation import Predictions, answer_above, measure_calibration

if TYPE_CHECKING:
    from tests.evaluation.conftest import MakePredictions

COVERAGES = [1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5]


def answers(*given: tuple[float, bool]) -> Predictions:
    """A system with these confidences, right or wrong, about two emotions."""
    return Predictions(
        clip=tuple(f"clip {number}" for number in range(len(given))),
        speaker=("1",) * len(given),
        fold=np.ones(len(given), dtype=np.intp),
        emotion=tuple("happy" if right else "sad" for _, right in given),
        probabilities=np.array([[confidence, 1 - confidence] for confidence, _ in given]),
        labels=("happy", "sad"),
    )


@pytest.mark.parametrize("skill", [0.0, 1.5, 4.0])
def test_the_bins_give_the_calibration_error(make_predictions: MakePredictions, skill: float) -> None:
    curve = measure_calibration(make_predictions(skill=skill))
    gaps = [part.clips * abs((part.accuracy or 0.0) - (part.confidence or 0.0)) for part in curve.reliability]
    assert sum(gaps) / curve.clips == pytest.approx(curve.expected_calibration_error, abs=1e-12)


def test_the_bins_by_hand() -> None:
    *below, tenth, eleventh, twelfth, thirteenth, fourteenth, last = measure_calibration(
        answers((0.65, True), (0.7, False), (0.72, True), (1.0, True))
    ).reliability
    assert {part.clips for part in (*below, twelfth, thirteenth, fourteenth)} == {0}
    assert [(part.clips, part.accuracy) for part in (tenth, eleventh, last)] == [(1, 1.0), (2, 0.5), (1, 1.0)]
    assert (eleventh.low, eleventh.high, eleventh.confidence) == pytest.approx((10 / 15, 11 / 15, 0.71))
    assert (twelfth.accuracy, twelfth.confidence) == (None, None)


def test_the_bins_are_fifteen_and_hold_every_clip(make_predictions: MakePredictions) -> None:
    table = measure_calibration(make_predictions(skill=1.5)).reliability
    assert len(table) == 15
    assert sum(part.clips for part in table) == 1440
    assert [part.low for part in table[1:]] == [part.high for part in table[:-1]]
    assert (table[0].low, table[-1].high) == (0.0, 1.0)
    for part in table:
        assert (part.confidence is None) == (part.clips == 0)
        assert part.confidence is None or part.low < part.confidence <= part.high


def test_the_coverage_curve_is_that_of_sorted_predictions(make_predictions: MakePredictions) -> None:
    predictions = make_predictions(skill=1.5)
    curve = measure_calibration(predictions).coverage
    order = np.argsort(-predictions.probabilities.max(axis=1), kind="stable")
    correct = (predictions.predicted_index == predictions.emotion_index)[order]
    assert [point.coverage for point in curve] == COVERAGES
    for point in curve:
        assert point.accuracy == pytest.approx(correct[: round(point.coverage * 1440)].mean())
    accuracies = [point.accuracy or 0.0 for point in curve]
    assert accuracies[-1] > accuracies[0] + 0.1  # who is sure is more often right


def test_coverage_by_hand() -> None:
    predictions = answers((0.6, False), (0.8, True), (0.9, True), (0.7, False), (0.8, True))
    points = {point.threshold: point for point in measure_calibration(predictions).coverage}
    # Clips of equal confidence are answered together: 50 % of five clips are three.
    assert {threshold: (point.coverage, point.accuracy) for threshold, point in points.items()} == {
        0.6: (1.0, pytest.approx(0.6)),
        0.7: (0.8, 0.75),
        0.8: (pytest.approx(0.6), 1.0),
    }


@pytest.mark.parametrize(
    ("threshold", "coverage", "accuracy"), [(0.0, 1.0, 0.5), (0.7, 1.0, 0.5), (0.70001, 0.5, 1.0), (1.0, 0.0, None)]
)
def test_clips_at_or_above_the_threshold_are_covered(threshold: float, coverage: float, accuracy: float | None) -> None:
    point = answer_above(answers((0.7, False), (0.9, True)), threshold)
    assert (point.coverage, point.accuracy, point.threshold) == (coverage, accuracy, threshold)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_outside_0_to_1_is_refused(threshold: float) -> None:
    with pytest.raises(ParameterError, match="from 0 to 1"):
        answer_above(answers((0.7, True)), threshold)


def test_json_has_the_same_figures(make_predictions: MakePredictions) -> None:
    calibration = measure_calibration(make_predictions(skill=1.5))
    content = json.loads(json.dumps(calibration.to_dict(), allow_nan=False))
    assert list(content) == ["clips", "bins", "expected_calibration_error", "reliability", "coverage"]
    assert (content["clips"], content["bins"]) == (1440, 15)
    assert content["expected_calibration_error"] == pytest.approx(calibration.expected_calibration_error, abs=1e-6)
    assert set(content["reliability"][0]) == {"low", "high", "clips", "confidence", "accuracy"}
    assert [point["coverage"] for point in content["coverage"]] == COVERAGES
    assert content["coverage"][0]["accuracy"] == pytest.approx(calibration.coverage[0].accuracy, abs=1e-6)


def test_six_decimals_of_a_threshold_cover_the_same_clips(make_predictions: MakePredictions) -> None:
    predictions = make_predictions(skill=1.5)
    for point in measure_calibration(predictions).to_dict()["coverage"]:
        assert answer_above(predictions, point["threshold"]).coverage == pytest.approx(point["coverage"], abs=1e-6)

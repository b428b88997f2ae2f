from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from affetto.errors import ParameterError
from affetto.evaluation import Predictions, answer_above, coverage_curve, measure_calibration, reliability_table
from affetto.evaluation.scores import expected_calibration_error

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def weighted_gap(predictions: Predictions, bins: int) -> float:
    table = reliability_table(predictions, bins=bins)
    gaps = [part.clips * abs((part.accuracy or 0.0) - (part.confidence or 0.0)) for part in table]
    return sum(gaps) / len(predictions)


@pytest.mark.parametrize("bins", [1, 2, 10, 15])
@pytest.mark.parametrize("skill", [0.0, 1.5, 4.0])
def test_the_table_gives_the_calibration_error(make_predictions: MakePredictions, skill: float, bins: int) -> None:
    predictions = make_predictions(skill=skill)
    error = expected_calibration_error(predictions.emotion_index, predictions.probabilities, bins=bins)
    assert weighted_gap(predictions, bins) == pytest.approx(error, abs=1e-12)


def test_the_table_by_hand() -> None:
    table = reliability_table(answers((0.6, True), (0.7, False), (0.75, True), (1.0, True)), bins=4)
    assert [(part.low, part.high, part.clips) for part in table] == [
        (0.0, 0.25, 0),
        (0.25, 0.5, 0),
        (0.5, 0.75, 3),  # closed above
        (0.75, 1.0, 1),
    ]
    assert [part.accuracy for part in table] == [None, None, pytest.approx(2 / 3), 1.0]
    assert [part.confidence for part in table] == [None, None, pytest.approx(2.05 / 3), 1.0]


def test_the_bins_are_fifteen_and_hold_every_clip(make_predictions: MakePredictions) -> None:
    table = measure_calibration(make_predictions(skill=1.5)).reliability
    assert len(table) == 15
    assert sum(part.clips for part in table) == 1440
    assert [part.low for part in table[1:]] == [part.high for part in table[:-1]]
    assert (table[0].low, table[-1].high) == (0.0, 1.0)
    for part in table:
        assert (part.confidence is None) == (part.clips == 0)
        assert part.confidence is None or part.low < part.confidence <= part.high


def test_the_coverage_curve_is_that_of_sorted_answers(make_predictions: MakePredictions) -> None:
    predictions = make_predictions(skill=1.5)
    curve = coverage_curve(predictions)
    order = np.argsort(-predictions.probabilities.max(axis=1), kind="stable")
    correct = (predictions.predicted_index == predictions.emotion_index)[order]
    assert [point.coverage for point in curve] == COVERAGES
    for point in curve:
        assert point.accuracy == pytest.approx(correct[: round(point.coverage * 1440)].mean())
    accuracies = [point.accuracy or 0.0 for point in curve]
    assert accuracies[-1] > accuracies[0] + 0.1  # who is sure is more often right


@pytest.mark.parametrize(
    ("percentage", "coverage", "accuracy", "threshold"),
    [
        (100, 1.0, 0.6, 0.6),
        (61, 0.8, 0.75, 0.7),  # three of five are too few
        (60, 0.6, 1.0, 0.8),
        (40, 0.6, 1.0, 0.8),  # the second and the third are equally sure
        (1, 0.2, 1.0, 0.9),
    ],
)
def test_coverage_by_hand(percentage: int, coverage: float, accuracy: float, threshold: float) -> None:
    predictions = answers((0.6, False), (0.8, True), (0.9, True), (0.7, False), (0.8, True))
    (point,) = coverage_curve(predictions, percentages=[percentage])
    assert (point.coverage, point.accuracy, point.threshold) == pytest.approx((coverage, accuracy, threshold))
    assert answer_above(predictions, point.threshold) == point


@pytest.mark.parametrize(
    ("threshold", "coverage", "accuracy"), [(0.0, 1.0, 0.5), (0.7, 1.0, 0.5), (0.70001, 0.5, 1.0), (1.0, 0.0, None)]
)
def test_a_threshold_answers_what_reaches_it(threshold: float, coverage: float, accuracy: float | None) -> None:
    point = answer_above(answers((0.7, False), (0.9, True)), threshold)
    assert (point.coverage, point.accuracy, point.threshold) == (coverage, accuracy, threshold)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_that_is_no_confidence_is_refused(threshold: float) -> None:
    with pytest.raises(ParameterError, match="from 0 to 1"):
        answer_above(answers((0.7, True)), threshold)


@pytest.mark.parametrize("percentages", [[0], [101], [50, -1]])
def test_a_coverage_that_is_none_is_refused(percentages: Sequence[int]) -> None:
    with pytest.raises(ParameterError, match="from 1 to 100"):
        coverage_curve(answers((0.7, True)), percentages=percentages)


def test_what_is_written_is_json_of_the_same_figures(make_predictions: MakePredictions) -> None:
    calibration = measure_calibration(make_predictions(skill=1.5))
    content = json.loads(json.dumps(calibration.to_dict(), allow_nan=False))
    assert list(content) == ["clips", "bins", "expected_calibration_error", "reliability", "coverage"]
    assert (content["clips"], content["bins"]) == (1440, 15)
    assert content["expected_calibration_error"] == pytest.approx(calibration.expected_calibration_error, abs=1e-6)
    assert set(content["reliability"][0]) == {"low", "high", "clips", "confidence", "accuracy"}
    assert [point["coverage"] for point in content["coverage"]] == COVERAGES
    assert content["coverage"][0]["accuracy"] == pytest.approx(calibration.coverage[0].accuracy, abs=1e-6)


def test_six_decimals_of_a_threshold_answer_the_same_clips(make_predictions: MakePredictions) -> None:
    predictions = make_predictions(skill=1.5)
    for point in measure_calibration(predictions).to_dict()["coverage"]:
        assert answer_above(predictions, point["threshold"]).coverage == pytest.approx(point["coverage"], abs=1e-6)

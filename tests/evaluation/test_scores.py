from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from affetto.evaluation.scores import (
    accuracy,
    expected_calibration_error,
    macro_f1,
    recalls,
    unweighted_average_recall,
)

pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=50)


@given(pairs=pairs)
def test_scores_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = (np.array(side) for side in zip(*pairs, strict=True))
    present = sorted(set(truth.tolist()))
    confusion = reference.confusion_matrix(truth, predicted, labels=range(4))
    recall = reference.recall_score(truth, predicted, labels=present, average=None)
    np.testing.assert_allclose(recalls(confusion)[present], recall)
    assert unweighted_average_recall(confusion) == pytest.approx(recall.mean())
    assert accuracy(confusion) == pytest.approx(reference.accuracy_score(truth, predicted))
    f1 = reference.f1_score(truth, predicted, labels=present, average="macro", zero_division=0)
    assert macro_f1(confusion) == pytest.approx(f1)


def test_scores_by_hand() -> None:
    confusion = [[3, 1, 0], [2, 2, 0], [0, 0, 0]]  # nothing is truly of the third label
    np.testing.assert_array_equal(recalls(confusion), [0.75, 0.5, np.nan])
    assert unweighted_average_recall(confusion) == 0.625
    assert accuracy(confusion) == 0.625
    assert macro_f1(confusion) == pytest.approx((6 / 9 + 4 / 7) / 2)


def test_a_label_that_is_only_predicted_does_not_count() -> None:
    assert unweighted_average_recall([[1, 1], [0, 0]]) == 0.5
    assert macro_f1([[1, 1], [0, 0]]) == pytest.approx(2 / 3)


@given(stack=st.lists(pairs, min_size=1, max_size=5))
def test_a_stack_of_matrices_is_scored_one_by_one(stack: list[list[tuple[int, int]]]) -> None:
    sides = [np.array(pairs).T for pairs in stack]
    matrices = np.array([reference.confusion_matrix(truth, predicted, labels=range(4)) for truth, predicted in sides])
    for score in (unweighted_average_recall, accuracy, macro_f1):
        np.testing.assert_array_equal(score(matrices), [float(score(matrix)) for matrix in matrices])


def test_calibration_error_by_hand() -> None:
    # Confidence 0.9 twice, right once: off by 0.4. Confidence 0.6 twice, right twice: off by 0.4 the other way.
    probabilities = [[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]]
    assert expected_calibration_error([0, 1, 0, 0], probabilities) == pytest.approx(0.4)
    # In one bin the two cancel out.
    assert expected_calibration_error([1, 0, 0, 0], [[0.61, 0.39], [0.65, 0.35]] * 2) == pytest.approx(0.12)


def test_calibration_error_of_clips_that_count_unequally() -> None:
    probabilities = [[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]]
    weighted = expected_calibration_error([0, 1, 0, 0], probabilities, weights=[3, 1, 2, 0])
    # 0.9 three times in four right: off by 0.15, of two thirds of the weight; 0.6 always right.
    assert weighted == pytest.approx(4 / 6 * 0.15 + 2 / 6 * 0.4)


def test_a_confidence_on_the_edge_of_two_bins_belongs_to_the_lower() -> None:
    # 0.6, wrong, is the edge of two bins; with 0.61, right, it would share a bin and partly cancel out.
    probabilities = [[0.6, 0.4], [0.61, 0.39]]
    assert expected_calibration_error([1, 0], probabilities) == pytest.approx((0.6 + 0.39) / 2)

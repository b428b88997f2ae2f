from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from affetto.training.tuning import TunedClassifier


def test_the_score_of_a_choice_is_over_the_emotions_that_the_speakers_left_out_have() -> None:
    """Two corpora of two speakers each: the first has the emotions 0 and 1, the second 0 and 2."""
    emotions = np.array([0, 1, 0, 1, 0, 2, 0, 2] * 3)
    speakers = np.array(["a", "a", "b", "b", "c", "c", "d", "d"] * 3)
    looks_like = emotions.copy()
    looks_like[1] = 2  # a clip of the first speaker's, who has no emotion 2
    rows = np.eye(3)[looks_like] + np.random.default_rng(0).normal(scale=0.01, size=(len(emotions), 3))
    tuned = TunedClassifier(make_pipeline(LogisticRegression()), {"logisticregression__C": [10.0]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tuned.fit(rows, emotions, groups=speakers)
    first = (1 + 2 / 3) / 2
    assert tuned.best_score_ == pytest.approx((first + 1 + 1 + 1) / 4)

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import SVC

from affetto.classifiers.estimators.projection import ClippedScaler
from affetto.errors import CorpusError
from affetto.training.tuning import TunedClassifier

SPEAKERS, EACH, CLASSES = 6, 4, 3


def rows(n_corpora: int = 1, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features, emotions, speakers, corpora: as many utterances of each emotion by each speaker."""
    random = np.random.default_rng(seed)
    y = np.tile(np.repeat(np.arange(CLASSES), EACH), SPEAKERS * n_corpora)
    speakers = np.repeat(np.arange(SPEAKERS * n_corpora), CLASSES * EACH)
    own = random.normal(0, 0.5, (SPEAKERS * n_corpora, 5))
    X = 1.5 * np.eye(5)[y] + own[speakers] + random.normal(0, 0.8, (len(y), 5))
    return X, y, speakers, speakers // SPEAKERS


def tuned() -> TunedClassifier:
    estimator = Pipeline([("scale", ClippedScaler()), ("classify", SVC(decision_function_shape="ovo"))])
    return TunedClassifier(estimator, {"classify__gamma": [100.0, 0.1]})


def test_the_best_of_a_grid_is_calibrated_on_speakers_left_out() -> None:
    X, y, speakers, _ = rows()
    found = tuned().fit(X, y, groups=speakers)
    assert found.best_params_ == {"classify__gamma": 0.1}
    assert found.calibration_.left_out == "speakers"
    assert found.calibration_.cases == len(y)
    assert found.predict_proba(X).sum(axis=1) == pytest.approx(1)
    assert (found.predict(X) == y).mean() > 0.7


def test_of_several_corpora_each_is_asked_about_by_the_others() -> None:
    X, y, speakers, corpora = rows(3)
    # The last corpus alone has an emotion that nobody could know without it.
    y = np.where((corpora == 2) & (np.arange(len(y)) % EACH == 0), CLASSES, y)
    found = tuned().fit(X, y, groups=speakers, corpora=corpora)
    assert found.calibration_.left_out == "corpora"
    assert found.calibration_.cases == (y < CLASSES).sum()
    assert found.predict_proba(X).shape == (len(y), CLASSES + 1)


def test_augmented_copies_do_not_count_in_calibration() -> None:
    X, y, speakers, _ = rows()
    spoilt = X + np.random.default_rng(1).normal(0, 5, X.shape)
    augmented = np.repeat([False, True], len(y))
    found = tuned().fit(np.concatenate([X, spoilt]), np.tile(y, 2), groups=np.tile(speakers, 2), augmented=augmented)
    assert found.calibration_.cases == len(y)


def test_an_emotion_of_one_speaker_alone_is_named() -> None:
    X, y, speakers, _ = rows()
    y = np.where((speakers == 3) & (y == 0), CLASSES, y)
    with pytest.raises(CorpusError, match=r"emotion.* only by 3,"):
        tuned().fit(X, y, groups=speakers)


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

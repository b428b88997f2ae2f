from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from affetto.classifiers.estimators.projection import ClippedScaler
from affetto.errors import CorpusError
from affetto.training.calibration import MIN_PRECISION
from affetto.training.fit import fit_pipeline
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


def test_each_of_several_corpora_is_left_out_for_calibration() -> None:
    X, y, speakers, corpora = rows(3)
    # Only the last corpus has the last emotion.
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


def test_the_only_speaker_of_an_emotion_is_named() -> None:
    X, y, speakers, _ = rows()
    y = np.where((speakers == 3) & (y == 0), CLASSES, y)
    with pytest.raises(CorpusError, match=r"emotion.* only by 3,"):
        tuned().fit(X, y, groups=speakers)


def test_the_score_is_the_mean_recall_of_the_emotions_that_occur() -> None:
    """Two corpora of two speakers each: the first has the emotions 0 and 1, the second 0 and 2."""
    emotions = np.array([0, 1, 0, 1, 0, 2, 0, 2] * 3)
    speakers = np.array(["a", "a", "b", "b", "c", "c", "d", "d"] * 3)
    looks_like = emotions.copy()
    looks_like[1] = 2  # of the first speaker, who has no emotion 2
    rows = np.eye(3)[looks_like] + np.random.default_rng(0).normal(scale=0.01, size=(len(emotions), 3))
    tuned = TunedClassifier(make_pipeline(LogisticRegression()), {"logisticregression__C": [10.0]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tuned.fit(rows, emotions, groups=speakers)
    first = (1 + 2 / 3) / 2
    assert tuned.best_score_ == pytest.approx((first + 1 + 1 + 1) / 4)


def test_parameters_are_chosen_on_speakers_left_out() -> None:
    """One feature identifies the training speakers, and is useless for others."""
    generator = np.random.default_rng(0)
    speakers = np.repeat(np.arange(12), 20)
    y = np.tile([0, 1], 120)
    X = np.stack([speakers + 0.01 * generator.normal(size=240), y + generator.normal(size=240)], axis=1)
    tuned = TunedClassifier(make_pipeline(LogisticRegression()), {"logisticregression__C": [1e-6, 1.0]}, n_splits=4)
    fit_pipeline(tuned, X, y, speakers=speakers.astype(str))
    assert tuned.best_params_ == {"logisticregression__C": 1.0}
    assert tuned.best_score_ == pytest.approx(0.7, abs=0.1)
    confidence = tuned.predict_proba(X).max(axis=1)
    right = tuned.predict(X) == y
    assert confidence.mean() == pytest.approx(right.mean(), abs=0.05)


@pytest.mark.parametrize("final", [SVC(decision_function_shape="ovo"), GaussianNB()], ids=["scores", "probabilities"])
def test_confidence_on_new_speakers_is_their_accuracy(final: Any) -> None:
    generator = np.random.default_rng(0)
    centres = 2 * generator.normal(size=(8, 6))
    speakers = np.repeat(np.arange(120), 16)
    y = np.tile(np.arange(8), 240)
    X = centres[y] + 1.5 * generator.normal(size=(120, 6))[speakers] + generator.normal(size=(1920, 6))
    known = speakers < 60
    tuned = TunedClassifier(make_pipeline(StandardScaler(), final), {"standardscaler__with_std": [True]})
    fit_pipeline(tuned, X[known], y[known], speakers=speakers[known].astype(str))
    confidence = tuned.predict_proba(X[~known]).max(axis=1)
    right = tuned.predict(X[~known]) == y[~known]
    assert 0.4 < right.mean() < 0.9
    assert confidence.mean() == pytest.approx(right.mean(), abs=0.08)
    certain = confidence >= tuned.calibration_.threshold
    assert tuned.calibration_.precision >= MIN_PRECISION
    assert right[certain].mean() > MIN_PRECISION - 0.06
    assert right[~certain].mean() < right[certain].mean() - 0.1


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_convergence_warnings_are_suppressed(n_jobs: int, capfd: pytest.CaptureFixture[str]) -> None:
    generator = np.random.default_rng(0)
    y = np.tile([0, 1], 60)
    X = y[:, None] + generator.normal(size=(120, 3))
    network = MLPClassifier((4,), solver="lbfgs", max_iter=1, random_state=0)
    tuned = TunedClassifier(make_pipeline(network), {"mlpclassifier__alpha": [1.0, 10.0]}, n_jobs=n_jobs)
    with warnings.catch_warnings(action="error"):
        fit_pipeline(tuned, X, y, speakers=np.repeat(np.arange(6), 20).astype(str))
    assert capfd.readouterr().err == ""

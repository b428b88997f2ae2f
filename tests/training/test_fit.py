from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from affetto.corpora import Utterance
from affetto.corpora.pooling import require_trainable
from affetto.errors import CorpusError
from affetto.training.augmented import AugmentedClassifier
from affetto.training.calibration import MIN_PRECISION
from affetto.training.fit import fit_pipeline
from affetto.training.pipelines import require_enough
from affetto.training.tuning import TunedClassifier


def utterances(*pairs: tuple[str, str]) -> list[Utterance]:
    return [Utterance(Path(f"{i}.wav"), emotion, speaker) for i, (emotion, speaker) in enumerate(pairs)]


def test_what_can_be_chosen_on_speakers_left_out_is_taken() -> None:
    require_trainable(utterances(("sad", "A"), ("sad", "B"), ("happy", "A"), ("happy", "C")), name="mine")


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("sad", "A"), ("sad", "B")], "1 emotion"),
        ([("sad", "A"), ("sad", "B"), ("happy", "A")], r"'happy'.*'A'.*one speaker only"),
        ([("sad", "A"), ("happy", "A")], r"one speaker only, 'A'.*--protocol random"),
        ([], "0 emotion"),
    ],
)
def test_what_cannot_is_named(pairs: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        require_trainable(utterances(*pairs), name="mine")


@pytest.mark.parametrize("classifier", ["cnn", "transformer"])
def test_a_corpus_too_small_for_a_network_is_refused_and_the_others_are_named(classifier: str) -> None:
    with pytest.raises(CorpusError, match=f"mine.* 4 .*{classifier}.* 8 .*svm, gmm"):
        require_enough(4, classifier, name="mine")
    require_enough(8, classifier, name="mine")


@pytest.mark.parametrize("classifier", ["svm", "mlp", "gmm"])
def test_four_recordings_suffice_for_classifiers_of_acoustic_features(classifier: str) -> None:
    require_enough(4, classifier, name="mine")


class Shifted(TransformerMixin, BaseEstimator):
    """A front end over numbers, whose copies are shifted."""

    def __init__(self, shift: float = 0.0) -> None:
        self.shift = shift

    def transform(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(X) + self.shift


def test_copies_are_trained_on_and_stay_with_their_speaker() -> None:
    generator = np.random.default_rng(0)
    X, y = generator.normal(size=(40, 2)), np.tile([0, 1], 20)
    speakers = np.repeat(["a", "b", "c", "d"], 10)

    class Watching(LogisticRegression):
        seen: list[tuple[int, int]] = []  # noqa: RUF012 (shared by the clones on purpose)

        def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray) -> Watching:
            Watching.seen.append((len(X), len(set(groups))))
            return super().fit(X, y)  # type: ignore[no-any-return]

    chain = AugmentedClassifier(Shifted(), Watching(), augmentations=[{"shift": 0.1}, {"shift": -0.1}])
    fit_pipeline(chain, X, y, speakers=speakers)
    assert Watching.seen == [(120, 4)]


def test_choice_is_made_on_speakers_left_out() -> None:
    """One feature gives away the speaker, and each speaker has one label: useless for anybody new."""
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
def test_it_is_as_sure_about_new_speakers_as_it_is_right(final: Any) -> None:
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


def test_altered_copies_play_no_part_in_how_sure_it_is() -> None:
    generator = np.random.default_rng(0)
    y = np.tile(np.arange(4), 100)
    easy, hard = (np.eye(4)[y] + noise * generator.normal(size=(400, 4)) for noise in (0.4, 2.0))
    speakers = np.tile(np.arange(400) // 4 % 20, 2).astype(str)
    tuned = TunedClassifier(make_pipeline(GaussianNB()), {"gaussiannb__var_smoothing": [1e-9]})
    confidence = []
    for augmented in (None, np.repeat([False, True], 400)):
        fit_pipeline(tuned, np.concatenate([easy, hard]), np.tile(y, 2), speakers=speakers, augmented=augmented)
        confidence.append(tuned.predict_proba(easy).max(axis=1).mean())
    assert tuned.calibration_.cases == 400
    mixed, right = confidence[0], (tuned.predict(easy) == y).mean()
    assert confidence[1] == pytest.approx(right, abs=0.05)
    assert mixed < right - 0.1


def test_what_only_speakers_of_one_group_express_is_named() -> None:
    generator = np.random.default_rng(0)
    speakers = np.repeat([f"s{number}" for number in range(6)], 10)
    y = np.where(np.isin(speakers, ["s0"]) & (np.arange(60) % 2 == 0), 2, np.arange(60) % 2)
    tuned = TunedClassifier(make_pipeline(LogisticRegression()), {"logisticregression__C": [1.0]}, n_splits=3)
    with pytest.raises(CorpusError, match=r"emotion.* only by s0,"):
        fit_pipeline(tuned, generator.normal(size=(60, 2)), y, speakers=speakers)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_who_trains_is_not_told_where_an_optimizer_stopped(n_jobs: int, capfd: pytest.CaptureFixture[str]) -> None:
    generator = np.random.default_rng(0)
    y = np.tile([0, 1], 60)
    X = y[:, None] + generator.normal(size=(120, 3))
    network = MLPClassifier((4,), solver="lbfgs", max_iter=1, random_state=0)
    tuned = TunedClassifier(make_pipeline(network), {"mlpclassifier__alpha": [1.0, 10.0]}, n_jobs=n_jobs)
    with warnings.catch_warnings(action="error"):
        fit_pipeline(tuned, X, y, speakers=np.repeat(np.arange(6), 20).astype(str))
    assert capfd.readouterr().err == ""

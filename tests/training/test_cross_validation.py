from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC

from affetto.corpora.base import Corpus, Utterance
from affetto.corpora.published import RAVDESS
from affetto.corpora.vetting import CorpusWarning
from affetto.errors import CorpusError, ParameterError
from affetto.evaluation import get_protocol, measure_predictions
from affetto.training.cross_validation import cross_validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from affetto.evaluation.protocols import Fold


RAVDESS_ORDER = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")


@cache
def describe_one(path: Path) -> np.ndarray:
    """Mean and deviation of the log energy in 24 bands."""
    samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
    frames = samples[: len(samples) // 1024 * 1024, 0].reshape(-1, 1024)
    power = np.abs(np.fft.rfft(frames * np.hanning(1024), axis=1))[:, 1:193] ** 2
    bands = np.log(power.reshape(len(frames), 24, 8).sum(axis=2) + 1e-8)
    return np.concatenate([bands.mean(axis=0), bands.std(axis=0)])


def describe(paths: np.ndarray) -> np.ndarray:
    return np.array([describe_one(path) for path in paths])


def from_name(paths: np.ndarray) -> np.ndarray:
    """The numbers in a RAVDESS name, for tests of the split without sound."""
    return np.array([[int(number) for number in Path(path).stem.split("-")] for path in paths], dtype=float)


class Recorder(ClassifierMixin, BaseEstimator):
    """A classifier by nearest emotion number that records the speakers of its training data."""

    fits: list[tuple[set[int], set[str] | None]] = []  # noqa: RUF012 (shared by the clones on purpose)

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> Recorder:
        Recorder.fits.append((set(X[:, 6].astype(int).tolist()), None if groups is None else set(groups.tolist())))
        self.classes_ = np.unique(y)
        self.means_ = np.array([X[y == label, 2].mean() for label in self.classes_])
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        closeness = np.exp(-10 * np.abs(X[:, 2:3] - self.means_))
        return np.asarray(closeness / closeness.sum(axis=1, keepdims=True))

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


@pytest.fixture
def fits() -> Iterator[list[tuple[set[int], set[str] | None]]]:
    Recorder.fits.clear()
    yield Recorder.fits
    Recorder.fits.clear()


def first_takes(corpus: Corpus) -> Corpus:
    """Every actor's first take of the first sentence: 360 clips."""
    takes = [utterance for utterance in corpus.utterances if utterance.clip[12:17] == "01-01"]
    return Corpus(corpus.name, corpus.licence, corpus.citation, takes)


def test_a_real_pipeline_recognizes_emotion_of_unknown_actors(ravdess: Corpus) -> None:
    part = first_takes(ravdess)
    pipeline = make_pipeline(FunctionTransformer(describe), StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    predictions = cross_validate(pipeline, part, get_protocol("emobox"))
    assert predictions.clip == tuple(utterance.clip for utterance in part.utterances)
    assert predictions.labels == RAVDESS_ORDER
    metrics = measure_predictions(predictions)
    assert metrics.clips == 360
    assert metrics.uar_interval is not None
    assert metrics.uar_interval.low > 0.2  # chance is 0.125
    assert set(metrics.by_gender) == {"female", "male"}
    assert not hasattr(pipeline[-1], "classes_")  # the caller's pipeline is as it was


def test_fitted_pipelines_are_passed_on_before_the_next_is_fitted(
    names: Corpus, fits: list[tuple[set[int], set[str] | None]]
) -> None:
    kept: list[tuple[int, Pipeline]] = []

    def keep(fold: Fold, pipeline: Pipeline) -> None:
        assert len(fits) == len(kept) + 1
        kept.append((fold.number, pipeline))

    pipeline = Pipeline([("numbers", FunctionTransformer(from_name)), ("classifier", Recorder())])
    predictions = cross_validate(pipeline, names, get_protocol("emobox"), folds=[2, 5], keep=keep)
    assert [number for number, _ in kept] == [2, 5]
    for number, fitted in kept:
        # It is the pipeline whose predictions are reported.
        of_fold = np.flatnonzero(predictions.fold == number)
        paths = np.array([predictions.clip[index] for index in of_fold], dtype=object)
        assert fitted.predict_proba(paths) == pytest.approx(predictions.probabilities[of_fold], abs=1e-6)


@pytest.mark.parametrize("name", ["emobox", "luna-jimenez", "loso", "speakers"])
def test_nothing_is_fitted_on_the_tested_actors(
    names: Corpus, fits: list[tuple[set[int], set[str] | None]], name: str
) -> None:
    pipeline = Pipeline([("numbers", FunctionTransformer(from_name)), ("classifier", Recorder())])
    predictions = cross_validate(pipeline, names, get_protocol(name))
    assert measure_predictions(predictions).uar == 1.0  # so the columns are those of the right emotions
    folds = list(get_protocol(name).split(names))
    assert len(fits) == len(folds)
    for fold, (actors, groups) in zip(folds, fits, strict=True):
        tested = {int(names.utterances[index].speaker) for index in fold.test.tolist()}
        assert actors == set(range(1, 25)) - tested
        assert groups == {str(actor) for actor in actors}
        assert set(predictions.fold[fold.test].tolist()) == {fold.number}


def searches() -> Iterator[Any]:
    numbers = FunctionTransformer(from_name)
    grid = {"C": [0.1, 1.0]}
    inner = GroupKFold(5)
    yield pytest.param(make_pipeline(numbers, GridSearchCV(LogisticRegression(), grid, cv=inner)), id="search within")
    yield pytest.param(
        GridSearchCV(make_pipeline(numbers, LogisticRegression()), {"logisticregression__C": [0.1, 1.0]}, cv=inner),
        id="search around",
    )
    calibrated = CalibratedClassifierCV(LinearSVC(), cv=GroupKFold(3))
    yield pytest.param(make_pipeline(numbers, calibrated), id="calibration")
    search = GridSearchCV(calibrated, {"estimator__C": [0.1, 1.0]}, cv=inner)
    yield pytest.param(make_pipeline(numbers, search), id="search around calibration")


@pytest.mark.parametrize("pipeline", list(searches()))
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_splitters_within_the_pipeline_get_the_speakers(names: Corpus, pipeline: Any) -> None:
    """GroupKFold refuses to split without groups, so it is enough that these are fitted at all."""
    predictions = cross_validate(pipeline, first_takes(names), get_protocol("luna-jimenez"), folds=[2])
    assert set(predictions.speaker) == {"3", "6", "7", "13", "18"}


def test_a_search_never_scores_on_a_speaker_that_it_was_fitted_on(
    names: Corpus, fits: list[tuple[set[int], set[str] | None]]
) -> None:
    pipeline = GridSearchCV(
        make_pipeline(FunctionTransformer(from_name), Recorder()),
        {"functiontransformer__validate": [False]},
        cv=GroupKFold(5),
    )
    cross_validate(pipeline, names, get_protocol("emobox"), folds=[1])
    *inner, refit = fits
    assert refit[0] == set(range(1, 25)) - {1, 11, 20, 21}
    assert len(inner) == 5
    assert all(len(actors) == 16 for actors, _ in inner)
    for actors, groups in fits:
        assert groups == {str(actor) for actor in actors}


def test_folds_can_be_repeated_singly(names: Corpus) -> None:
    pipeline = Pipeline([("numbers", FunctionTransformer(from_name)), ("classifier", Recorder())])
    whole = cross_validate(pipeline, names, get_protocol("emobox"))
    some = cross_validate(pipeline, names, get_protocol("emobox"), folds=[5, 2])
    assert set(some.fold.tolist()) == {2, 5}
    assert len(some) == 480
    rows = [whole.clip.index(clip) for clip in some.clip]
    np.testing.assert_array_equal(some.probabilities, whole.probabilities[rows])


def test_the_log_counts_the_folds(names: Corpus, caplog: pytest.LogCaptureFixture) -> None:
    pipeline = Pipeline([("numbers", FunctionTransformer(from_name)), ("classifier", Recorder())])
    with caplog.at_level("INFO", logger="affetto"):
        cross_validate(pipeline, names, get_protocol("luna-jimenez"), folds=(1, 4))
    assert [message.split(":")[0] for message in caplog.messages] == ["fold 1 (1 of 2)", "fold 4 (2 of 2)"]


def test_an_emotion_without_training_clips_gets_no_probability() -> None:
    happy, sad, angry = "03-01-03-01-01-01", "03-01-04-01-01-01", "03-01-05-01-01-01"
    clips = [f"{happy}-01", f"{angry}-01", f"{happy}-02", f"{sad}-02", f"{angry}-02"]  # actor 1 is never sad
    corpus = Corpus("mine", "", "", [RAVDESS.parse(Path(f"{clip}.wav")) for clip in clips])
    pipeline = Pipeline([("numbers", FunctionTransformer(from_name)), ("classifier", Recorder())])
    predictions = cross_validate(pipeline, corpus, get_protocol("loso"))
    assert predictions.labels == ("happy", "sad", "angry")
    by_actor_2, by_actor_1 = predictions.probabilities[:2], predictions.probabilities[2:]
    np.testing.assert_array_equal(by_actor_1[:, 1], 0)
    assert (by_actor_2[:, 1] > 0).all()
    recognized = dict(zip(predictions.clip, predictions.predicted, strict=True))
    assert recognized[f"{happy}-02"] == "happy"
    assert recognized[f"{angry}-02"] == "angry"


@pytest.mark.parametrize(("folds", "message"), [([7], "6.*7"), ([], "no fold"), ([0, 1], "fold 0")])
def test_folds_that_do_not_exist_are_named(names: Corpus, folds: list[int], message: str) -> None:
    with pytest.raises(ParameterError, match=f"'emobox'.*{message}"):
        cross_validate(clone(Recorder()), names, get_protocol("emobox"), folds=folds)


def test_a_pipeline_without_probabilities_is_refused(names: Corpus) -> None:
    pipeline = make_pipeline(FunctionTransformer(from_name), LinearSVC())
    with pytest.raises(ParameterError, match="Pipeline has no predict_proba"):
        cross_validate(pipeline, names, get_protocol("emobox"))


def test_two_clips_of_one_name_are_refused_before_anything_is_fitted(
    fits: list[tuple[set[int], set[str] | None]],
) -> None:
    twins = [Utterance(Path(folder, "1.wav"), emotion="sad", speaker=folder) for folder in ("a", "b")]
    with pytest.raises(CorpusError, match=r"a.1\.wav.*b.1\.wav"):
        cross_validate(Recorder(), Corpus("mine", "", "", twins), get_protocol("loso"))
    assert fits == []


def test_wrong_labels_and_silent_clips_are_reported_before_anything_is_fitted(names: Corpus, tmp_path: Path) -> None:
    first, *others = names.utterances
    pipeline = make_pipeline(FunctionTransformer(from_name), Recorder())
    with pytest.raises(CorpusError, match="'nan'"):
        cross_validate(
            pipeline, replace(names, utterances=(replace(first, emotion="nan"), *others)), get_protocol("emobox")
        )
    silent = tmp_path / first.path.name
    soundfile.write(silent, np.zeros(16_000), 16_000)
    with pytest.warns(CorpusWarning, match=f"silent.*{first.clip}"):
        cross_validate(
            pipeline, replace(names, utterances=(replace(first, path=silent), *others)), get_protocol("emobox")
        )

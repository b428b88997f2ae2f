"""The folds of corpora left out, on clips whose names contain speaker and emotion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from affetto.corpora.base import Corpus, Utterance
from affetto.errors import CorpusError, ParameterError
from affetto.evaluation.corpora import choose_corpus_folds, corpus_folds, untestable_emotions
from affetto.recognition.dimensions import dimensions
from affetto.training.augmented import AugmentedClassifier
from affetto.training.calibration import CalibratedPipeline
from affetto.training.cross_validation import cross_validate_corpora
from affetto.training.tuning import TunedClassifier

BASIC = ("neutral", "happy", "sad", "angry")


def corpus(name: str, *emotions: str, speakers: str = "abc", takes: int = 2) -> Corpus:
    """Each emotion by each speaker so many times, with it in the name."""
    utterances = [
        Utterance(Path(f"{name}_{speaker}_{emotion}_{take}.wav"), emotion, speaker)
        for speaker in speakers
        for emotion in emotions
        for take in range(takes)
    ]
    return Corpus(name, "CC0-1.0", "nobody", utterances)


def emotion_in_name(paths: np.ndarray) -> np.ndarray:
    return np.array([[Path(path).stem.split("_")[2]] for path in paths])


def from_names(classifier: Any) -> Pipeline:
    steps = (FunctionTransformer(emotion_in_name), OneHotEncoder(handle_unknown="ignore"))
    return make_pipeline(*steps, classifier)


class Recorder(ClassifierMixin, BaseEstimator):
    """Records its training data, and gives 0.3, 0.2, 0.1 ... to the emotions that it learned, in order."""

    fits: list[tuple[set[str], set[str], set[str]]] = []  # noqa: RUF012 (shared by the clones on purpose)

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray, corpora: np.ndarray) -> Recorder:
        names = {Path(path).stem.split("_")[0] for path in X}
        Recorder.fits.append((names, set(groups.tolist()), set(corpora.tolist())))
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        weights = np.arange(len(self.classes_), 0, -1)
        return np.tile(weights / weights.sum(), (len(X), 1))


def test_each_corpus_is_predicted_by_a_pipeline_fitted_on_all_others() -> None:
    Recorder.fits.clear()
    corpora = [corpus(name, *BASIC) for name in ("one", "two", "three")]
    kept: list[tuple[int, str, list[str]]] = []

    def keep(fold: Any, fitted: Recorder) -> None:
        assert len(fitted.classes_) == 4
        kept.append((fold.number, fold.corpus.name, [part.name for part in fold.training]))

    predictions = cross_validate_corpora(Recorder(), corpora, keep=keep)
    assert kept == [(1, "one", ["two", "three"]), (2, "two", ["one", "three"]), (3, "three", ["one", "two"])]
    assert [names for names, _, _ in Recorder.fits] == [{"two", "three"}, {"one", "three"}, {"one", "two"}]
    # The speakers are those of their corpora: a of one is not a of another.
    assert Recorder.fits[0][1] == {f"{name}/{speaker}" for name in ("two", "three") for speaker in "abc"}
    assert Recorder.fits[0][2] == {"two", "three"}
    assert predictions.corpora == ("one", "two", "three")
    assert predictions.clip == tuple(u.clip for part in corpora for u in part.utterances)
    assert predictions.speaker == tuple(u.speaker for part in corpora for u in part.utterances)
    assert predictions.labels == BASIC
    assert set(predictions.status) == {"ok"}  # nothing was calibrated


class Frequencies(Recorder):
    """Records the frequency of each emotion."""

    found: list[dict[int, float]] = []  # noqa: RUF012 (shared by the clones on purpose)

    def fit(  # type: ignore[override]
        self,
        X: np.ndarray,  # noqa: ARG002 (scikit-learn's signature)
        y: np.ndarray,
        frequencies: np.ndarray,
    ) -> Frequencies:
        Frequencies.found.append(dict(zip(y.tolist(), frequencies.tolist(), strict=True)))
        self.classes_ = np.unique(y)
        return self


def test_the_frequency_of_calm_is_that_of_the_training_corpora() -> None:
    Frequencies.found.clear()
    corpora = [
        corpus("one", "neutral", "calm", "sad"),
        corpus("two", "neutral", "sad"),
        corpus("three", "neutral", "sad"),
    ]
    cross_validate_corpora(Frequencies(), corpora)
    # Without the first there is no calm; with it, one of two training corpora has it. The order is neutral, calm, sad.
    assert Frequencies.found == [{0: 1, 1: 1}, {0: 1, 1: 0.5, 2: 1}, {0: 1, 1: 0.5, 2: 1}]


def test_emotions_learned_from_other_corpora_are_predicted() -> None:
    corpora = [corpus("one", *BASIC), corpus("two", *BASIC, "bored"), corpus("three", "angry", "sad", "bored")]
    predictions = cross_validate_corpora(from_names(LogisticRegression()), corpora)
    found = [predictions.labels[column] for column in predictions.probabilities.argmax(axis=1)]
    assert tuple(found) == predictions.emotion
    arousal, valence = dimensions(predictions.labels, predictions.probabilities)
    assert predictions.arousal == pytest.approx(arousal, abs=1e-5)
    assert predictions.valence == pytest.approx(valence, abs=1e-5)


def test_chosen_folds_are_the_same_as_among_all() -> None:
    corpora = [corpus("one", *BASIC), corpus("two", *BASIC, "bored"), corpus("three", "angry", "sad")]
    pipeline = from_names(LogisticRegression())
    both, second = cross_validate_corpora(pipeline, corpora), cross_validate_corpora(pipeline, corpora, folds=[2])
    assert second.corpora == ("two",)
    assert second.labels == both.labels
    of_second = [name == "two" for name in both.corpus]
    assert np.array_equal(second.probabilities, both.probabilities[of_second])


@pytest.mark.parametrize(
    ("emotions", "merges"),
    [
        ([("neutral", "calm", "sad"), ("neutral", "sad")], [True, True]),
        ([("neutral", "calm", "sad"), ("neutral", "calm", "sad")], [False, False]),
        ([("neutral", "calm", "sad"), ("neutral", "calm", "sad"), ("neutral", "sad")], [False, False, True]),
        ([("neutral", "sad"), ("neutral", "sad")], [True, True]),
    ],
)
def test_calm_counts_as_neutral_unless_both_sides_have_it(emotions: list[tuple[str, ...]], merges: list[bool]) -> None:
    corpora = [corpus(f"corpus {number}", *of) for number, of in enumerate(emotions)]
    folds = corpus_folds(corpora)
    assert [fold.merges_calm for fold in folds] == merges
    for fold in folds:
        has_calm = "calm" in fold.corpus.emotions and not fold.merges_calm
        assert fold.shared == (("neutral", "calm", "sad") if has_calm else ("neutral", "sad"))
        assert fold.unlearned == {}
    assert untestable_emotions(folds) == ()

    predictions = cross_validate_corpora(Recorder(), corpora)
    assert ("calm" in predictions.labels) == (False in merges)
    for fold in folds:
        rows = [name == fold.corpus.name for name in predictions.corpus]
        truth = {emotion for emotion, row in zip(predictions.emotion, rows, strict=True) if row}
        assert truth == set(fold.shared)
        assert sum(rows) == len(fold.corpus.utterances)
        # Of three emotions learned neutral has 3/6, calm 2/6, sad 1/6; of two, neutral 2/3 and sad 1/3.
        learns_calm = any("calm" in part.emotions for part in fold.training)
        first = predictions.probabilities[rows][0]
        by_label = dict(zip(predictions.labels, first.tolist(), strict=True))
        neutral = (5 / 6 if fold.merges_calm else 3 / 6) if learns_calm else 2 / 3
        assert by_label["neutral"] == pytest.approx(neutral, abs=1e-6)
        assert by_label.get("calm", 0) == pytest.approx(0 if fold.merges_calm else 2 / 6, abs=1e-6)


def test_emotions_that_were_not_learned_are_left_out_and_counted() -> None:
    corpora = [
        corpus("one", *BASIC, "calm"),
        corpus("two", *BASIC, "bored", "disgust"),
        corpus("three", "sad", "bored"),
    ]
    folds = corpus_folds(corpora)
    assert [fold.unlearned for fold in folds] == [{}, {"disgust": 6}, {}]
    assert untestable_emotions(folds) == ("disgust",)
    predictions = cross_validate_corpora(Recorder(), corpora)
    assert predictions.labels == (*BASIC, "disgust", "bored")
    assert "disgust" not in predictions.emotion
    assert len(predictions) == sum(len(part.utterances) for part in corpora) - 6
    # Only a pipeline that learned an emotion gives it a probability.
    disgust = predictions.probabilities[:, predictions.labels.index("disgust")]
    of_two = np.array([name == "two" for name in predictions.corpus])
    assert (disgust[of_two] == 0).all()
    assert (disgust[~of_two] > 0).all()


def pipelines() -> list[Any]:
    """One that is calibrated within, as the classic classifiers are, and one as a whole, as the networks are."""
    names = make_pipeline(FunctionTransformer(emotion_in_name), FunctionTransformer(np.char.str_len))
    tuned = TunedClassifier(make_pipeline(LogisticRegression()), {"logisticregression__C": [0.1, 1.0]})
    return [
        pytest.param(AugmentedClassifier(names, tuned), lambda fitted: fitted.classifier_, id="within"),
        pytest.param(
            CalibratedPipeline(AugmentedClassifier(names, LogisticRegression())), lambda f: f, id="as a whole"
        ),
    ]


@pytest.mark.parametrize(("pipeline", "calibrated"), pipelines())
def test_the_status_follows_from_the_threshold_of_each_pipeline(pipeline: Any, calibrated: Any) -> None:
    # Neutral has a length of its own; sad and calm, happy and angry are alike in that.
    corpora = [corpus(name, "neutral", "happy", "angry", takes=12) for name in ("one", "two")]
    thresholds: dict[str, float] = {}

    def keep(fold: Any, fitted: Any) -> None:
        thresholds[fold.corpus.name] = calibrated(fitted).calibration_.threshold

    predictions = cross_validate_corpora(pipeline, corpora, keep=keep)
    assert set(predictions.status) == {"ok", "uncertain"}
    for name, row, status in zip(predictions.corpus, predictions.probabilities, predictions.status, strict=True):
        assert status == ("ok" if row.max() >= thresholds[name] - 1e-6 else "uncertain")


def test_predict_gets_all_recordings_of_the_corpus_and_their_speakers() -> None:
    corpora = [corpus("one", *BASIC), corpus("two", *BASIC, "bored")]
    asked: list[tuple[list[str], list[str]]] = []

    def sad_for_a(fitted: Recorder, X: np.ndarray, speakers: np.ndarray) -> np.ndarray:
        asked.append(([Path(path).stem for path in X], speakers.tolist()))
        rows = np.full((len(X), len(fitted.classes_)), 0.1 / (len(fitted.classes_) - 1))
        rows[np.arange(len(X)), np.where(speakers == "a", 2, 3)] = 0.9
        return rows

    predictions = cross_validate_corpora(Recorder(), corpora, predict=sad_for_a)
    # Also the clips that are not scored: an adaptation without labels cannot know them.
    assert asked == [([u.clip for u in part.utterances], [u.speaker for u in part.utterances]) for part in corpora]
    found = [predictions.labels[column] for column in predictions.probabilities.argmax(axis=1)]
    assert found == ["sad" if speaker == "a" else "angry" for speaker in predictions.speaker]


def test_too_little_to_leave_out_or_to_learn_is_refused() -> None:
    one, two = corpus("one", *BASIC), corpus("two", *BASIC)
    for few in ([], [one]):
        with pytest.raises(ParameterError, match="two or more"):
            cross_validate_corpora(Recorder(), few)
    with pytest.raises(CorpusError, match="'one' is given twice"):
        cross_validate_corpora(Recorder(), [one, one])
    for numbers, message in (([3], "folds 1 to 2.*3"), ([], "no fold")):
        with pytest.raises(ParameterError, match=message):
            cross_validate_corpora(Recorder(), [one, two], folds=numbers)
    with pytest.raises(CorpusError, match="'other' shares sad"):
        cross_validate_corpora(Recorder(), [one, two, corpus("other", "sad", "bored", "amused")])
    with pytest.raises(CorpusError, match=r"'alone'.*bored.*one speaker"):
        cross_validate_corpora(
            Recorder(),
            [corpus("alone", *BASIC), corpus("x", *BASIC), corpus("y", "bored", "sad", speakers="a")],
            folds=[1],
        )
    with pytest.raises(ParameterError, match="predict_proba"):
        cross_validate_corpora(LogisticRegression.__base__(), [one, two])


def test_a_corpus_that_cannot_be_tested_may_be_trained_on() -> None:
    corpora = [corpus("one", *BASIC), corpus("two", *BASIC), corpus("other", "sad", "bored", "amused")]
    with pytest.raises(CorpusError, match="'other' shares sad"):
        choose_corpus_folds(corpus_folds(corpora), None)
    assert cross_validate_corpora(Recorder(), corpora, folds=[1, 2]).corpora == ("one", "two")

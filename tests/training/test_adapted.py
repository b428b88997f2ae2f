"""Predictions adapted to other test clips; each speaker has an offset in all features."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from affetto.classifiers.estimators.discriminant import AdditiveDiscriminant
from affetto.corpora.base import Corpus, Utterance
from affetto.errors import ParameterError
from affetto.evaluation import Predictions, get_protocol, measure_predictions
from affetto.training.adapted import AdaptedTo, adapted, unadapted
from affetto.training.cross_validation import cross_validate, cross_validate_corpora

PLACES = {"neutral": (0, 0), "happy": (4, 0), "sad": (0, 4), "angry": (4, 4)}


def corpus(name: str, speakers: str = "abcdef") -> Corpus:
    utterances = [
        Utterance(Path(f"{name}_{speaker}_{emotion}_{take}.wav"), emotion, speaker)
        for speaker in speakers
        for emotion in PLACES
        for take in range(8)
    ]
    return Corpus(name, "CC0-1.0", "nobody", utterances)


def measured(paths: np.ndarray) -> np.ndarray:
    """Where each emotion lies, shifted by the speaker, and a little by noise."""
    rows = []
    for stem in (Path(path).stem for path in paths):
        name, speaker, emotion, _ = stem.split("_")
        offset = np.random.default_rng(crc32(f"{name}{speaker}".encode())).normal(0, 2.5, 2)
        rows.append(PLACES[emotion] + offset + np.random.default_rng(crc32(stem.encode())).normal(0, 0.7, 2))
    return np.array(rows)


class Classifier(ClassifierMixin, BaseEstimator):
    """The default's own classifier on numbers that names give."""

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray) -> Classifier:
        self.discriminant_ = AdditiveDiscriminant().fit(measured(X), y, groups=groups)
        self.classes_, self.offset_model_ = self.discriminant_.classes_, self.discriminant_.offset_model_
        return self

    def embeddings(self, X: np.ndarray) -> np.ndarray:
        return self.discriminant_.transform(measured(X))

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return self.discriminant_.predict_proba(measured(X))


def evaluated(protocol: str, count: int | None, to: AdaptedTo = "speaker") -> Predictions:
    answers = unadapted if count is None else adapted(count, to=to)
    return cross_validate(Classifier(), corpus("one", "abcdefghij"), get_protocol(protocol), predict=answers)


def test_more_recordings_of_the_speaker_help_more() -> None:
    uars = [measure_predictions(evaluated("loso", count)).uar for count in (None, 2, 31)]
    assert uars[0] < uars[1] < uars[2]
    assert uars[2] > uars[0] + 0.1


def test_recordings_of_other_speakers_help_less_than_those_of_the_same() -> None:
    # Two speakers in each of five folds.
    own, anybody = (measure_predictions(evaluated("speakers", 31, to)).uar for to in ("speaker", "corpus"))
    assert own > anybody


def test_in_a_fold_of_one_speaker_both_are_the_same_recordings() -> None:
    own, anybody = evaluated("loso", 5), evaluated("loso", 5, "corpus")
    assert np.array_equal(own.probabilities, anybody.probabilities)


def test_clips_are_adapted_to_others_and_never_to_themselves() -> None:
    clips = corpus("one").utterances
    X = np.array([utterance.path for utterance in clips])
    speakers = np.array([utterance.speaker for utterance in clips])
    fitted = Classifier().fit(X, np.array([list(PLACES).index(u.emotion) for u in clips]), speakers)
    # A speaker with one recording: its probabilities stay.
    alone = np.concatenate([X[:1], X[32:40]])
    answered = adapted(9)(fitted, alone, np.array(["a", *"b" * 8]))
    assert answered[0] == pytest.approx(fitted.predict_proba(alone[:1])[0])
    assert not np.allclose(answered[1:], fitted.predict_proba(alone[1:]))
    assert answered.sum(axis=1) == pytest.approx(1)


def test_a_corpus_that_is_left_out_is_adapted_to_as_well() -> None:
    corpora = [corpus("one"), corpus("two")]
    plain, known = (
        cross_validate_corpora(Classifier(), corpora, predict=answers) for answers in (unadapted, adapted(31))
    )
    right = [
        np.mean([p.labels[column] for column in p.probabilities.argmax(axis=1)] == np.array(p.emotion))
        for p in (plain, known)
    ]
    assert right[1] > right[0]


def test_an_invalid_adaptation_is_refused() -> None:
    with pytest.raises(ParameterError, match="0"):
        adapted(0)
    pipeline = make_pipeline(FunctionTransformer(measured), LogisticRegression())
    with pytest.raises(ParameterError, match="cannot be adapted"):
        cross_validate(pipeline, corpus("one"), get_protocol("loso"), folds=[1], predict=adapted(3))

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from affetto.classifiers.estimators.discriminant import AdditiveDiscriminant
from affetto.classifiers.estimators.projection import ClippedScaler
from affetto.classifiers.estimators.temperature import TemperatureScaledClassifier
from affetto.errors import CorpusError
from affetto.evaluation.scores import expected_calibration_error
from affetto.training.augmented import AugmentedClassifier
from affetto.training.calibration import (
    MIN_PRECISION,
    UNREACHABLE,
    CalibratedPipeline,
    _threshold,
    calibrate,
    equal_weights,
    left_out_splits,
)
from affetto.training.fit import fit_pipeline

if TYPE_CHECKING:
    from numpy.typing import NDArray

EMOTIONS = 4
WIDTH = 10


@dataclass
class Clips:
    """Features of utterances by some speakers."""

    X: Any  # an array of shape (n_clips, WIDTH)
    y: NDArray[np.intp]
    speakers: NDArray[np.str_]

    def without(self, emotion: int, *, of: Any) -> Clips:
        kept = ~((self.y == emotion) & np.isin(self.speakers, of))
        return Clips(self.X[kept], self.y[kept], self.speakers[kept])

    def __add__(self, other: Clips) -> Clips:
        return Clips(*(np.concatenate([getattr(c, n) for c in (self, other)]) for n in ("X", "y", "speakers")))


def clips(
    n_speakers: int,
    each: int = 8,
    *,
    seed: int = 0,
    unclear: float = 1.0,
    voices: float = 0.7,
    prefix: str = "s",
    shift: float = 0.0,
) -> Clips:
    """Whoever speaks lies off by something; utterances lie around it, the farther the more unclear."""
    world, random = np.random.default_rng(5), np.random.default_rng(seed)
    means = world.normal(size=(EMOTIONS, WIDTH))
    corpus = random.normal(0, shift, WIDTH)
    X, y, speakers = [], [], []
    for speaker in range(n_speakers):
        own = corpus + random.normal(0, voices, WIDTH)
        for emotion in np.repeat(np.arange(EMOTIONS), each):
            X.append(means[emotion] + own + random.normal(0, unclear, WIDTH))
            y.append(emotion)
            speakers.append(f"{prefix}{speaker}")
    return Clips(np.array(X), np.array(y), np.array(speakers))


def tempered(inverse_temperature: float, **parameters: Any) -> CalibratedPipeline:
    """A chain that is that much surer of itself than it may be."""
    classifier = TemperatureScaledClassifier(LinearDiscriminantAnalysis(), inverse_temperature=inverse_temperature)
    return CalibratedPipeline(AugmentedClassifier(FunctionTransformer(), classifier), **parameters)


def adaptable(**parameters: Any) -> CalibratedPipeline:
    """The transformer's classifier."""
    classifier = make_pipeline(ClippedScaler(), AdditiveDiscriminant(shrinkage=0.1, **parameters))
    return CalibratedPipeline(AugmentedClassifier(FunctionTransformer(), classifier))


def fitted(made: CalibratedPipeline, given: Clips, corpora: NDArray[Any] | None = None) -> CalibratedPipeline:
    result: CalibratedPipeline = fit_pipeline(made, given.X, given.y, speakers=given.speakers, corpora=corpora)
    return result


def adapted(found: CalibratedPipeline, given: Clips) -> NDArray[np.float64]:
    """The answers about each clip, adapted to the others of its speaker."""
    model, embeddings = found.offset_model_, found.embeddings(given.X)
    assert model is not None
    answers = np.empty((len(given.y), EMOTIONS))
    for one, speaker in enumerate(given.speakers):
        others = np.flatnonzero((given.speakers == speaker) & (np.arange(len(given.y)) != one))
        answers[one] = np.exp(model.log_probabilities(embeddings[one], model.learn(embeddings[others])))[0]
    return answers


@pytest.fixture(scope="module")
def known() -> Clips:
    return clips(20)


@pytest.fixture(scope="module")
def new() -> Clips:
    return clips(40, seed=1, prefix="new")


@pytest.fixture(scope="module")
def sure(known: Clips) -> CalibratedPipeline:
    return fitted(tempered(4.0), known)


def test_confidence_is_what_it_is_worth_for_new_speakers(sure: CalibratedPipeline, new: Clips) -> None:
    before, after = sure.pipeline_.predict_proba(new.X), sure.predict_proba(new.X)
    assert expected_calibration_error(new.y, before) > 0.1
    assert expected_calibration_error(new.y, after) < 0.05
    assert np.array_equal(before.argmax(axis=1), after.argmax(axis=1))
    assert after.sum(axis=1) == pytest.approx(1)
    assert sure.calibration_.inverse_temperature < 0.6
    assert sure.calibration_.left_out == "speakers"
    assert sure.offset_model_ is None  # nothing to adapt by


def test_one_that_is_not_sure_enough_is_sharpened(known: Clips, new: Clips) -> None:
    timid = fitted(tempered(0.1), known)
    assert timid.calibration_.inverse_temperature > 5
    before, after = timid.pipeline_.predict_proba(new.X), timid.predict_proba(new.X)
    assert expected_calibration_error(new.y, after) < 0.08 < 0.2 < expected_calibration_error(new.y, before)


def test_answers_above_the_threshold_are_right_as_often_as_is_said(new: Clips) -> None:
    found = fitted(tempered(4.0), clips(20, unclear=1.4, voices=0.3))
    asked = clips(40, seed=1, unclear=1.4, voices=0.3)
    calibration = found.calibration_
    probabilities = found.predict_proba(asked.X)
    certain = probabilities.max(axis=1) >= calibration.threshold
    right = probabilities.argmax(axis=1) == asked.y
    assert right.mean() < MIN_PRECISION - 0.05 < MIN_PRECISION <= calibration.precision < MIN_PRECISION + 0.05
    assert right[certain].mean() == pytest.approx(calibration.precision, abs=0.04)
    assert certain.mean() == pytest.approx(calibration.coverage, abs=0.08)
    assert 0.2 < calibration.coverage < 0.95
    assert calibration.cases == 20 * EMOTIONS * 8


@pytest.mark.parametrize(("unclear", "coverage"), [(0.05, 1.0), (40.0, 0.1)])
def test_all_is_certain_where_all_is_right_and_next_to_nothing_where_all_is_guessed(
    unclear: float, coverage: float
) -> None:
    calibration = fitted(tempered(4.0), clips(12, 6, unclear=unclear, voices=0.1)).calibration_
    assert calibration.coverage == pytest.approx(coverage, abs=0.1)
    assert (0 < calibration.threshold <= 1) == (calibration.coverage > 0)


def test_with_several_corpora_each_is_asked_about_by_the_others() -> None:
    """Corpora differ by more than speakers: who is asked about a new one may be less sure."""
    parts = [clips(8, seed=seed, prefix=f"{seed}-", shift=1.0) for seed in range(5)]
    together = sum(parts[1:], parts[0])
    corpora = np.repeat(list("abcde"), [len(part.y) for part in parts])
    by_corpus, by_speaker = fitted(adaptable(), together, corpora), fitted(adaptable(), together)
    assert (by_corpus.calibration_.left_out, by_speaker.calibration_.left_out) == ("corpora", "speakers")
    assert by_corpus.calibration_.cases == len(together.y)
    errors = []
    for seed in range(20, 40):
        asked = clips(8, seed=seed, shift=1.0)
        errors.append([expected_calibration_error(asked.y, f.predict_proba(asked.X)) for f in (by_corpus, by_speaker)])
    assert np.mean(errors, axis=0)[0] < np.mean(errors, axis=0)[1] + 0.01


def test_every_corpus_counts_the_same() -> None:
    """A small corpus in which the scores are right, beside one ten times as large in which they are chance."""
    random = np.random.default_rng(0)
    corpora = np.repeat(["clear", "unclear"], [60, 600])
    truth = random.integers(3, size=660)
    scores = 4 * np.eye(3)[np.where(corpora == "clear", truth, random.integers(3, size=660))]
    weights = equal_weights(corpora)
    assert weights.mean() == pytest.approx(1)
    assert weights[:60].sum() == pytest.approx(weights[60:].sum())
    # What is clear weighs half instead of a tenth, and lets answers be surer.
    assert (
        calibrate(scores, truth, weights=weights).inverse_temperature
        > 1.5 * calibrate(scores, truth).inverse_temperature
    )


def splits_of(
    corpora: dict[str, str], *, speakers: int = 3, n_splits: int = 5
) -> tuple[str, list[tuple[Any, Any]], Any]:
    """Deal clips of so many speakers in each corpus, who express each letter's emotion twice."""
    rows = [
        (emotion, f"{corpus}{speaker}", corpus)
        for corpus, emotions in corpora.items()
        for speaker in range(speakers)
        for emotion in 2 * emotions
    ]
    labels, who, corpus_of = (np.array(column) for column in zip(*rows, strict=True))
    kind, splits = left_out_splits(labels, who, corpus_of, n_splits=n_splits)
    return kind, [(train, test) for train, test in splits], (labels, who, corpus_of)


def test_each_of_several_corpora_is_left_out_once() -> None:
    kind, splits, (labels, _, corpus_of) = splits_of({"one": "ahs", "two": "ahn", "three": "as"})
    assert kind == "corpora"
    assert len(splits) == 3
    for train, test in splits:
        assert len(set(corpus_of[test])) == 1
        assert set(corpus_of[train]) == set(corpus_of) - set(corpus_of[test])
        # Nobody is asked about what could not be known: only one corpus has n.
        assert set(labels[test]) <= set(labels[train])
    asked = np.concatenate([test for _, test in splits])
    assert len(asked) == len(set(asked)) == (labels != "n").sum()


@pytest.mark.parametrize(
    "corpora",
    [
        {"one": "ahs"},
        {"one": "ah", "two": "sn"},
        {"one": "ahs", "two": "an"},
        {"one": "ahs", "two": "hs", "three": "n"},
    ],
    ids=str,
)
def test_speakers_are_left_out_where_corpora_cannot_be(corpora: dict[str, str]) -> None:
    """Of one corpus, or where one has fewer than two emotions that the others have."""
    kind, splits, (labels, who, _) = splits_of(corpora)
    assert kind == "speakers"
    assert sorted(np.concatenate([test for _, test in splits])) == list(range(len(labels)))
    for train, test in splits:
        assert not set(who[train]) & set(who[test])


@pytest.mark.parametrize(("speakers", "n_splits", "found"), [(3, 5, 3), (7, 5, 5), (2, 2, 2)])
def test_there_are_no_more_groups_than_speakers(speakers: int, n_splits: int, found: int) -> None:
    assert len(splits_of({"one": "ahs"}, speakers=speakers, n_splits=n_splits)[1]) == found


def threshold(probabilities: Any, truth: Any, weights: Any, *, bounded: bool = True) -> float:
    confidence, right = probabilities.max(axis=1), (probabilities.argmax(axis=1) == truth).astype(float)
    return _threshold(confidence, right, np.asarray(weights, float), bounded=bounded)


def test_over_corpora_the_precision_itself_decides() -> None:
    """Of a hundred answers at 0.9 so many are right as is promised; the bound of speakers left out would want more."""
    confidence = np.repeat([0.9, 0.6], [100, 100])
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    truth = np.repeat([0, 1, 0, 1], [86, 14, 50, 50])
    assert threshold(probabilities, truth, np.ones(200), bounded=False) == 0.9
    assert threshold(probabilities, truth, np.ones(200)) == UNREACHABLE
    # Of too few, even if all are right, nothing is known.
    assert threshold(probabilities[:30], np.zeros(30, int), np.ones(30), bounded=False) == UNREACHABLE


def test_answers_of_one_confidence_are_certain_together_or_not_at_all() -> None:
    """Four hundred answers at 0.8, of which three in four are right, after a hundred at 0.9 that all are."""
    confidence = np.repeat([0.9, 0.8], [100, 400])
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    # The wrong ones last, so that the sum is reliable until far into those of 0.8.
    truth = np.repeat([0, 1], [400, 100])
    assert threshold(probabilities, truth, np.ones(500)) == 0.9
    assert threshold(probabilities, np.ones(500, dtype=int), np.ones(500)) == UNREACHABLE
    worthless = calibrate(np.log(probabilities), np.ones(500, dtype=np.intp))
    assert (worthless.threshold, worthless.precision, worthless.coverage) == (UNREACHABLE, 0.0, 0.0)


@pytest.mark.parametrize(
    ("n_right", "n_wrong", "enough"),
    [(18, 0, False), (19, 0, True), (28, 1, False), (29, 1, True), (37, 2, False), (38, 2, True), (300, 50, False)],
)
def test_a_threshold_needs_enough_cases_for_its_promise(n_right: int, n_wrong: int, enough: bool) -> None:
    truth = np.repeat([0, 1], [n_right, n_wrong])
    probabilities = np.tile([0.9, 0.1], (len(truth), 1))
    assert threshold(probabilities, truth, np.ones(len(truth))) == (0.9 if enough else UNREACHABLE)


def test_cases_that_weigh_next_to_nothing_are_none() -> None:
    truth, probabilities = np.zeros(36, dtype=int), np.tile([0.9, 0.1], (36, 1))
    assert threshold(probabilities, truth, np.ones(36)) == 0.9
    assert threshold(probabilities, truth, np.tile([1.0, 1e-6], 18)) == UNREACHABLE


def test_a_threshold_is_not_the_lowest_of_many_that_may() -> None:
    """Of the surest sixty one in three is wrong: what comes after them, all right, does not make them certain."""
    confidence = np.linspace(0.99, 0.6, 800)
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    truth = np.zeros(800, dtype=int)
    truth[:60:3] = 1
    assert threshold(probabilities, truth, np.ones(800)) == UNREACHABLE


def test_what_is_called_certain_is_right_as_often_as_is_promised() -> None:
    """Of many small corpora, next to none has a threshold by chance where answers are right in 80 % of cases."""
    random = np.random.default_rng(0)
    promised = 0
    for _ in range(200):
        confidence = random.uniform(0.5, 1, 60)
        probabilities = np.stack([confidence, 1 - confidence], axis=1)
        truth = (random.uniform(size=60) > 0.8).astype(int)
        promised += threshold(probabilities, truth, np.ones(60)) <= 1
    assert promised < 12


@pytest.mark.parametrize("cases", [9, 1440])
def test_few_that_are_all_right_do_not_show_that_every_further_one_will_be(cases: int) -> None:
    scores = np.tile([300.0, 0.0, -100.0], (cases, 1))
    found = calibrate(scores, np.zeros(cases, dtype=np.intp))
    sure = np.exp(log_softmax(found.inverse_temperature * scores, axis=1)).max()
    assert 0.5 / cases < 1 - sure < 1.5 / cases


def test_the_surest_of_all_is_taken_back_as_far_as_it_takes() -> None:
    """Half of what a mixture is absurdly sure of is wrong."""
    scores = np.random.default_rng(0).normal(0, 3000, (400, 2))
    found = calibrate(scores, np.arange(400) % 2)
    unsure = np.exp(log_softmax(found.inverse_temperature * scores, axis=1)).max(axis=1)
    assert unsure.mean() < 0.6
    # As unsure as can be, and still different recordings get different answers.
    assert len(np.unique(unsure.round(6))) > 390


def test_speakers_of_whom_only_some_express_an_emotion(known: Clips) -> None:
    """None but the speakers of one group: without it the emotion is unknown."""
    rare = known.without(3, of=[f"s{number}" for number in range(2, 20)])
    found = fitted(adaptable(), rare)
    assert found.classes_.tolist() == [0, 1, 2, 3]
    assert found.calibration_.cases == len(rare.y)
    assert found.predict_proba(known.X).shape == (len(known.y), 4)


def test_speakers_without_whom_nothing_is_left_to_tell_apart_are_named() -> None:
    one_sided = clips(4).without(1, of=["s1", "s2", "s3"]).without(2, of="s0").without(3, of="s0")
    one_sided = one_sided.without(2, of=["s1", "s2", "s3"]).without(3, of=["s1", "s2", "s3"])
    with pytest.raises(CorpusError, match="without the speakers s0 there is one emotion only"):
        fitted(tempered(1.0), one_sided)


@pytest.mark.parametrize("shrinkage", [0.1, 1.0])
def test_two_speakers_suffice(shrinkage: float, new: Clips) -> None:
    two = clips(2)
    made = adaptable().set_params(pipeline__classifier__additivediscriminant__shrinkage=shrinkage)
    found = fitted(made, two)
    assert all(np.isfinite(value) for value in vars(found.calibration_).values() if not isinstance(value, str))
    assert (found.predict(two.X) == two.y).mean() > 0.5
    # So few say little of how speakers differ; adapted answers are not much worse for it.
    after = adapted(found, new)
    assert np.isfinite(after).all()
    assert (after.argmax(axis=1) == new.y).mean() >= (found.predict(new.X) == new.y).mean() - 0.02


def test_without_speakers_each_recording_is_one(known: Clips) -> None:
    found = tempered(4.0).fit(known.X, known.y)
    assert found.calibration_.left_out == "speakers"
    assert found.calibration_.cases == len(known.y)


def test_a_draft_is_fitted_where_a_group_is_left_out(known: Clips) -> None:
    """One that guesses: nothing of what it says is certain, while the chain itself is as good as ever."""
    found = fitted(tempered(4.0, reduced={"classifier__inverse_temperature": 1e-6}), known)
    assert found.calibration_.inverse_temperature == pytest.approx(20, rel=0.01)
    assert (found.predict(known.X) == known.y).mean() > 0.5


def test_probabilities_are_those_of_the_offset_model(known: Clips, new: Clips) -> None:
    found = fitted(adaptable(), known)
    model = found.offset_model_
    assert model is not None
    assert model.temperature == pytest.approx(1 / found.calibration_.inverse_temperature)
    embeddings = found.embeddings(new.X)
    assert embeddings.shape == (len(new.y), model.n_dimensions)
    assert np.exp(model.log_probabilities(embeddings)) == pytest.approx(found.predict_proba(new.X), abs=1e-9)


def test_a_rare_class_needs_more_evidence_whatever_the_temperature(known: Clips, new: Clips) -> None:
    alike = fitted(adaptable(), known)
    rare = fit_pipeline(
        adaptable(), known.X, known.y, speakers=known.speakers, frequencies=np.where(known.y == 1, 0.25, 1.0)
    )
    assert rare.log_prior_ == pytest.approx([0, np.log(0.25), *[0] * (EMOTIONS - 2)])
    # The same evidence: the odds of two classes at one temperature differ by their frequencies.
    odds = rare.calibration_.inverse_temperature * alike.pipeline_.predict_log_proba(new.X) + rare.log_prior_
    expected = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    assert rare.predict_proba(new.X) == pytest.approx(expected, abs=1e-9)
    assert rare.offset_model_ is not None
    assert np.exp(rare.offset_model_.log_probabilities(rare.embeddings(new.X))) == pytest.approx(expected, abs=1e-9)
    assert (rare.predict(new.X) == 1).sum() < (alike.predict(new.X) == 1).sum()


def test_adapted_answers_are_better_and_calibrated_too(known: Clips, new: Clips) -> None:
    found = fitted(adaptable(speaker_weight=1.0), known)
    before, after = found.predict_proba(new.X), adapted(found, new)
    won = (after.argmax(axis=1) == new.y).mean() - (before.argmax(axis=1) == new.y).mean()
    assert won > 0.02
    assert expected_calibration_error(new.y, before) < 0.05
    assert expected_calibration_error(new.y, after) < 0.08

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
    residual: float = 1.0,
    offsets: float = 0.7,
    prefix: str = "s",
    shift: float = 0.0,
) -> Clips:
    """Return clips by the model of the discriminant: emotion, corpus, speaker, residual."""
    world, random = np.random.default_rng(5), np.random.default_rng(seed)
    means = world.normal(size=(EMOTIONS, WIDTH))
    corpus = random.normal(0, shift, WIDTH)
    X, y, speakers = [], [], []
    for speaker in range(n_speakers):
        own = corpus + random.normal(0, offsets, WIDTH)
        for emotion in np.repeat(np.arange(EMOTIONS), each):
            X.append(means[emotion] + own + random.normal(0, residual, WIDTH))
            y.append(emotion)
            speakers.append(f"{prefix}{speaker}")
    return Clips(np.array(X), np.array(y), np.array(speakers))


def scaled(inverse_temperature: float, **parameters: Any) -> CalibratedPipeline:
    """A pipeline whose scores are multiplied by a factor, so that its confidence is wrong."""
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
    """Return the probabilities for each clip, adapted to the others of its speaker."""
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
def overconfident(known: Clips) -> CalibratedPipeline:
    return fitted(scaled(4.0), known)


def test_confidence_on_new_speakers_is_their_accuracy(overconfident: CalibratedPipeline, new: Clips) -> None:
    before, after = overconfident.pipeline_.predict_proba(new.X), overconfident.predict_proba(new.X)
    assert expected_calibration_error(new.y, before) > 0.1
    assert expected_calibration_error(new.y, after) < 0.05
    assert np.array_equal(before.argmax(axis=1), after.argmax(axis=1))
    assert after.sum(axis=1) == pytest.approx(1)
    assert overconfident.calibration_.inverse_temperature < 0.6
    assert overconfident.calibration_.left_out == "speakers"
    assert overconfident.offset_model_ is None  # nothing to adapt by


def test_an_underconfident_pipeline_is_corrected(known: Clips, new: Clips) -> None:
    underconfident = fitted(scaled(0.1), known)
    assert underconfident.calibration_.inverse_temperature > 5
    before, after = underconfident.pipeline_.predict_proba(new.X), underconfident.predict_proba(new.X)
    assert expected_calibration_error(new.y, after) < 0.08 < 0.2 < expected_calibration_error(new.y, before)


def test_precision_and_coverage_hold_for_new_speakers(new: Clips) -> None:
    found = fitted(scaled(4.0), clips(20, residual=1.4, offsets=0.3))
    asked = clips(40, seed=1, residual=1.4, offsets=0.3)
    calibration = found.calibration_
    probabilities = found.predict_proba(asked.X)
    certain = probabilities.max(axis=1) >= calibration.threshold
    right = probabilities.argmax(axis=1) == asked.y
    assert right.mean() < MIN_PRECISION - 0.05 < MIN_PRECISION <= calibration.precision < MIN_PRECISION + 0.05
    assert right[certain].mean() == pytest.approx(calibration.precision, abs=0.04)
    assert certain.mean() == pytest.approx(calibration.coverage, abs=0.08)
    assert 0.2 < calibration.coverage < 0.95
    assert calibration.cases == 20 * EMOTIONS * 8


@pytest.mark.parametrize(("residual", "coverage"), [(0.05, 1.0), (40.0, 0.1)])
def test_coverage_is_full_for_perfect_and_small_for_random_predictions(residual: float, coverage: float) -> None:
    calibration = fitted(scaled(4.0), clips(12, 6, residual=residual, offsets=0.1)).calibration_
    assert calibration.coverage == pytest.approx(coverage, abs=0.1)
    assert (0 < calibration.threshold <= 1) == (calibration.coverage > 0)


def test_each_of_several_corpora_is_left_out_for_calibration() -> None:
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


def test_every_corpus_has_the_same_weight() -> None:
    """A small corpus in which the scores are right, beside one ten times as large in which they are chance."""
    random = np.random.default_rng(0)
    corpora = np.repeat(["clear", "unclear"], [60, 600])
    truth = random.integers(3, size=660)
    scores = 4 * np.eye(3)[np.where(corpora == "clear", truth, random.integers(3, size=660))]
    weights = equal_weights(corpora)
    assert weights.mean() == pytest.approx(1)
    assert weights[:60].sum() == pytest.approx(weights[60:].sum())
    # The clear corpus has half of the weight instead of a tenth, so confidence is higher.
    assert (
        calibrate(scores, truth, weights=weights).inverse_temperature
        > 1.5 * calibrate(scores, truth).inverse_temperature
    )


def splits_of(
    corpora: dict[str, str], *, speakers: int = 3, n_splits: int = 5
) -> tuple[str, list[tuple[Any, Any]], Any]:
    """Split corpora whose speakers express the emotion of each letter twice."""
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
        # Only one corpus has n, so n is not tested.
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
def test_speakers_are_left_out_if_corpora_cannot_be(corpora: dict[str, str]) -> None:
    """There is one corpus, or one has fewer than two emotions that the others have."""
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


def test_with_corpora_left_out_the_precision_itself_decides() -> None:
    """86 of 100 answers at 0.9 are right, too few for the lower bound that holds with speakers left out."""
    confidence = np.repeat([0.9, 0.6], [100, 100])
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    truth = np.repeat([0, 1, 0, 1], [86, 14, 50, 50])
    assert threshold(probabilities, truth, np.ones(200), bounded=False) == 0.9
    assert threshold(probabilities, truth, np.ones(200)) == UNREACHABLE
    # Too few cases, even if all are right.
    assert threshold(probabilities[:30], np.zeros(30, int), np.ones(30), bounded=False) == UNREACHABLE


def test_predictions_of_equal_confidence_have_the_same_status() -> None:
    """A hundred answers at 0.9 are right, and 300 of 400 at 0.8."""
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
def test_a_threshold_needs_enough_cases(n_right: int, n_wrong: int, enough: bool) -> None:
    truth = np.repeat([0, 1], [n_right, n_wrong])
    probabilities = np.tile([0.9, 0.1], (len(truth), 1))
    assert threshold(probabilities, truth, np.ones(len(truth))) == (0.9 if enough else UNREACHABLE)


def test_cases_of_tiny_weight_do_not_count() -> None:
    truth, probabilities = np.zeros(36, dtype=int), np.tile([0.9, 0.1], (36, 1))
    assert threshold(probabilities, truth, np.ones(36)) == 0.9
    assert threshold(probabilities, truth, np.tile([1.0, 1e-6], 18)) == UNREACHABLE


def test_all_higher_thresholds_must_be_reliable_too() -> None:
    """A third of the 60 most confident answers is wrong, and all others are right."""
    confidence = np.linspace(0.99, 0.6, 800)
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    truth = np.zeros(800, dtype=int)
    truth[:60:3] = 1
    assert threshold(probabilities, truth, np.ones(800)) == UNREACHABLE


def test_few_thresholds_are_reliable_by_chance() -> None:
    """With an accuracy of 80 %, hardly any of many small corpora gets a threshold."""
    random = np.random.default_rng(0)
    found = 0
    for _ in range(200):
        confidence = random.uniform(0.5, 1, 60)
        probabilities = np.stack([confidence, 1 - confidence], axis=1)
        truth = (random.uniform(size=60) > 0.8).astype(int)
        found += threshold(probabilities, truth, np.ones(60)) <= 1
    assert found < 12


@pytest.mark.parametrize("cases", [9, 1440])
def test_confidence_stays_finite_if_all_predictions_are_right(cases: int) -> None:
    scores = np.tile([300.0, 0.0, -100.0], (cases, 1))
    found = calibrate(scores, np.zeros(cases, dtype=np.intp))
    sure = np.exp(log_softmax(found.inverse_temperature * scores, axis=1)).max()
    assert 0.5 / cases < 1 - sure < 1.5 / cases


def test_absurd_confidence_is_corrected() -> None:
    scores = np.random.default_rng(0).normal(0, 3000, (400, 2))
    found = calibrate(scores, np.arange(400) % 2)
    unsure = np.exp(log_softmax(found.inverse_temperature * scores, axis=1)).max(axis=1)
    assert unsure.mean() < 0.6
    # Different recordings still get different answers.
    assert len(np.unique(unsure.round(6))) > 390


def test_an_emotion_of_one_group_of_speakers_is_learned(known: Clips) -> None:
    rare = known.without(3, of=[f"s{number}" for number in range(2, 20)])
    found = fitted(adaptable(), rare)
    assert found.classes_.tolist() == [0, 1, 2, 3]
    assert found.calibration_.cases == len(rare.y)
    assert found.predict_proba(known.X).shape == (len(known.y), 4)


def test_speakers_that_leave_only_one_emotion_are_named() -> None:
    one_sided = clips(4).without(1, of=["s1", "s2", "s3"]).without(2, of="s0").without(3, of="s0")
    one_sided = one_sided.without(2, of=["s1", "s2", "s3"]).without(3, of=["s1", "s2", "s3"])
    with pytest.raises(CorpusError, match=r"speakers s0 .*one emotion"):
        fitted(scaled(1.0), one_sided)


@pytest.mark.parametrize("shrinkage", [0.1, 1.0])
def test_two_speakers_suffice(shrinkage: float, new: Clips) -> None:
    two = clips(2)
    made = adaptable().set_params(pipeline__classifier__additivediscriminant__shrinkage=shrinkage)
    found = fitted(made, two)
    assert all(np.isfinite(value) for value in vars(found.calibration_).values() if not isinstance(value, str))
    assert (found.predict(two.X) == two.y).mean() > 0.5
    # Two speakers are few for an offset model, and adaptation must do little harm.
    after = adapted(found, new)
    assert np.isfinite(after).all()
    assert (after.argmax(axis=1) == new.y).mean() >= (found.predict(new.X) == new.y).mean() - 0.02


def test_without_speakers_each_recording_counts_as_one(known: Clips) -> None:
    found = scaled(4.0).fit(known.X, known.y)
    assert found.calibration_.left_out == "speakers"
    assert found.calibration_.cases == len(known.y)


def test_the_reduced_pipeline_is_fitted_without_each_group(known: Clips) -> None:
    """A reduced pipeline that guesses changes the calibration, and not the pipeline itself."""
    found = fitted(scaled(4.0, reduced={"classifier__inverse_temperature": 1e-6}), known)
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


def test_frequencies_are_added_after_the_temperature(known: Clips, new: Clips) -> None:
    alike = fitted(adaptable(), known)
    rare = fit_pipeline(
        adaptable(), known.X, known.y, speakers=known.speakers, frequencies=np.where(known.y == 1, 0.25, 1.0)
    )
    assert rare.log_prior_ == pytest.approx([0, np.log(0.25), *[0] * (EMOTIONS - 2)])
    odds = rare.calibration_.inverse_temperature * alike.pipeline_.predict_log_proba(new.X) + rare.log_prior_
    expected = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    assert rare.predict_proba(new.X) == pytest.approx(expected, abs=1e-9)
    assert rare.offset_model_ is not None
    assert np.exp(rare.offset_model_.log_probabilities(rare.embeddings(new.X))) == pytest.approx(expected, abs=1e-9)
    assert (rare.predict(new.X) == 1).sum() < (alike.predict(new.X) == 1).sum()


def test_adapted_probabilities_are_better_and_calibrated(known: Clips, new: Clips) -> None:
    found = fitted(adaptable(speaker_weight=1.0), known)
    before, after = found.predict_proba(new.X), adapted(found, new)
    won = (after.argmax(axis=1) == new.y).mean() - (before.argmax(axis=1) == new.y).mean()
    assert won > 0.02
    assert expected_calibration_error(new.y, before) < 0.05
    assert expected_calibration_error(new.y, after) < 0.08

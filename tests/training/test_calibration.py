from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from affetto.classifiers.embedding import VoiceEmbedding
from affetto.classifiers.gmm import GaussianMixtureClassifier
from affetto.classifiers.projection import ClippedScaler, DiscriminantProjection
from affetto.classifiers.sequences import SequenceStatistics
from affetto.evaluation.scores import expected_calibration_error
from affetto.training.augmentation import AugmentedClassifier
from affetto.training.calibration import (
    RELIABLE,
    UNREACHABLE,
    CalibratedChain,
    _calibration,
    _sharpened,
    calibrate,
)
from affetto.training.fitting import fit_chain

EMOTIONS = 4
WIDTH = 10


@dataclass
class Clips:
    """Sequences of frames of some speakers."""

    X: Any
    y: np.ndarray
    speakers: np.ndarray

    def without(self, emotion: int, *, of: Any) -> Clips:
        kept = ~((self.y == emotion) & np.isin(self.speakers, of))
        return Clips(self.X[kept], self.y[kept], self.speakers[kept])

    def __add__(self, other: Clips) -> Clips:
        return Clips(*(np.concatenate([getattr(c, n) for c in (self, other)]) for n in ("X", "y", "speakers")))


def clips(n_speakers: int, each: int = 8, *, seed: int = 0, unclear: float = 1.3, prefix: str = "s") -> Clips:
    """Whoever speaks lies off by something; utterances lie around it, the farther the more unclear."""
    world, random = np.random.default_rng(5), np.random.default_rng(seed)
    means = world.normal(size=(EMOTIONS, WIDTH))
    X, y, speakers = [], [], []
    for speaker in range(n_speakers):
        own = random.normal(0, 0.6, WIDTH)
        for emotion in np.repeat(np.arange(EMOTIONS), each):
            centre = means[emotion] + own + random.normal(0, unclear, WIDTH)
            X.append((centre + random.normal(size=(12, WIDTH))).astype(np.float32))
            y.append(emotion)
            speakers.append(f"{prefix}{speaker}")
    recordings = np.empty(len(X), dtype=object)
    recordings[:] = X
    return Clips(recordings, np.array(y), np.array(speakers))


def chain(temperature: float = 0.3, *, embedding: bool = True, **parameters: Any) -> CalibratedChain:
    """The transformer's statistics head in small, far too sure of itself by its temperature."""
    head = make_pipeline(
        SequenceStatistics(),
        ClippedScaler(),
        DiscriminantProjection(shrinkage=0.3),
        GaussianMixtureClassifier(temperature=temperature, random_state=0),
    )
    augmented = AugmentedClassifier(FunctionTransformer(), head, embedding=VoiceEmbedding() if embedding else None)
    return CalibratedChain(augmented, **parameters)


def fitted(made: CalibratedChain, given: Clips, corpora: np.ndarray | None = None) -> CalibratedChain:
    result: CalibratedChain = fit_chain(made, given.X, given.y, speakers=given.speakers, corpora=corpora)
    return result


def unadapted_and_adapted(found: CalibratedChain, given: Clips) -> tuple[np.ndarray, np.ndarray]:
    """What is heard of each clip by itself, and as adapted to the others of its speaker."""
    spaces = found.spaces_
    assert spaces is not None
    unadapted, embeddings = found.hear(given.X)
    assert embeddings is not None
    adapted = np.empty_like(unadapted)
    for speaker in np.unique(given.speakers):
        own = np.flatnonzero(given.speakers == speaker)
        for one in own:
            others = own[own != one]
            voice = spaces.voice(embeddings[others], unadapted[others])
            adapted[one] = voice.probabilities(embeddings[one], unadapted[one])
    return unadapted, adapted


@pytest.fixture(scope="module")
def known() -> Clips:
    return clips(20)


@pytest.fixture(scope="module")
def new() -> Clips:
    return clips(40, seed=1, prefix="new")


@pytest.fixture(scope="module")
def calibrated(known: Clips) -> CalibratedChain:
    return fitted(chain(), known)


def test_confidence_is_what_it_is_worth_for_new_speakers(calibrated: CalibratedChain, new: Clips) -> None:
    before, after = calibrated.chain_.predict_proba(new.X), calibrated.predict_proba(new.X)
    assert expected_calibration_error(new.y, before) > 0.15
    assert expected_calibration_error(new.y, after) < 0.05
    assert np.array_equal(before.argmax(axis=1), after.argmax(axis=1))
    assert after.sum(axis=1) == pytest.approx(1)
    (factor,) = calibrated.calibration_.sharpness
    assert factor < 0.6


def test_one_that_is_not_sure_enough_is_sharpened(known: Clips, new: Clips) -> None:
    timid = fitted(chain(8.0, embedding=False), known)
    assert timid.calibration_.sharpness[0] > 5
    before, after = timid.chain_.predict_proba(new.X), timid.predict_proba(new.X)
    assert expected_calibration_error(new.y, after) < 0.08 < 0.2 < expected_calibration_error(new.y, before)


def test_answers_above_the_threshold_are_right_as_often_as_is_said(calibrated: CalibratedChain, new: Clips) -> None:
    calibration = calibrated.calibration_
    probabilities = calibrated.predict_proba(new.X)
    certain = probabilities.max(axis=1) >= calibration.threshold
    right = probabilities.argmax(axis=1) == new.y
    assert right.mean() < RELIABLE - 0.05 < RELIABLE <= calibration.precision < RELIABLE + 0.05
    assert right[certain].mean() == pytest.approx(calibration.precision, abs=0.04)
    assert certain.mean() == pytest.approx(calibration.coverage, abs=0.08)
    assert 0.2 < calibration.coverage < 0.95
    assert calibration.cases == 20 * EMOTIONS * 8


@pytest.mark.parametrize(("unclear", "coverage"), [(0.05, 1.0), (40.0, 0.1)])
def test_all_is_certain_where_all_is_right_and_next_to_nothing_where_all_is_guessed(
    unclear: float, coverage: float
) -> None:
    calibration = fitted(chain(), clips(8, 6, unclear=unclear)).calibration_
    assert calibration.coverage == pytest.approx(coverage, abs=0.1)
    assert (0 < calibration.threshold <= 1) == (calibration.coverage > 0)


def test_every_corpus_counts_the_same() -> None:
    """A small corpus in which all is clear, beside one ten times as large in which little is."""
    clear, unclear = clips(4, 6, unclear=0.3, prefix="c"), clips(24, 10, seed=2, unclear=2.5, prefix="u")
    both = clear + unclear
    corpora = np.repeat(["clear", "unclear"], [len(clear.y), len(unclear.y)])
    by_corpus, all_alike = fitted(chain(embedding=False), both, corpora), fitted(chain(embedding=False), both)
    # What is clear weighs half instead of a tenth, and lets answers be surer.
    assert by_corpus.calibration_.sharpness[0] > 1.2 * all_alike.calibration_.sharpness[0]


def test_each_corpus_has_a_temperature_of_its_own(known: Clips, new: Clips) -> None:
    """What speakers of the second one express is unclear, and their voices lie elsewhere: one factor suits neither."""

    def unclear(n_speakers: int, seed: int, prefix: str) -> Clips:
        given = clips(n_speakers, seed=seed, unclear=3.0, prefix=prefix)
        given.X[:] = [clip + np.float32(20) * np.eye(WIDTH, dtype=np.float32)[0] for clip in given.X]
        return given

    other = unclear(20, 4, "other")
    found = fitted(chain(), known + other, np.repeat(["a", "b"], [len(known.y), len(other.y)]))
    sure, unsure = found.calibration_.sharpness
    assert sure > 1.5 * unsure
    for given in (new, unclear(40, 5, "another")):
        assert expected_calibration_error(given.y, found.predict_proba(given.X)) < 0.06
    # One utterance between the corpora is as sure as lies between.
    log_heard = np.log(np.array([[0.6, 0.3, 0.1]]))
    near, between, far = (
        float(_sharpened(log_heard, np.array([[share, 1 - share]]), (2.0, 0.5)).max()) for share in (1.0, 0.5, 0.0)
    )
    assert near > between > far
    assert between == pytest.approx(0.6)


def test_answers_of_one_confidence_are_certain_together_or_not_at_all() -> None:
    """Four hundred answers at 0.8, of which three in four are right, after a hundred at 0.9 that all are."""
    confidence = np.repeat([0.9, 0.8], [100, 400])
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    # The wrong ones last, so that the sum is reliable until far into those of 0.8.
    truth = np.repeat([0, 1], [400, 100])
    found = _calibration(probabilities, truth, np.ones(500), (1.0,))
    assert (found.threshold, found.precision, found.coverage) == (0.9, 1.0, 0.2)
    worthless = _calibration(probabilities, np.ones(500, dtype=int), np.ones(500), (1.0,))
    assert (worthless.threshold, worthless.precision, worthless.coverage) == (UNREACHABLE, 0.0, 0.0)


@pytest.mark.parametrize(
    ("n_right", "n_wrong", "enough"),
    [(18, 0, False), (19, 0, True), (28, 1, False), (29, 1, True), (37, 2, False), (38, 2, True), (300, 50, False)],
)
def test_a_threshold_needs_enough_cases_for_its_promise(n_right: int, n_wrong: int, enough: bool) -> None:
    truth = np.repeat([0, 1], [n_right, n_wrong])
    probabilities = np.tile([0.9, 0.1], (len(truth), 1))
    found = _calibration(probabilities, truth, np.ones(len(truth)), (1.0,))
    assert found.threshold == (0.9 if enough else UNREACHABLE)
    assert found.coverage == enough


def test_cases_that_weigh_next_to_nothing_are_none() -> None:
    truth, probabilities = np.zeros(36, dtype=int), np.tile([0.9, 0.1], (36, 1))
    assert _calibration(probabilities, truth, np.ones(36), (1.0,)).coverage == 1
    assert _calibration(probabilities, truth, np.tile([1.0, 1e-6], 18), (1.0,)).coverage == 0


def test_a_threshold_is_not_the_lowest_of_many_that_may() -> None:
    """Of the surest sixty one in three is wrong: what comes after them, all right, does not make them certain."""
    confidence = np.linspace(0.99, 0.6, 800)
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    truth = np.zeros(800, dtype=int)
    truth[:60:3] = 1
    assert _calibration(probabilities, truth, np.ones(800), (1.0,)).threshold == UNREACHABLE


def test_what_is_called_certain_is_right_as_often_as_is_promised() -> None:
    """Of many small corpora, next to none has a threshold by chance where answers are right in 80 % of cases."""
    random = np.random.default_rng(0)
    promised = 0
    for _ in range(200):
        confidence = random.uniform(0.5, 1, 60)
        probabilities = np.stack([confidence, 1 - confidence], axis=1)
        truth = (random.uniform(size=60) > 0.8).astype(int)
        promised += _calibration(probabilities, truth, np.ones(60), (1.0,)).threshold <= 1
    assert promised < 12


@pytest.mark.parametrize("cases", [9, 1440])
def test_few_that_are_all_right_do_not_show_that_every_further_one_will_be(cases: int) -> None:
    scores = np.tile([300.0, 0.0, -100.0], (cases, 1))
    found = calibrate(scores, np.zeros(cases, dtype=np.intp))
    sure = np.exp(log_softmax(found.sharpness[0] * scores, axis=1)).max()
    assert 0.5 / cases < 1 - sure < 1.5 / cases


def test_the_surest_of_all_is_taken_back_as_far_as_it_takes() -> None:
    """Half of what a mixture is absurdly sure of is wrong."""
    scores = np.random.default_rng(0).normal(0, 3000, (400, 2))
    found = calibrate(scores, np.arange(400) % 2)
    unsure = np.exp(log_softmax(found.sharpness[0] * scores, axis=1)).max(axis=1)
    assert unsure.mean() < 0.6
    # As unsure as can be, and still different recordings get different answers.
    assert len(np.unique(unsure.round(6))) > 390


def test_speakers_of_whom_only_some_express_an_emotion(known: Clips) -> None:
    """None but the speakers of one group: without it the emotion is unknown, and its voices lie in another space."""
    rare = known.without(3, of=[f"s{number}" for number in range(2, 20)])
    found = fitted(chain(), rare)
    assert found.classes_.tolist() == [0, 1, 2, 3]
    assert found.calibration_.cases == len(rare.y)
    assert found.spaces_ is not None
    assert found.spaces_.spaces[0].means.shape == (4, 3)
    assert found.predict_proba(known.X).shape == (len(known.y), 4)


def test_two_speakers_suffice(new: Clips) -> None:
    two = clips(2)
    found = fitted(chain(), two)
    assert np.isfinite(np.hstack(list(vars(found.calibration_).values()))).all()
    assert (found.predict_proba(two.X).argmax(axis=1) == two.y).mean() > 0.5
    # So few say next to nothing about how adapted answers are to be weighed; these are no worse for it.
    unadapted, adapted = unadapted_and_adapted(found, new)
    assert np.isfinite(adapted).all()
    before, right = ((answers.argmax(axis=1) == new.y).mean() for answers in (unadapted, adapted))
    assert right >= before - 0.01


def test_without_speakers_each_recording_is_one(known: Clips) -> None:
    found = chain(embedding=False).fit(known.X, known.y)
    assert found.spaces_ is None
    assert found.hear(known.X[:3])[1] is None
    assert found.calibration_.cases == len(known.y)


def test_a_draft_is_fitted_where_a_group_is_left_out(known: Clips) -> None:
    """One that guesses: nothing of what it says is certain, while the chain itself is as good as ever."""
    given = {"classifier__gaussianmixtureclassifier__temperature": 1e6}
    found = fitted(chain(draft=given), known)
    assert found.calibration_.sharpness == pytest.approx((20,), rel=0.01)
    assert (found.predict(known.X) == known.y).mean() > 0.5


def test_adapted_answers_are_better_and_calibrated_too(calibrated: CalibratedChain, new: Clips) -> None:
    unadapted, adapted = unadapted_and_adapted(calibrated, new)
    won = (adapted.argmax(axis=1) == new.y).mean() - (unadapted.argmax(axis=1) == new.y).mean()
    assert won > 0.02
    assert expected_calibration_error(new.y, adapted) < 0.05


def test_adapted_answers_are_calibrated_on_the_speakers_of_each_corpus(known: Clips) -> None:
    """Nothing of what the second corpus's labels say is true, so nothing heard of its voices is to count."""
    other = clips(20, seed=4, prefix="other")
    wrong = Clips(other.X, np.random.default_rng(0).permutation(other.y), other.speakers)
    corpora = np.repeat(["a", "b"], [len(known.y), len(wrong.y)])
    alone, both = fitted(chain(), known), fitted(chain(), known + wrong, corpora)
    assert alone.spaces_ is not None
    assert both.spaces_ is not None
    right, guessed = both.spaces_.spaces
    assert right.sharpness > 0.5 * alone.spaces_.spaces[0].sharpness
    assert guessed.sharpness < 0.2 * right.sharpness

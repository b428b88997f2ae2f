from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax

from affetto.classifiers.voices import Voice, VoiceSpace, VoiceSpaces

N_EMOTIONS, N_DIMENSIONS = 8, 7
N_VOICES = 30

Rows = NDArray[np.float64]


@dataclass
class Population:
    """Voices drawn from the model itself: emotions apart, voices off by something of their own, chance around both."""

    space: VoiceSpace
    seed: int = 0

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)

    def voice(self) -> Rows:
        """What is peculiar to somebody."""
        return self.random.multivariate_normal(np.zeros(N_DIMENSIONS), self.space.between)

    def utterances(self, voice: Rows, emotions: Any) -> tuple[Rows, Rows]:
        """Embeddings, and the best that can be made of them by somebody who does not know this voice."""
        emotions = np.asarray(emotions, dtype=int)
        chance = self.random.multivariate_normal(np.zeros(N_DIMENSIONS), self.space.within, len(emotions))
        embeddings = self.space.means[emotions] + voice + chance
        return embeddings, self.unadapted(embeddings)

    def unadapted(self, embeddings: Rows) -> Rows:
        spread = np.linalg.inv(self.space.within + self.space.between)
        differences = embeddings[:, None] - self.space.means
        return np.asarray(softmax(-0.5 * np.einsum("nki,ij,nkj->nk", differences, spread, differences), axis=1))


@pytest.fixture(scope="module")
def space() -> VoiceSpace:
    """Emotions about as far from one another as in the transformer's: all nearly alike, as its directions make them."""
    random = np.random.default_rng(1)
    mixing = random.normal(0, 0.3, (2, N_DIMENSIONS, N_DIMENSIONS))
    within, between = (m @ m.T + size * np.eye(N_DIMENSIONS) for m, size in zip(mixing, (1.5, 0.8), strict=True))
    simplex = np.linalg.svd(np.eye(N_EMOTIONS) - 1 / N_EMOTIONS)[0][:, :N_DIMENSIONS]
    means = 4.5 * np.sqrt(N_EMOTIONS / N_DIMENSIONS) * simplex + random.normal(0, 0.3, simplex.shape)
    return VoiceSpace(means, within, between)


@pytest.fixture
def population(space: VoiceSpace) -> Population:
    return Population(space)


def answers(voice: Voice, embeddings: Rows, unadapted: Rows) -> Rows:
    return np.array([voice.probabilities(*row) for row in zip(embeddings, unadapted, strict=True)])


BALANCED = np.tile(np.arange(N_EMOTIONS), 20)


def points_won(population: Population, heard: Any, *, n_others: int = 0) -> float:
    """By how many points of accuracy adaptation helps; `heard` gives the emotions that were heard of each voice."""
    truth = np.tile(np.arange(N_EMOTIONS), 4)
    right = np.zeros(2)
    for _ in range(N_VOICES):
        own = population.voice()
        known = [population.utterances(own, heard(population.random))]
        known += [population.utterances(population.voice(), heard(population.random)) for _ in range(n_others)]
        embeddings, unadapted = (np.concatenate(parts) for parts in zip(*known, strict=True))
        adapted = population.space.voice(embeddings, unadapted)
        rows = population.utterances(own, truth)
        right += [(p.argmax(axis=1) == truth).mean() for p in (rows[1], answers(adapted, *rows))]
    return float(100 * (right[1] - right[0]) / N_VOICES)


def balanced(size: int) -> Any:
    return lambda random: random.permutation(BALANCED)[:size]


def test_the_more_is_heard_of_a_voice_the_better_it_is_understood(space: VoiceSpace) -> None:
    two, many = (points_won(Population(space), balanced(size)) for size in (2, 80))
    assert two > 0
    assert many > two + 2


@pytest.mark.parametrize("size", [1, 60])
def test_one_emotion_alone_does_no_harm(population: Population, size: int) -> None:
    assert points_won(population, lambda random: np.full(size, random.integers(N_EMOTIONS))) > -1


def test_two_emotions_alone_do_no_harm(population: Population) -> None:
    assert points_won(population, lambda random: random.choice(N_EMOTIONS, 2)[random.integers(0, 2, 40)]) > -1


@pytest.mark.parametrize("n_others", [1, 3])
def test_other_voices_among_the_utterances_do_no_harm(population: Population, n_others: int) -> None:
    assert points_won(population, balanced(60), n_others=n_others) > -1


def test_without_utterances_the_answer_is_the_unadapted_one(population: Population) -> None:
    embeddings, unadapted = population.utterances(population.voice(), BALANCED)
    nobody = population.space.voice([], [])
    assert (nobody.count, nobody.weight) == (0, 0)
    assert answers(nobody, embeddings, unadapted) == pytest.approx(unadapted, abs=1e-5)


def test_adapted_answers_are_probabilities(population: Population) -> None:
    embeddings, unadapted = population.utterances(population.voice(), BALANCED)
    extreme = np.array([[1e3, -1e3, 0, 0, 0, 0, 0], [0.0] * 7])
    certain = np.eye(N_EMOTIONS)[[3, 5]]
    for heard in (0, 1, 2, 50):
        voice = population.space.voice(embeddings[:heard], unadapted[:heard])
        for rows in ((embeddings, unadapted), (extreme, certain)):
            probabilities = answers(voice, *rows)
            assert (probabilities >= 0).all()
            assert probabilities.sum(axis=1) == pytest.approx(1)


def test_the_order_of_utterances_makes_no_difference(population: Population) -> None:
    heard = population.utterances(population.voice(), BALANCED[:37])
    asked = population.utterances(population.voice(), BALANCED)
    order = population.random.permutation(37)
    there, elsewhere = (population.space.voice(e, p) for e, p in (heard, [rows[order] for rows in heard]))
    assert answers(there, *asked) == pytest.approx(answers(elsewhere, *asked), abs=1e-9)


def test_a_voice_that_sounds_angry_by_nature_is_not_taken_for_an_angry_one(population: Population) -> None:
    """All emotions, by somebody whose calm lies where the anger of others does: the field's first complaint."""
    space = population.space
    calm, angry = 1, 4
    wide = replace(space, between=space.between + 4 * np.eye(N_DIMENSIONS))
    population = Population(wide)
    own = space.means[angry] - space.means[calm]
    voice = wide.voice(*population.utterances(own, BALANCED))
    calmly = population.utterances(own, [calm] * 50)
    taken = (calmly[1].argmax(axis=1) == angry).mean(), (answers(voice, *calmly).argmax(axis=1) == angry).mean()
    assert taken[0] > 0.5
    assert taken[1] < 0.2


def test_somebody_who_is_always_calm_is_not_taken_for_the_average(population: Population) -> None:
    """As if all emotions had been heard, all of them would seem to lie where only the calm do."""
    # Expressed so clearly that there is no doubt that it is one emotion.
    space, calm = replace(population.space, means=1.6 * population.space.means), 1
    population = Population(space)
    too_far = space.means[calm] - space.means.mean(axis=0)
    voice = space.voice(*population.utterances(np.zeros(N_DIMENSIONS), [calm] * 60))
    others = np.arange(N_EMOTIONS) != calm
    moved = (voice.means - space.means)[others].mean(axis=0)
    assert np.linalg.norm(moved) < 0.3 * np.linalg.norm(too_far)


def test_an_emotion_that_a_voice_expresses_in_its_own_way_is_learnt(population: Population) -> None:
    space, angry = population.space, 4
    away = space.means[angry] - space.means.mean(axis=0)
    away *= 2.5 / np.linalg.norm(away)
    embeddings, _ = population.utterances(np.zeros(N_DIMENSIONS), BALANCED)
    embeddings[angry == BALANCED] += away
    voice = space.voice(embeddings, population.unadapted(embeddings))
    moved = (voice.means - space.means) @ away / (away @ away)
    assert moved[angry] > 0.6
    assert np.abs(np.delete(moved, angry)).max() < 0.4


def test_the_doubt_about_a_voice_shrinks_as_more_is_heard(population: Population) -> None:
    embeddings, unadapted = population.utterances(population.voice(), BALANCED)
    spreads = [
        np.trace(np.linalg.inv(population.space.voice(embeddings[:n], unadapted[:n]).precision)) for n in (0, 1, 5, 160)
    ]
    assert spreads == sorted(spreads, reverse=True)
    space = population.space
    assert spreads[0] == pytest.approx(np.trace(space.within + space.between))
    assert spreads[-1] == pytest.approx(np.trace(space.within), rel=0.02)


def test_a_space_survives_json(population: Population) -> None:
    space = replace(population.space, sharpness=0.4321, trust=0.2)
    again = VoiceSpace.from_dict(json.loads(json.dumps(space.to_dict())))
    assert (again.sharpness, again.trust) == (0.4321, 0.2)
    heard = population.utterances(population.voice(), BALANCED)
    before, after = (answers(one.voice(*heard), *heard) for one in (space, again))
    assert before == pytest.approx(after, abs=1e-3)
    assert again.to_dict() == space.to_dict()


@pytest.mark.parametrize(
    "change",
    [
        {"means": None},
        {"means": [1.0, 2.0]},
        {"means": [["a"]]},
        {"means": [[float("nan")] * N_DIMENSIONS] * N_EMOTIONS},
        {"within": [[1.0]]},
        {"within": (-np.eye(N_DIMENSIONS)).tolist()},
        {"within": np.triu(np.ones((N_DIMENSIONS, N_DIMENSIONS))).tolist()},
        {"between": np.ones((N_DIMENSIONS, N_DIMENSIONS)).tolist()},
        {"between": [[float("nan")] * N_DIMENSIONS] * N_DIMENSIONS},
        {"sharpness": "very"},
        {"sharpness": -0.1},
        {"trust": float("inf")},
        {"trust": -1},
    ],
)
def test_what_is_no_space_is_refused(space: VoiceSpace, change: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        VoiceSpace.from_dict(space.to_dict() | change)


@pytest.mark.parametrize("missing", ["means", "within", "between", "sharpness", "trust"])
def test_what_a_space_lacks_is_named(space: VoiceSpace, missing: str) -> None:
    content = {key: value for key, value in space.to_dict().items() if key != missing}
    with pytest.raises(KeyError, match=missing):
        VoiceSpace.from_dict(content)


@pytest.fixture
def spaces(space: VoiceSpace) -> VoiceSpaces:
    """Two corpora: in the second the same emotions lie where other emotions do in the first."""
    return VoiceSpaces(("a", "b"), (space, replace(space, means=space.means[::-1])), np.array([[-6.0], [6.0]]))


def beside(*parts: Rows, place: float) -> Rows:
    """Embeddings: places in the spaces, then the place among the corpora."""
    return np.concatenate([*parts, np.full((len(parts[0]), 1), place)], axis=1)


@pytest.mark.parametrize("corpus", [0, 1])
def test_a_voice_is_understood_by_the_space_of_those_it_resembles(spaces: VoiceSpaces, corpus: int) -> None:
    population = Population(spaces.spaces[corpus])
    own = population.voice()
    truth = np.tile(np.arange(N_EMOTIONS), 6)
    rows, unadapted = population.utterances(own, truth)
    place = float(spaces.centres[corpus, 0])
    known = spaces.voice(beside(rows, rows, place=place), unadapted)
    alone = spaces.spaces[corpus].voice(rows, unadapted)
    assert known.shares[corpus] > 0.99
    asked, guesses = population.utterances(own, truth)
    pairs = zip(beside(asked, asked, place=place), guesses, strict=True)
    assert np.array([known.probabilities(*pair) for pair in pairs]) == pytest.approx(
        answers(alone, asked, guesses), abs=0.02
    )


def test_a_voice_between_the_corpora_counts_in_both(spaces: VoiceSpaces) -> None:
    rows, unadapted = Population(spaces.spaces[0]).utterances(np.zeros(N_DIMENSIONS), BALANCED)

    def shares(place: float) -> float:
        return float(spaces.voice(beside(rows, rows, place=place), unadapted).shares[0])

    found = [shares(place) for place in (-6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0)]
    assert found == sorted(found, reverse=True)
    assert found[3] == pytest.approx(0.5)
    assert found[1] > 0.95
    assert 0.6 < found[2] < 0.95
    # Where corpora are no further apart than utterances, which one a voice is nearer to means little, or nothing.
    near, same = (replace(spaces, centres=np.array([[-size], [size]])) for size in (0.3, 0.0))
    embeddings = beside(rows, rows, place=0.3)
    assert 0.5 < near.voice(embeddings, unadapted).shares[1] < 0.6
    assert same.voice(embeddings, unadapted).shares == pytest.approx([0.5, 0.5])
    # Nobody is known: neither is more likely.
    assert spaces.voice([], []).shares == pytest.approx([0.5, 0.5])


def test_spaces_survive_json(spaces: VoiceSpaces) -> None:
    again = VoiceSpaces.from_dict(json.loads(json.dumps(spaces.to_dict())))
    assert (again.n_classes, again.n_dimensions) == (N_EMOTIONS, 2 * N_DIMENSIONS + 1)
    assert again.to_dict() == spaces.to_dict()
    one = VoiceSpaces(("a",), spaces.spaces[:1], np.zeros((1, 0)))
    assert VoiceSpaces.from_dict(json.loads(json.dumps(one.to_dict()))).n_dimensions == N_DIMENSIONS


@pytest.mark.parametrize(
    "change",
    [
        {"spaces": []},
        {"spaces": None},
        {"centres": [[1.0]]},
        {"centres": [[1.0], [float("nan")]]},
        {"centres": [["a"], ["b"]]},
        {"centres": [[1.0, 2.0], [3.0, 4.0]]},
    ],
)
def test_what_are_no_spaces_is_refused(spaces: VoiceSpaces, change: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        VoiceSpaces.from_dict(spaces.to_dict() | change)


def test_spaces_with_different_emotions_are_refused(spaces: VoiceSpaces) -> None:
    content = spaces.to_dict()
    content["spaces"][1]["means"] = content["spaces"][1]["means"][:-1]
    with pytest.raises(ValueError, match="emotions do not fit"):
        VoiceSpaces.from_dict(content)

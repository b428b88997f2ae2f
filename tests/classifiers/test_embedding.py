from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from affetto.classifiers.embedding import VoiceEmbedding

if TYPE_CHECKING:
    from numpy.typing import NDArray

N_EMOTIONS, N_FEATURES = 5, 20


@dataclass
class Clips:
    """Sequences of frames around a mean that emotion and voice add up to."""

    X: list[NDArray[np.float32]]
    emotion: NDArray[np.intp]
    voice: NDArray[np.intp]


def clips(n_voices: int = 16, per_cell: int = 4, *, seed: int = 0, size: float = 3.0) -> Clips:
    """Of new voices, whose peculiarities lie in a few directions, as real ones do.

    Half of what tells emotions apart lies in the very same directions, where voices drown it.
    """
    world, random = np.random.default_rng(42), np.random.default_rng(seed)
    directions = world.normal(size=(3, N_FEATURES))
    emotions = world.normal(size=(N_EMOTIONS, N_FEATURES)) + world.normal(size=(N_EMOTIONS, 3)) @ directions
    voices = size * random.normal(size=(n_voices, 3)) @ directions
    cells = [(v, e) for v in range(n_voices) for e in range(N_EMOTIONS) for _ in range(per_cell)]
    X = [
        (emotions[e] + voices[v] + random.normal(0, 1.5, N_FEATURES) + random.normal(size=(30, N_FEATURES))).astype("f")
        for v, e in cells
    ]
    return Clips(X, np.array([e for _, e in cells]), np.array([v for v, _ in cells]))


def share_of_voices(embedded: NDArray[np.float64], given: Clips) -> float:
    """How much of what is not emotion is the voice: the variance of its means, of all."""
    own = np.stack([embedded[given.voice == v] for v in np.unique(given.voice)])
    rest = embedded - np.stack([embedded[given.emotion == e].mean(axis=0) for e in given.emotion])
    return float(own.mean(axis=1).var(axis=0).sum() / rest.var(axis=0).sum())


def right(fitted: VoiceEmbedding, given: Clips, *, known: bool) -> float:
    """Accuracy of the nearest emotion, of voices whose peculiarity is known, or taken for nothing."""
    space, embedded = fitted.spaces_.spaces[0], fitted.transform(given.X)
    if known:
        for v in np.unique(given.voice):
            own = given.voice == v
            embedded[own] -= (embedded[own] - space.means[given.emotion[own]]).mean(axis=0)
    distances = np.square((embedded[:, None] - space.means) @ np.linalg.cholesky(np.linalg.inv(space.within)))
    return float((distances.sum(axis=2).argmin(axis=1) == given.emotion).mean())


@pytest.fixture(scope="module")
def fitted() -> VoiceEmbedding:
    given = clips()
    return VoiceEmbedding().fit(given.X, given.emotion, voices=given.voice)


def test_embeddings_are_smaller_than_what_they_are_made_of(fitted: VoiceEmbedding) -> None:
    embedded = fitted.transform(clips(2).X)
    assert embedded.shape == (2 * N_EMOTIONS * 4, N_EMOTIONS - 1)
    assert np.isfinite(embedded).all()


def test_directions_are_those_that_tell_emotions_apart_once_the_voice_is_known(fitted: VoiceEmbedding) -> None:
    given, new = clips(), clips(seed=1)
    of_one_voice = VoiceEmbedding().fit(given.X, given.emotion)
    assert right(fitted, new, known=True) > right(of_one_voice, new, known=True) + 0.05
    assert right(fitted, new, known=True) > right(fitted, new, known=False) + 0.1
    # Those that are found where nobody says who speaks avoid what voices differ in, and with it what emotions do.
    assert share_of_voices(of_one_voice.transform(new.X), new) < share_of_voices(fitted.transform(new.X), new)


def test_the_space_says_how_voices_and_utterances_are_spread(fitted: VoiceEmbedding) -> None:
    new = clips(40, seed=2)
    embedded, space = fitted.transform(new.X), fitted.spaces_.spaces[0]
    own = np.stack([(embedded - space.means[new.emotion])[new.voice == v].mean(axis=0) for v in range(40)])
    rest = embedded - space.means[new.emotion] - own[new.voice]
    # A little more than was seen is expected of new voices.
    assert np.trace(space.within) == pytest.approx(np.trace(np.cov(rest.T)) + 0.5 * 4, rel=0.2)
    assert np.trace(space.between) == pytest.approx(np.trace(np.cov(own.T)) + 0.1 * 4, rel=0.6)
    means = np.stack([embedded[new.emotion == e].mean(axis=0) for e in range(N_EMOTIONS)])
    assert space.means - space.means.mean(axis=0) == pytest.approx(means - means.mean(axis=0), abs=0.5)


def test_it_makes_no_difference_which_emotions_a_voice_expressed_how_often() -> None:
    """Half of the voices lack an emotion or express one three times as often: their means must not follow."""
    random = np.random.default_rng(0)
    given, new = clips(32, 6), clips(seed=1)
    kept = np.flatnonzero(random.random(len(given.X)) < 0.9 * ((given.voice + given.emotion) % 3 > 0) + 0.1)
    few = Clips([given.X[i] for i in kept], given.emotion[kept], given.voice[kept])
    whole, part = (VoiceEmbedding().fit(g.X, g.emotion, voices=g.voice) for g in (given, few))
    assert right(part, new, known=True) > right(whole, new, known=True) - 0.05


def test_names_of_voices_and_emotions_may_be_any(fitted: VoiceEmbedding) -> None:
    given = clips()
    named = VoiceEmbedding().fit(
        given.X, np.array([f"emotion {e}" for e in given.emotion]), voices=[f"actor {v}" for v in given.voice]
    )
    assert np.abs(named.transform(given.X)) == pytest.approx(np.abs(fitted.transform(given.X)), abs=1e-6)


def test_adapted_answers_gain_by_it(fitted: VoiceEmbedding) -> None:
    """All of it: embeddings of new voices, and what their space makes of other utterances of the same voice."""
    new, space = clips(20, 8, seed=3), fitted.spaces_.spaces[0]
    embedded = fitted.transform(new.X)
    uniform = np.full((len(embedded), N_EMOTIONS), 1 / N_EMOTIONS)
    answers = np.empty(len(embedded), dtype=int)
    for v in np.unique(new.voice):
        own = np.flatnonzero(new.voice == v)
        for half, other in ((own[::2], own[1::2]), (own[1::2], own[::2])):
            voice = space.voice(embedded[other], uniform[other])
            answers[half] = voice.log_likelihoods(embedded[half]).argmax(axis=1)
    assert (answers == new.emotion).mean() > right(fitted, new, known=False) + 0.05


def elsewhere(given: Clips) -> Clips:
    """Another corpus, in which everything lies elsewhere and the last emotion does not occur."""
    shift = np.random.default_rng(5).normal(0, 6, N_FEATURES).astype("f")
    kept = np.flatnonzero(given.emotion < N_EMOTIONS - 1)
    return Clips([given.X[i] + shift for i in kept], given.emotion[kept], given.voice[kept] + 1000)


def both(one: Clips, other: Clips) -> tuple[Clips, list[str]]:
    joined = Clips([*one.X, *other.X], np.r_[one.emotion, other.emotion], np.r_[one.voice, other.voice])
    return joined, ["a"] * len(one.X) + ["b"] * len(other.X)


def test_each_corpus_has_a_space_of_its_own(fitted: VoiceEmbedding) -> None:
    given, corpora = both(clips(), elsewhere(clips(8, seed=7)))
    found = VoiceEmbedding().fit(given.X, given.emotion, voices=given.voice, corpora=corpora)
    assert found.spaces_.corpora == ("a", "b")
    first, second = found.spaces_.spaces
    # The first has all emotions, the second misses one: a direction fewer, and yet a mean for each.
    assert first.means.shape == (N_EMOTIONS, N_EMOTIONS - 1)
    assert second.means.shape == (N_EMOTIONS, N_EMOTIONS - 2)
    assert np.isfinite(second.means).all()
    new, where = both(clips(6, seed=8), elsewhere(clips(6, seed=9)))
    embedded = found.transform(new.X)
    assert embedded.shape == (len(new.X), found.spaces_.n_dimensions)
    for corpus, number in (("a", 0), ("b", 1)):
        own = np.array(where) == corpus
        for voice in np.unique(new.voice[own]):
            rows = embedded[own & (new.voice == voice)]
            known = found.spaces_.voice(rows, np.full((len(rows), N_EMOTIONS), 1 / N_EMOTIONS))
            assert known.shares[number] > 0.9


def test_an_emotion_that_a_corpus_lacks_is_expected_where_the_other_has_it() -> None:
    given, corpora = both(clips(), elsewhere(clips(16, seed=7)))
    found = VoiceEmbedding().fit(given.X, given.emotion, voices=given.voice, corpora=corpora)
    whole = clips(16, seed=7)
    shift = elsewhere(whole).X[0] - whole.X[0]
    lacking = np.flatnonzero(whole.emotion == N_EMOTIONS - 1)
    embedded = found.spaces_.split(found.transform([whole.X[i] + shift for i in lacking]))[1]
    space = found.spaces_.spaces[1]
    assert embedded.mean(axis=0) == pytest.approx(space.means[-1], abs=1.5)


def test_a_corpus_of_one_emotion_counts_to_another() -> None:
    given, corpora = both(clips(), elsewhere(clips(8, seed=7)))
    kept = [i for i, corpus in enumerate(corpora) if corpus == "a" or given.emotion[i] == 0]
    few = Clips([given.X[i] for i in kept], given.emotion[kept], given.voice[kept])
    found = VoiceEmbedding().fit(few.X, few.emotion, voices=few.voice, corpora=[corpora[i] for i in kept])
    assert found.spaces_.corpora == ("a",)
    assert found.spaces_.n_dimensions == N_EMOTIONS - 1


def test_what_is_not_fitted_says_so() -> None:
    with pytest.raises(NotFittedError):
        VoiceEmbedding().transform(clips(1, 1).X)

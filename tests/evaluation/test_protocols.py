from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers import make_corpus

from affetto.corpora.base import Corpus, Utterance
from affetto.errors import CorpusError, ParameterError
from affetto.evaluation import PROTOCOLS, get_protocol

SEPARATE = [name for name, protocol in PROTOCOLS.items() if not protocol.leaks_speakers]


def sides(corpus: Corpus, indices: np.ndarray) -> set[str]:
    return {corpus.utterances[index].speaker for index in indices.tolist()}


labelled = st.lists(st.tuples(st.sampled_from("abcdefghij"), st.sampled_from(["happy", "sad"])), max_size=60)
several_speakers = labelled.filter(lambda labels: len({speaker for speaker, _ in labels}) > 1)


def test_only_random_leaks_speakers() -> None:
    assert [name for name, protocol in PROTOCOLS.items() if protocol.leaks_speakers] == ["random"]


@pytest.mark.parametrize("name", SEPARATE)
def test_speakers_stay_on_one_side_of_ravdess(ravdess: Corpus, name: str) -> None:
    for fold in get_protocol(name).split(ravdess):
        assert sides(ravdess, fold.train).isdisjoint(sides(ravdess, fold.test))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_clip_of_ravdess_is_tested_once(names: Corpus, name: str) -> None:
    folds = list(get_protocol(name).split(names))
    n_folds = {"emobox": 6, "loso": 24}.get(name, 5)
    assert [fold.number for fold in folds] == list(range(1, n_folds + 1))
    assert sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(1440))
    for fold in folds:
        assert sorted([*fold.train.tolist(), *fold.test.tolist()]) == list(range(1440))


@pytest.mark.parametrize(
    ("name", "number", "actors"),
    [
        ("emobox", 1, {"1", "11", "20", "21"}),
        ("emobox", 4, {"3", "5", "7", "24"}),
        ("emobox", 6, {"6", "13", "17", "22"}),
        ("luna-jimenez", 1, {"2", "5", "14", "15", "16"}),
        ("luna-jimenez", 5, {"1", "4", "9", "22"}),
        ("loso", 17, {"17"}),
    ],
)
def test_published_folds(names: Corpus, name: str, number: int, actors: set[str]) -> None:
    fold = list(get_protocol(name).split(names))[number - 1]
    assert sides(names, fold.test) == actors


def test_random_is_stratified_and_has_every_actor_on_both_sides(names: Corpus) -> None:
    for fold in get_protocol("random").split(names):
        emotions = Counter(names.utterances[index].emotion for index in fold.test.tolist())
        assert emotions["neutral"] in (19, 20)
        assert {count for emotion, count in emotions.items() if emotion != "neutral"} <= {38, 39}
        assert sides(names, fold.train) == sides(names, fold.test)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_same_folds_every_time(names: Corpus, name: str) -> None:
    first, second = (list(get_protocol(name).split(names)) for _ in range(2))
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.test, two.test)


def test_seeded_speaker_folds_never_change(names: Corpus) -> None:
    folds = [sides(names, fold.test) for fold in get_protocol("speakers").split(names)]
    assert folds == [
        {"1", "2", "7", "12", "19"},
        {"10", "11", "14", "18", "22"},
        {"5", "8", "16", "23", "24"},
        {"3", "13", "15", "17", "20"},
        {"4", "6", "9", "21"},
    ]


@given(labels=several_speakers)
@pytest.mark.parametrize("name", ["loso", "speakers"])
def test_speakers_stay_on_one_side_of_any_corpus(name: str, labels: list[tuple[str, str]]) -> None:
    corpus = make_corpus(labels)
    tested: list[int] = []
    for fold in get_protocol(name).split(corpus):
        assert len(fold.train)
        assert len(fold.test)
        assert sides(corpus, fold.train).isdisjoint(sides(corpus, fold.test))
        tested += fold.test.tolist()
    assert sorted(tested) == list(range(len(labels)))


@pytest.mark.parametrize("name", ["emobox", "luna-jimenez"])
def test_ravdess_folds_are_for_ravdess(name: str) -> None:
    corpus = make_corpus([("1", "happy"), ("2", "sad")], name="nemo")
    with pytest.raises(ParameterError, match=f"{name}.*RAVDESS only.*'nemo'.*loso, speakers, random"):
        next(get_protocol(name).split(corpus))


@pytest.mark.parametrize("name", ["emobox", "luna-jimenez"])
def test_missing_actors_are_named(names: Corpus, name: str) -> None:
    some = [utterance for utterance in names.utterances if utterance.speaker not in {"3", "20"}]
    with pytest.raises(CorpusError, match="lacks 3, 20:"):
        next(get_protocol(name).split(Corpus("ravdess", "", "", some)))


def test_unknown_actors_are_named(names: Corpus) -> None:
    more = [*names.utterances, Utterance(path=Path("x.wav"), emotion="sad", speaker="25")]
    with pytest.raises(CorpusError, match="unknown 25"):
        next(get_protocol("emobox").split(Corpus("ravdess", "", "", more)))


@pytest.mark.parametrize("name", ["loso", "speakers"])
@pytest.mark.parametrize("labels", [[], [("a", "sad"), ("a", "happy")]])
def test_one_speaker_cannot_be_split(name: str, labels: list[tuple[str, str]]) -> None:
    with pytest.raises(CorpusError, match="two speakers or more"):
        next(get_protocol(name).split(make_corpus(labels)))


def test_random_needs_some_clips_of_each_emotion() -> None:
    with pytest.raises(CorpusError, match=r"5 clips.*3 of 'sad'"):
        next(get_protocol("random").split(make_corpus([("a", "happy")] * 9 + [("b", "sad")] * 3)))
    with pytest.raises(CorpusError, match="empty"):
        next(get_protocol("random").split(make_corpus([])))


def test_unknown_protocol_lists_the_known() -> None:
    with pytest.raises(ParameterError, match=r"'emobx'.*emobox, luna-jimenez"):
        get_protocol("emobx")

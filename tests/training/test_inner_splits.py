from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from tests.helpers import make_corpus

from affetto.errors import ParameterError
from affetto.evaluation import get_protocol
from affetto.training.inner_splits import inner_groups, with_inner_speakers

if TYPE_CHECKING:
    from affetto.corpora.base import Corpus


@given(speakers=st.lists(st.sampled_from("abcdefghij"), max_size=60).filter(lambda s: len(set(s)) > 1), data=st.data())
def test_inner_groups_keep_speakers_apart_in_any_order(speakers: list[str], data: st.DataObject) -> None:
    n_splits = data.draw(st.integers(2, len(set(speakers))))
    splits = inner_groups(speakers, n_splits)
    assert len(splits) == n_splits
    assert sorted(np.concatenate([test for _, test in splits]).tolist()) == list(range(len(speakers)))
    for train, test in splits:
        assert len(test)
        assert {speakers[index] for index in train}.isdisjoint({speakers[index] for index in test})
    shuffled = data.draw(st.permutations(speakers))
    again = inner_groups(shuffled, n_splits)
    assert [{speakers[i] for i in test} for _, test in splits] == [{shuffled[i] for i in test} for _, test in again]


def test_inner_groups_are_of_equal_size(names: Corpus) -> None:
    speakers = [utterance.speaker for utterance in names.utterances]
    assert [len(test) for _, test in inner_groups(speakers, 6)] == [240] * 6


def test_inner_groups_are_a_cv_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    speakers = [str(index % 6) for index in range(60)]
    y = rng.integers(0, 2, 60)
    X = rng.normal(size=(60, 3)) + y[:, None]
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=inner_groups(speakers, 3)).fit(X, y)
    assert search.n_splits_ == 3


@pytest.mark.parametrize("n_splits", [0, 1, 4])
def test_inner_groups_need_as_many_speakers(n_splits: int) -> None:
    with pytest.raises(ParameterError, match=f"3 speakers into {n_splits} groups"):
        inner_groups(["a", "b", "c", "a"], n_splits)


def test_clips_of_the_only_speaker_are_split_if_speakers_leak() -> None:
    alone = make_corpus([("me", "happy"), ("me", "sad")] * 12)

    parts = with_inner_speakers(alone, get_protocol("random"))

    assert [(u.path, u.emotion) for u in parts.utterances] == [(u.path, u.emotion) for u in alone.utterances]
    emotions_of: dict[str, set[str]] = {}
    for utterance in parts.utterances:
        emotions_of.setdefault(utterance.speaker, set()).add(utterance.emotion)
    assert len(emotions_of) == 10
    assert all(emotions == {"happy", "sad"} for emotions in emotions_of.values())
    assert with_inner_speakers(alone, get_protocol("loso")) is alone
    two = make_corpus([("me", "happy"), ("you", "sad")])
    assert with_inner_speakers(two, get_protocol("random")) is two

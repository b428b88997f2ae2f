from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from affetto.corpora import Corpus, Utterance
from affetto.corpora.labels import find_label_problems, find_synonyms, require_sound_labels
from affetto.errors import CorpusError


def corpus(*labels: tuple[Any, Any], name: str = "mine") -> Corpus:
    clips = [Utterance(Path(f"{n}.wav"), emotion, speaker) for n, (emotion, speaker) in enumerate(labels)]
    return Corpus(name, "unknown", "", tuple(clips))


def test_missing_labels_are_counted_with_the_first_clip() -> None:
    [problem] = find_label_problems(corpus(("sad", "1"), ("nan", "1"), (float("nan"), "2")).utterances)

    assert "2 clips of 3" in problem
    assert "'1'" in problem  # the clip
    assert "'nan'" in problem


@pytest.mark.parametrize(
    ("one", "other"), [("Happy", "happy"), ("happy", "happy "), ("very happy", "very  happy"), ("1", "1.0")]
)
def test_emotion_written_in_two_ways_is_refused(one: str, other: str) -> None:
    with pytest.raises(CorpusError, match="mine: the emotions"):
        require_sound_labels([corpus((one, "a"), (other, "b"), ("sad", "a"))])


@pytest.mark.parametrize(("one", "other"), [("Anna", "anna"), ("1", "01"), ("1", "1.0"), ("Jörg", "Jo\u0308rg")])
def test_speaker_written_in_two_ways_is_refused(one: str, other: str) -> None:
    with pytest.raises(CorpusError, match="mine: the speakers"):
        require_sound_labels([corpus(("sad", one), ("sad", other))])


def test_emotions_are_compared_between_corpora_and_speakers_are_not() -> None:
    first = corpus(("Sad", "Anna"))

    require_sound_labels([first, corpus(("Sad", "anna"), name="other")])
    with pytest.raises(CorpusError, match=r"mine and other .*'Sad'"):
        require_sound_labels([first, corpus(("sad", "Anna"), name="other")])


def test_different_labels_are_accepted() -> None:
    sound = corpus(("sad", "1"), ("bored", "10"), ("unhappy", "100"), ("neutral", "spk1"), ("neutral", "spk01"))

    assert find_label_problems(sound.utterances) == []
    assert find_synonyms([sound]) == []


def test_emotion_under_two_names_is_found_between_corpora() -> None:
    [found] = find_synonyms([corpus(("happy", "1"), ("sad", "1")), corpus(("happiness", "1"), name="other")])

    assert "'happy' (1 clip)" in found
    assert "'happiness' (1 clip)" in found

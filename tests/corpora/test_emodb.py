from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from affetto.corpora import load_corpus
from affetto.corpora.emodb import load_emodb
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_loads_the_real_corpus(emodb_dir: Path) -> None:
    corpus = load_emodb(emodb_dir)

    assert Counter(u.emotion for u in corpus.utterances) == {"angry": 127, "neutral": 79, "happy": 71, "sad": 62}
    genders = {u.speaker: u.gender for u in corpus.utterances}
    assert {s for s, gender in genders.items() if gender == "female"} == {"08", "09", "13", "14", "16"}
    assert {s for s, gender in genders.items() if gender == "male"} == {"03", "10", "11", "12", "15"}


def test_a_corpus_in_two_folders_is_whole_when_both_are_linked_below_one(data_dir: Path, tmp_path: Path) -> None:
    for part in ("emodb", "emodb-rest"):
        if not (data_dir / part).is_dir():
            pytest.skip(f"{part} is not in {data_dir}")
        (tmp_path / part).symlink_to(data_dir / part, target_is_directory=True)

    corpus = load_corpus(tmp_path)

    assert corpus.name == "emodb"
    assert corpus.licence == "CC0-1.0"
    assert len(corpus.utterances) == 535
    assert Counter(u.emotion for u in corpus.utterances) == {
        "angry": 127,
        "bored": 81,
        "neutral": 79,
        "happy": 71,
        "fearful": 69,
        "sad": 62,
        "disgust": 46,
    }


def test_reads_all_seven_emotions(touch: Callable[..., Path]) -> None:
    corpus = load_emodb(touch(*(f"wav/03a01{letter}a.wav" for letter in "WNFTLEA")))

    assert corpus.emotions == ("neutral", "happy", "sad", "angry", "fearful", "disgust", "bored")
    assert {u.text for u in corpus.utterances} == {"a01"}


def test_a_speaker_or_emotion_that_does_not_exist_is_no_clip(touch: Callable[..., Path]) -> None:
    with pytest.raises(CorpusError, match=r"no clip of EMO-DB.*03a01Fa"):
        load_emodb(touch("01a01Fa.wav", "03a01Xa.wav", "03c01Fa.wav"))

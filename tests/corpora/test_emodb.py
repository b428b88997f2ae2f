from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

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


def test_reads_all_seven_emotions(touch: Callable[..., Path]) -> None:
    corpus = load_emodb(touch(*(f"wav/03a01{letter}a.wav" for letter in "WNFTLEA")))

    assert corpus.emotions == ("neutral", "happy", "sad", "angry", "fearful", "disgust", "bored")
    assert {u.text for u in corpus.utterances} == {"a01"}


def test_a_speaker_or_emotion_that_does_not_exist_is_no_clip(touch: Callable[..., Path]) -> None:
    with pytest.raises(CorpusError, match=r"no clip of EMO-DB.*03a01Fa"):
        load_emodb(touch("01a01Fa.wav", "03a01Xa.wav", "03c01Fa.wav"))

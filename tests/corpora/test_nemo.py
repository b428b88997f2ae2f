from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from affetto.corpora.nemo import load_nemo
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_loads_the_real_corpus(nemo_dir: Path) -> None:
    corpus = load_nemo(nemo_dir)

    assert Counter(u.emotion for u in corpus.utterances) == {
        "neutral": 809,
        "happy": 749,
        "sad": 769,
        "angry": 749,
        "fearful": 736,
        "surprised": 669,
    }
    genders = {u.speaker: u.gender for u in corpus.utterances}
    assert sorted(genders) == ["EB", "IC", "KD", "KS", "MK", "MP", "SM", "TP", "WR"]
    assert Counter(genders.values()) == {"male": 5, "female": 4}


def test_reads_a_name(touch: Callable[..., Path]) -> None:
    [clip] = load_nemo(touch("samples/WR0_surprised_64.wav", "samples/WR0_bored_64.wav", "data.tsv")).utterances

    assert (clip.emotion, clip.speaker, clip.gender, clip.text) == ("surprised", "WR", "male", "64")


def test_an_unknown_speaker_has_no_gender(touch: Callable[..., Path]) -> None:
    assert load_nemo(touch("AO0_anger_1.opus")).utterances[0].gender is None


def test_a_folder_without_clips_says_what_was_looked_for(touch: Callable[..., Path]) -> None:
    with pytest.raises(CorpusError, match=r"no clip of nEMO.*AO0_anger_1"):
        load_nemo(touch("a.wav"))

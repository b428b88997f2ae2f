from __future__ import annotations

import shutil
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from affetto.corpora import load_corpus
from affetto.corpora.check import check_corpus
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SUMMARY = (
    '"","FileName","VoiceVote","VoiceLevel","FaceVote"\n'
    '"1","1001_DFA_ANG_XX","N","71.67","A"\n'
    '"2","1002_IEO_SAD_HI","F","60.1","A:F"\n'
    '"3","1003_IEO_HAP_LO","A:N","60.1:30","H"\n'
    '"4","1040_ITH_SAD_XX","S","69.1","N"\n'
)


@pytest.fixture
def crema_d_dir(data_dir: Path) -> Path:
    folder = data_dir / "crema-d"
    if not folder.is_dir():
        pytest.skip(f"crema-d is not in {data_dir}")
    return folder


def test_real_clips_have_the_emotions_that_listeners_perceived(crema_d_dir: Path) -> None:
    corpus = load_corpus(crema_d_dir)

    assert corpus.name == "crema-d"
    assert "ODbL-1.0" in corpus.licence
    assert "Cao" in corpus.citation
    assert Counter(u.emotion for u in corpus.utterances) == {"happy": 1000, "sad": 999}
    assert len({u.speaker for u in corpus.utterances}) == 78
    assert Counter(u.heard for u in corpus.utterances) == {
        "neutral": 1172,
        "happy": 257,
        None: 205,
        "sad": 167,
        "fearful": 115,
        "angry": 45,
        "disgust": 38,
    }


def test_names_and_the_table_beside_the_real_clips_give_the_same_labels(crema_d_dir: Path) -> None:
    by_name, by_table = load_corpus(crema_d_dir), load_corpus(crema_d_dir, name="table")

    assert list(by_name.utterances) == list(by_table.utterances)


def test_perceived_emotion_is_in_the_published_table_above_the_clips(touch: Callable[..., Path]) -> None:
    names = ("1001_DFA_ANG_XX", "1002_IEO_SAD_HI", "1003_IEO_HAP_LO", "1004_IEO_HAP_LO", "1040_ITH_SAD_X")
    folder = touch(*(f"CREMA-D/AudioWAV/{name}.wav" for name in names))
    table = folder / "CREMA-D/processedResults/summaryTable.csv"
    table.parent.mkdir()
    table.write_text(SUMMARY)

    perceived = {"1001_DFA_ANG_XX": "neutral", "1002_IEO_SAD_HI": "fearful", "1040_ITH_SAD_XX": "sad"}
    for place in (folder, folder / "CREMA-D", folder / "CREMA-D/AudioWAV"):
        found = {u.clip: u.heard for u in load_corpus(place).utterances}
        assert found == {**perceived, "1003_IEO_HAP_LO": None, "1004_IEO_HAP_LO": None}  # a tie, and not listed

    table.write_text(SUMMARY.replace('"N","71.67"', '"A","71.67"'))
    assert load_corpus(folder).utterances[0].heard == "angry"  # as it is now


def test_published_table_without_votes_is_refused(touch: Callable[..., Path]) -> None:
    folder = touch("AudioWAV/1001_DFA_ANG_XX.wav")
    (folder / "summaryTable.csv").write_text("FileName,FaceVote\n1001_DFA_ANG_XX,A\n")

    with pytest.raises(CorpusError, match=r"summaryTable\.csv.*voicevote"):
        load_corpus(folder)


def test_clips_that_are_broken_as_published_are_left_out(touch: Callable[..., Path], crema_d_dir: Path) -> None:
    folder = touch("1076_MTI_SAD_XX.wav", "1064_IEO_DIS_MD.wav", "1040_ITH_SAD_X.wav")
    assert [u.clip for u in load_corpus(folder).utterances] == ["1040_ITH_SAD_XX"]

    for clip in ("1001_DFA_SAD_XX", "1002_DFA_HAP_XX"):
        shutil.copyfile(crema_d_dir / f"{clip}.opus", folder / f"{clip}.opus")
    (folder / "1040_ITH_SAD_X.wav").unlink()
    reasons = {finding.subject: finding.detail for finding in check_corpus(folder).of_kind("foreign")}
    assert "silent" in reasons["1076_MTI_SAD_XX.wav"]
    assert "every emotion" in reasons["1064_IEO_DIS_MD.wav"]


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ("path,emotion,speaker,heard\n1001_DFA_ANG_XX.wav,angry,1001,sad\n1002_DFA_SAD_XX.wav,sad,1002,\n", "crema-d"),
        ("path,emotion,speaker\n1001_DFA_ANG_XX.wav,angry,1001\n1002_DFA_SAD_XX.wav,sad,1002\n", "corpus"),
        ("path,emotion,speaker,heard\n1001_DFA_ANG_XX.wav,angry,1001,sad\n", "corpus"),  # a selection
        ("path,emotion,speaker,heard\n1001_DFA_ANG_XX.wav,sad,1001,sad\n1002_DFA_SAD_XX.wav,sad,2,\n", "corpus"),
        ("path,emotion,speaker,heard\nmine.wav,sad,me,sad\n", "corpus"),
    ],
)
def test_table_has_precedence_over_names_unless_it_only_adds_the_perceived_emotion(
    touch: Callable[..., Path], rows: str, name: str
) -> None:
    folder = touch("1001_DFA_ANG_XX.wav", "1002_DFA_SAD_XX.wav", "mine.wav")
    (folder / "corpus.csv").write_text(rows)

    corpus = load_corpus(folder)

    assert corpus.name == name
    assert corpus.utterances[0].heard == ("sad" if "heard" in rows else None)

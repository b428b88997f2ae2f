from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from affetto.corpora import load_corpus
from affetto.corpora.published import PUBLISHED
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LABELS = {
    "Ses01F_impro01": {"F000": "neu", "M000": "ang", "F001": "xxx", "M001": "fru", "F002": "oth", "F003": "exc"},
    "Ses01M_script01_1b": {"FXX0": "hap", "M010": "sad"},
}


@pytest.fixture
def sessions(touch: Callable[..., Path]) -> Path:
    """Two dialogs with their labels, in the shape of the published files."""
    folder = touch(
        "Session1/dialog/wav/Ses01F_impro01.wav",
        *(f"Session1/sentences/wav/{dialog}/{dialog}_{turn}.wav" for dialog in LABELS for turn in LABELS[dialog]),
    )
    for dialog, turns in LABELS.items():
        file = folder / f"Session1/dialog/EmoEvaluation/{dialog}.txt"
        file.parent.mkdir(exist_ok=True)
        lines = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""]
        for turn, code in turns.items():
            lines += [f"[6.2901 - 8.2357]\t{dialog}_{turn}\t{code}\t[2.5000, 2.5000, 2.5000]"]
            lines += ["C-E2:\tNeutral;\t()", "C-E3:\tAnger; Sadness;\t(x)", "A-E3:\tval 3; act 2; dom  2;\t()", ""]
        file.write_text("\n".join(lines))
    return folder


def test_labels_come_from_the_evaluation_of_the_dialog(sessions: Path) -> None:
    corpus = load_corpus(sessions)

    assert corpus.name == "iemocap"
    assert {u.clip: (u.emotion, u.speaker, u.gender) for u in corpus.utterances} == {
        "Ses01F_impro01_F000": ("neutral", "Ses01F", "female"),
        "Ses01F_impro01_M000": ("angry", "Ses01M", "male"),
        "Ses01F_impro01_M001": ("frustrated", "Ses01M", "male"),
        "Ses01F_impro01_F003": ("happy", "Ses01F", "female"),
        "Ses01M_script01_1b_FXX0": ("happy", "Ses01F", "female"),
        "Ses01M_script01_1b_M010": ("sad", "Ses01M", "male"),
    }


def test_turns_without_an_emotion_are_left_out(sessions: Path) -> None:
    reasons = {
        one.path.stem: one.reason for one in PUBLISHED["iemocap"].scan(sessions).rejected if one.kind == "foreign"
    }

    assert "xxx" in reasons["Ses01F_impro01_F001"]
    assert "oth" in reasons["Ses01F_impro01_F002"]


def test_single_session_or_its_turns_alone_can_be_loaded(sessions: Path) -> None:
    assert len(load_corpus(sessions / "Session1").utterances) == 6
    assert len(load_corpus(sessions / "Session1/sentences/wav/Ses01F_impro01").utterances) == 4


def test_turns_without_labels_are_no_corpus(sessions: Path) -> None:
    (sessions / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt").write_text("")
    with pytest.raises(CorpusError, match="IEMOCAP"):
        load_corpus(sessions / "Session1/sentences/wav/Ses01F_impro01", name="iemocap")

    (sessions / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt").unlink()
    scan = PUBLISHED["iemocap"].scan(sessions / "Session1/sentences/wav/Ses01F_impro01")
    assert not scan.utterances
    assert all("EmoEvaluation" in one.reason for one in scan.rejected)

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from affetto.corpora import load_corpus
from affetto.corpora.published import PUBLISHED
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def published(touch: Callable[..., Path]) -> Path:
    """Three clips and the tables beside them, with the published columns."""
    folder = touch(*(f"audio/{number}.wav" for number in (1612872848291, 1612872848292, 1612872848293, 1612872848294)))
    (folder / "metadata").mkdir()
    (folder / "metadata/samples.csv").write_text(
        "timestamp,file_name,actor,sentence,emotion_expressed\n"
        "1,1612872848291.wav,anna,Ciao,joy\n"
        "2,1612872848292.wav,bruno,Ciao,neutrality\n"
        "3,1612872848293.wav,carla,Ciao,nostalgia\n"
    )
    (folder / "metadata/users.csv").write_text("username,gender,age\nanna,f,30\nbruno,Male,40\n")
    return folder


def test_labels_come_from_the_tables_beside_the_clips(published: Path) -> None:
    corpus = load_corpus(published)

    assert corpus.name == "emozionalmente"
    assert [(u.clip, u.emotion, u.speaker, u.gender) for u in corpus.utterances] == [
        ("1612872848291", "happy", "anna", "female"),
        ("1612872848292", "neutral", "bruno", "male"),
    ]
    assert load_corpus(published / "audio").utterances == corpus.utterances


def test_clip_without_a_label_is_reported(published: Path) -> None:
    reasons = {one.path.stem: one.reason for one in PUBLISHED["emozionalmente"].scan(published / "audio").rejected}

    assert "'nostalgia'" in reasons["1612872848293"]
    assert "samples.csv" in reasons["1612872848294"]


def test_numbers_without_the_table_are_no_corpus(published: Path) -> None:
    (published / "metadata/samples.csv").unlink()

    with pytest.raises(CorpusError, match="neither a table"):
        load_corpus(published)


def test_gender_is_unknown_without_the_table_of_users(published: Path) -> None:
    (published / "metadata/users.csv").unlink()

    assert {u.gender for u in load_corpus(published).utterances} == {None}


def test_table_of_other_columns_is_refused(published: Path) -> None:
    (published / "metadata/samples.csv").write_text("file_name,actor\n1612872848291.wav,anna\n")

    with pytest.raises(CorpusError, match=r"samples\.csv.*emotion_expressed"):
        load_corpus(published)

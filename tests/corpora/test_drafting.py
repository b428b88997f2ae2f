from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from affetto.corpora import load_corpus
from affetto.corpora.drafting import draft_table, write_table
from affetto.errors import CorpusError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("name", ["1001_DFA_ANG_XX.wav", "03-01-06-01-02-01-12.wav", "anger/a01 (1).wav"])
def test_a_published_corpus_needs_no_table(touch: Callable[..., Path], name: str) -> None:
    with pytest.raises(CorpusError, match="needs no table"):
        draft_table(touch(name))


def test_table_may_have_more_columns(touch: Callable[..., Path], tmp_path: Path) -> None:
    folder = touch("female/anna_sad_2_kids.wav", "male/bert_sad_1_dogs.wav")
    write_table(draft_table(folder, pattern="{gender}/{speaker}_{emotion}_{:#}_{text}"), tmp_path / "table.csv")

    assert (tmp_path / "table.csv").read_text().splitlines()[0] == "path,emotion,speaker,gender,text"
    corpus = load_corpus(tmp_path / "table.csv")
    assert [(u.speaker, u.gender, u.intensity, u.text) for u in corpus.utterances] == [
        ("anna", "female", None, "kids"),
        ("bert", "male", None, "dogs"),
    ]


def test_a_pattern_and_labels_read_any_names(touch: Callable[..., Path]) -> None:
    folder = touch(
        "anna/W-01.wav", "anna/W-02.flac", "bert/F-01.MP3", "bert/notes.txt", "bert/F.wav", ".hidden/W-01.wav"
    )

    draft = draft_table(folder, pattern="{speaker}/{emotion}-{:#}", labels={"W": "angry"})

    assert [(u.path.name, u.emotion, u.speaker) for u in draft.utterances] == [
        ("W-01.wav", "angry", "anna"),
        ("W-02.flac", "angry", "anna"),
        ("F-01.MP3", "F", "bert"),
    ]
    assert [path.name for path in draft.unmatched] == ["F.wav"]


def test_emotions_of_ravdess_are_in_lower_case(touch: Callable[..., Path]) -> None:
    folder = touch("A/Angry/1.wav", "A/ANGRY/2.wav", "A/Bored/3.wav")

    assert draft_table(folder, pattern="{speaker}/{emotion}/{}").emotions == {"angry": 2, "Bored": 1}


def test_speaker_is_empty_for_folders_named_by_emotions(touch: Callable[..., Path], tmp_path: Path) -> None:
    draft = draft_table(touch("train/Anger/1.wav", "train/joy/1.wav", "test/fear/1.wav"))
    write_table(draft, tmp_path / "table.csv")

    assert draft.emotions == {"angry": 1, "fearful": 1, "joy": 1}
    assert draft.speakers == {}
    with pytest.raises(CorpusError, match="the speaker is missing"):  # to be filled in
        load_corpus(tmp_path / "table.csv")


def test_a_recording_that_is_there_twice_is_listed_once(touch: Callable[..., Path]) -> None:
    names = ("anna_sad.wav", "copy/anna_sad.wav", "mp3/anna_sad.mp3", "other/anna_sad.wav")
    folder = touch(*names)
    (folder / "other/anna_sad.wav").write_bytes(b"another take")

    draft = draft_table(folder, pattern="{speaker}_{emotion}")

    assert [u.path.relative_to(folder).as_posix() for u in draft.utterances] == [names[0], names[3]]
    assert [path.relative_to(folder).as_posix() for path in draft.repeated] == [names[1], names[2]]


def test_files_of_one_name_by_different_speakers_are_different(touch: Callable[..., Path]) -> None:
    draft = draft_table(touch("anna/a01.wav", "bert/a01.wav", "bert/s01.wav"), pattern="{speaker}/{emotion:1}{:#}")

    assert [(u.speaker, u.emotion) for u in draft.utterances] == [("anna", "a"), ("bert", "a"), ("bert", "s")]


def test_paths_below_the_table_are_relative(
    touch: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = touch('happy/with, comma and "quotes".wav', "sad/1.wav")
    draft = draft_table(folder, pattern="{emotion}/{}")
    (tmp_path / "tables").mkdir()
    monkeypatch.chdir(tmp_path)
    write_table(draft_table(os.path.relpath(folder), pattern="{emotion}/{}"), "near.csv")
    write_table(draft, tmp_path / "tables/far.csv")

    assert (tmp_path / "near.csv").read_text().splitlines() == [
        "path,emotion,speaker",
        '"corpus/happy/with, comma and ""quotes"".wav",happy,',
        "corpus/sad/1.wav,sad,",
    ]
    assert (tmp_path / "tables/far.csv").read_text().splitlines()[2] == f"{folder}/sad/1.wav,sad,"


def test_nothing_is_overwritten(touch: Callable[..., Path], tmp_path: Path) -> None:
    draft = draft_table(touch("happy/1.wav"))
    table = tmp_path / "table.csv"
    table.write_text("by hand")
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nowhere.csv")

    for output in (table, tmp_path / "dangling.csv"):
        with pytest.raises(ParameterError, match="exists"):
            write_table(draft, output)
    with pytest.raises(ParameterError, match="nowhere"):
        write_table(draft, tmp_path / "nowhere" / "table.csv")
    assert table.read_text() == "by hand"


@pytest.mark.parametrize(
    ("files", "options", "complaint"),
    [
        (("readme.txt",), {}, "no recording"),
        (("x/1.wav",), {}, r"x/1\.wav.*--pattern"),
        (("x/1.wav",), {"pattern": "{emotion}_{}"}, r"follows the pattern.*x/1\.wav"),
        (("x/1.wav",), {"pattern": "{emotion}/{}", "labels": {"y": "sad"}}, "code 'y'"),
    ],
)
def test_names_without_labels_are_refused(
    touch: Callable[..., Path], files: tuple[str, ...], options: dict[str, object], complaint: str
) -> None:
    with pytest.raises((CorpusError, ParameterError), match=complaint):
        draft_table(touch(*files), **options)  # type: ignore[arg-type] # one of two types each


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_name_that_is_not_unicode_is_refused(touch: Callable[..., Path], tmp_path: Path) -> None:
    draft = draft_table(touch("happy/1.wav", os.fsdecode(b"sad/\xff2.wav")), pattern="{emotion}/{}")

    with pytest.raises(CorpusError, match=r"2\.wav.*Unicode"):
        write_table(draft, tmp_path / "table.csv")
    assert not (tmp_path / "table.csv").exists()

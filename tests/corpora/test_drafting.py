from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from affetto.corpora import load_corpus
from affetto.corpora.drafting import draft_table, write_table
from affetto.errors import CorpusError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def crema_d(data_dir: Path, tmp_path: Path) -> Path:
    """The real clips of two actors, in the folder that CREMA-D ships them in, without a table."""
    found = sorted((data_dir / "crema-d").glob("100[12]_*"))
    if not found:
        pytest.skip(f"crema-d is not in {data_dir}")
    folder = tmp_path / "CREMA-D"
    (folder / "AudioWAV").mkdir(parents=True)
    for clip in found:
        shutil.copyfile(clip, folder / "AudioWAV" / clip.name)
    return folder


def test_a_published_corpus_needs_no_pattern_and_its_table_loads(crema_d: Path, tmp_path: Path) -> None:
    draft = draft_table(crema_d)
    write_table(draft, tmp_path / "table.csv")

    corpus = load_corpus(tmp_path / "table.csv")
    assert draft.follows == "CREMA-D"
    assert set(draft.emotions) == set(corpus.emotions) == {"happy", "sad"}
    assert list(draft.speakers) == ["1001", "1002"]
    assert len(corpus.utterances) == len(list((crema_d / "AudioWAV").iterdir())) == sum(draft.speakers.values())
    truth = {"HAP": "happy", "SAD": "sad"}
    assert all(u.emotion == truth[u.clip.split("_")[2]] and u.speaker == u.clip[:4] for u in corpus.utterances)


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


def test_emotions_get_the_names_that_are_used_here(touch: Callable[..., Path]) -> None:
    folder = touch("A/Angry/1.wav", "A/ANGRY/2.wav", "A/Bored/3.wav")

    assert draft_table(folder, pattern="{speaker}/{emotion}/{}").emotions == {"angry": 2, "Bored": 1}


def test_folders_by_emotion_say_nothing_of_the_speaker(touch: Callable[..., Path], tmp_path: Path) -> None:
    draft = draft_table(touch("train/Anger/1.wav", "train/joy/1.wav", "test/fear/1.wav"))
    write_table(draft, tmp_path / "table.csv")

    assert draft.emotions == {"angry": 1, "fearful": 1, "joy": 1}
    assert draft.speakers == {}
    with pytest.raises(CorpusError, match="the speaker is empty"):  # to be filled in
        load_corpus(tmp_path / "table.csv")


def test_a_recording_that_is_there_twice_is_listed_once(touch: Callable[..., Path]) -> None:
    names = ("OAF_back_angry.wav", "copy/OAF_back_angry.wav", "mp3/OAF_back_angry.mp3", "other/OAF_back_angry.wav")
    folder = touch(*names)
    (folder / "other/OAF_back_angry.wav").write_bytes(b"another take")

    draft = draft_table(folder)

    assert [u.path.relative_to(folder).as_posix() for u in draft.utterances] == [names[0], names[3]]
    assert [path.relative_to(folder).as_posix() for path in draft.repeated] == [names[1], names[2]]


def test_files_of_one_name_by_different_speakers_are_different(touch: Callable[..., Path]) -> None:
    draft = draft_table(touch("DC/a01.wav", "JE/a01.wav", "JE/sa01.wav"))

    assert [(u.speaker, u.emotion) for u in draft.utterances] == [("DC", "angry"), ("JE", "angry"), ("JE", "sad")]


def test_paths_count_from_the_tables_folder_and_are_whole_elsewhere(
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
        with pytest.raises(ParameterError, match="is there already"):
            write_table(draft, output)
    with pytest.raises(ParameterError, match="no folder"):
        write_table(draft, tmp_path / "nowhere" / "table.csv")
    assert table.read_text() == "by hand"


@pytest.mark.parametrize(
    ("files", "options", "complaint"),
    [
        (("readme.txt",), {}, "holds no recording"),
        (("x/1.wav",), {}, r"without a pattern.*x/1\.wav.*--pattern"),
        (("x/1.wav",), {"pattern": "{emotion}_{}"}, r"no name below .* follows.*x/1\.wav"),
        (("x/1.wav",), {"pattern": "{emotion}/{}", "labels": {"y": "sad"}}, "the code 'y' occurs in no name.*x"),
    ],
)
def test_names_that_say_nothing_are_refused(
    touch: Callable[..., Path], files: tuple[str, ...], options: dict[str, object], complaint: str
) -> None:
    with pytest.raises((CorpusError, ParameterError), match=complaint):
        draft_table(touch(*files), **options)  # type: ignore[arg-type] # one of two types each


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_no_table_can_hold_is_named(touch: Callable[..., Path], tmp_path: Path) -> None:
    draft = draft_table(touch("happy/1.wav", os.fsdecode(b"sad/\xff2.wav")), pattern="{emotion}/{}")

    with pytest.raises(CorpusError, match=r"2\.wav.*rename"):
        write_table(draft, tmp_path / "table.csv")
    assert not (tmp_path / "table.csv").exists()

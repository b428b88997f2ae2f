from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from affetto.corpora.naming import MisnamedError
from affetto.corpora.ravdess import expected_clips, load_ravdess, parse_name
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_loads_every_clip_of_the_real_corpus_once(ravdess_dir: Path) -> None:
    corpus = load_ravdess(ravdess_dir)

    assert [u.clip for u in corpus.utterances] == expected_clips()
    assert corpus.emotions == ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
    assert Counter(u.emotion for u in corpus.utterances)["neutral"] == 96
    assert Counter(u.speaker for u in corpus.utterances) == {str(n): 60 for n in range(1, 25)}
    assert Counter(u.gender for u in corpus.utterances) == {"male": 720, "female": 720}
    assert Counter(u.intensity for u in corpus.utterances) == {"normal": 768, "strong": 672}
    assert Counter(u.text for u in corpus.utterances) == {"kids": 720, "dogs": 720}
    assert corpus.licence == "CC-BY-NC-SA-4.0"
    assert "e0196391" in corpus.citation


def test_reads_a_name_field_by_field(touch: Callable[..., Path]) -> None:
    [clip] = load_ravdess(touch("03-01-06-02-02-01-08.wav")).utterances

    assert (clip.emotion, clip.speaker, clip.gender, clip.intensity, clip.text) == (
        "fearful",
        "8",
        "female",
        "strong",
        "dogs",
    )


def test_leaves_out_videos_songs_and_strangers(touch: Callable[..., Path]) -> None:
    folder = touch(
        "Actor_01/03-01-01-01-01-01-01.wav",
        "Actor_01/01-01-01-01-01-01-01.mp4",  # the video of the same take
        "Actor_01/02-01-01-01-01-01-01.wav",  # its sound track, made by somebody
        "Actor_01/03-02-01-01-01-01-01.wav",  # song
        "Actor_01/03-01-01-01-01-02-01.mp3",
        "Actor_01/._03-01-01-01-01-02-01.wav",  # what macOS leaves on foreign disks
        "__MACOSX/Actor_01/03-01-01-01-01-02-01.wav",
        "readme.txt",
    )

    assert [u.clip for u in load_ravdess(folder).utterances] == ["03-01-01-01-01-01-01"]


def test_counts_kaggles_double_folder_once(touch: Callable[..., Path]) -> None:
    folder = touch(
        "audio_speech_actors_01-24/Actor_01/03-01-01-01-01-01-01.wav",
        "Actor_01/03-01-01-01-01-01-01.wav",
        "Actor_01/03-01-01-01-01-01-01.flac",
    )

    [clip] = load_ravdess(folder).utterances

    assert clip.path == folder / "Actor_01" / "03-01-01-01-01-01-01.wav"


def test_finds_clips_behind_links_and_survives_a_round_trip(touch: Callable[..., Path], tmp_path: Path) -> None:
    real = touch("Actor_01/03-01-01-01-01-01-01.WAV")
    linked = tmp_path / "linked"
    linked.mkdir()
    try:
        (linked / "corpus").symlink_to(real, target_is_directory=True)
        (real / "back").symlink_to(linked, target_is_directory=True)
    except OSError:
        pytest.skip("this system does not let us make links")

    assert len(load_ravdess(linked).utterances) == 1


@pytest.mark.parametrize(
    ("stem", "complaint"),
    [
        ("03-01-09-01-01-01-01", "emotion 09; it must be 01 to 08"),
        ("03-01-05-01-01-01-25", "actor 25; it must be 01 to 24"),
        ("03-01-05-01-01-00-24", "repetition 00"),
        ("03-01-01-02-01-01-01", "strongly neutral"),
        ("03-01-05-01-01-01-01 (1)", "seven two-digit numbers"),
        ("03-01-05-01-01-01", "seven two-digit numbers"),
        ("3-1-5-1-1-1-1", "seven two-digit numbers"),
        ("03-01-05-01-01-01-٠١", "seven two-digit numbers"),
    ],
)
def test_a_wrong_name_is_refused_with_the_field_at_fault(stem: str, complaint: str) -> None:
    with pytest.raises(MisnamedError, match=complaint):
        parse_name(stem)


def test_every_expected_name_survives_a_round_trip() -> None:
    assert [parse_name(clip).stem for clip in expected_clips()] == sorted(expected_clips())
    assert len(set(expected_clips())) == 1440


def test_a_folder_without_clips_says_what_was_looked_for(touch: Callable[..., Path]) -> None:
    with pytest.raises(CorpusError, match=r"holds no clip of RAVDESS.*wav or flac files named like 03-01-06"):
        load_ravdess(touch("song.wav"))


def test_a_missing_folder_and_a_file_are_told_apart(tmp_path: Path, touch: Callable[..., Path]) -> None:
    with pytest.raises(CorpusError, match="there is no such folder"):
        load_ravdess(tmp_path / "nowhere")
    with pytest.raises(CorpusError, match="is a file"):
        load_ravdess(touch("clip.wav") / "clip.wav")

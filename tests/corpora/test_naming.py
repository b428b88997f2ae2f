from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import pytest

from affetto.corpora import load_corpus
from affetto.corpora.naming import Layout
from affetto.corpora.patterns import Labels
from affetto.corpora.published import RAVDESS
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("A-ang-1-x.wav", Labels("angry", "Anna", "female", "low", "x")),
        ("b-SAD-0-y.wav", Labels("sad", "Bert", None, None, "y")),
        ("B/ang.wav", Labels("angry", "Bert")),
        ("C-ang-1-x.wav", None),
        ("A-hap-1-x.wav", None),
        ("A-ang-3-x.wav", None),
        ("A-ang-1-z.wav", None),
        ("A-ang.wav", None),
    ],
)
def test_layout_maps_known_codes_and_refuses_others(path: str, expected: Labels | None) -> None:
    layout = Layout(
        ("{speaker}-{emotion}-{intensity}-{text}", "{speaker}/{emotion}"),
        {"ang": "angry", "sad": "sad"},
        {"a": "Anna", "b": "Bert"},
        women=("Anna",),
        intensities={"0": None, "1": "low"},
        texts={"x": "x", "y": "y"},
    )

    assert layout.match(PurePath(path)) == expected


def test_only_clips_are_loaded(touch: Callable[..., Path]) -> None:
    folder = touch(
        "Actor_01/03-01-01-01-01-01-01.wav",
        "Actor_01/01-01-01-01-01-01-01.mp4",  # the video of the same take
        "Actor_01/02-01-01-01-01-01-01.wav",  # its sound track
        "Actor_01/03-02-01-01-01-01-01.wav",  # a song
        "Actor_01/03-01-01-01-01-02-01.mp3",
        "Actor_01/._03-01-01-01-01-02-01.wav",  # written by macOS on foreign disks
        "__MACOSX/Actor_01/03-01-01-01-01-02-01.wav",
        "readme.txt",
        "other.wav",
    )

    scan = RAVDESS.scan(folder)

    assert [u.clip for u in scan.utterances] == ["03-01-01-01-01-01-01"]
    kinds = {one.path.name: one.kind for one in scan.rejected}
    assert kinds.pop("other.wav") == "misnamed"
    assert set(kinds.values()) == {"foreign"}
    assert len(kinds) == 5


def test_clip_that_is_there_twice_counts_once(touch: Callable[..., Path]) -> None:
    folder = touch(
        "audio_speech_actors_01-24/Actor_01/03-01-01-01-01-01-01.wav",  # as in Kaggle's archive
        "Actor_01/03-01-01-01-01-01-01.wav",
        "Actor_01/03-01-01-01-01-01-01.flac",
    )

    [clip] = load_corpus(folder).utterances

    assert clip.path == folder / "Actor_01" / "03-01-01-01-01-01-01.wav"


def test_links_are_followed_once(touch: Callable[..., Path], tmp_path: Path) -> None:
    real = touch("Actor_01/03-01-01-01-01-01-01.WAV")
    linked = tmp_path / "linked"
    linked.mkdir()
    try:
        (linked / "corpus").symlink_to(real, target_is_directory=True)
        (real / "back").symlink_to(linked, target_is_directory=True)
    except OSError:
        pytest.skip("this system does not allow links")

    assert len(load_corpus(linked).utterances) == 1


def test_folder_without_clips_is_refused_with_an_example(touch: Callable[..., Path]) -> None:
    with pytest.raises(CorpusError, match=r"RAVDESS.*03-01-06"):
        load_corpus(touch("song.wav"), name="ravdess")

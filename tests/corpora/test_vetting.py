from __future__ import annotations

import shutil
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from affetto.corpora import Corpus, Utterance, load_corpus
from affetto.corpora.vetting import CorpusWarning, find_clip_problems, vet
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Encoder


@pytest.fixture
def problems_of(root: Path, tmp_path: Path) -> Callable[..., list[str]]:
    """Problems of a corpus of one example and further files, by their name and content."""

    def find(**files: bytes | Path) -> list[str]:
        shutil.copyfile(root / "examples/angry.flac", tmp_path / "angry.flac")
        utterances = [Utterance(tmp_path / "angry.flac", "angry", "1")]
        for name, content in files.items():
            path = tmp_path / name.replace("_", ".")
            path.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
            utterances.append(Utterance(path, "sad", "2"))
        return list(find_clip_problems(Corpus("mine", "unknown", "", tuple(utterances))))

    return find


def test_real_corpora_have_no_problem(ravdess_dir: Path, emodb_dir: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vet([load_corpus(ravdess_dir), load_corpus(emodb_dir)])


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg-opus", "m4a-aac"])
def test_silent_and_nearly_empty_clips_are_found(
    problems_of: Callable[..., list[str]], encode: Encoder, kind: str
) -> None:
    samples = encode.at_rate_of(kind)
    silent, brief = encode(kind, np.zeros_like(samples)), encode(kind, samples[12_000:14_000])

    problems = problems_of(silent_x=silent, brief_x=brief, whole_x=encode(kind))

    assert len(problems) == 2
    assert all(problem.startswith("1 clip ") for problem in problems)
    assert any("silent" in problem for problem in problems)
    assert any("shorter" in problem and "brief" in problem for problem in problems)


def test_channels_that_cancel_each_other_are_not_silent(problems_of: Callable[..., list[str]], encode: Encoder) -> None:
    samples = encode.at_rate_of("flac")

    assert problems_of(inverted_x=encode("flac", np.column_stack([samples, -samples]))) == []


def test_silence_at_the_beginning_is_accepted(problems_of: Callable[..., list[str]], encode: Encoder) -> None:
    samples = encode.at_rate_of("wav")

    assert problems_of(late_x=encode("wav", np.concatenate([np.zeros(200_000, np.float32), samples]))) == []


def test_files_of_the_same_bytes_are_found_with_their_different_labels(
    problems_of: Callable[..., list[str]], root: Path
) -> None:
    [problem] = problems_of(again_flac=root / "examples/angry.flac", other_flac=root / "examples/sad.flac")

    assert "1 clip " in problem
    assert "again is angry under another emotion and speaker" in problem


def test_unreadable_clips_are_ignored(problems_of: Callable[..., list[str]], encode: Encoder) -> None:
    assert problems_of(text_wav=b"no sound", empty_wav=b"", broken_wav=encode("wav")[:30]) == []


def test_many_clips_are_summarized(problems_of: Callable[..., list[str]], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "zeros.wav", np.zeros(8_000), 8_000)
    clips = {f"s{number}_x": (tmp_path / "zeros.wav").read_bytes() + bytes(number) for number in range(20)}

    [problem] = problems_of(**clips)

    assert "20 clips silent" in problem
    assert "and 17 more" in problem


def test_missing_labels_are_an_error_and_two_names_of_an_emotion_a_warning(root: Path) -> None:
    clips = [root / "examples/angry.flac", root / "examples/sad.flac"]
    with pytest.raises(CorpusError, match="'nan'"):
        vet([Corpus("mine", "", "", (Utterance(clips[0], "nan", "1"), Utterance(clips[1], "sad", "1")))])
    with pytest.warns(CorpusWarning, match="'sad'.*'sadness'"):
        vet([Corpus("mine", "", "", (Utterance(clips[0], "sad", "1"), Utterance(clips[1], "sadness", "1")))])

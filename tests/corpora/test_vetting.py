from __future__ import annotations

import shutil
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from affetto.corpora import Corpus, Utterance, load_corpus
from affetto.corpora.vetting import CorpusWarning, clip_warnings, vet
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Encoder


@pytest.fixture
def warnings_of(root: Path, tmp_path: Path) -> Callable[..., list[str]]:
    """What is told of a corpus of one example and further files, by their name and content."""

    def tell(**files: bytes | Path) -> list[str]:
        shutil.copyfile(root / "examples/angry.flac", tmp_path / "angry.flac")
        utterances = [Utterance(tmp_path / "angry.flac", "angry", "1")]
        for name, content in files.items():
            path = tmp_path / name.replace("_", ".")
            path.write_bytes(content if isinstance(content, bytes) else content.read_bytes())
            utterances.append(Utterance(path, "sad", "2"))
        return list(clip_warnings(Corpus("mine", "unknown", "", tuple(utterances))))

    return tell


def test_the_real_corpora_give_no_warning(ravdess_dir: Path, emodb_dir: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vet([load_corpus(ravdess_dir), load_corpus(emodb_dir)])


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg-opus", "m4a-aac"])
def test_silent_and_nearly_empty_clips_are_told(
    warnings_of: Callable[..., list[str]], encode: Encoder, kind: str
) -> None:
    samples = encode.at_rate_of(kind)
    silent, brief = encode(kind, np.zeros_like(samples)), encode(kind, samples[12_000:14_000])

    told = warnings_of(silent_x=silent, brief_x=brief, whole_x=encode(kind))

    assert len(told) == 2
    assert all("1 clip " in warning and "leave it out" in warning for warning in told)
    assert any("silent" in warning for warning in told)
    assert any("shorter than 0.2 s: brief" in warning for warning in told)


def test_channels_that_cancel_each_other_are_not_silent(warnings_of: Callable[..., list[str]], encode: Encoder) -> None:
    samples = encode.at_rate_of("flac")

    assert warnings_of(inverted_x=encode("flac", np.column_stack([samples, -samples]))) == []


def test_silence_at_the_beginning_is_no_silence(warnings_of: Callable[..., list[str]], encode: Encoder) -> None:
    samples = encode.at_rate_of("wav")

    assert warnings_of(late_x=encode("wav", np.concatenate([np.zeros(200_000, np.float32), samples]))) == []


def test_files_of_the_same_bytes_are_told_with_what_they_differ_in(
    warnings_of: Callable[..., list[str]], root: Path
) -> None:
    [told] = warnings_of(again_flac=root / "examples/angry.flac", other_flac=root / "examples/sad.flac")

    assert "1 clip given twice" in told
    assert "again is angry under another emotion and speaker" in told


def test_what_cannot_be_read_is_left_to_whoever_reads_it(
    warnings_of: Callable[..., list[str]], encode: Encoder
) -> None:
    assert warnings_of(text_wav=b"no sound", empty_wav=b"", broken_wav=encode("wav")[:30]) == []


def test_many_clips_are_one_short_sentence(warnings_of: Callable[..., list[str]], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "zeros.wav", np.zeros(8_000), 8_000)
    clips = {f"s{number}_x": (tmp_path / "zeros.wav").read_bytes() + bytes(number) for number in range(20)}

    [told] = warnings_of(**clips)

    assert "20 clips silent" in told
    assert "and 17 more" in told


def test_missing_labels_end_it_and_two_names_of_an_emotion_are_told(root: Path) -> None:
    clips = [root / "examples/angry.flac", root / "examples/sad.flac"]
    with pytest.raises(CorpusError, match="'nan'"):
        vet([Corpus("mine", "", "", (Utterance(clips[0], "nan", "1"), Utterance(clips[1], "sad", "1")))])
    with pytest.warns(CorpusWarning, match=r"'sad' .* and 'sadness' .*write them alike"):
        vet([Corpus("mine", "", "", (Utterance(clips[0], "sad", "1"), Utterance(clips[1], "sadness", "1")))])

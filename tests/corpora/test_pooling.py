from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from affetto.corpora.base import Corpus, Utterance
from affetto.corpora.pooling import pool, require_trainable
from affetto.errors import CorpusError


def corpus(name: str, *rows: tuple[str, str]) -> Corpus:
    utterances = [Utterance(Path(f"{name}/{i}.wav"), emotion, speaker) for i, (emotion, speaker) in enumerate(rows)]
    return Corpus(name, "CC0-1.0", "Me", utterances)


FIRST = corpus("first", ("sad", "1"), ("bored", "2"), ("neutral", "1"))
SECOND = corpus("second", ("angry", "1"), ("amused", "1"), ("sad", "7"))


def test_labels_are_in_order() -> None:
    assert pool(FIRST, SECOND).labels == ("neutral", "sad", "angry", "amused", "bored")
    assert pool(SECOND, FIRST).labels == pool(FIRST, SECOND).labels
    assert pool(FIRST).labels == ("neutral", "sad", "bored")


def test_every_clip_keeps_its_emotion_and_corpus() -> None:
    together = pool(FIRST, SECOND)
    expected = [*FIRST.utterances, *SECOND.utterances]
    assert together.X.tolist() == [utterance.path for utterance in expected]
    assert [together.labels[i] for i in together.y] == [utterance.emotion for utterance in expected]
    assert together.corpora.tolist() == ["first"] * 3 + ["second"] * 3


def test_speakers_of_different_corpora_are_different_people() -> None:
    speakers = pool(FIRST, SECOND).speakers
    assert len(set(speakers.tolist())) == 4
    assert not set(speakers[:3].tolist()) & set(speakers[3:].tolist())
    assert speakers[0] == speakers[2] != speakers[1]


def test_one_corpus_keeps_the_names_of_its_speakers() -> None:
    assert pool(FIRST).speakers.tolist() == ["1", "2", "1"]


def test_many_clips_are_chosen_from_as_arrays() -> None:
    together = pool(FIRST, SECOND)
    chosen = np.array([5, 0])
    assert together.X[chosen].tolist() == [Path("second/2.wav"), Path("first/0.wav")]


@pytest.mark.parametrize("others", [(FIRST,), (SECOND, FIRST), (corpus("first", ("sad", "9")),)])
def test_the_same_corpus_twice_is_refused(others: tuple[Corpus, ...]) -> None:
    with pytest.raises(CorpusError, match="'first' is given twice"):
        pool(FIRST, *others)


def test_a_recording_in_two_corpora_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clip.wav").write_bytes(b"one")
    (tmp_path / "copy.wav").write_bytes(b"one")
    (tmp_path / "as long.wav").write_bytes(b"two")

    def named(name: str, *paths: Path) -> Corpus:
        return Corpus(name, "", "", [Utterance(path, "sad", "1") for path in paths])

    one = named("one", tmp_path / "clip.wav", tmp_path / "copy.wav")  # within one corpus they are allowed
    assert len(pool(one, named("other", tmp_path / "as long.wav")).X) == 3
    for path in (tmp_path / ".." / tmp_path.name / "clip.wav", tmp_path / "copy.wav"):
        with pytest.raises(CorpusError, match=rf"{path.name}.*'other'.*'one'.*clip\.wav"):
            pool(one, named("other", path))


@pytest.mark.parametrize(
    ("corpora", "expected"),
    [
        ((("sad", "calm", "neutral"),), 1.0),
        ((("sad", "calm"), ("sad", "neutral")), 1 / 2),
        ((("calm", "neutral"), ("sad", "neutral"), ("angry", "neutral"), ("happy", "sad")), 1 / 3),
    ],
)
def test_frequency_of_calm_is_the_share_of_corpora_that_have_it(
    corpora: tuple[tuple[str, ...], ...], expected: float
) -> None:
    together = pool(*(corpus(str(i), *((name, "1") for name in names)) for i, names in enumerate(corpora)))
    for label, frequency in zip(together.y, together.frequencies, strict=True):
        assert frequency == pytest.approx(expected if together.labels[label] == "calm" else 1)


def test_two_speakers_of_each_emotion_are_enough() -> None:
    require_trainable(
        corpus("mine", ("sad", "A"), ("sad", "B"), ("happy", "A"), ("happy", "C")).utterances, name="mine"
    )


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("sad", "A"), ("sad", "B")], "1 emotion"),
        ([("sad", "A"), ("sad", "B"), ("happy", "A")], r"'happy'.*'A'.*one speaker only"),
        ([("sad", "A"), ("happy", "A")], r"one speaker only, 'A'.*--protocol random"),
        ([], "0 emotion"),
    ],
)
def test_a_corpus_that_cannot_be_split_by_speaker_is_refused(pairs: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        require_trainable(corpus("mine", *pairs).utterances, name="mine")

"""The recordings in `examples/`, which other tests and the documentation use."""

from __future__ import annotations

import csv
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import soundfile

from affetto import Recognizer, read
from affetto.corpora import EMOTIONS, Corpus, load_corpus
from affetto.recognition.dimensions import dimensions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def examples(root: Path) -> Path:
    return root / "examples"


@pytest.fixture(scope="module")
def corpus(examples: Path) -> Corpus:
    return load_corpus(examples)


def test_the_table_lists_every_recording(corpus: Corpus, examples: Path) -> None:
    listed = {utterance.path.name for utterance in corpus.utterances}
    assert listed | {"sequence.flac"} == {path.name for path in examples.glob("*.flac")}
    assert {utterance.emotion for utterance in corpus.utterances} <= set(EMOTIONS)
    assert all(utterance.text and utterance.gender for utterance in corpus.utterances)
    perceived = {utterance.clip: utterance.heard for utterance in corpus.utterances if utterance.heard}
    assert perceived["happy-heard-neutral"] == "neutral"
    assert len(perceived) == 6


def test_recordings_are_mono_and_small(corpus: Corpus) -> None:
    for utterance in corpus.utterances:
        info = soundfile.info(utterance.path)
        assert (info.format, info.subtype, info.channels) == ("FLAC", "PCM_16", 1)
        assert 1 < info.duration < 10
        assert abs(read(utterance.path).samples).max() < 1  # not clipped
    assert sum(utterance.path.stat().st_size for utterance in corpus.utterances) < 1_000_000


def test_every_recording_has_source_licence_and_speaker(corpus: Corpus, examples: Path) -> None:
    readme = (examples / "README.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in readme.splitlines() if line.startswith("| `")}
    for utterance in corpus.utterances:
        row = rows[utterance.path.name]
        assert utterance.speaker in row
        assert utterance.heard is None or utterance.heard in row
        assert any(source in row for source in ("Thorsten-Voice", "CREMA-D", "LJ Speech"))
    for licence in ("CC0 1.0", "public domain", "ODbL 1.0", "DbCL 1.0"):
        assert licence in readme


def test_speakers_left_out_of_training_are_named(corpus: Corpus, examples: Path) -> None:
    readme = (examples / "README.md").read_text(encoding="utf-8")
    speakers = sorted({utterance.speaker for utterance in corpus.utterances if utterance.speaker.isdecimal()})
    assert f"CREMA-D speakers left out of training: {', '.join(speakers)}." in readme


def test_the_demo_shows_expressed_and_recognized_emotions(recognizer: Recognizer, root: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(root / "examples" / "demo.py")]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", cwd=tmp_path, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    table_part, timeline = done.stdout.split("One recording over time")
    lines = {line.split()[0]: line.split() for line in table_part.splitlines() if line.strip()}
    with (root / "examples" / "corpus.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        result = recognizer.recognize(root / "examples" / row["path"])
        expected = [
            row["path"],
            row["emotion"],
            row["heard"],
            result.emotion or "",
            f"{result.confidence or 0:.0%}",
        ]
        assert lines[row["path"]] == [*filter(None, expected), result.status]
    assert "sequence.flac" in timeline
    segments = recognizer.recognize(root / "examples" / "sequence.flac").segments
    assert sum(line.startswith("0:") for line in timeline.splitlines()) == len(segments)


def test_angry_speech_has_more_arousal_than_sad_speech(recognizer: Recognizer, examples: Path) -> None:
    arousal = {}
    for name in ("angry", "surprised", "sad"):
        probabilities = recognizer.recognize(examples / f"{name}.flac").probabilities
        arousal[name] = float(dimensions(list(probabilities), list(probabilities.values())).arousal)
    assert arousal["angry"] > 0 > arousal["sad"]
    assert arousal["surprised"] > 0

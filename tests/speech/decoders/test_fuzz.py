"""Damaged recordings of every format: an answer or one sentence, in little time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from tests.conftest import Encoder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits of memory and time are those of POSIX")

WORKER = Path(__file__).with_name("fuzz_worker.py")
MAX_MB = 500
INPUTS_PER_WORKER = 500


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory, encode: Encoder, kinds: list[str]) -> Path:
    """A folder with a second of speech in every format."""
    folder = tmp_path_factory.mktemp("originals")
    for kind in kinds:
        (folder / kind).write_bytes(encode(kind, encode.at_rate_of(kind)[4_000:28_000]))
    speech = encode.at(24_000)[4_000:28_000]
    two_tracks = encode.mux("mp4", ("aac", speech, 24_000), ("aac", speech, 48_000), picture="mpeg4")
    (folder / "video").write_bytes(two_tracks)
    six_channels = np.repeat(speech[:, None], 6, axis=1)
    (folder / "surround").write_bytes(encode.mux("matroska", ("aac", six_channels, 24_000)))
    # Files that are read in special ways: an mp3 without a length, a wav of an interrupted recorder, two in one file.
    mp3, wav, ogg = (encode(kind, speech) for kind in ("mp3", "wav", "ogg-vorbis"))
    (folder / "mp3-bare").write_bytes(mp3[mp3.index(mp3[:2], 100) :])
    size_at = wav.index(b"data") + 4
    (folder / "wav-unset").write_bytes(wav[:size_at] + bytes(4) + wav[size_at + 4 :])
    (folder / "ogg-joined").write_bytes(ogg + ogg)
    return folder


def read_mutations(originals: Path, first: int, last: int) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the outcome of each mutation, and the errors."""
    done: list[dict[str, Any]] = []
    wrong: list[str] = []
    while first < last:
        end = min(first + INPUTS_PER_WORKER, last)
        # Threads would only take addresses, which are limited.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, str(WORKER), str(originals), str(first), str(end)]
        process = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        lines = [json.loads(line) for line in process.stdout.splitlines()]
        done += [line for line in lines if line["state"] == "ends"]
        if process.returncode:
            culprit = lines[-1]["index"] if lines else first
            wrong.append(f"input {culprit} ended the process ({process.returncode}): {process.stderr[-1500:]}")
            end = culprit + 1
        first = end
    return done, wrong


def check(originals: Path, first: int, last: int) -> None:
    done, wrong = read_mutations(originals, first, last)
    assert not wrong
    assert [line["index"] for line in done] == list(range(first, last))
    sentences = [line["sentence"] for line in done if line["sentence"]]
    assert all(sentence.startswith("<bytes>") and "\n" not in sentence for sentence in sentences)
    assert max(line["peak_mb"] for line in done) < MAX_MB
    # Damage leaves something to read in many, and nothing in many.
    assert 0.2 < len(sentences) / len(done) < 0.8


def test_damaged_recordings(originals: Path) -> None:
    check(originals, 0, 160)


@pytest.mark.slow
def test_thousands_of_damaged_recordings(originals: Path) -> None:
    check(originals, 1_000, 6_000)

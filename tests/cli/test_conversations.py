"""`affetto recognize` with a transcript and a diarization."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from tests.cli.conftest import run_text as run

from affetto import read

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000


@pytest.fixture(scope="module")
def folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A conversation of Anna and Ben with its transcript and diarization."""
    folder = tmp_path_factory.mktemp("conversation")
    sounds = [read(root / "examples" / f"{name}.flac", sample_rate_hz=RATE).samples for name in ("sad", "happy-2")]
    soundfile.write(folder / "call.wav", np.concatenate(sounds), RATE)
    first_s, second_s = (len(sound) / RATE for sound in sounds)
    times = [f"00:00:{time_s:06.3f}".replace(".", ",") for time_s in (0, first_s, first_s, first_s + second_s)]
    texts = ("I think I've seen this before.", "-The surface is slick.")
    cues = (f"{n + 1}\n{times[2 * n]} --> {times[2 * n + 1]}\n{texts[n]}\n\n" for n in range(2))
    (folder / "call.srt").write_text("".join(cues))
    lines = ((0.0, first_s, "Anna"), (first_s, second_s, "Ben"))
    rttm = (f"SPEAKER call 1 {start:.3f} {length:.3f} <NA> <NA> {name} <NA> <NA>\n" for start, length, name in lines)
    (folder / "call.rttm").write_text("".join(rttm))
    return folder


def test_each_turn_is_a_line_with_its_speaker_and_text(folder: Path) -> None:
    done = run("recognize", "call.wav", "--transcript", "call.srt", "--speakers", "call.rttm", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()[-2:]
    assert "Anna" in lines[0]
    assert lines[0].rstrip().endswith("seen this before.")
    assert "Ben" in lines[1]


def test_a_table_has_speakers_and_texts(folder: Path) -> None:
    options = ("--speakers", "call.rttm", "--transcript", "call.srt", "--format", "csv")
    done = run("recognize", "call.wav", *options, cwd=folder)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["speaker"], row["text"]) for row in rows] == [
        ("Anna", "I think I've seen this before."),
        ("Ben", "'-The surface is slick."),  # not a formula
    ]
    assert rows[0]["emotion"] == "sad"


def test_either_file_works_alone(folder: Path) -> None:
    said = run("recognize", "call.wav", "--transcript", "call.srt", "--format", "srt", cwd=folder).stdout
    assert "%) I think I've seen this before." in said
    spoken = run("recognize", "call.wav", "--speakers", "call.rttm", "--format", "vtt", cwd=folder).stdout
    assert "<v Anna>sad" in spoken
    drawn = run("recognize", "call.wav", "--speakers", "call.rttm", "--timeline", "--plot", "a.png", cwd=folder)
    assert "\nAnna\n" in drawn.stdout
    assert (folder / "a.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("call.wav", "call.wav", "--transcript", "call.srt"), 2, "--transcript"),
        (("call.wav", "--channels", "each", "--speakers", "call.rttm"), 2, "--speakers"),
        (("call.wav", "--transcript", "call.rttm"), 1, "call.rttm"),
        (("call.wav", "--speakers", "missing.rttm"), 1, "missing.rttm"),
        (("call.wav", "--speakers", "call.rttm", "--output", "call.rttm"), 2, "already an input"),
        (("call.wav", "--transcript", "call.srt", "--output", "call.srt"), 2, "already an input"),
        (("missing.wav", "--transcript", "call.srt"), 1, "missing.wav does not exist"),
    ],
)
def test_wrong_usage_is_one_sentence(folder: Path, arguments: tuple[str, ...], code: int, word: str) -> None:
    done = run("recognize", *arguments, cwd=folder)
    assert done.returncode == code
    assert len(done.stderr.splitlines()) == 1
    assert word in done.stderr

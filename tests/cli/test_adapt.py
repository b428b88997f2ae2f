"""`affetto adapt`, and `recognize` and `listen` with a profile, as a user runs them."""

from __future__ import annotations

import csv
import io
import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from tests.cli.conftest import EXAMPLES as ALL_EXAMPLES
from tests.cli.conftest import run_text as run

from affetto import AdaptationProfile, Recognizer, read

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = ALL_EXAMPLES[:6]
ADAPTED = "adapted to the"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds a profile of the examples, and `two.wav` with two utterances."""
    folder = tmp_path_factory.mktemp("me")
    Recognizer().adapt(EXAMPLES).save(folder / "me.json")
    pause = np.zeros(16_000, np.float32)
    parts = [part for path in EXAMPLES[:2] for part in (read(path, sample_rate_hz=16_000).samples, pause)]
    soundfile.write(folder / "two.wav", np.concatenate(parts), 16_000)
    return folder


def test_a_profile_is_written_and_described(tmp_path: Path) -> None:
    done = run("adapt", *EXAMPLES, "--profile", "me.json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    profile = AdaptationProfile.load(tmp_path / "me.json")
    found, hint, wrote = done.stdout.splitlines()
    assert f"{len(profile)} segments, {profile.speech_s:.1f} s of speech, in 6 recordings" in found
    assert "one speaker or several" in found  # of fewer than ten segments
    assert "20 segments" in hint
    assert wrote == "Wrote me.json. Try: affetto recognize FILE --profile me.json"
    assert [path.name for path in tmp_path.iterdir()] == ["me.json"]


def test_a_profile_can_be_made_of_one_channel(tmp_path: Path) -> None:
    one, other = (read(path, sample_rate_hz=16_000).samples for path in EXAMPLES[:2])
    n_samples = max(len(one), len(other))
    call = np.stack([np.pad(part, (0, n_samples - len(part))) for part in (one, other)], axis=1)
    soundfile.write(tmp_path / "call.wav", call, 16_000, subtype="FLOAT")
    for channel, part in ((1, one), (2, other)):
        done = run("adapt", "call.wav", "--channels", str(channel), "--profile", "me.json", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        alone = Recognizer().adapt([(np.pad(part, (0, n_samples - len(part))), 16_000)])
        assert AdaptationProfile.load(tmp_path / "me.json").embeddings == pytest.approx(alone.embeddings, abs=0.01)
    done = run("adapt", "call.wav", "--channels", "3", "--profile", "me.json", cwd=tmp_path)
    assert done.returncode == 1
    assert "channel" in done.stderr


def test_a_truncated_recording_is_a_warning(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "whole.wav", read(EXAMPLES[0], sample_rate_hz=16_000).samples, 16_000)
    whole = (tmp_path / "whole.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: 2 * len(whole) // 3])
    done = run("adapt", "cut.wav", "--profile", "me.json", cwd=tmp_path)
    assert done.returncode == 0
    (warning,) = done.stderr.splitlines()
    assert warning.startswith("affetto: warning: cut.wav")


def test_a_hint_says_that_few_segments_help_little(tmp_path: Path) -> None:
    done = run("adapt", EXAMPLES[0], "--profile", "a voice.json", "--model", "transformer", cwd=tmp_path)
    found, hint, wrote = done.stdout.splitlines()
    assert "1 segment, " in found
    assert " in 1 recording" in found
    assert "Fewer than 5 segments" in hint
    assert wrote.endswith("affetto recognize FILE --model transformer --profile 'a voice.json'")


def test_with_many_segments_there_is_no_hint(tmp_path: Path) -> None:
    for example in EXAMPLES:
        samples, _ = soundfile.read(example)
        for rate in (15_000, 16_000, 17_000, 18_000):  # so that no two recordings are the same
            soundfile.write(tmp_path / f"{example.stem}-{rate}.wav", samples, rate)
    done = run("adapt", *sorted(tmp_path.glob("*.wav")), "--profile", "me.json", cwd=tmp_path)
    assert len(done.stdout.splitlines()) == 2
    assert "in 24 recordings" in done.stdout


def test_a_profile_is_replaced_and_standard_input_read(tmp_path: Path) -> None:
    run("adapt", *EXAMPLES[:2], "--profile", "me.json", cwd=tmp_path)
    before = (tmp_path / "me.json").read_bytes()
    done = run("adapt", "-", "--profile", "me.json", cwd=tmp_path, stdin=EXAMPLES[0].read_bytes())
    assert done.returncode == 0
    assert len(AdaptationProfile.load(tmp_path / "me.json")) == 1
    assert (tmp_path / "me.json").read_bytes() != before


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["a.flac", "--profile", "a.flac"], "a.flac is already an input", 2),
        (["a.flac", "--profile", "diary.txt"], "diary.txt exists and is not a valid adaptation profile", 2),
        (["a.flac", "--profile", "broken.json"], "broken.json exists and is not a valid adaptation profile", 2),
        (["a.flac", "--profile", "me.json", "--channels", "each"], "channels is 'each'", 2),
        (["a.flac", "--profile", "."], "is a folder", 2),
        (["a.flac", "--profile", "missing/me.json"], "there is no folder missing", 2),
        (["-", "-", "--profile", "me.json"], "standard input holds one recording", 2),
        (["a.flac", "missing.wav", "--profile", "me.json"], "missing.wav does not exist", 1),
        (["a.flac", "diary.txt", "--profile", "me.json"], "diary.txt is not audio", 1),
        (["silence.wav", "--profile", "me.json"], "nobody speaks in the recordings to adapt to", 1),
        (["a.flac", "--profile", "me.json", "--model", "svm"], "the model svm cannot be adapted", 1),
        (["a.flac", "--profile", "me.json", "--model", "none"], "there is no model 'none'", 1),
    ],
)
def test_errors_are_one_sentence_and_nothing_is_written(
    arguments: list[str], message: str, code: int, tmp_path: Path
) -> None:
    shutil.copy(EXAMPLES[0], tmp_path / "a.flac")
    (tmp_path / "diary.txt").write_text("dear diary")
    (tmp_path / "broken.json").write_text('{"format": "affetto adaptation profile", "format_version": 1, "emb')
    soundfile.write(tmp_path / "silence.wav", np.zeros(16_000), 16_000)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    done = run("adapt", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    assert message in line
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_profile_must_be_named(tmp_path: Path) -> None:
    done = run("adapt", EXAMPLES[0], cwd=tmp_path)
    assert done.returncode == 2
    assert "--profile" in done.stderr


def test_the_table_shows_the_adaptation(folder: Path) -> None:
    by_profile = run("recognize", *EXAMPLES, "--profile", "me.json", cwd=folder).stdout.splitlines()
    assert by_profile[0].split()[-2:] == ["adapted", "to"]
    assert all(line.split()[-1] == "profile" for line in by_profile[1:])
    mixed = run("recognize", "two.wav", EXAMPLES[0], cwd=folder).stdout.splitlines()
    assert mixed[0].split()[-2:] == ["adapted", "to"]
    assert mixed[1].split()[-1] == "recording"
    assert mixed[2].split()[-1] != "recording"
    for plain in (["two.wav", "--no-self-adaptation"], [EXAMPLES[0]]):
        assert "adapted" not in run("recognize", *plain, cwd=folder).stdout


def test_the_table_marks_uncertain_emotions(folder: Path) -> None:
    results = [Recognizer().recognize(path) for path in EXAMPLES]
    assert "uncertain" in {result.status for result in results}
    lines = run("recognize", *EXAMPLES, cwd=folder).stdout.splitlines()[1:]
    for line, result in zip(lines, results, strict=True):
        assert (f"{result.emotion}?" in line) == (result.status == "uncertain")
        assert str(result.emotion) in line


def test_the_timeline_shows_the_adaptation(folder: Path) -> None:
    for options, expected in ((["--profile", "me.json"], "profile"), ([], "recording")):
        title, *others = run("recognize", "two.wav", "--timeline", *options, cwd=folder).stdout.splitlines()
        assert title.endswith(f"  {ADAPTED} {expected}")
        assert ADAPTED not in "".join(others)
    assert ADAPTED not in run("recognize", "two.wav", "--timeline", "--no-self-adaptation", cwd=folder).stdout


def test_exports_contain_the_adaptation(folder: Path) -> None:
    for options, shown in ((["--profile", "me.json"], "profile"), ([], "recording"), (["--no-self-adaptation"], None)):
        (result,) = json.loads(run("recognize", "two.wav", "--format", "json", *options, cwd=folder).stdout)
        assert result["adapted_to"] == shown
        assert {segment["status"] for segment in result["segments"]} <= {"ok", "uncertain"}
        printed = run("recognize", "two.wav", "--format", "csv", *options, cwd=folder).stdout
        rows = list(csv.DictReader(io.StringIO(printed)))
        assert [row["adapted_to"] for row in rows] == [shown or ""] * 2
        assert [row["status"] for row in rows] == [segment["status"] for segment in result["segments"]]


def test_a_profile_changes_probabilities(folder: Path) -> None:
    (plain,), (adapted,) = (
        json.loads(run("recognize", EXAMPLES[0], "--format", "json", *options, cwd=folder).stdout)
        for options in ([], ["--profile", "me.json"])
    )
    assert plain["probabilities"] != pytest.approx(adapted["probabilities"], abs=0.02)


def test_listen_marks_adapted_segments(folder: Path) -> None:
    for options, expected in (
        (["--profile", "me.json"], [True, True]),
        ([], [False, True]),
        (["--no-self-adaptation"], [False, False]),
    ):
        done = run("listen", "--file", "two.wav", "--fast", *options, cwd=folder)
        assert (done.returncode, done.stderr) == (0, "")
        first, second, title, *_ = done.stdout.splitlines()
        assert [line.endswith("  adapted") for line in (first, second)] == expected
        assert (ADAPTED in title) == any(expected)


def test_listen_and_recognize_agree(folder: Path, tmp_path: Path) -> None:
    whole = run("recognize", "two.wav", "--format", "json", "--profile", "me.json", cwd=folder)
    arguments = ["--file", "two.wav", "--fast", "--format", "json", "--profile", "me.json"]
    (live,), (recognized,) = (json.loads(done.stdout) for done in (run("listen", *arguments, cwd=folder), whole))
    assert live["adapted_to"] == recognized["adapted_to"] == "profile"
    assert live["probabilities"] == pytest.approx(recognized["probabilities"], abs=0.02)


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["--profile", "nowhere.json"], "the profile nowhere.json cannot be read", 1),
        (["--profile", "diary.txt"], "the profile diary.txt is not valid JSON", 1),
        (["--profile", "damaged.json"], "damaged.json is damaged (it has no 'speaker_count')", 1),
        (["--profile", "other.json"], "the profile was made with another model (transformer, 000000000000…)", 1),
        (["--profile", "me.json", "--model", "svm"], "the model svm cannot be adapted", 1),
        (["--profile", "me.json", "--output", "me.json"], "me.json is already an input", 2),
    ],
)
@pytest.mark.parametrize("command", [["recognize", "two.wav"], ["listen", "--fast", "--file", "two.wav"]])
def test_profile_errors_are_one_sentence(
    command: list[str], arguments: list[str], message: str, code: int, folder: Path
) -> None:
    content = json.loads((folder / "me.json").read_text(encoding="utf-8"))
    (folder / "diary.txt").write_text("dear diary")
    (folder / "damaged.json").write_text(json.dumps({k: v for k, v in content.items() if k != "speaker_count"}))
    other = content | {"model": {"name": "transformer", "sha256": "0" * 64}}
    (folder / "other.json").write_text(json.dumps(other))
    done = run(*command, *arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    assert message in line
    assert json.loads((folder / "me.json").read_text(encoding="utf-8")) == content


def test_all_channels_are_adapted_to_one_profile(folder: Path) -> None:
    """A profile may be of several speakers, who share a telephone line."""
    done = run("recognize", "two.wav", "--channels", "each", "--profile", "me.json", "--format", "json", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert {result["adapted_to"] for result in json.loads(done.stdout)} == {"profile"}


def test_help_lists_the_options_of_adaptation(tmp_path: Path) -> None:
    assert "adapt " in run("--help", cwd=tmp_path).stdout
    for command in ("recognize", "listen"):
        expected = run(command, "--help", cwd=tmp_path).stdout
        assert "--profile" in expected
        assert "--no-self-adaptation" in expected

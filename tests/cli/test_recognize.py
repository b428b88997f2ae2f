from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread
from tests.cli.conftest import COMMAND, EXAMPLES
from tests.cli.conftest import run_bytes as run

from affetto import read

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="pipes, names and Ctrl-C are those of POSIX")

ANSWERED = {"ok", "uncertain"}


@pytest.fixture
def spoiled(tmp_path: Path) -> dict[str, Path]:
    """Every kind of bad input, by a pattern of its error message."""
    text = tmp_path / "text.wav"
    text.write_text("dear diary")
    empty = tmp_path / "empty.wav"
    empty.touch()
    short = tmp_path / "short.wav"
    soundfile.write(short, np.ones(1_600) / 3, 16_000)
    single = tmp_path / "single.wav"
    soundfile.write(single, np.ones(1), 16_000)
    broken = tmp_path / "broken.wav"
    soundfile.write(broken, np.full(16_000, np.nan), 16_000, subtype="FLOAT")
    none = tmp_path / "none.wav"
    soundfile.write(none, np.ones(0), 16_000)
    return {
        "does not exist": tmp_path / "missing.wav",
        "is a folder": tmp_path,
        "not audio": text,
        "is empty": empty,
        "0.1 s long": short,
        "6.25e-05 s long": single,
        "NaN": broken,
        "no samples": none,
    }


def test_table_names_each_recording_and_its_emotion() -> None:
    done = run("recognize", *EXAMPLES)
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()[1:]
    assert len(lines) == len(EXAMPLES) > 0
    assert all(path.name in line and "%" in line for path, line in zip(EXAMPLES, lines, strict=True))


def test_the_table_shows_arousal_and_valence() -> None:
    angry, sad = (path for path in EXAMPLES if path.stem in ("angry", "sad"))
    done = run("recognize", angry, sad, "--format", "json")
    loud, quiet = json.loads(done.stdout)
    assert loud["arousal"] > 0 > quiet["arousal"]
    for found in (loud, quiet):
        (segment,) = found["segments"]
        assert (segment["arousal"], segment["valence"]) == (found["arousal"], found["valence"])
        assert found["arousal"] == round(found["arousal"], 6)
    header, *lines = run("recognize", angry, sad).stdout.decode().splitlines()
    assert header.split()[-2:] == ["arousal", "valence"]
    for found, line in zip((loud, quiet), lines, strict=True):
        assert line.split()[-2:] == [f"{found['arousal']:+.2f}", f"{found['valence']:+.2f}"]


def test_the_prior_changes_emotions_and_not_their_dimensions(tmp_path: Path) -> None:
    angry = EXAMPLES[0]
    found = {}
    for prior in ("balanced", "everyday", "neutral=0.6,angry=0.1"):
        done = run("recognize", angry, "--prior", prior, "--format", "json")
        assert (done.returncode, done.stderr) == (0, b"")
        (found[prior],) = json.loads(done.stdout)
    odds = {prior: f["probabilities"]["neutral"] / f["probabilities"]["angry"] for prior, f in found.items()}
    assert odds["neutral=0.6,angry=0.1"] == pytest.approx(6 * odds["balanced"], rel=1e-3)
    # Calm, one of the other seven, is a third as frequent as any.
    assert odds["everyday"] == pytest.approx(0.7 / (0.3 / (6 + 1 / 3)) * odds["balanced"], rel=1e-3)
    assert len({(f["arousal"], f["valence"]) for f in found.values()}) == 1
    (default,) = json.loads(run("recognize", angry, "--format", "json").stdout)
    assert default == found["balanced"]


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ("often", "'often'"),
        ("", "''"),
        ("neutral", "'neutral'"),
        ("neutral=most", "'neutral=most'"),
        ("neutral=0.5,neutral=0.2", "'neutral'"),
        ("neutral=0.7,sad=0.5", "1.2"),
        ("neutral=2", "'neutral'"),
        ("bored=0.5", "'bored'"),
    ],
)
def test_an_invalid_prior_is_wrong_usage(prior: str, message: str) -> None:
    done = run("recognize", EXAMPLES[0], "--model", "gmm", "--prior", prior)
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert message in line
    assert "prior" in line


def test_json_carries_results_and_errors(spoiled: dict[str, Path]) -> None:
    done = run("recognize", EXAMPLES[0], *spoiled.values(), EXAMPLES[1], "--format", "json")
    assert done.returncode == 1
    outcomes = json.loads(done.stdout)
    assert [o["source"] for o in outcomes] == [str(p) for p in (EXAMPLES[0], *spoiled.values(), EXAMPLES[1])]
    assert {outcomes[0]["status"], outcomes[-1]["status"]} <= ANSWERED
    for message, outcome in zip(spoiled, outcomes[1:-1], strict=True):
        assert outcome["status"] == "error"
        assert message in outcome["error"]
        assert outcome["error"] in done.stderr.decode()
    assert len(done.stderr.decode().splitlines()) == len(spoiled)


def test_csv_is_read_back(spoiled: dict[str, Path]) -> None:
    done = run("recognize", EXAMPLES[0], spoiled["not audio"], "--format", "csv")
    good, bad = csv.DictReader(io.StringIO(done.stdout.decode()))
    assert good["status"] in ANSWERED
    assert float(good["confidence"]) == float(good[good["emotion"]])
    assert 0 <= float(good["start_s"]) < float(good["end_s"])
    assert good["error"] == ""
    assert (bad["status"], bad["emotion"]) == ("error", "")
    assert "not audio" in bad["error"]


def test_a_file_equals_the_printed_export(tmp_path: Path) -> None:
    for ending, several in (("json", True), ("jsonl", True), ("csv", True), ("vtt", False), ("srt", False)):
        recordings = EXAMPLES[:2] if several else EXAMPLES[:1]
        written = run("recognize", *recordings, "--output", tmp_path / f"a.{ending}")
        assert written.returncode == 0
        assert recordings[0].name in written.stdout.decode()
        printed = run("recognize", *recordings, "--format", ending)
        assert printed.returncode == 0
        assert (tmp_path / f"a.{ending}").read_text(
            encoding="utf-8"
        ).splitlines() == printed.stdout.decode().splitlines()


def test_the_format_may_be_named(tmp_path: Path) -> None:
    done = run("recognize", EXAMPLES[0], "--output", "labels", "--format", "textgrid", cwd=tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "labels").read_text().startswith('File type = "ooTextFile"')


def test_files_hold_failures_but_empty_subtitles_are_not_written(tmp_path: Path, spoiled: dict[str, Path]) -> None:
    done = run("recognize", EXAMPLES[0], spoiled["not audio"], "--output", tmp_path / "a.csv")
    assert done.returncode == 1
    rows = list(csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8", newline="")))
    assert [row["status"] in ANSWERED for row in rows] == [True, False]
    assert rows[1]["status"] == "error"
    done = run("recognize", spoiled["not audio"], "--output", tmp_path / "a.srt")
    assert done.returncode == 1
    assert not (tmp_path / "a.srt").exists()
    done = run("recognize", spoiled["not audio"], "--format", "srt")
    assert (done.returncode, done.stdout) == (1, b"")


def test_csv_has_all_labels_even_without_speech(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(16_000), 16_000)
    header, row = run("recognize", "silence.wav", "--format", "csv", cwd=tmp_path).stdout.decode().splitlines()
    assert {"neutral", "angry"} <= set(header.split(","))
    assert row.startswith("silence.wav,,,0.0,1.0,,,no_speech,,")


def test_channels_and_tracks_are_chosen(tmp_path: Path) -> None:
    left, right = (read(EXAMPLES[i], sample_rate_hz=16_000).samples for i in (0, 5))
    call = np.zeros((len(left) + 16_000 + len(right), 2), np.float32)
    call[: len(left), 0], call[-len(right) :, 1] = left, right
    soundfile.write(tmp_path / "call.wav", call, 16_000)
    done = run("recognize", "call.wav", "--channels", "each", "--format", "json", cwd=tmp_path)
    first, second = json.loads(done.stdout)
    assert (first["channel"], second["channel"]) == (1, 2)
    assert first["segments"][0]["end_s"] < second["segments"][0]["start_s"]
    done = run("recognize", "call.wav", "--channels", "2", "--plot", "a.png", cwd=tmp_path)
    assert b"call.wav [channel 2]" in done.stdout
    assert (tmp_path / "a.png").stat().st_size > 10_000
    done = run("recognize", "call.wav", "--channels", "3", cwd=tmp_path)
    assert done.returncode == 1
    assert b"not channel 3" in done.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--channels", "left"], b"channels is 'left'; choose"),
        (["--channels", "0"], b"channels is 0"),
        (["--track", "0"], b"--track"),
        (["--channels", "each", "--format", "vtt"], b"vtt holds one channel"),
        (["--channels", "each", "--plot", "a.png"], b"--plot draws one channel"),
    ],
)
def test_invalid_channels_and_tracks_are_wrong_usage(options: list[str], message: bytes, tmp_path: Path) -> None:
    done = run("recognize", EXAMPLES[0], *options, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_timeline_and_picture(tmp_path: Path) -> None:
    shutil.copy(EXAMPLES[0], tmp_path / "a $1$ 😀.flac")
    done = run("recognize", "a $1$ 😀.flac", "--timeline", "--plot", "a.png", "--output", "a.vtt", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    title, shown, bar, axis, *_ = done.stdout.decode().splitlines()
    assert shown.startswith("arousal ")
    assert title.startswith("a $1$ 😀.flac")
    assert len(bar) == 160
    assert "╵0:00" in axis
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "a.vtt").read_text(encoding="utf-8").startswith("WEBVTT")
    done = run("recognize", "-", "--plot", "b.png", stdin=EXAMPLES[0].read_bytes(), cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.decode().splitlines()[1].startswith("<stdin> ")
    assert (tmp_path / "b.png").exists()


@posix
@pytest.mark.parametrize(("name", "command"), [("pipe", 'cat "$0" > pipe & "$@"'), ("/dev/fd/0", 'cat "$0" | "$@"')])
def test_a_recording_from_a_pipe_is_drawn(name: str, command: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    recognize = [*COMMAND, "recognize", "--model", "gmm", "--format", "json", "--plot", "a.png", name]
    done = subprocess.run(
        ["sh", "-c", command, str(EXAMPLES[0]), *recognize], capture_output=True, cwd=tmp_path, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)[0]["source"] == name
    assert run("recognize", "--model", "gmm", "--plot", "b.png", EXAMPLES[0], cwd=tmp_path).returncode == 0
    # Only the titles differ.
    drawn, expected = (imread(tmp_path / name)[100:] for name in ("a.png", "b.png"))
    np.testing.assert_array_equal(drawn, expected)


def test_acoustic_measures_are_printed_and_exported(tmp_path: Path) -> None:
    table = run("recognize", *EXAMPLES[:2], "--acoustics").stdout.decode()
    # Lines are broken at the width of the terminal.
    printed = " ".join(table.split())
    for path in EXAMPLES[:2]:
        assert f"{path} 0:0" in printed
    assert printed.count("for low voices") == printed.count("dBFS; loudness range ") == 2
    drawn = run("recognize", EXAMPLES[0], "--timeline", "--acoustics").stdout.decode().splitlines()
    (place,) = (i for i, line in enumerate(drawn) if line.startswith("  F0 "))
    assert drawn[place - 1].startswith("0:0")
    (found,) = json.loads(run("recognize", EXAMPLES[0], "--acoustics", "--format", "json").stdout)
    acoustics = found["segments"][0]["acoustics"]
    assert acoustics["summary"][0] in printed
    printed = run("recognize", EXAMPLES[0], "--acoustics", "--format", "csv").stdout.decode()
    (row,) = csv.DictReader(io.StringIO(printed))
    assert {key: float(row[key]) for key in ("f0_hz", "spectral_centroid_hz", "pauses", "loudness_dbfs")} == {
        key: acoustics[key] for key in ("f0_hz", "spectral_centroid_hz", "pauses", "loudness_dbfs")
    }
    run("recognize", EXAMPLES[0], "--acoustics", "--output", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines() == printed.splitlines()


def test_without_the_option_there_are_no_acoustic_measures() -> None:
    (found,) = json.loads(run("recognize", EXAMPLES[0], "--format", "json").stdout)
    assert found["segments"][0]["acoustics"] is None
    assert b"f0_hz" not in run("recognize", EXAMPLES[0], "--format", "csv").stdout
    assert b"pitch" not in run("recognize", EXAMPLES[0]).stdout


def test_csv_has_columns_of_measures_even_without_speech(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(16_000), 16_000)
    printed = run("recognize", "silence.wav", "--acoustics", "--format", "csv", cwd=tmp_path).stdout.decode()
    run("recognize", "silence.wav", "--acoustics", "--output", "a.csv", cwd=tmp_path)
    header, row = printed.splitlines()
    assert (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines() == [header, row]
    assert "f0_hz,f0_range_semitones,loudness_dbfs" in header
    assert row.startswith("silence.wav,,,0.0,1.0,,,no_speech,,")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.flac", "b.flac", "--output", "o.srt"], "srt holds one recording, not 2; for several use json, jsonl, csv"),
        (["a.flac", "b.flac", "--format", "textgrid"], "textgrid holds one recording, not 2"),
        (["a.flac", "--format", "vtt", "--acoustics"], "vtt cannot hold acoustic measures"),
        (["-", "-"], "standard input holds one recording; give - once"),
        (["a.flac", ""], "a recording's name is empty; name a file"),
        (["a.flac", "--output", "o.xml"], "o.xml has none of the endings .json,"),
        (["a.flac", "--output", "o.csv", "--format", "table"], "--format table is for the terminal"),
        (["a.flac", "--format", "csv", "--timeline"], "--timeline and --format csv would be mixed in one output"),
        (["a.flac", "--output", "."], "is a folder"),
        (["a.flac", "--output", "missing/o.csv"], "there is no folder missing"),
        (["a.flac", "--output", "a.flac", "--format", "json"], "a.flac is already an input"),
        (["a.flac", "--output", "/dev/stdout", "--format", "json"], "/dev/stdout is standard output"),
        (["a.flac", "--plot", "a.flac"], "a.flac does not end in .png"),
        (["a.flac", "b.flac", "--plot", "a.png"], "--plot draws one recording"),
        (["a.flac", "--plot", "a.png", "--output", "a.png", "--format", "json"], "a.png is already"),
    ],
)
def test_wrong_outputs_are_refused_before_recognition(arguments: list[str], message: str, tmp_path: Path) -> None:
    if "/dev/stdout" in arguments and sys.platform == "win32":
        pytest.skip("Windows has no such device")
    shutil.copy(EXAMPLES[0], tmp_path / "a.flac")
    done = run("recognize", *arguments, "--model", "never loaded", cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert message in line
    assert [path.name for path in tmp_path.iterdir()] == ["a.flac"]
    assert (tmp_path / "a.flac").read_bytes() == EXAMPLES[0].read_bytes()


@pytest.mark.parametrize("name", ["manifest.json", "model.onnx"])
def test_the_model_in_use_is_not_written_over(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine")
    arguments: list[str | Path] = ["--format", "json", "--model", tmp_path, "--output", name]
    done = run("recognize", EXAMPLES[0], *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert f"{name} is already an input" in done.stderr.decode()
    assert (tmp_path / name).read_text() == "mine"


def test_the_file_behind_standard_input_is_not_overwritten(tmp_path: Path) -> None:
    shutil.copy(EXAMPLES[0], tmp_path / "a.json")
    command = [*COMMAND, "recognize", "-", "--output", "a.json"]
    with (tmp_path / "a.json").open("rb") as file:
        done = subprocess.run(command, stdin=file, capture_output=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 2
    assert b"is already an input" in done.stderr
    assert (tmp_path / "a.json").read_bytes() == EXAMPLES[0].read_bytes()


@pytest.mark.parametrize("name", ["with space.flac", "emoji 😀.flac", "-starts-with-a-dash.flac"])
def test_names_of_every_kind(tmp_path: Path, name: str) -> None:
    shutil.copy(EXAMPLES[0], tmp_path / name)
    done = run("recognize", "--format", "json", "--", name, cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)[0]["source"] == name


def test_json_is_utf_8_for_any_encoding_of_the_pipe(tmp_path: Path) -> None:
    shutil.copy(EXAMPLES[0], tmp_path / "😀.flac")
    done = run("recognize", "😀.flac", "--format", "json", cwd=tmp_path, encoding="cp1252")
    assert json.loads(done.stdout.decode("utf-8"))[0]["source"] == "😀.flac"


def test_silence_surround_sound_and_a_cut_file(tmp_path: Path) -> None:
    samples, rate = soundfile.read(EXAMPLES[0])
    soundfile.write(tmp_path / "silence.wav", np.zeros(rate), rate)
    soundfile.write(tmp_path / "surround.wav", np.repeat(samples[:, None], 6, axis=1), rate)
    soundfile.write(tmp_path / "cut.wav", samples, rate)
    (tmp_path / "cut.wav").write_bytes((tmp_path / "cut.wav").read_bytes()[: rate * 3])
    names = ["silence.wav", "surround.wav", "cut.wav", "plain.flac"]
    shutil.copy(EXAMPLES[0], tmp_path / "plain.flac")
    done = run("recognize", *names, "--format", "json", cwd=tmp_path)
    assert done.returncode == 0
    silence, surround, cut, plain = json.loads(done.stdout)
    assert silence["status"] == "no_speech"
    assert surround["emotion"] == plain["emotion"]
    assert surround["probabilities"] == pytest.approx(plain["probabilities"], abs=0.01)
    assert cut["status"] in ANSWERED
    assert cut["warnings"][0] in done.stderr.decode()


@posix
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_a_stream_may_be_closed(tmp_path: Path, closed: str) -> None:
    command = [*COMMAND, "recognize", *(["-"] if closed == "<&-" else [EXAMPLES[0]]), "--output", "a.json"]
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", *command], capture_output=True, cwd=tmp_path, timeout=120, encoding="utf-8"
    )
    assert "Traceback" not in done.stderr
    (outcome,) = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    failed = closed == "<&-"
    assert done.returncode == int(failed)
    assert (outcome["status"] == "error") if failed else (outcome["status"] in ANSWERED)


@posix
def test_ctrl_c_waits_for_no_other_recording(tmp_path: Path) -> None:
    pipes = [tmp_path / "a", tmp_path / "b"]
    for pipe in pipes:
        os.mkfifo(pipe)  # in which nothing ever comes
    # Where tests run in the background the signal is ignored, and so it would be in the command.
    heeding = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    command = [*COMMAND[:-1], heeding + COMMAND[-1]]
    command += ["recognize", "--format", "jsonl", str(EXAMPLES[0]), *map(str, pipes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (130, b"", b"affetto: interrupted\n")


def test_ctrl_c_while_it_starts_is_one_sentence() -> None:
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # where tests run in the background it is ignored
        "class Interruption:\n"
        "    def find_spec(name, *_):\n"
        "        if name == 'affetto.cli.app': signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interruption)\n"
        "from affetto.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code, "--version"], capture_output=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr.splitlines()) == (130, b"", [b"affetto: interrupted"])


@posix
@pytest.mark.parametrize(
    ("name", "shown"),
    [("two\nlines", "two lines"), ("red \x1b[31m", "red �[31m"), ("turned \u202e", "turned �")],
)
def test_a_name_is_one_line_without_commands_to_the_terminal(tmp_path: Path, name: str, shown: str) -> None:
    shutil.copy(EXAMPLES[0], tmp_path / f"{name}.flac")
    for options in (["--format", "vtt"], ["--timeline"], []):
        done = run("recognize", f"{name}.flac", *options, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"\x1b" not in done.stdout
        assert f"{shown}.flac" in done.stdout.decode()
    done = run("recognize", f"no {name}.flac", cwd=tmp_path)
    assert len(done.stderr.splitlines()) == 1
    assert b"\x1b" not in done.stdout + done.stderr


def test_common_commands(tmp_path: Path) -> None:
    stream = run("recognize", "-", "--format", "json", stdin=EXAMPLES[0].read_bytes())
    assert json.loads(stream.stdout)[0]["source"] == "<stdin>"
    by_path = run("recognize", EXAMPLES[0], "--format", "json")
    assert json.loads(stream.stdout)[0]["probabilities"] == json.loads(by_path.stdout)[0]["probabilities"]
    shutil.copy(EXAMPLES[0], tmp_path)
    quoted = run("recognize", "*.flac", "--format", "json", cwd=tmp_path)
    assert json.loads(quoted.stdout)[0]["source"] == EXAMPLES[0].name
    assert [p.name for p in tmp_path.iterdir()] == [EXAMPLES[0].name]


@posix
def test_an_unreadable_pattern_is_reported_like_a_failed_recording(tmp_path: Path) -> None:
    shutil.copy(EXAMPLES[0], tmp_path / "a.flac")
    patterns = ["a" * 300 + "*.flac"]
    if os.geteuid():  # who may look into everything
        (tmp_path / "locked").mkdir(mode=0o600)
        patterns.append("locked/a*.flac")
    done = run("recognize", *patterns, "a.flac", "--model", "gmm", "--format", "json", cwd=tmp_path)
    assert done.returncode == 1
    *failures, result = json.loads(done.stdout)
    assert [failure["source"] for failure in failures] == patterns
    assert result["status"] in ANSWERED


@pytest.mark.parametrize(
    "arguments", [["recognize"], ["recognize", "a.wav", "--format", "xml"], ["recognise", "a.wav"], ["--frobnicate"]]
)
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr


def test_an_unknown_model_is_reported_in_one_sentence() -> None:
    done = run("recognize", EXAMPLES[0], "--model", "no-such-model")
    assert done.returncode == 1
    assert done.stderr.decode().startswith("affetto: there is no model 'no-such-model'")
    assert len(done.stderr.decode().splitlines()) == 1


def test_version_and_help() -> None:
    assert run("--version").stdout.startswith(b"affetto 0.")
    assert b"recognize" in run("--help").stdout

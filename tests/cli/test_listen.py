from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.cli.conftest import COMMAND as AFFETTO
from tests.cli.conftest import EXAMPLES, run_text

COMMAND = [*AFFETTO, "listen"]

# A substitute for PortAudio: two microphones in two sound systems, and a loudspeaker. The sound is a recording.
SOUNDDEVICE = """
import os, signal, threading, time, types
import soundfile

class PortAudioError(Exception):
    pass

def _device(index, name, hostapi, inputs, rate):
    return {"index": index, "name": name, "hostapi": hostapi, "max_input_channels": inputs, "default_samplerate": rate}

DEVICES = [
    _device(0, "Loudspeaker", 0, 0, 48000.0),
    _device(1, "Headset", 0, 1, 16000.0),
    _device(2, "Desk [red] 😀", 0, 2, 44100.0),
    _device(3, "Headset", 1, 1, 48000.0),
]

def query_hostapis():
    return ({"name": "ALSA"}, {"name": "JACK"})

def query_devices(device=None, kind=None):
    mode = os.environ.get("FAKE", "")
    if mode == "dead":
        raise PortAudioError("Error initializing PortAudio [PaErrorCode -9999]")
    found = DEVICES[:1] if mode == "none" else DEVICES
    if kind is None:
        return found
    if mode == "no default":
        raise PortAudioError("Error querying device -1")
    return DEVICES[2]

class InputStream:
    def __init__(self, *, device, samplerate, channels, dtype, blocksize, callback):
        if os.environ.get("FAKE") == "refused":
            raise PortAudioError("Error opening InputStream: Device unavailable [PaErrorCode -9985]")
        assert (channels, dtype) == (1, "float32")
        samples, rate = soundfile.read(os.environ["FAKE_SOUND"], dtype="float32", always_2d=True)
        assert rate == samplerate == DEVICES[device]["default_samplerate"]
        self.closed = threading.Event()
        self.thread = threading.Thread(target=self.play, args=(samples, blocksize, callback), daemon=True)

    def play(self, samples, size, callback):
        for first in range(0, len(samples), size):
            if self.closed.is_set():
                return
            began = time.perf_counter()
            overflow = os.environ.get("FAKE") == "overflow" and first == 0
            block = samples[first : first + size]
            callback(block, len(block), None, types.SimpleNamespace(input_overflow=overflow))
            assert time.perf_counter() - began < 0.5
            block[:] = 0  # PortAudio uses the memory again
            time.sleep(0.002)

    def start(self):
        self.thread.start()
        if os.environ.get("FAKE") == "interrupted":  # before any sound was read
            self.thread.join()
            signal.raise_signal(signal.SIGINT)

    def close(self):
        self.closed.set()
        self.thread.join()
"""


@pytest.fixture
def portaudio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a substitute for sounddevice, whose microphones record a file."""
    folder = tmp_path / "portaudio"
    folder.mkdir()
    (folder / "sounddevice.py").write_text(SOUNDDEVICE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]))
    sound = tmp_path / "sound.wav"
    write_speech(sound, 44_100)
    monkeypatch.setenv("FAKE_SOUND", str(sound))
    return sound


def write_speech(path: Path, rate: int) -> None:
    from affetto import read

    parts = []
    for example in EXAMPLES[:2]:
        parts += [read(example, sample_rate_hz=rate).samples, np.zeros(rate, np.float32)]
    soundfile.write(path, np.concatenate(parts), rate)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "two.wav"
    write_speech(path, 16_000)
    return path


def run(*arguments: str | Path, command: str = "listen", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return run_text(command, *arguments, cwd=cwd)


def test_a_line_for_each_segment_then_the_timeline(recording: Path) -> None:
    done = run("--file", recording, "--fast")
    assert (done.returncode, done.stderr) == (0, "")
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", done.stdout)
    first, second, title, shown, bar, axis, _, *lines = done.stdout.splitlines()
    assert title.startswith(str(recording))
    assert shown.startswith("arousal ")
    assert len(bar) == 160
    assert "╵0:00" in axis
    assert len(lines) == 2
    for line, in_timeline in zip((first, second), lines, strict=True):
        assert line.split()[:4] == in_timeline.split()[:4]
        assert re.findall(r"(?:arousal|valence) [+-]\d\.\d\d", line) == in_timeline.split("  ")[-1].strip().split(", ")


def test_the_result_is_that_of_recognize(recording: Path, tmp_path: Path) -> None:
    done = run("--file", recording, "--fast", "--output", tmp_path / "live.json")
    assert done.returncode == 0
    assert str(recording) in done.stdout
    (live,) = json.loads((tmp_path / "live.json").read_text(encoding="utf-8"))
    printed = run(recording, "--format", "json", command="recognize")
    (whole,) = json.loads(printed.stdout)
    assert live.keys() == whole.keys()
    assert (live["source"], live["emotion"], live["model"]) == (whole["source"], whole["emotion"], whole["model"])
    assert live["probabilities"] == pytest.approx(whole["probabilities"], abs=0.02)
    assert [s["start_s"] for s in live["segments"]] == pytest.approx(
        [s["start_s"] for s in whole["segments"]], abs=0.02
    )


def test_the_prior_is_that_of_recognize(recording: Path) -> None:
    (live,) = json.loads(run("--file", recording, "--fast", "--prior", "everyday", "--format", "json").stdout)
    printed = run(recording, "--prior", "everyday", "--format", "json", command="recognize")
    (whole,) = json.loads(printed.stdout)
    assert live["probabilities"] == pytest.approx(whole["probabilities"], abs=0.02)
    (balanced,) = json.loads(run("--file", recording, "--fast", "--format", "json").stdout)
    assert live["probabilities"]["neutral"] > balanced["probabilities"]["neutral"]
    assert (live["arousal"], live["valence"]) == (balanced["arousal"], balanced["valence"])


def test_an_export_is_alone_on_standard_output(recording: Path) -> None:
    done = run("--file", recording, "--fast", "--format", "csv", "--model", "svm")
    assert done.returncode == 0
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert [row["status"] in ("ok", "uncertain") for row in rows] == [True, True]
    assert len(done.stderr.splitlines()) == 2
    assert all(row["emotion"] in line for row, line in zip(rows, done.stderr.splitlines(), strict=True))


def test_it_plays_at_the_speed_of_sound_and_ends_after_some_seconds(recording: Path) -> None:
    began_s = time.monotonic()
    done = run("--file", recording, "--seconds", "2.91", "--format", "json")
    assert time.monotonic() - began_s > 2.9
    assert done.returncode == 0
    (result,) = json.loads(done.stdout)
    assert result["duration_s"] == 2.91
    assert result["warnings"] == []
    assert len(result["segments"]) == 1


def test_silence_and_a_cut_file(tmp_path: Path, recording: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(16_000), 16_000)
    done = run("--file", "silence.wav", "--fast", cwd=tmp_path)
    assert done.returncode == 0
    assert "no speech" in done.stdout.splitlines()[0]
    assert done.stdout.splitlines()[1].startswith("silence: nothing is louder than")
    recording.write_bytes(recording.read_bytes()[:100_000])
    done = run("--file", recording, "--fast")
    assert done.returncode == 0
    assert done.stderr.startswith("affetto: warning: ")
    assert "header states" in done.stderr


def test_a_recording_may_come_through_a_pipe(recording: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "--file", "-", "--fast", "--format", "json", "--model", "gmm"],
        input=recording.read_bytes(),
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0
    (piped,) = json.loads(done.stdout)
    (named,) = json.loads(run("--file", recording, "--fast", "--format", "json", "--model", "gmm").stdout)
    assert piped == named | {"source": "<stdin>"}


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_ctrl_c_ends_normally(tmp_path: Path) -> None:
    write_speech(tmp_path / "long.wav", 16_000)
    with subprocess.Popen(
        [*COMMAND, "--file", tmp_path / "long.wav"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    title, *_, last = out.splitlines()
    assert "long.wav" in title
    assert last.split()[2] == first.split()[2]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
def test_a_terminal_shows_the_current_state_in_one_line(recording: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    began_s = time.monotonic()
    with subprocess.Popen(
        [*COMMAND, "--file", recording], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 4_096)
            except OSError:  # how a terminal ends
                break
    os.close(ours)
    assert process.returncode == 0
    text = shown.decode()
    speaking = re.findall(r"●.*? {2}(\d:\d\d) +speaking +(?:\x1b\[[\d;]*m)*(\w*)", text)
    assert len({moment for moment, _ in speaking}) >= 3
    assert any(emotion for _, emotion in speaking)
    assert "quiet" in text
    n_updates = len(re.findall("[●○]", text))
    # The line is also drawn anew when an utterance is printed above it.
    assert 6 <= n_updates <= 2 * (time.monotonic() - began_s) + 6


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["--file", "missing.wav"], "missing.wav does not exist", 1),
        (["--file", "text.wav"], "text.wav is not audio", 1),
        (["--file", "."], "is a folder", 1),
        (["--file", ""], "is a folder", 1),
        (["--file", "two.wav", "--seconds", "0"], "--seconds is 0; it must be a number above 0", 2),
        (["--file", "two.wav", "--seconds", "inf"], "--seconds is inf", 2),
        (["--fast"], "--fast is for a recording; name one with --file", 2),
        (["--file", "two.wav", "--device", "1"], "--file and --device are two sources", 2),
        (["--file", "two.wav", "--output", "two.wav", "--format", "json"], "two.wav is already an input", 2),
        (["--file", "two.wav", "--output", "o.xml"], "o.xml has none of the endings", 2),
        (["--file", "two.wav", "--output", "missing/o.csv"], "there is no folder missing", 2),
        (["--file", "two.wav", "--prior", "often"], "prior 'often'", 2),
        (["--file", "two.wav", "--model", "no-such-model"], "there is no model 'no-such-model'", 1),
    ],
)
def test_errors_are_one_sentence(
    arguments: list[str], message: str, code: int, tmp_path: Path, recording: Path
) -> None:
    (tmp_path / "text.wav").write_text("dear diary")
    done = run(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    assert message in line


def test_devices_are_listed(portaudio: Path) -> None:
    done = run("--list-devices")
    assert (done.returncode, done.stderr) == (0, "")
    header, *lines = done.stdout.splitlines()
    assert header.split() == ["number", "name", "system", "channels", "rate"]
    assert [line.split()[0] for line in lines] == ["1", "2", "3"]
    assert "Desk [red] 😀" in lines[1]
    assert [line.rstrip().endswith("default") for line in lines] == [False, True, False]


@pytest.mark.parametrize("device", [[], ["--device", "2"], ["--device", "desk"], ["--device", "Desk [red] 😀"]])
def test_the_microphone_is_recognized(device: list[str], portaudio: Path) -> None:
    done = run(*device, "--seconds", "6", "--format", "json")
    assert done.returncode == 0
    assert "listening to Desk [red] 😀" in done.stderr
    (result,) = json.loads(done.stdout)
    (whole,) = json.loads(run(portaudio, "--format", "json", command="recognize").stdout)
    assert (result["source"], result["duration_s"], result["warnings"]) == ("<microphone>", 6, [])
    assert result["segments"][0] == whole["segments"][0]


@pytest.mark.parametrize(
    ("mode", "arguments", "message", "code"),
    [
        ("", ["--device", "0"], "there is no input device '0'", 2),
        ("", ["--device", "7"], "there is no input device '7'", 2),
        ("", ["--device", "phone"], "there is no input device 'phone'", 2),
        ("", ["--device", ""], "there is no input device ''", 2),
        ("", ["--device", "headset"], "1 (Headset, ALSA), 3 (Headset, JACK)", 2),
        ("none", [], "there is no microphone", 1),
        ("none", ["--list-devices"], "there is no microphone", 1),
        ("dead", [], "Error initializing PortAudio", 1),
        ("refused", [], "Error opening InputStream: Device unavailable", 1),
    ],
)
def test_microphone_errors_are_one_sentence(
    mode: str, arguments: list[str], message: str, code: int, portaudio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE", mode)
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    (line,) = done.stderr.splitlines()
    assert message in line


def test_lost_sound_is_a_warning(portaudio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE", "overflow")
    done = run("--device", "2", "--seconds", "1", "--format", "json")
    assert done.returncode == 0
    (warning,) = json.loads(done.stdout)[0]["warnings"]
    assert warning.startswith("Desk [red] 😀 lost sound once")


def test_a_device_that_goes_away_ends_the_sound(portaudio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE", "no default")
    monkeypatch.setenv("FAKE_SOUND", str(portaudio.with_name("short.wav")))
    write_speech(portaudio.with_name("short.wav"), 16_000)
    done = run("--format", "json")
    assert done.returncode == 0
    (result,) = json.loads(done.stdout)
    assert len(result["segments"]) == 2
    (warning,) = result["warnings"]
    assert warning.startswith("Headset was disconnected")


def test_speech_before_ctrl_c_is_recognized(portaudio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE", "interrupted")
    assert soundfile.info(portaudio).duration < 10
    done = run("--format", "json", "--model", "gmm")
    assert done.returncode == 0
    (result,) = json.loads(done.stdout)
    (whole,) = json.loads(run(portaudio, "--format", "json", "--model", "gmm", command="recognize").stdout)
    assert len(result["segments"]) == 2
    assert result["duration_s"] == whole["duration_s"]
    assert [s["emotion"] for s in result["segments"]] == [s["emotion"] for s in whole["segments"]]
    assert result["warnings"] == []


def test_a_missing_sound_library_is_named(portaudio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Path(os.environ["PYTHONPATH"].split(os.pathsep)[0], "sounddevice.py")
    library.write_text("raise OSError('PortAudio library not found')")
    for arguments in ([], ["--list-devices"], ["--device", "1"]):
        done = run(*arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(
            "affetto: the microphone needs PortAudio: PortAudio library not found; install it"
        )
        assert len(done.stderr.splitlines()) == 1

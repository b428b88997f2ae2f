from __future__ import annotations

import gzip
import io
import os
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
import soxr

from affetto.errors import AudioError, ParameterError
from affetto.speech import TruncatedAudioWarning, Waveform, read

if TYPE_CHECKING:
    from pathlib import Path

TONE = (0.4 * np.sin(2 * np.pi * 220 * np.arange(24_000) / 24_000)).astype(np.float32)


def write(path: Path, samples: Any = TONE, rate: int = 24_000, **options: Any) -> Path:
    soundfile.write(path, samples, rate, **options)
    return path


@pytest.mark.parametrize(
    ("ending", "subtype", "tolerance"),
    [
        ("wav", "PCM_U8", 0.01),
        ("wav", "PCM_16", 1e-4),
        ("wav", "PCM_24", 1e-6),
        ("wav", "PCM_32", 1e-6),
        ("wav", "FLOAT", 0),
        ("wav", "DOUBLE", 0),
        ("wav", "ULAW", 0.02),
        ("flac", "PCM_16", 1e-4),
        ("flac", "PCM_24", 1e-6),
        ("ogg", "VORBIS", 0.05),
        ("ogg", "OPUS", 0.05),
        ("mp3", "MPEG_LAYER_III", 0.05),
        ("aiff", "PCM_16", 1e-4),
    ],
)
def test_every_container_and_depth_gives_the_same_sound(
    tmp_path: Path, ending: str, subtype: str, tolerance: float
) -> None:
    waveform = read(write(tmp_path / f"tone.{ending}", subtype=subtype))
    assert waveform.sample_rate_hz == 24_000
    assert waveform.duration_s == pytest.approx(1, abs=0.06)  # mp3 and opus may pad
    middle = slice(6_000, 18_000)
    assert np.abs(waveform.samples[middle] - TONE[middle]).max() <= tolerance


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 96_000, 192_000])
def test_every_rate_is_resampled_as_in_one_piece(tmp_path: Path, rate: int) -> None:
    # More than one block, so that the joints between blocks are tested too.
    samples = np.random.default_rng(0).normal(0, 0.1, 1_200_000).astype(np.float32)
    waveform = read(write(tmp_path / "noise.wav", samples, rate, subtype="FLOAT"), sample_rate_hz=16_000)
    expected = soxr.resample(samples, rate, 16_000)
    assert len(waveform.samples) == pytest.approx(len(expected), abs=1)
    n = min(len(waveform.samples), len(expected))
    assert np.abs(waveform.samples[:n] - expected[:n]).max() < 1e-5


@pytest.mark.parametrize("rate", [-1, 0, 100, 200_000, float("nan"), "16000"])
def test_a_waveform_is_resampled_to_the_same_rates_as_a_file(tmp_path: Path, rate: Any) -> None:
    path = write(tmp_path / "tone.wav")
    for source in (path, read(path)):
        with pytest.raises(ParameterError, match="sample rate"):
            read(source, sample_rate_hz=rate)
        waveform = read(source, sample_rate_hz=16_000.5)  # type: ignore[arg-type]
        assert isinstance(waveform.sample_rate_hz, int)
        assert (waveform.sample_rate_hz, len(waveform.samples)) == (16_000, 16_000)


def test_all_kinds_of_sources_give_the_same_sound(tmp_path: Path) -> None:
    path = write(tmp_path / "tone.flac")
    expected = read(path).samples

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    samples, rate = soundfile.read(path, dtype="int16")
    with path.open("rb") as file:
        sources: list[Any] = [
            str(path),
            path.read_bytes(),
            bytearray(path.read_bytes()),
            file,
            Pipe(path.read_bytes()),
            (samples, rate),
        ]
        for source in [*sources, Waveform(expected, 24_000)]:
            assert np.array_equal(read(source).samples, expected)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes with a path")
def test_a_pipe_may_have_a_path(tmp_path: Path) -> None:
    path = write(tmp_path / "tone.flac")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(pipe.write_bytes, path.read_bytes())
        assert np.array_equal(read(pipe).samples, read(path).samples)


def test_real_stereo_clip_of_ravdess(ravdess_dir: Path) -> None:
    path = ravdess_dir / "Actor_01" / "03-01-02-01-01-02-01.flac"
    stereo, rate = soundfile.read(path, dtype="float32")
    assert stereo.shape[1] == 2
    waveform = read(path)
    assert waveform.sample_rate_hz == rate == 48_000
    assert np.allclose(waveform.samples, stereo.mean(axis=1), atol=1e-7)


@pytest.mark.parametrize("name", ["with space.wav", "emoji 😀.wav", "Ünïcode – dash.wav", "no-ending"])
def test_unusual_names_are_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(write(tmp_path / "tone.wav").read_bytes())
    assert read(path).duration_s == 1


def spoiled(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.wav"
    match kind:
        case "empty":
            path.write_bytes(b"")
        case "text":
            path.write_text("Dear diary, today I was happy.\n" * 20)
        case "header only":
            path.write_bytes(write(path).read_bytes()[:44])
        case "half a header":
            path.write_bytes(write(path).read_bytes()[:20])
        case "no samples":
            write(path, np.zeros(0, np.float32))
        case "not a number":
            write(path, np.array([0.0, np.nan, 0.0]), subtype="FLOAT")
        case "infinite":
            write(path, np.array([0.0, -np.inf]), 8_000, subtype="FLOAT")
        case "rate too low":
            write(path, rate=4_000)
        case "folder":
            path.mkdir()
    return path


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", "does not exist"),
        ("empty", "empty"),
        ("text", "not audio"),
        ("header only", "no samples"),
        ("half a header", "not audio"),
        ("no samples", "no samples"),
        ("not a number", "NaN"),
        ("infinite", "NaN"),
        ("rate too low", "4000 Hz"),
        ("folder", "is a folder"),
    ],
)
@pytest.mark.parametrize("rate", [None, 16_000])
def test_a_spoiled_file_is_refused_in_one_sentence(tmp_path: Path, kind: str, message: str, rate: int | None) -> None:
    path = spoiled(tmp_path, kind)
    with pytest.raises(AudioError, match=message) as caught:
        read(path, sample_rate_hz=rate)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.skipif(sys.platform == "win32" or getattr(os, "geteuid", lambda: 1)() == 0, reason="root may read all")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "secret.wav")
    path.chmod(0)
    with pytest.raises(AudioError, match=r"secret\.wav.*permission"):
        read(path)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (3.14, "float"),
        ("a" * 5_000, "cannot be opened"),
        ((TONE,), "1 values"),
        ((24_000, TONE), "in this order"),
        ((TONE, "24000"), "'24000'"),
        ((TONE, None), "None"),
        (([[1.0, 2.0], [1.0]], 24_000), "array"),
        (io.StringIO("text"), "binary"),
    ],
)
def test_other_sources_are_refused(source: Any, message: str) -> None:
    with pytest.raises(AudioError, match=message):
        read(source)


def test_a_wrapped_text_file_is_refused(tmp_path: Path) -> None:
    with NamedTemporaryFile("w+", dir=tmp_path, encoding="utf-8") as file:
        file.write("Dear diary")
        file.seek(0)
        with pytest.raises(AudioError, match="str instead of bytes"):
            read(file)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_damaged_archive_is_not_a_shorter_recording(tmp_path: Path, share: float) -> None:
    data = gzip.compress(write(tmp_path / "noise.wav", np.random.default_rng(0).normal(0, 0.1, 50_000)).read_bytes())
    with (
        gzip.open(io.BytesIO(data[: round(share * len(data))])) as file,
        pytest.raises(AudioError, match="cannot be read: Compressed file"),
    ):
        read(file)  # type: ignore[arg-type]


def test_a_cut_wav_is_read_to_its_end_with_a_warning(tmp_path: Path) -> None:
    path = write(tmp_path / "cut.wav", subtype="PCM_16")
    path.write_bytes(path.read_bytes()[: 44 + 24_000])
    with pytest.warns(TruncatedAudioWarning, match=r"cut\.wav.*0\.50 s.*1\.00 s"):
        waveform = read(path)
    assert waveform.duration_s == 0.5


def test_a_header_that_states_hours_needs_no_memory(tmp_path: Path) -> None:
    data = bytearray(write(tmp_path / "tone.wav", subtype="PCM_16").read_bytes())
    data[40:44] = struct.pack("<I", 2**30)
    with pytest.warns(TruncatedAudioWarning, match="header"):
        assert read(bytes(data)).duration_s == pytest.approx(1, abs=0.01)


def test_the_name_does_not_decide_the_format(tmp_path: Path) -> None:
    for ending in ("raw", "mp3", "txt"):
        path = tmp_path / f"tone.{ending}"
        path.write_bytes(write(tmp_path / "tone.wav").read_bytes())
        assert read(path).duration_s == 1
        path.write_text("no sound at all")
        with pytest.raises(AudioError, match="not audio"):
            read(path)

"""Headers whose sizes are wrong, unknown, or larger than the file."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from affetto.speech import open_stream, read, read_with_warnings

if TYPE_CHECKING:
    from pathlib import Path

    from affetto.speech import Waveform

LIST = b"LIST\x04\0\0\0abcd"


@pytest.fixture(scope="module")
def speech(root: Path) -> Waveform:
    return read(root / "examples" / "angry.flac")


def encoded(speech: Waveform, subtype: str = "PCM_16", kind: str = "WAV") -> bytes:
    out = io.BytesIO()
    soundfile.write(out, speech.samples * np.float32(0.5), speech.sample_rate_hz, format=kind, subtype=subtype)
    return out.getvalue()


def with_sizes(wav: bytes, data: int, riff: int | None = None) -> bytes:
    """Return a wav whose header states other sizes of the samples and of the whole."""
    at = wav.index(b"data") + 4
    riff = data + at - 4 if riff is None else riff
    return wav[:4] + struct.pack("<I", riff % 2**32) + wav[8:at] + struct.pack("<I", data % 2**32) + wav[at + 4 :]


def test_bytes_behind_the_stated_size_give_a_warning(speech: Waveform) -> None:
    data = encoded(speech)
    n_bytes = 20_000
    waveform, (warning,) = read_with_warnings(with_sizes(data, n_bytes))
    assert len(waveform.samples) == n_bytes // 2
    assert f"{2 * len(speech.samples) - n_bytes:,}" in warning


@pytest.mark.parametrize("n_bytes", [2**32 + 1_000_000, 2 * 2**32 + 4_000])
@pytest.mark.parametrize("tail", [b"", LIST], ids=["", "LIST"])
def test_a_size_that_wrapped_at_4_gb_is_corrected(tmp_path: Path, n_bytes: int, tail: bytes) -> None:
    path = tmp_path / "long.wav"
    with path.open("wb") as file:  # sparse
        file.write(with_sizes(encoded(read((np.zeros(8), 48_000))), n_bytes)[:44])
        file.seek(44 + n_bytes)
        file.write(tail)
        file.truncate()
    with open_stream(path) as stream:
        assert stream._decoder._decoder._n_frames == n_bytes // 2  # type: ignore[attr-defined]
        assert stream.warnings == ()


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT", "ULAW", "IMA_ADPCM"])
@pytest.mark.parametrize("size", [0xFFFFFFFF, 0xFFFFFFFF - 36, 0x7FFFFFFF, 0x7FFFF000, 0x80000024, 0])
def test_an_unknown_size_is_read_to_the_end_without_a_warning(speech: Waveform, subtype: str, size: int) -> None:
    data = encoded(speech, subtype)
    for riff in (size, size + 36, 0, 0xFFFFFFFF):
        whole, warnings = read_with_warnings(with_sizes(data, size, riff))
        assert whole.duration_s == pytest.approx(speech.duration_s, abs=0.05)
        assert warnings == ()


@pytest.mark.parametrize(("block", "per_second"), [(1, 24_000), (0, 0), (65_535, 2**32 - 1)])
def test_a_wrong_block_size_is_ignored(speech: Waveform, block: int, per_second: int) -> None:
    data = bytearray(encoded(speech))
    data[28:34] = struct.pack("<IH", per_second, block)
    whole, warnings = read_with_warnings(bytes(data))
    assert len(whole.samples) == len(speech.samples)
    assert warnings == ()
    (warning,) = read_with_warnings(bytes(data[: len(data) // 2]))[1]
    assert f"{speech.duration_s:.2f} s" in warning


@pytest.mark.parametrize(
    "chunk", [LIST, b"bext" + struct.pack("<I", 602) + bytes(602), b"_PMX\5\0\0\0<x/> \0", b"afsp\3\0\0\0abc", b"\n"]
)
@pytest.mark.parametrize("n_samples", [20_000, 20_001])
@pytest.mark.parametrize("is_padded", [True, False])
def test_chunks_behind_the_samples_need_no_warning(
    speech: Waveform, chunk: bytes, n_samples: int, is_padded: bool
) -> None:
    data = encoded(speech, "PCM_U8")
    at = data.index(b"data") + 8
    samples = data[at : at + n_samples] + bytes(n_samples % 2 if is_padded else 0)
    whole, warnings = read_with_warnings(with_sizes(data[:at] + samples + chunk, n_samples))
    assert len(whole.samples) == n_samples
    assert warnings == ()


@pytest.mark.parametrize(
    ("kind", "chunk"),
    [
        ("AIFF", b"COMT" + struct.pack(">I", 400) + bytes(400)),
        ("CAF", b"info" + struct.pack(">Q", 400) + bytes(400)),
        ("AIFF", b"ANNO" + struct.pack(">I", 400) + b"x" * 400),
        ("W64", b"bext\xf3\xac\xd3\x11\x8c\xd1\0\xc0\x4f\x8e\xdb\x8a" + struct.pack("<Q", 424) + bytes([1] * 400)),
    ],
)
def test_chunks_behind_the_samples_of_other_formats_are_not_decoded(speech: Waveform, kind: str, chunk: bytes) -> None:
    whole, warnings = read_with_warnings(encoded(speech, kind=kind) + chunk)
    assert len(whole.samples) == len(speech.samples)
    assert warnings == ()


@pytest.mark.parametrize("kind", ["AU", "AIFF"])
def test_an_unknown_size_of_another_format_needs_no_warning(speech: Waveform, kind: str) -> None:
    data = encoded(speech, kind=kind)
    at = 8 if kind == "AU" else data.index(b"SSND") + 4
    whole, warnings = read_with_warnings(data[:at] + b"\xff" * 4 + data[at + 4 :])
    assert whole.duration_s == pytest.approx(speech.duration_s, abs=0.001)
    assert warnings == ()


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "AU", "W64", "RF64", "CAF", "FLAC"])
def test_a_cut_file_gives_a_warning_with_the_stated_duration(speech: Waveform, kind: str) -> None:
    data = encoded(speech, kind=kind)
    (warning,) = read_with_warnings(data[: len(data) // 2])[1]
    assert f"{speech.duration_s:.2f} s" in warning


def test_a_header_of_empty_chunks_ends() -> None:
    for data in (
        b"\0\0\0\x08free" * 300_000,
        b"RIFF\x24\0\0\0WAVE" + b"junk\0\0\0\0" * 100_000,
        b"Creative Voice File\x1a\x1a\0" + b"\1\0\0\0" * 300_000,
    ):
        with pytest.raises(ValueError, match="<bytes>"):
            read(data)

"""Headers whose sizes are not true."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from affetto.speech import open_stream, read, read_with_warnings

if TYPE_CHECKING:
    from pathlib import Path

    from affetto.speech import Waveform

SUBTYPES = ("PCM_16", "PCM_24", "PCM_32", "PCM_U8", "FLOAT", "DOUBLE", "ULAW", "ALAW")


@pytest.fixture(scope="module")
def speech(root: Path) -> Waveform:
    return read(root / "examples" / "angry.flac")


def encoded(speech: Waveform, subtype: str = "PCM_16", kind: str = "WAV") -> bytes:
    out = io.BytesIO()
    soundfile.write(out, speech.samples * np.float32(0.5), speech.sample_rate_hz, format=kind, subtype=subtype)
    return out.getvalue()


def with_sizes(wav: bytes, data: int, riff: int | None = None) -> bytes:
    """A wav with another size of its samples, and of all."""
    at = wav.index(b"data") + 4
    riff = data + at - 4 if riff is None else riff
    return wav[:4] + struct.pack("<I", riff % 2**32) + wav[8:at] + struct.pack("<I", data % 2**32) + wav[at + 4 :]


@pytest.mark.parametrize("subtype", SUBTYPES)
@pytest.mark.parametrize("tail", [b"", b"LIST\x04\0\0\0abcd"], ids=["", "LIST"])
def test_a_wav_longer_than_its_header_says_is_read_to_its_end(speech: Waveform, subtype: str, tail: bytes) -> None:
    data = encoded(speech, subtype)
    whole, remarks = read_with_warnings(with_sizes(data, len(data) // 5) + tail)
    assert np.array_equal(whole.samples[: len(speech.samples)], read(data).samples)
    assert len(whole.samples) - len(speech.samples) < 30
    assert remarks == ()


@pytest.mark.parametrize("n_bytes", [2**32 + 1_000_000, 2 * 2**32 + 4_000])
@pytest.mark.parametrize("tail", [b"", b"LIST\x04\0\0\0abcd"], ids=["", "LIST"])
def test_a_size_that_wrapped(tmp_path: Path, n_bytes: int, tail: bytes) -> None:
    path = tmp_path / "long.wav"
    with path.open("wb") as file:  # sparse
        file.write(with_sizes(encoded(read((np.zeros(8), 48_000))), n_bytes)[:44])
        file.seek(44 + n_bytes)
        file.write(tail)
        file.truncate()
    with open_stream(path) as stream:
        assert stream._decoder._decoder._n_frames == n_bytes // 2  # type: ignore[attr-defined]
        assert stream.warnings == ()


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "ULAW", "IMA_ADPCM", "MS_ADPCM"])
@pytest.mark.parametrize(
    "size",
    [
        *(0xFFFFFFFF, 0xFFFFFFFF - 36, 0xFFFFFFFF - 44, 0xFFFFFFD8, 0x7FFFFFFF, 0x7FFFFFFF - 36, 0x7FFFF000),
        *(0x7FFFFFDA, 0x80000000, 0x80000024, 0x7FFF0000, 0),
    ],
)
def test_a_size_that_says_unknown_promises_nothing(speech: Waveform, subtype: str, size: int) -> None:
    data = encoded(speech, subtype)
    for riff in (size, size + 36, 0, 0xFFFFFFFF):
        whole, remarks = read_with_warnings(with_sizes(data, size, riff))
        assert whole.duration_s == pytest.approx(speech.duration_s, abs=0.05)
        assert remarks == ()


@pytest.mark.parametrize(("block", "per_second"), [(1, 24_000), (4, 96_000), (0, 0), (3, 1), (65_535, 2**32 - 1)])
def test_a_block_size_that_contradicts_the_samples(speech: Waveform, block: int, per_second: int) -> None:
    data = bytearray(encoded(speech))
    data[28:34] = struct.pack("<IH", per_second, block)
    whole, remarks = read_with_warnings(bytes(data))
    assert len(whole.samples) == len(speech.samples)
    assert remarks == ()
    (remark,) = read_with_warnings(bytes(data[: len(data) // 2]))[1]
    assert f"says {speech.duration_s:.2f} s" in remark


@pytest.mark.parametrize(
    "chunk",
    [
        *(b"LIST\x04\0\0\0abcd", b"id3 \x0a\0\0\0ID3\3\0\0\0\0\0\0", b"bext" + struct.pack("<I", 602) + bytes(602)),
        *(b"_PMX\5\0\0\0<x/> \0", b"cue \4\0\0\0\0\0\0\0", b"iXML\6\0\0\0<BWF/>", b"afsp\3\0\0\0abc", b"\n"),
    ],
)
@pytest.mark.parametrize("n_samples", [20_000, 20_001])
@pytest.mark.parametrize("is_padded", [True, False])
def test_chunks_behind_the_samples_need_no_remark(
    speech: Waveform, chunk: bytes, n_samples: int, is_padded: bool
) -> None:
    data = encoded(speech, "PCM_U8")
    at = data.index(b"data") + 8
    samples = data[at : at + n_samples] + bytes(n_samples % 2 if is_padded else 0)
    whole, remarks = read_with_warnings(with_sizes(data[:at] + samples + chunk, n_samples))
    assert len(whole.samples) == n_samples
    assert remarks == ()


def test_a_second_chunk_of_samples_is_read(speech: Waveform) -> None:
    data = encoded(speech)
    at = data.index(b"data")
    whole, remarks = read_with_warnings(data + b"LIST\x04\0\0\0abcd" + data[at:])
    assert np.array_equal(whole.samples, np.tile(read(data).samples, 2))
    assert remarks == ()


@pytest.mark.parametrize("kind", ["AU", "AIFF"])
@pytest.mark.parametrize("size", [1_000, 0xFFFFFFFF, 0x7FFFFFFF])
def test_sizes_of_other_headers(speech: Waveform, kind: str, size: int) -> None:
    data = encoded(speech, kind=kind)
    at = 8 if kind == "AU" else data.index(b"SSND") + 4
    data = data[:at] + struct.pack(">I", size) + data[at + 4 :]
    data = data if kind == "AU" else data[:4] + struct.pack(">I", size) + data[8:]
    whole, remarks = read_with_warnings(data)
    assert whole.duration_s == pytest.approx(speech.duration_s, abs=0.001)
    assert np.allclose(whole.samples[:40_000], speech.samples[:40_000] * 0.5, atol=1e-3)
    assert remarks == ()


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "AU", "W64", "RF64"])
def test_of_what_is_cut_the_promise_is_known(speech: Waveform, kind: str) -> None:
    data = encoded(speech, kind=kind)
    (remark,) = read_with_warnings(data[: len(data) // 2])[1]
    assert f"says {speech.duration_s:.2f} s" in remark


def test_a_header_of_nothing_but_small_parts_ends() -> None:
    for data in (b"\0\0\0\x08free" * 300_000, b"Creative Voice File\x1a\x1a\0" + b"\1\0\0\0" * 300_000):
        with pytest.raises(ValueError, match="<bytes>"):
            read(data)


def noise(n: int) -> Any:
    return np.random.default_rng(0).normal(0, 0.2, n).astype(np.float32)


def test_loud_noise_is_sound_too() -> None:
    data = encoded(read((noise(48_000), 24_000)))
    whole, remarks = read_with_warnings(with_sizes(data, 20_000))
    assert len(whole.samples) == 48_000
    assert remarks == ()

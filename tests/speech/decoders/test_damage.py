"""Damage in the middle of a recording gives a warning, and the sound around it is read."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from affetto.errors import AudioError
from affetto.speech import open_stream, read, read_with_warnings

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tests.conftest import Encoder

WITH_CHECKSUMS = ("flac", "ogg-vorbis", "ogg-opus", "ogg-flac", "wavpack", "ac3")


def damaged(data: bytes, seed: int) -> bytes:
    """Zero, replace, remove or insert bytes behind the header."""
    rng = np.random.default_rng(seed)
    size = int(np.exp(rng.uniform(0, np.log(len(data) // 3))))
    at = int(rng.integers(min(600, len(data) // 10), len(data) - size))
    middle = (bytes(size), rng.bytes(size), b"", rng.bytes(size) + data[at : at + size])[seed % 4]
    return data[:at] + middle + data[at + size :]


@pytest.mark.parametrize("kind", [*WITH_CHECKSUMS, "mp3"])
def test_audible_damage_gives_a_warning(encode: Encoder, kind: str) -> None:
    # A few bytes within a frame without a checksum cannot be noticed.
    unnoticed_s = 0.02 if kind in WITH_CHECKSUMS else 0.15
    data = encode(kind)
    whole = read(data)
    n_read = 0
    for seed in range(24):
        try:
            waveform, warnings = read_with_warnings(damaged(data, seed))
        except AudioError:  # nothing is left, or the header is damaged
            continue
        n_read += 1
        n = min(len(waveform.samples), len(whole.samples))
        changed_s = np.count_nonzero(np.abs(waveform.samples[:n] - whole.samples[:n]) > 0.01) / whole.sample_rate_hz
        lost_s = abs(waveform.duration_s - whole.duration_s)
        assert warnings or (lost_s < 0.05 and changed_s < unnoticed_s), seed
        assert np.abs(waveform.samples).max() < 1.5 * np.abs(whole.samples).max(), seed
    assert n_read >= 8


@pytest.mark.parametrize("kind", ["m4a-aac", "mkv-aac", "webm", "wma", "mp3", "aac", "amr"])
def test_a_lost_quarter_gives_a_warning(encode: Encoder, kind: str) -> None:
    data = encode(kind)
    start, stop = len(data) * 3 // 8, len(data) * 5 // 8
    assert read_with_warnings(data[:start] + np.random.default_rng(0).bytes(stop - start) + data[stop:])[1]


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "MP3"])
def test_blocks_are_decoded_as_in_one_piece(encode: Encoder, kind: str) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 300_000).astype(np.float32)
    data = encode({"FLAC": "flac", "OGG": "ogg-vorbis", "MP3": "mp3"}[kind], samples)
    with soundfile.SoundFile(io.BytesIO(data)) as sound:
        whole = sound.read(dtype="float32")
    assert np.array_equal(read(data).samples, whole / max(np.abs(whole).max(), 1))


def damaged_flac(encode: Encoder) -> tuple[bytes, NDArray[np.float32]]:
    data = bytearray(encode("flac", np.tile(encode.at(24_000), 20)))
    whole = read(bytes(data)).samples
    data[len(data) // 2 : len(data) // 2 + 20] = bytes(20)
    return bytes(data), whole


@pytest.mark.usefixtures("without_pyav")
def test_without_pyav_a_flac_is_read_up_to_its_damage(encode: Encoder) -> None:
    data, whole = damaged_flac(encode)
    with open_stream(data) as stream:
        assert 0.45 < sum(map(len, stream)) / len(whole) < 0.51
    damage, shorter = stream.warnings
    assert f"damaged at {stream.position_s:.2f} s" in damage
    assert 'pip install "affetto[formats]"' in damage
    assert f"{len(whole) / 24_000:.2f} s" in shorter


def test_a_flac_is_read_on_behind_its_damage(encode: Encoder) -> None:
    data, whole = damaged_flac(encode)
    with open_stream(data) as stream:
        blocks = list(stream)
    assert max(map(len, blocks)) <= 1 << 17
    samples = np.concatenate(blocks)
    assert len(samples) == len(whole)
    is_lost = samples != whole
    assert not samples[is_lost].any()
    assert is_lost.sum() <= 2 * 4_608
    damage, gap = stream.warnings
    assert "damaged at 26." in damage
    assert "lacks 0." in gap


@pytest.mark.parametrize("tail", [b"TAG" + b"x" * 125, bytes(5_000)], ids=["tag", "zeros"])
def test_bytes_behind_a_flac_cost_no_samples(encode: Encoder, tail: bytes) -> None:
    waveform, warnings = read_with_warnings(encode("flac") + tail)
    assert np.array_equal(waveform.samples, read(encode("flac")).samples)
    assert warnings == ()

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.signal import correlate

from affetto.augmentation import codecs, encode
from affetto.errors import MissingExtraError, ParameterError

if TYPE_CHECKING:
    from affetto.speech import Waveform

RATE = 16_000
LEVELS = [("mp3", 32_000), ("mp3", 16_000), ("opus", 12_000), ("opus", 8_000), ("amr", 12_200), ("amr", 4_750)]


def likeness(samples: np.ndarray, original: np.ndarray) -> float:
    return float(np.corrcoef(samples, original)[0, 1])


@pytest.mark.parametrize(("codec", "bit_rate"), LEVELS)
@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100])
def test_the_output_is_similar_and_aligned(speech: Waveform, codec: str, bit_rate: int, rate: int) -> None:
    samples = speech.resampled(rate).samples * np.float32(0.5)
    coded = encode(samples, rate, codec=codec, bit_rate=bit_rate)
    assert coded.dtype == np.float32
    assert coded.shape == samples.shape
    lag = np.argmax(correlate(coded, samples)) - (len(samples) - 1)
    assert abs(lag) / rate < 0.002
    assert likeness(coded, samples) > 0.6
    assert not np.allclose(coded, samples, atol=1e-3)


@pytest.mark.parametrize("codec", ["mp3", "opus", "amr"])
def test_a_lower_bit_rate_loses_more(speech: Waveform, codec: str) -> None:
    rates = {"mp3": (8_000, 64_000), "opus": (6_000, 32_000), "amr": (4_750, 12_200)}[codec]
    few, many = (likeness(encode(speech.samples, RATE, codec=codec, bit_rate=rate), speech.samples) for rate in rates)
    assert few < many - 0.02


def test_encoding_is_deterministic(speech: Waveform) -> None:
    for codec, bit_rate in LEVELS:
        first, second = (encode(speech.samples, RATE, codec=codec, bit_rate=bit_rate) for _ in range(2))
        assert np.array_equal(first, second)


@pytest.mark.parametrize("codec", ["mp3", "opus", "amr"])
@pytest.mark.parametrize("n_samples", [0, 1, 100, 3_201])
def test_any_length_is_kept(speech: Waveform, codec: str, n_samples: int) -> None:
    samples = speech.samples[:n_samples]
    assert encode(samples, RATE, codec=codec, bit_rate=12_200 if codec == "amr" else 16_000).shape == samples.shape


def test_samples_beyond_full_scale_are_clipped(speech: Waveform) -> None:
    loud = speech.resampled(8_000).samples * 20
    coded = encode(loud, 8_000, codec="amr", bit_rate=12_200)
    assert np.array_equal(coded, encode(np.clip(loud, -1, 1), 8_000, codec="amr", bit_rate=12_200))
    assert np.abs(coded).max() <= 1
    # Resampling raises peaks beyond full scale, which must not wrap around.
    square = np.sign(np.sin(2 * np.pi * 700 * np.arange(RATE) / RATE)).astype(np.float32)
    assert likeness(encode(square, RATE, codec="amr", bit_rate=12_200), square) > 0.8


@pytest.mark.parametrize(
    ("codec", "bit_rate", "message"),
    [
        ("flac", 1, "codec.*flac.*mp3, opus, amr"),
        ("amr", 12_000, "bit_rate is 12000.*4750, "),
        ("opus", 0, "bit_rate is 0.*opus.*above 0"),
        ("opus", 10**30, "opus.* at 1000"),
        ("opus", 10_000_000, "opus.* at 10000000 bits"),
    ],
)
def test_invalid_parameters_are_refused(speech: Waveform, codec: str, bit_rate: int, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        encode(speech.samples, RATE, codec=codec, bit_rate=bit_rate)


@pytest.mark.parametrize("codec", ["mp3", "opus", "amr"])
def test_samples_that_are_not_finite_are_refused(speech: Waveform, codec: str) -> None:
    samples = speech.samples.copy()
    samples[1_000] = np.nan
    with pytest.raises(ParameterError, match="NaN or infinite"):
        encode(samples, RATE, codec=codec, bit_rate=12_200)


def test_a_missing_library_is_named(speech: Waveform, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "av"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    with pytest.raises(MissingExtraError, match=r"mp3 needs av.*affetto\[formats\]"):
        encode(speech.samples, RATE, codec="mp3", bit_rate=32_000)


def test_a_missing_encoder_is_named(speech: Waveform, monkeypatch: pytest.MonkeyPatch) -> None:
    without = dataclasses.replace(codecs.CODECS["amr"], encoder="libnone")
    monkeypatch.setitem(codecs.CODECS, "amr", without)
    with pytest.raises(MissingExtraError, match=r"libnone.*amr"):
        encode(speech.samples, RATE, codec="amr", bit_rate=12_200)

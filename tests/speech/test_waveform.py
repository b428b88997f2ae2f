from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affetto.errors import AudioError
from affetto.speech import Waveform


@pytest.mark.parametrize(
    ("dtype", "zero", "full"),
    [(np.int16, 0, -(2**15)), (np.int32, 0, -(2**31)), (np.uint8, 128, 0), (np.int8, 0, -128), (np.float64, 0, -1)],
)
def test_integers_and_floats_of_equal_sound_become_equal(dtype: Any, zero: int, full: int) -> None:
    half = zero + (full - zero) // 2 if dtype is not np.float64 else -0.5
    waveform = Waveform.from_samples(np.array([zero, half, full], dtype=dtype), 16_000)
    assert waveform.samples.tolist() == [0.0, -0.5, -1.0]
    assert waveform.samples.dtype == np.float32


def test_channels_are_averaged() -> None:
    stereo = np.array([[0.5, 0.0], [0.25, -0.25]])
    assert Waveform.from_samples(stereo, 8_000).samples.tolist() == [0.25, 0.0]


def test_samples_beyond_full_scale_are_brought_back_as_a_whole() -> None:
    assert Waveform.from_samples([0.0, 2.0, -4.0], 8_000).samples.tolist() == [0.0, 0.5, -1.0]


def test_is_immutable() -> None:
    waveform = Waveform.from_samples(np.zeros(10), 8_000)
    with pytest.raises(ValueError, match="read-only"):
        waveform.samples[0] = 1
    with pytest.raises(AttributeError):
        waveform.sample_rate_hz = 16_000  # type: ignore[misc]


def test_the_callers_array_is_the_callers() -> None:
    samples = np.zeros(10, np.float32)
    waveform = Waveform.from_samples(samples, 8_000)
    samples[0] = 1
    assert waveform.samples[0] == 0


@pytest.mark.parametrize(
    "samples", [np.zeros(3), np.zeros((3, 2), np.float32), np.array([np.nan], np.float32)], ids=["type", "shape", "NaN"]
)
def test_the_constructor_takes_nothing_else(samples: np.ndarray) -> None:
    with pytest.raises(AudioError):
        Waveform(samples, 8_000)


def test_numbers_beyond_single_precision_are_numbers() -> None:
    assert Waveform.from_samples(np.array([1e300, -5e299]), 8_000).samples.tolist() == [1.0, -0.5]


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        ([], 16_000, "holds no samples"),
        (np.zeros((0, 2)), 16_000, "holds no samples"),
        ([0.0, np.nan], 16_000, "not numbers"),
        ([0.0] * 8000 + [np.inf], 16_000, r"not numbers .* 0\.500 s"),
        (np.zeros((2, 48_000)), 16_000, "transpose"),
        (np.zeros((2, 2, 2)), 16_000, "shape"),
        (["loud"], 16_000, "type"),
        ([0.0], 7_999, "7999 Hz"),
        ([0.0], 192_001, "192001 Hz"),
        ([0.0], float("nan"), "nan Hz"),
    ],
)
def test_what_makes_no_sense_is_said(samples: Any, rate: float, message: str) -> None:
    with pytest.raises(AudioError, match=message) as caught:
        Waveform.from_samples(samples, rate, name="call.wav")
    assert str(caught.value).startswith("call.wav")


@given(rate=st.integers(8_000, 192_000), target=st.integers(8_000, 192_000), n=st.integers(1, 5_000))
def test_resampling_keeps_the_length_in_seconds(rate: int, target: int, n: int) -> None:
    resampled = Waveform.from_samples(np.ones(n), rate).resampled(target)
    assert resampled.sample_rate_hz == target
    assert abs(resampled.duration_s - n / rate) <= 1 / target


def test_resampling_keeps_a_tone() -> None:
    t = np.arange(48_000) / 48_000
    tone = Waveform.from_samples(0.5 * np.sin(2 * np.pi * 440 * t), 48_000).resampled(16_000)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    assert np.abs(tone.samples - expected)[100:-100].max() < 1e-3


def test_digest_tells_sounds_and_rates_apart() -> None:
    digests = {Waveform.from_samples([0.0, x], rate).digest for x in (0.1, 0.2) for rate in (8_000, 16_000)}
    assert len(digests) == 4
    assert Waveform.from_samples([0.0, 0.1], 8_000).digest in digests

from __future__ import annotations

from array import array
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


def test_samples_beyond_full_scale_are_scaled_by_one_factor() -> None:
    assert Waveform.from_samples([0.0, 2.0, -4.0], 8_000).samples.tolist() == [0.0, 0.5, -1.0]


def test_a_waveform_is_immutable() -> None:
    waveform = Waveform.from_samples(np.zeros(10), 8_000)
    with pytest.raises(ValueError, match="read-only"):
        waveform.samples[0] = 1
    with pytest.raises(AttributeError):
        waveform.sample_rate_hz = 16_000  # type: ignore[misc]


def test_a_later_change_of_the_array_changes_nothing() -> None:
    samples = np.zeros(10, np.float32)
    waveform = Waveform.from_samples(samples, 8_000)
    samples[0] = 1
    assert waveform.samples[0] == 0


@pytest.mark.parametrize(
    "samples", [np.zeros(3), np.zeros((3, 2), np.float32), np.array([np.nan], np.float32)], ids=["type", "shape", "NaN"]
)
def test_the_constructor_takes_only_finite_float32_of_one_dimension(samples: np.ndarray) -> None:
    with pytest.raises(AudioError):
        Waveform(samples, 8_000)


def test_values_beyond_single_precision_are_scaled_down() -> None:
    assert Waveform.from_samples(np.array([1e300, -5e299]), 8_000).samples.tolist() == [1.0, -0.5]


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        ([], 16_000, "holds no samples"),
        (np.zeros((0, 2)), 16_000, "holds no samples"),
        ([0.0, np.nan], 16_000, "NaN or infinite"),
        ([0.0] * 8000 + [np.inf], 16_000, r"NaN.* 0\.500 s"),
        (np.zeros((2, 48_000)), 16_000, "transpose"),
        (np.zeros((2, 2, 2)), 16_000, "shape"),
        (["loud"], 16_000, "type"),
        ([0.0], 7_999, "7999 Hz"),
        ([0.0], 192_001, "192001 Hz"),
        ([0.0], float("nan"), "nan Hz"),
    ],
)
def test_invalid_samples_and_rates_are_refused(samples: Any, rate: float, message: str) -> None:
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


def test_the_digest_depends_on_samples_and_rate() -> None:
    digests = {Waveform.from_samples([0.0, x], rate).digest for x in (0.1, 0.2) for rate in (8_000, 16_000)}
    assert len(digests) == 4
    assert Waveform.from_samples([0.0, 0.1], 8_000).digest in digests


def tone(bits: int, *, peak: float = 0.5) -> np.ndarray:
    """Return a second of a tone as 64-bit integers, with a peak relative to the full scale of fewer bits."""
    return np.asarray(np.round(peak * 2 ** (bits - 1) * np.sin(np.arange(16_000) / 9)), np.int64)


@pytest.mark.parametrize("bits", [16, 24, 32])
@pytest.mark.parametrize("peak", [0.99, 0.5, 0.05])
@pytest.mark.parametrize("as_given", [np.asarray, np.ndarray.tolist], ids=["array", "list"])
def test_wide_integers_are_scaled_by_the_width_of_their_sound(bits: int, peak: float, as_given: Any) -> None:
    samples = Waveform.from_samples(as_given(tone(bits, peak=peak)), 16_000).samples
    assert np.abs(samples).max() == pytest.approx(peak, rel=0.01)


def test_32_bit_integers_that_hold_16_bits_are_not_silence() -> None:
    assert np.abs(Waveform.from_samples(tone(16).astype(np.int32), 16_000).samples).max() == pytest.approx(
        0.5, rel=0.01
    )


def test_other_32_bit_integers_keep_their_level() -> None:
    loud, quiet = tone(32).astype(np.int32), tone(32, peak=1e-4).astype(np.int32)
    faint = (tone(24, peak=1e-5) * 256).astype(np.int32)  # 24 bits, and nothing but a converter's noise
    for samples, peak in ((loud, 0.5), (quiet, 1e-4), (faint, 1e-5)):
        assert np.abs(Waveform.from_samples(samples, 16_000).samples).max() == pytest.approx(peak, rel=0.02)


def test_silence_of_wide_integers_is_silence() -> None:
    assert not Waveform.from_samples([0] * 16_000, 16_000).samples.any()


@pytest.mark.parametrize(
    "samples",
    [
        tone(16, peak=0.001),  # or 8 bits
        tone(16, peak=1.2),  # or 24 bits, and quiet
        tone(32, peak=1.1),
        (tone(16) + 2**15).astype(np.uint64),
        (tone(16) + 2**15).astype(np.uint32),
    ],
    ids=["quiet", "two in one", "too loud", "uint64", "uint32"],
)
def test_wide_integers_of_uncertain_width_are_refused(samples: np.ndarray) -> None:
    with pytest.raises(AudioError, match="int16"):
        Waveform.from_samples(samples, 16_000)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_raw_bytes_are_refused_with_advice(kind: Any) -> None:
    with pytest.raises(AudioError, match=r"numpy\.frombuffer"):
        Waveform.from_samples(kind(tone(16).astype(np.int16).tobytes()), 16_000)


def test_a_typed_buffer_is_an_array() -> None:
    samples = tone(16).astype(np.int16)
    expected = Waveform.from_samples(samples, 16_000).samples
    for buffer in (memoryview(array("h", samples.tolist())), array("h", samples.tolist())):
        assert np.array_equal(Waveform.from_samples(buffer, 16_000).samples, expected)


def test_a_tensor_that_numpy_refuses_gives_one_sentence() -> None:
    torch = pytest.importorskip("torch")
    for tensor in (torch.zeros(100, requires_grad=True), torch.zeros(100, dtype=torch.bfloat16)):
        with pytest.raises(AudioError, match="Tensor") as caught:
            Waveform.from_samples(tensor, 16_000)
        assert "\n" not in str(caught.value)
    assert Waveform.from_samples(torch.zeros(100), 16_000).duration_s == 100 / 16_000

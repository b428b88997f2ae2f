from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from scipy.signal import correlate, welch

from affetto.augmentation import change_gain, clip_samples, telephone, tilt
from affetto.augmentation.activity import active_samples
from affetto.augmentation.channel import _mu_law
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from affetto.speech import Waveform

RATE = 16_000


def white(seconds: float, rate: int = RATE) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, round(seconds * rate)).astype(np.float32)


def band_db(samples: np.ndarray, low: float, high: float, rate: int = RATE) -> float:
    frequency, power = welch(samples, rate, nperseg=2_048)
    return float(10 * np.log10(power[(frequency >= low) & (frequency < high)].mean()))


def energy(samples: np.ndarray) -> float:
    return float(np.square(samples, dtype=np.float64).sum())


@pytest.mark.parametrize("gain_db", [-12, 6, 40])
def test_gain_is_undone_by_the_opposite_gain(speech: Waveform, gain_db: float) -> None:
    changed = change_gain(speech.samples, gain_db=gain_db)
    assert np.abs(changed).max() == pytest.approx(np.abs(speech.samples).max() * 10 ** (gain_db / 20), rel=1e-4)
    assert np.allclose(change_gain(changed, gain_db=-gain_db), speech.samples, atol=1e-6)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3])
def test_the_share_of_active_speech_is_clipped(speech: Waveform, share: float) -> None:
    samples = np.concatenate([speech.samples, np.zeros(5 * RATE, np.float32)])
    clipped = clip_samples(samples, share=share)
    limit = np.abs(clipped).max()
    assert np.mean(np.abs(active_samples(samples, RATE)) >= limit) == pytest.approx(share, abs=0.002)
    below = np.abs(samples) < limit
    assert np.array_equal(clipped[below], samples[below])


def test_silence_or_no_share_clips_nothing(speech: Waveform) -> None:
    assert np.array_equal(clip_samples(speech.samples, share=0), speech.samples)
    assert not clip_samples(np.zeros(RATE, np.float32), share=0.5).any()


@pytest.mark.parametrize("slope", [-6, -3, 3, 6])
@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_tilt_has_the_slope_in_each_octave(slope: float, rate: int) -> None:
    noise = white(10, rate)
    tilted = tilt(noise, rate, db_per_octave=slope)
    octaves = [
        band_db(tilted, 100 * 2**n, 110 * 2**n, rate) - band_db(noise, 100 * 2**n, 110 * 2**n, rate) for n in range(7)
    ]
    assert np.diff(octaves) == pytest.approx(slope, abs=0.5)


def test_tilt_keeps_energy_time_and_length(speech: Waveform) -> None:
    for slope in (-6, 6):
        tilted = tilt(speech.samples, RATE, db_per_octave=slope)
        assert len(tilted) == len(speech.samples)
        assert energy(tilted) == pytest.approx(energy(speech.samples), rel=1e-4)
        assert np.argmax(correlate(tilted, speech.samples)) == len(speech.samples) - 1
    assert np.allclose(tilt(speech.samples, RATE, db_per_octave=0), speech.samples, atol=1e-5)


def test_tilt_does_not_wrap_around() -> None:
    impulse = np.zeros(RATE, np.float32)
    impulse[-1] = 1
    assert np.abs(tilt(impulse, RATE, db_per_octave=-6)[: RATE // 2]).max() < 1e-3


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_a_telephone_passes_300_to_3400_hz(rate: int) -> None:
    sent = telephone(white(5, rate), rate)
    passed = band_db(sent, 500, 3_000, rate)
    assert passed == pytest.approx(band_db(white(5, rate), 500, 3_000, rate), abs=0.5)
    # Outside of the band is the quantization noise of 8 bits, about 38 dB below.
    assert band_db(sent, 0, 150, rate) < passed - 30
    assert band_db(sent, 3_600, 4_000, rate) < passed - 30
    if rate > 8_000:
        assert band_db(sent, 4_300, 8_000, rate) < passed - 60


def test_a_telephone_has_no_delay(speech: Waveform) -> None:
    for rate in (8_000, 16_000, 22_050):
        samples = speech.resampled(rate).samples
        sent = telephone(samples, rate)
        assert sent.shape == samples.shape
        assert abs(np.argmax(correlate(sent, samples)) - (len(samples) - 1)) <= 1


def test_mu_law_equals_that_of_libsndfile() -> None:
    values = np.arange(-32_768, 32_768, dtype=np.int16)
    file = io.BytesIO()
    soundfile.write(file, values, 8_000, format="WAV", subtype="ULAW")
    file.seek(0)
    expected, _ = soundfile.read(file, dtype="float32")
    ours = _mu_law(values / np.float32(32_768))
    assert len(np.unique(ours)) == 255
    assert np.array_equal(ours, expected)


@pytest.mark.parametrize(
    ("function", "parameters", "message"),
    [
        (change_gain, {"gain_db": float("inf")}, "gain_db is inf"),
        (change_gain, {"gain_db": 1e6}, "gain_db is 1000000.0.*-300 to 300"),
        (clip_samples, {"share": 1.0}, "share is 1.0"),
        (clip_samples, {"share": float("nan")}, "share is nan"),
        (tilt, {"sample_rate_hz": RATE, "db_per_octave": 13}, "db_per_octave is 13"),
    ],
)
def test_invalid_parameters_are_refused(function: Any, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        function(white(0.1), **parameters)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.helpers import level_db

from affetto.augmentation import add_noise
from affetto.errors import ParameterError
from affetto.preprocessing.steps import normalize_level

if TYPE_CHECKING:
    from affetto.speech import Waveform

RATE = 16_000


def white(n: int, amplitude: float = 1.0) -> np.ndarray:
    return np.random.default_rng(0).normal(0, amplitude, n).astype(np.float32)


@pytest.mark.parametrize("snr_db", [30, 10, 0, -5])
def test_pauses_do_not_count_in_the_ratio(snr_db: float) -> None:
    tone = np.sin(2 * np.pi * 300 * np.arange(RATE) / RATE).astype(np.float32)
    silence = np.zeros(2 * RATE, np.float32)
    samples = np.concatenate([silence, tone, silence])
    added = add_noise(samples, white(len(samples)), snr_db=snr_db) - samples
    assert level_db(tone) - level_db(added) == pytest.approx(snr_db, abs=0.2)


@pytest.mark.parametrize("snr_db", [20, 0])
def test_the_ratio_is_relative_to_active_speech(speech: Waveform, snr_db: float) -> None:
    samples = normalize_level(speech.samples, RATE, level_dbfs=-26.0)
    for lengthened in (samples, np.concatenate([samples, np.zeros(5 * RATE, np.float32)])):
        added = add_noise(lengthened, white(len(lengthened)), snr_db=snr_db) - lengthened
        assert level_db(added) == pytest.approx(-26 - snr_db, abs=0.3)


def test_the_level_of_the_noise_does_not_matter(speech: Waveform) -> None:
    noise = white(len(speech.samples))
    loud, soft = (add_noise(speech.samples, noise * np.float32(gain), snr_db=5) for gain in (3, 0.001))
    assert np.allclose(loud, soft, atol=1e-5)


def test_noise_is_repeated_and_cut(speech: Waveform) -> None:
    samples, short = speech.samples, white(1_000)
    added = add_noise(samples, short, snr_db=0) - samples
    assert np.allclose(added[:1_000], added[1_000:2_000], atol=1e-5)
    assert np.array_equal(add_noise(samples, np.resize(short, 2 * len(samples)), snr_db=0), samples + added)


def test_the_frames_follow_the_rate(speech: Waveform) -> None:
    at_48 = speech.resampled(48_000).samples
    added = add_noise(at_48, white(len(at_48)), snr_db=10, sample_rate_hz=48_000) - at_48
    at_16 = add_noise(speech.samples, white(len(speech.samples)), snr_db=10) - speech.samples
    assert level_db(added) == pytest.approx(level_db(at_16), abs=0.1)


def test_silence_stays_silent() -> None:
    assert not add_noise(np.zeros(100, np.float32), white(100), snr_db=0).any()
    assert add_noise(np.zeros(0, np.float32), white(100), snr_db=0).shape == (0,)


@pytest.mark.parametrize("noise", [np.zeros(0, np.float32), np.zeros(9, np.float32)])
def test_silent_noise_is_refused(speech: Waveform, noise: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="noise is silent"):
        add_noise(speech.samples, noise, snr_db=10)


def test_a_ratio_that_is_not_a_number_is_refused(speech: Waveform) -> None:
    with pytest.raises(ParameterError, match="snr_db is nan"):
        add_noise(speech.samples, white(9), snr_db=float("nan"))

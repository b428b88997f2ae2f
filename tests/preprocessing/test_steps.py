from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.helpers import level_db

from affetto.errors import ParameterError
from affetto.preprocessing.steps import (
    STEPS,
    apply_steps,
    frame_energy,
    normalize_level,
    pre_emphasize,
    remove_dc,
    remove_noise,
    trim_silence,
)
from affetto.speech import read

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000


def tone(seconds: float = 1.0, frequency: float = 300.0, amplitude: float = 0.1) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * frequency * t)).astype(np.float32)


def noise(seconds: float, amplitude: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, amplitude, round(seconds * RATE)).astype(np.float32)


def test_remove_dc_subtracts_the_mean() -> None:
    assert np.allclose(remove_dc(tone() + np.float32(0.2), RATE), tone(), atol=1e-6)


def test_pre_emphasis_raises_high_frequencies() -> None:
    low, high = (level_db(pre_emphasize(tone(frequency=f), RATE)) - level_db(tone(frequency=f)) for f in (100, 4000))
    assert low < -20
    assert high > 2
    assert np.array_equal(pre_emphasize(tone(), RATE, coefficient=0), tone())


@pytest.mark.parametrize("gain", [0.001, 0.25, 4, 100])
def test_level_is_normalized_for_any_gain(gain: float) -> None:
    samples = np.concatenate([np.zeros(RATE, np.float32), tone()])
    levelled = normalize_level(np.float32(gain) * samples, RATE, level_dbfs=-26)
    assert level_db(levelled[RATE:]) == pytest.approx(-26, abs=0.3)  # silence does not count
    assert np.allclose(levelled, normalize_level(samples, RATE, level_dbfs=-26), atol=1e-5)


def test_trimming_cuts_leading_and_trailing_silence_only() -> None:
    silence = noise(0.5, 1e-4)
    samples = np.concatenate([silence, tone(), silence, tone(), silence])
    trimmed = trim_silence(samples, RATE)
    assert len(trimmed) / RATE == pytest.approx(2.5, abs=0.05)
    margined = trim_silence(samples, RATE, margin_s=0.1)
    assert len(margined) - len(trimmed) == pytest.approx(0.2 * RATE, abs=2)


def test_noise_removal_reduces_noise_and_keeps_speech(data_dir: Path) -> None:
    speech = read(data_dir / "ravdess/Actor_02/03-01-05-01-01-01-02.flac", sample_rate_hz=RATE).samples
    noisy = speech + noise(len(speech) / RATE, 0.003)
    cleaned = remove_noise(noisy, RATE)
    energy = frame_energy(speech, 512, 160)
    loud = np.repeat(energy > energy.max() * 0.05, 160)[: len(speech)]
    quiet = np.repeat(energy < energy.max() * 1e-5, 160)[: len(speech)]
    assert level_db(cleaned[quiet]) < level_db(noisy[quiet]) - 10
    assert level_db(cleaned[loud]) == pytest.approx(level_db(noisy[loud]), abs=3)
    assert np.array_equal(remove_noise(noisy, RATE, reduction=0.0).shape, noisy.shape)


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("samples", [np.zeros(1), np.ones(1), np.zeros(9), np.zeros(RATE), np.full(RATE, 0.5)])
@pytest.mark.filterwarnings("error")
def test_every_step_accepts_sound_without_speech(name: str, samples: np.ndarray) -> None:
    result = STEPS[name](samples.astype(np.float32), RATE)
    assert result.dtype == np.float32
    assert len(result) >= 1
    assert np.isfinite(result).all()


@given(st.integers(1, 3_000), st.integers(0, 2**32 - 1))
def test_every_step_returns_finite_samples_for_any_length(n: int, seed: int) -> None:
    samples = np.random.default_rng(seed).normal(0, 0.1, n).astype(np.float32)
    steps: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in STEPS if name != "remove_noise"]
    result = apply_steps(samples, RATE, steps)
    assert 1 <= len(result) <= n
    assert np.isfinite(result).all()


@pytest.mark.parametrize(
    ("step", "parameters", "message"),
    [
        (pre_emphasize, {"coefficient": 1.0}, "coefficient is 1.0"),
        (trim_silence, {"threshold_db": 0.0}, "threshold_db is 0.0"),
        (trim_silence, {"margin_s": -1.0}, "margin_s is -1.0"),
        (remove_noise, {"reduction": 1.5}, "reduction is 1.5"),
    ],
)
def test_invalid_parameters_are_refused(step: Any, parameters: dict[str, float], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        step(tone(), RATE, **parameters)

from __future__ import annotations

import numpy as np
import pytest

from affetto.features.acoustic.descriptors import describe_frames

RATE = 16_000


def tone(f0: np.ndarray) -> np.ndarray:
    """A harmonic sound with this F0."""
    phase = np.cumsum(f0) / RATE
    harmonics = sum(np.sin(2 * np.pi * k * phase) / k for k in range(1, 20))
    return (0.1 * np.asarray(harmonics)).astype(np.float32)


@pytest.mark.parametrize("f0", [75, 110, 220, 330, 500])
def test_f0_of_a_constant_tone(f0: float) -> None:
    output = describe_frames(tone(np.full(RATE, f0))).f0[5:-5]
    assert (output > 0).all()
    assert np.abs(output / f0 - 1).max() < 0.02


def test_f0_of_a_glide() -> None:
    f0 = np.geomspace(100, 300, 2 * RATE)
    output = describe_frames(tone(f0)).f0[5:-5]
    assert np.abs(output / f0[:: RATE // 100][5 : 5 + len(output)] - 1).max() < 0.05


def test_noise_and_silence_are_unvoiced() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * RATE).astype(np.float32)
    assert (describe_frames(noise).f0 > 0).mean() < 0.1
    voiced_then_silent = np.concatenate([tone(np.full(RATE, 150.0)), np.zeros(RATE, np.float32)])
    assert (describe_frames(voiced_then_silent).f0[110:] == 0).all()


def test_the_harmonics_to_noise_ratio_decreases_with_noise() -> None:
    clean = tone(np.full(RATE, 150.0))
    noise = np.random.default_rng(0).normal(0, clean.std(), RATE).astype(np.float32)
    quiet, loud = (np.median(describe_frames(clean + g * noise).hnr) for g in (0.03, 0.3))
    assert quiet > loud + 8

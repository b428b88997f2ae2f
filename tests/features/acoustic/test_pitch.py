from __future__ import annotations

import numpy as np
import pytest

from affetto.features.acoustic.descriptors import describe_frames

RATE = 16_000


def voice(f0: np.ndarray) -> np.ndarray:
    """Pulses through a vowel-like filter: a voice with this pitch."""
    phase = np.cumsum(f0) / RATE
    harmonics = sum(np.sin(2 * np.pi * k * phase) / k for k in range(1, 20))
    return (0.1 * np.asarray(harmonics)).astype(np.float32)


@pytest.mark.parametrize("f0", [75, 110, 220, 330, 500])
def test_pitch_of_a_steady_voice(f0: float) -> None:
    found = describe_frames(voice(np.full(RATE, f0))).f0[5:-5]
    assert (found > 0).all()
    assert np.abs(found / f0 - 1).max() < 0.02


def test_pitch_follows_a_glide() -> None:
    f0 = np.geomspace(100, 300, 2 * RATE)
    found = describe_frames(voice(f0)).f0[5:-5]
    assert np.abs(found / f0[:: RATE // 100][5 : 5 + len(found)] - 1).max() < 0.05


def test_noise_and_silence_have_no_pitch() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 2 * RATE).astype(np.float32)
    assert (describe_frames(noise).f0 > 0).mean() < 0.1
    voiced_then_silent = np.concatenate([voice(np.full(RATE, 150.0)), np.zeros(RATE, np.float32)])
    assert (describe_frames(voiced_then_silent).f0[110:] == 0).all()


def test_harmonics_stand_out_of_noise_by_their_ratio() -> None:
    clean = voice(np.full(RATE, 150.0))
    noise = np.random.default_rng(0).normal(0, clean.std(), RATE).astype(np.float32)
    quiet, loud = (np.median(describe_frames(clean + g * noise).hnr) for g in (0.03, 0.3))
    assert quiet > loud + 8

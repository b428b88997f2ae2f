from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affetto.features.acoustic.loudness import active_speech_level
from affetto.speech import read

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000


def tone(seconds: float, dbfs: float) -> np.ndarray:
    """A sine with this mean square."""
    amplitude = math.sqrt(2) * 10 ** (dbfs / 20)
    return (amplitude * np.sin(2 * np.pi * 300 * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def by_standard(samples: np.ndarray) -> float:
    """Method B of P.56 as in the recommendation: sample by sample, thresholds a factor of two apart."""
    g, hangover = math.exp(-1 / (RATE * 0.03)), round(0.2 * RATE)
    thresholds = [2.0**-i for i in range(20, 0, -1)]
    counts, hangs = [0] * 20, [hangover] * 20
    p = q = energy = 0.0
    for value in samples.tolist():
        energy += value * value
        p = g * p + (1 - g) * abs(value)
        q = g * q + (1 - g) * p
        for j, threshold in enumerate(thresholds):
            if q >= threshold:
                counts[j] += 1
                hangs[j] = 0
            elif hangs[j] < hangover:
                counts[j] += 1
                hangs[j] += 1
    levels = [10 * math.log10(energy / count) for count in counts if count]
    margins = [level - 20 * math.log10(t) for level, t in zip(levels, thresholds, strict=False)]
    j = next(j for j, margin in enumerate(margins) if margin <= 15.9)
    part = (margins[j - 1] - 15.9) / (margins[j - 1] - margins[j])
    return levels[j - 1] + part * (levels[j] - levels[j - 1])


@pytest.mark.parametrize("name", ["angry", "neutral", "sad"])
def test_the_level_of_speech_is_that_of_the_standard(name: str, root: Path) -> None:
    samples = read(root / "examples" / f"{name}.flac", sample_rate_hz=RATE).samples
    assert active_speech_level(samples, RATE) == pytest.approx(by_standard(samples - samples.mean()), abs=0.3)


@given(dbfs=st.floats(-70, -6), silence_s=st.floats(0, 3), offset=st.floats(-0.2, 0.2))
def test_silence_and_offset_do_not_count(dbfs: float, silence_s: float, offset: float) -> None:
    silence = np.zeros(round(silence_s * RATE), np.float32)
    level = active_speech_level(np.concatenate([silence, tone(2, dbfs), silence]) + np.float32(offset), RATE)
    # The envelope rises and falls slowly.
    assert level == pytest.approx(dbfs, abs=0.8)


@given(gain_db=st.floats(-40, 20))
def test_a_gain_changes_the_level_by_as_much(gain_db: float) -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, RATE) * np.repeat([1, 0.1, 0, 1], RATE // 4)
    plain, louder = (active_speech_level((gain * noise).astype(np.float32), RATE) for gain in (1, 10 ** (gain_db / 20)))
    assert plain is not None
    assert louder == pytest.approx(plain + gain_db, abs=0.01)


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 192_000])
def test_the_rate_makes_no_difference(rate: int) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, rate).astype(np.float32)
    assert active_speech_level(noise, rate) == pytest.approx(-20, abs=0.5)


@pytest.mark.parametrize("samples", [np.zeros(RATE), np.full(RATE, 0.5), np.zeros(1), np.full(RATE, 1e-8)])
def test_silence_has_no_level(samples: np.ndarray) -> None:
    assert active_speech_level(samples.astype(np.float32), RATE) is None


@pytest.mark.parametrize("n", [1, 15, 16, 17, 400])
def test_a_click_has_a_level(n: int) -> None:
    samples = np.zeros(n + 1, np.float32)
    samples[0] = 1
    level = active_speech_level(samples, RATE)
    assert level is not None
    assert -40 < level < 0

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import median_filter
from scipy.signal import welch
from scipy.stats import kurtosis

from affetto.augmentation import synthetic_noise
from affetto.augmentation.synthesis import KINDS
from affetto.errors import ParameterError

RATE = 16_000


def noises(kind: str, count: int = 15, seconds: float = 3.0) -> list[np.ndarray]:
    return [
        synthetic_noise(round(seconds * RATE), RATE, np.random.default_rng(seed), kind=kind) for seed in range(count)
    ]


def tonality_db(samples: np.ndarray) -> float:
    """The height of spectral lines above the smoothed spectrum."""
    level = 10 * np.log10(welch(samples, RATE, nperseg=4_096)[1][20:1_500] + 1e-12)
    return float(np.std(level - median_filter(level, 51)))


def swing_db(samples: np.ndarray, window_s: float) -> float:
    """The standard deviation of the level of windows."""
    window = round(window_s * RATE)
    power = np.square(samples[: len(samples) // window * window]).reshape(-1, window).mean(axis=1)
    return float(np.std(10 * np.log10(power + 1e-9)))


@pytest.mark.parametrize("kind", [None, *KINDS])
@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_noise_has_unit_power_and_depends_on_the_generator(kind: str | None, rate: int) -> None:
    first, second, third = (synthetic_noise(2 * rate, rate, np.random.default_rng(s), kind=kind) for s in (1, 1, 2))
    assert first.dtype == np.float32
    assert first.shape == (2 * rate,)
    assert np.square(first, dtype=np.float64).mean() == pytest.approx(1, rel=1e-4)
    assert np.array_equal(first, second)
    assert abs(np.corrcoef(first, third)[0, 1]) < 0.9


@given(st.integers(1, 2_000), st.sampled_from([None, *KINDS]), st.integers(0, 2**32 - 1))
def test_any_length_has_unit_power(n_samples: int, kind: str | None, seed: int) -> None:
    noise = synthetic_noise(n_samples, RATE, np.random.default_rng(seed), kind=kind)
    assert noise.shape == (n_samples,)
    assert np.isfinite(noise).all()
    assert np.square(noise, dtype=np.float64).mean() == pytest.approx(1, rel=1e-3)


def test_kinds_have_their_characteristics() -> None:
    tonal = {kind: float(np.median([tonality_db(noise) for noise in noises(kind)])) for kind in KINDS}
    assert min(tonal["engine"], tonal["music"]) > 2 * max(tonal["coloured"], tonal["gusts"])
    peaked = {kind: float(np.median([kurtosis(noise) for noise in noises(kind)])) for kind in KINDS}
    assert abs(peaked["coloured"]) < 0.2
    assert peaked["impulses"] > 5
    swing = {kind: float(np.median([swing_db(noise, 0.2) for noise in noises(kind)])) for kind in KINDS}
    assert swing["gusts"] > 2 * swing["coloured"]
    assert swing["babble"] > 2 * swing["coloured"]


def test_random_kinds_vary() -> None:
    drawn = [synthetic_noise(RATE, RATE, np.random.default_rng(seed)) for seed in range(200)]
    spread = [kurtosis(noise) for noise in drawn]
    assert np.mean(np.array(spread) > 5) > 0.05
    assert np.mean(np.abs(spread) < 0.3) > 0.1
    assert len({noise.tobytes() for noise in drawn}) == 200


def test_invalid_parameters_are_refused() -> None:
    with pytest.raises(ParameterError, match="n_samples is 0"):
        synthetic_noise(0, RATE, np.random.default_rng(0))
    with pytest.raises(ParameterError, match=r"silence.*coloured"):
        synthetic_noise(9, RATE, np.random.default_rng(0), kind="silence")

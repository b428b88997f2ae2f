from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affetto.errors import ParameterError
from affetto.features import describe, feature_names
from affetto.speech import read

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000


@pytest.fixture(scope="module")
def speech(ravdess_dir: Path) -> np.ndarray:
    return read(ravdess_dir / "Actor_05/03-01-03-01-02-01-05.flac", sample_rate_hz=RATE).samples


def test_names_of_features_are_unique(speech: np.ndarray) -> None:
    names = feature_names()
    assert len(set(names)) == len(names) == len(describe(speech, RATE))


def test_the_level_makes_no_difference(speech: np.ndarray) -> None:
    plain = describe(speech, RATE)
    for gain in (0.25, 4.0):
        assert np.allclose(describe(np.float32(gain) * speech, RATE), plain, rtol=1e-3, atol=2e-3)


def test_features_follow_their_names(speech: np.ndarray) -> None:
    def value(samples: np.ndarray, name: str) -> float:
        return float(describe(samples, RATE)[feature_names().index(name)])

    spectrum = np.fft.rfft(speech)
    frequency = np.fft.rfftfreq(len(speech), 1 / RATE)
    darker = np.fft.irfft(spectrum / (1 + frequency / 1000), len(speech)).astype(np.float32)
    assert value(darker, "spectral: centroid mean") < value(speech, "spectral: centroid mean")
    assert value(darker, "spectral: alpha_ratio mean") < value(speech, "spectral: alpha_ratio mean") - 3
    twice = np.concatenate([speech, speech])
    assert value(twice, "rhythm: log duration") - value(speech, "rhythm: log duration") == pytest.approx(0.69, abs=0.02)
    plain = value(speech, "pitch: pitch p50")
    shifted = describe(speech, RATE, warp=2 ** (2 / 12))[feature_names().index("pitch: pitch p50")]
    assert shifted - plain == pytest.approx(2, abs=0.01)


@given(n=st.integers(1, 4_000), kind=st.sampled_from(["noise", "zeros", "ones", "click"]))
@pytest.mark.filterwarnings("error")
def test_features_of_any_sound_are_finite(n: int, kind: str) -> None:
    samples = {
        "noise": np.random.default_rng(n).normal(0, 0.1, n),
        "zeros": np.zeros(n),
        "ones": np.ones(n),
        "click": np.eye(1, n, n // 2)[0],
    }[kind].astype(np.float32)
    features = describe(samples, RATE)
    assert features.shape == (len(feature_names()),)
    assert np.isfinite(features).all()


def test_long_recordings_have_the_same_features(speech: np.ndarray) -> None:
    long = np.tile(speech, 12)  # over half a minute, so more than one block
    names = feature_names()
    mean = [i for i, name in enumerate(names) if name.startswith("mfcc: ") and name.endswith(" mean")]
    assert np.allclose(describe(long, RATE)[mean], describe(speech, RATE)[mean], atol=0.3)


@pytest.mark.parametrize(("rate", "warp", "message"), [(8_000, 1.0, "8000 Hz"), (16_000, 0.0, "warp is 0")])
def test_invalid_parameters_are_refused(rate: int, warp: float, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        describe(np.zeros(100, np.float32), rate, warp=warp)

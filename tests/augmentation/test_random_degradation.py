from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.base import clone

from affetto.augmentation.random_degradation import RandomDegradation, degrade

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from affetto.speech import Waveform

RATE = 16_000


def likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    # Trimming may leave them with different lengths.
    length = min(len(one), len(other))
    return float(np.corrcoef(one[:length], other[:length])[0, 1])


@pytest.fixture(scope="module")
def other(speech: Waveform) -> Waveform:
    """The same speech, slightly softer: another recording."""
    return speech.with_samples(speech.samples * np.float32(0.999))


def test_without_a_seed_nothing_changes(speech: Waveform, other: Waveform) -> None:
    first, second = RandomDegradation().fit([speech]).transform([speech, other])
    assert first is speech
    assert second is other


def test_the_result_depends_only_on_recording_and_seed(speech: Waveform, other: Waveform) -> None:
    (alone,) = RandomDegradation(seed=3).transform([speech])
    _, among_others = clone(RandomDegradation(seed=3)).transform([other, speech])
    assert np.array_equal(alone.samples, among_others.samples)
    assert alone.sample_rate_hz == RATE
    assert 0.5 * len(speech.samples) < len(alone.samples) <= len(speech.samples)  # silence at its ends is cut off


def test_another_seed_or_recording_gives_another_result(speech: Waveform, other: Waveform) -> None:
    made = {
        waveform.samples.tobytes()
        for seed in range(4)
        for waveform in RandomDegradation(seed=seed).transform([speech, other])
    }
    assert len(made) == 8
    # The recordings themselves differ far less.
    pairs = [RandomDegradation(seed=seed).transform([speech, other]) for seed in range(4)]
    assert min(likeness(one.samples, two.samples) for one, two in pairs) < 0.99


def test_every_recording_is_degraded_and_speech_remains(speech: Waveform) -> None:
    before = speech.samples.copy()
    made = [degrade(speech.samples, RATE, np.random.default_rng(seed)) for seed in range(40)]
    assert np.array_equal(speech.samples, before)
    for samples in made:
        assert samples.dtype == np.float32
        assert samples.shape == before.shape
        assert np.isfinite(samples).all()
        assert not np.array_equal(samples, before)
        assert 0.3 < np.sqrt(np.square(samples).mean() / np.square(before).mean()) < 3
    assert np.mean([likeness(samples, before) < 0.9 for samples in made]) > 0.5
    # The envelopes still follow the speech.
    alike = [likeness(envelope(samples), envelope(before)) for samples in made]
    assert min(alike) > 0.2
    assert np.mean(alike) > 0.75


def envelope(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Loudness of twentieths of a second."""
    frames = samples[: len(samples) // 800 * 800].reshape(-1, 800)
    return np.asarray(np.sqrt(np.square(frames).mean(axis=1)))


@pytest.mark.parametrize("n", [1, 50, 3_000])
def test_very_short_and_very_loud_recordings(speech: Waveform, n: int) -> None:
    samples = 50 * speech.samples[20_000 : 20_000 + n]
    for seed in range(12):
        made = degrade(samples, RATE, np.random.default_rng(seed))
        assert made.shape == samples.shape
        assert np.isfinite(made).all()
        assert made.any()


def test_silence_stays_silent() -> None:
    silence = np.zeros(RATE, np.float32)
    for seed in range(12):
        made = degrade(silence, RATE, np.random.default_rng(seed))
        assert np.isfinite(made).all()
        assert np.abs(made).max() < 0.001

from __future__ import annotations

from typing import TYPE_CHECKING

import librosa
import numpy as np
import pytest
import torch

from affetto.features.neural.log_mel import LogMel
from affetto.speech import read

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000


def log_mel(samples: np.ndarray, n_mels: int = 80) -> np.ndarray:
    with torch.inference_mode():
        return np.asarray(LogMel(n_mels)(torch.tensor(samples, dtype=torch.float32)[None])[0])


@pytest.mark.parametrize("n_mels", [80, 128])
@pytest.mark.parametrize("cut", [None, 3_200, 50_001])
def test_the_spectrogram_is_that_of_whisper(ravdess_dir: Path, n_mels: int, cut: int | None) -> None:
    samples = read(ravdess_dir / "Actor_04/03-01-06-02-02-01-04.flac", sample_rate_hz=RATE).samples[-(cut or 0) :]
    power = librosa.feature.melspectrogram(
        y=samples, sr=RATE, n_fft=400, hop_length=160, window="hann", pad_mode="reflect", power=2.0, n_mels=n_mels
    )[:, :-1]
    expected = np.log10(np.maximum(power, 1e-10))
    expected = (np.maximum(expected, expected.max() - 8) + 4) / 4
    output = log_mel(samples, n_mels)
    assert output.shape == (len(samples) // 160, n_mels)
    # Single precision limits the quietest values; the loud ones agree.
    assert np.abs(output - expected.T).max() < 5e-3
    loud = expected.max() - 1 < expected.T
    assert np.abs(output - expected.T)[loud].max() < 1e-4


@pytest.mark.parametrize("frequency", [200, 1_000, 4_000])
def test_a_tone_peaks_in_its_band(frequency: int) -> None:
    output = log_mel(0.1 * np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE))
    centres = librosa.mel_frequencies(82, fmax=RATE / 2)[1:-1]
    assert abs(centres[output.mean(0).argmax()] - frequency) < 60


def test_the_level_shifts_all_values() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, RATE)
    # A tenth of the amplitude is two decades of the power.
    assert np.allclose(log_mel(noise) - log_mel(noise / 10), 2 / 4, atol=1e-4)


def test_the_range_is_eight_decades() -> None:
    sound = np.concatenate([np.random.default_rng(0).normal(0, 1, RATE), np.zeros(RATE)])
    output = log_mel(sound)
    assert output.max() - output.min() == pytest.approx(2, abs=1e-5)


def test_digital_silence_is_finite() -> None:
    assert np.isfinite(log_mel(np.zeros(3_200))).all()


def test_clips_of_a_batch_are_independent() -> None:
    clips = np.random.default_rng(0).normal(0, [[0.1], [0.001]], (2, RATE)).astype(np.float32)
    with torch.inference_mode():
        both = LogMel()(torch.tensor(clips)).numpy()
    for clip, output in zip(clips, both, strict=True):
        assert np.allclose(output, log_mel(clip), atol=1e-5)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from affetto.features import BandFrames
from affetto.features.neural.bands import N_MELS, N_TONES, BandSpectrogram
from affetto.speech import Waveform, read

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000


def tone(frequency: float, amplitude: float = 0.1, seconds: float = 1.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)


def spectrogram(samples: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return np.asarray(BandSpectrogram()(torch.tensor(samples, dtype=torch.float32)[None])[0])


@pytest.mark.parametrize("index", [0, 10, 30, 47])
def test_a_tone_peaks_at_its_frequency(index: int) -> None:
    frequency = np.geomspace(70, 1_150, N_TONES)[index]
    tones = spectrogram(tone(frequency))[20:-20, N_MELS:]
    assert (tones.argmax(1) == index).all()


def test_neighbouring_tones_are_resolved() -> None:
    frequencies = np.geomspace(70, 1_150, N_TONES)
    found = [spectrogram(tone(f))[30, N_MELS:].argmax() for f in frequencies]
    assert found == list(range(N_TONES))


@pytest.mark.parametrize("frequency", [300, 1_000, 3_000, 6_000])
def test_a_tone_peaks_in_its_mel_band(frequency: float) -> None:
    import librosa

    centres = librosa.mel_frequencies(N_MELS + 2, fmin=50, fmax=6_700)[1:-1]
    mel = spectrogram(tone(frequency))[20:-20, :N_MELS].mean(0)
    assert abs(centres[mel.argmax()] - frequency) < 0.04 * frequency + 30


def test_levels_are_decibels() -> None:
    loud, quiet = spectrogram(tone(440, 0.5)), spectrogram(tone(440, 0.05))
    band = loud[30].argmax()
    assert loud[30, band] - quiet[30, band] == pytest.approx(20, abs=0.01)
    # Half of the amplitude of a sine is in the positive frequency.
    at_440 = spectrogram(tone(np.geomspace(70, 1_150, N_TONES)[31], 0.5))[30, N_MELS + 31]
    assert at_440 == pytest.approx(20 * np.log10(0.25), abs=0.1)


def test_silence_has_the_lowest_level() -> None:
    assert np.array_equal(spectrogram(np.zeros(3_200)), np.full((13, 128), -100, np.float32))


@pytest.mark.parametrize("n", [3_200, 3_327, 40_000])
def test_a_frame_is_16_ms(n: int) -> None:
    assert spectrogram(np.random.default_rng(0).normal(0, 0.1, n)).shape == (n // 256 + 1, N_MELS + N_TONES)


def test_sequences_have_the_lengths_of_the_recordings(ravdess_dir: Path) -> None:
    clips = [read(path, sample_rate_hz=RATE) for path in sorted((ravdess_dir / "Actor_01").glob("*.flac"))[:3]]
    short = Waveform(clips[0].samples[20_000:20_500], RATE)
    sequences = BandFrames().fit(clips).transform([*clips, short])
    assert [len(s) for s in sequences] == [len(c.samples) // 256 + 1 for c in clips] + [13]
    assert all(s.dtype == np.float16 and s.shape[1] == 128 for s in sequences)
    assert np.allclose(sequences[1], spectrogram(clips[1].samples), atol=0.05)
    assert np.std(sequences[1].astype(np.float32)) > 5

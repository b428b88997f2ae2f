from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from affetto import AcousticMeasures, Segment
from affetto.acoustics.measurement import compare_loudness, join_measures, measure_acoustics
from affetto.corpora import load_corpus
from affetto.speech import read

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000


def pulses(f0_hz: np.ndarray, *, gain: float = 0.1) -> np.ndarray:
    """A voice with this pitch at each sample: harmonics that fall by 6 dB per octave."""
    phase = np.cumsum(f0_hz) / RATE
    harmonics = sum(np.sin(2 * np.pi * k * phase) / k for k in range(1, 12))
    return (gain * np.asarray(harmonics)).astype(np.float32)


def bursts(rate_hz: float, seconds: float) -> np.ndarray:
    """A voice of 150 Hz with so many syllables a second."""
    hills = np.sin(np.pi * rate_hz * np.arange(round(seconds * RATE)) / RATE) ** 2
    return (pulses(np.full(len(hills), 150.0)) * (0.05 + 0.95 * hills)).astype(np.float32)


def noise(low_hz: float, high_hz: float, seconds: float = 2.0) -> np.ndarray:
    spectrum = np.fft.rfft(np.random.default_rng(0).normal(0, 0.1, round(seconds * RATE)))
    frequency = np.fft.rfftfreq(round(seconds * RATE), 1 / RATE)
    spectrum[(frequency < low_hz) | (frequency > high_hz)] = 0
    return np.fft.irfft(spectrum).astype(np.float32)


@given(f0=st.floats(70, 600), gain=st.floats(0.001, 0.3))
def test_f0_of_a_steady_voice(f0: float, gain: float) -> None:
    found = measure_acoustics(pulses(np.full(RATE, f0), gain=gain), RATE)
    assert found.f0_hz == pytest.approx(f0, rel=0.01)
    assert found.f0_range_semitones is not None
    assert found.f0_range_semitones < 0.5


@pytest.mark.parametrize("octaves", [0.25, 0.5, 1.0])
def test_range_of_a_glide(octaves: float) -> None:
    found = measure_acoustics(pulses(np.geomspace(150, 150 * 2**octaves, 2 * RATE)), RATE)
    assert found.f0_hz == pytest.approx(150 * 2 ** (octaves / 2), rel=0.01)
    assert found.f0_range_semitones == pytest.approx(0.9 * 12 * octaves, abs=0.4)


@given(rate=st.floats(2, 7))
def test_articulation_rate_of_bursts(rate: float) -> None:
    found = measure_acoustics(bursts(rate, round(3 * rate) / rate), RATE)
    assert found.articulation_rate_syllables_per_s == pytest.approx(rate, rel=0.1)
    assert (found.pauses, found.pause_share) == (0, 0)


def test_pauses_do_not_change_the_articulation_rate() -> None:
    speech, silence = bursts(4, 1.5), np.zeros(RATE // 2, np.float32)
    found = measure_acoustics(np.concatenate([speech, silence, speech, silence, speech]), RATE)
    assert found.pauses == 2
    assert found.pause_share == pytest.approx(1 / 5.5, abs=0.02)
    assert found.articulation_rate_syllables_per_s == pytest.approx(4, rel=0.1)


@pytest.mark.parametrize(("low", "high"), [(200, 600), (1_000, 3_000), (2_000, 4_900)])
def test_the_centroid_of_noise_is_the_middle_of_its_band(low: float, high: float) -> None:
    assert measure_acoustics(noise(low, high), RATE).spectral_centroid_hz == pytest.approx((low + high) / 2, rel=0.05)


def test_the_centroid_ignores_other_frequencies() -> None:
    plain = noise(500, 1_500)
    found = measure_acoustics(plain + noise(6_000, 8_000) + noise(1, 20), RATE)
    assert found.spectral_centroid_hz == pytest.approx(measure_acoustics(plain, RATE).spectral_centroid_hz, rel=0.05)


@pytest.mark.parametrize(("low", "high"), [(0, 8_000), (300, 4_000), (1_000, 4_000), (500, 1_500)])
def test_a_whisper_has_a_spectral_centroid_but_no_f0(low: float, high: float) -> None:
    hills = 0.1 + np.sin(np.pi * 4 * np.arange(2 * RATE) / RATE) ** 2
    found = measure_acoustics((noise(low, high) * hills).astype(np.float32), RATE)
    assert (found.f0_hz, found.f0_range_semitones, found.articulation_rate_syllables_per_s) == (None, None, None)
    assert found.spectral_centroid_hz is not None
    assert found.loudness_dbfs is not None
    assert not any("F0" in line for line in found.summary)


@given(gain_db=st.floats(-30, 15))
def test_a_gain_changes_only_the_loudness(gain_db: float) -> None:
    samples = bursts(4, 1.5)
    plain, louder = (
        measure_acoustics(samples, RATE),
        measure_acoustics(samples * np.float32(10 ** (gain_db / 20)), RATE),
    )
    assert plain.loudness_dbfs is not None
    assert louder.loudness_dbfs == pytest.approx(plain.loudness_dbfs + gain_db, abs=0.11)
    same = dataclasses.replace(louder, loudness_dbfs=plain.loudness_dbfs)
    assert dataclasses.astuple(same) == pytest.approx(dataclasses.astuple(plain), abs=1, nan_ok=False)


def test_other_rates_are_resampled(root: Path) -> None:
    at_16, at_48 = (
        measure_acoustics(read(root / "examples" / "angry.flac", sample_rate_hz=rate).samples, rate)
        for rate in (16_000, 48_000)
    )
    assert at_48.f0_hz == pytest.approx(at_16.f0_hz, rel=0.01)
    assert at_48.loudness_dbfs == pytest.approx(at_16.loudness_dbfs, abs=0.3)
    assert at_48.spectral_centroid_hz == pytest.approx(at_16.spectral_centroid_hz, rel=0.02)


def test_the_band_of_a_telephone_changes_little_but_the_centroid(root: Path) -> None:
    samples = read(root / "examples" / "angry.flac", sample_rate_hz=RATE).samples
    spectrum = np.fft.rfft(samples)
    frequency = np.fft.rfftfreq(len(samples), 1 / RATE)
    narrow = measure_acoustics(np.fft.irfft(spectrum * (frequency < 4_000), len(samples)).astype(np.float32), RATE)
    wide = measure_acoustics(samples, RATE)
    assert narrow.f0_hz == pytest.approx(wide.f0_hz, rel=0.01)
    assert narrow.articulation_rate_syllables_per_s == pytest.approx(wide.articulation_rate_syllables_per_s, rel=0.15)
    assert narrow.spectral_centroid_hz == pytest.approx(wide.spectral_centroid_hz, rel=0.15)


def test_steady_noise_changes_little(root: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("angry", "disgust", "neutral", "reading", "surprised"):
        samples = read(root / "examples" / f"{name}.flac", sample_rate_hz=RATE).samples
        plain = measure_acoustics(samples, RATE)
        assert plain.loudness_dbfs is not None
        hiss = rng.normal(0, 10 ** ((plain.loudness_dbfs - 20) / 20), len(samples)).astype(np.float32)
        noisy = measure_acoustics(samples + hiss, RATE)
        assert noisy.f0_hz == pytest.approx(plain.f0_hz, rel=0.035)  # half a semitone
        assert noisy.loudness_dbfs == pytest.approx(plain.loudness_dbfs, abs=0.5)
        assert noisy.loudness_range_db == pytest.approx(plain.loudness_range_db, abs=1.5)
        assert noisy.spectral_centroid_hz == pytest.approx(plain.spectral_centroid_hz, rel=0.1)
        assert noisy.articulation_rate_syllables_per_s == pytest.approx(
            plain.articulation_rate_syllables_per_s, rel=0.2
        )


@pytest.mark.parametrize("samples", [np.zeros(RATE), np.full(RATE, 0.5), np.zeros(1)])
def test_silence_has_no_measures(samples: np.ndarray) -> None:
    found = measure_acoustics(samples.astype(np.float32), RATE)
    assert found == AcousticMeasures()
    assert found.summary == ()


def require_numbers(found: AcousticMeasures) -> None:
    numbers = [value for value in dataclasses.astuple(found) if value is not None]
    assert all(math.isfinite(value) for value in numbers)
    assert all("nan" not in line and "inf" not in line for line in found.summary)
    if found.pause_share is not None:
        assert 0 <= found.pause_share < 1
    if found.f0_hz is not None:
        assert 55 < found.f0_hz < 850


@given(arrays(np.float32, st.integers(1, 5_000), elements=st.floats(-1, 1, width=32)))
def test_any_samples_give_numbers(samples: np.ndarray) -> None:
    require_numbers(measure_acoustics(samples, RATE))


@pytest.mark.parametrize("gain", [1e-5, 1, 100])
@pytest.mark.parametrize("n", [1, 100, 1_600, 3_200, 40_000])
def test_clipped_short_and_quiet_speech_gives_numbers(gain: float, n: int, root: Path) -> None:
    samples = read(root / "examples" / "reading-long.flac", sample_rate_hz=RATE).samples[8_000 : 8_000 + n]
    require_numbers(measure_acoustics(np.clip(samples * np.float32(gain), -1, 1), RATE))


def segment(start_s: float, end_s: float, loudness_dbfs: float | None) -> Segment:
    return Segment(
        start_s, end_s, "ok", "sad", 0.5, {"sad": 0.5}, -1.0, -1.0, AcousticMeasures(loudness_dbfs=loudness_dbfs)
    )


def test_loudness_is_compared_within_the_recording() -> None:
    compared = compare_loudness([segment(0, 1, -20.0), segment(1, 4, -28.0), segment(5, 6, None)])
    above = [s.acoustics and s.acoustics.loudness_above_average_db for s in compared]
    assert above == [6.0, -2.0, None]
    assert "+6 dB" in str(compared[0].acoustics and compared[0].acoustics.summary)


def test_a_single_segment_has_no_relative_loudness() -> None:
    alone = [segment(0, 1, -20.0), segment(5, 6, None)]
    assert compare_loudness(alone) == alone
    assert compare_loudness([]) == []


def test_angry_actors_are_louder_higher_and_brighter_than_sad_ones(ravdess_dir: Path) -> None:
    found = defaultdict(list)
    for utterance in load_corpus(ravdess_dir).utterances:
        if utterance.emotion in ("angry", "sad") and utterance.intensity == "strong":
            samples = read(utterance.path, sample_rate_hz=RATE).samples
            found[utterance.speaker, utterance.text, utterance.emotion].append(measure_acoustics(samples, RATE))
    pairs = [(found[s, t, "angry"], found[s, t, "sad"]) for s, t, emotion in found if emotion == "angry"]
    assert len(pairs) == 48
    for name, least in (("loudness_dbfs", 0.95), ("spectral_centroid_hz", 0.95), ("f0_hz", 0.75)):
        higher = [np.mean([getattr(e, name) for e in a]) > np.mean([getattr(e, name) for e in s]) for a, s in pairs]
        assert np.mean(higher) >= least, name


def test_syllables_of_real_sentences_are_counted(ravdess_dir: Path) -> None:
    """Both sentences of RAVDESS have seven syllables."""
    counts = []
    for actor in range(1, 25):
        samples = read(ravdess_dir / f"Actor_{actor:02}/03-01-01-01-01-01-{actor:02}.flac", sample_rate_hz=RATE).samples
        found = measure_acoustics(samples, RATE)
        level = np.abs(samples) > 0.05 * np.abs(samples).max()
        spoken_s = np.ptp(np.flatnonzero(level)) / RATE
        assert found.articulation_rate_syllables_per_s is not None
        counts.append(found.articulation_rate_syllables_per_s * spoken_s)
    assert np.median(counts) == pytest.approx(7, abs=1)


def test_measures_of_a_turn_are_the_means_of_its_pieces_and_count_the_pauses_between_them() -> None:
    first = AcousticMeasures(f0_hz=200.0, loudness_dbfs=-20.0, pauses=1, pause_share=0.25)
    whisper = AcousticMeasures(loudness_dbfs=-30.0, pauses=0, pause_share=0.0)
    joined = join_measures([(0.0, 4.0, first), (4.5, 5.5, whisper), (5.6, 6.0, AcousticMeasures())])
    assert joined == AcousticMeasures(f0_hz=200.0, loudness_dbfs=-22.0, pauses=2, pause_share=0.273)
    assert join_measures([(0.0, 4.0, first)]) == first
    assert join_measures([(0.0, 1.0, AcousticMeasures())] * 2) == AcousticMeasures()


def test_a_turn_in_pieces_has_nearly_the_measures_of_the_whole(root: Path) -> None:
    voice = read(root / "examples" / "reading-long.flac", sample_rate_hz=RATE).samples
    half = len(voice) // 2
    parts = [(n * half / RATE, (n + 1) * half / RATE, voice[n * half : (n + 1) * half]) for n in range(2)]
    joined = join_measures([(start, end, measure_acoustics(samples, RATE)) for start, end, samples in parts])
    whole = measure_acoustics(voice, RATE)
    assert joined.f0_hz == pytest.approx(whole.f0_hz, rel=0.05)
    assert joined.loudness_dbfs == pytest.approx(whole.loudness_dbfs, abs=1)
    assert joined.articulation_rate_syllables_per_s == pytest.approx(whole.articulation_rate_syllables_per_s, rel=0.15)


@pytest.mark.parametrize("peak", [1e7, 1e15, 1e19, 3e38])
def test_damaged_floats_have_no_measures(root: Path, peak: float) -> None:
    speech = read(root / "examples" / "angry.flac", sample_rate_hz=16_000)
    samples = speech.samples.copy()
    samples[9_000] = peak
    assert measure_acoustics(samples, 16_000) == AcousticMeasures()

"""Synthetic noises and music, which hold no speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.signal import lfilter

from affetto.augmentation import synthetic_noise
from affetto.augmentation.synthesis import KINDS
from affetto.preprocessing.vad import SpeechSegmenter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from numpy.typing import NDArray

    Sound: TypeAlias = NDArray[np.float64]

RATE = 16_000
LENGTH_S = 12.0


def times(length_s: float = LENGTH_S) -> Sound:
    return np.arange(round(length_s * RATE)) / RATE


def placed(events: Iterable[tuple[float, Sound]]) -> Sound:
    """Sounds, each beginning at its time."""
    out = np.zeros(len(times()))
    for start_s, sound in events:
        start = round(start_s * RATE)
        sound = sound[: max(len(out) - start, 0)]
        out[start : start + len(sound)] += sound
    return out


def buzz(f0_hz: Sound | float, *, n: int, fall: float = 1.0, length_s: float = LENGTH_S) -> Sound:
    """Harmonics, the k-th as strong as 1 / k ** fall."""
    pitch = np.broadcast_to(f0_hz, len(times(length_s)))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    audible = [k for k in range(1, n + 1) if k * pitch.max() < RATE / 2]
    return np.asarray(sum(np.sin(k * phase) / k**fall for k in audible))


def note(
    number: int,
    length_s: float,
    *,
    n: int,
    fall: float = 1.0,
    attack_s: float = 0.02,
    decay_s: float = 9.0,
    vibrato: float = 0.0,
) -> Sound:
    """A note by its MIDI number."""
    t = times(length_s)
    f0_hz = 440 * 2 ** ((number - 69) / 12) * (1 + vibrato * np.sin(2 * np.pi * 5.5 * t))
    envelope: Sound = np.clip(np.minimum(t / attack_s, (length_s - t) / 0.05), 0, 1) * np.exp(-t / decay_s)
    return buzz(f0_hz, n=n, fall=fall, length_s=length_s) * envelope


def melody(random: np.random.Generator, low: int, high: int, **timbre: float) -> Sound:
    """Steps up and down a scale."""
    scale = [number for number in range(low, high) if number % 12 in (0, 2, 4, 5, 7, 9, 11)]
    at, start_s, notes = len(scale) // 2, 0.0, []
    while start_s < LENGTH_S:
        at = int(np.clip(at + random.integers(-2, 3), 0, len(scale) - 1))
        length_s = float(random.choice([0.25, 0.5, 1.0]))
        notes.append((start_s, note(scale[at], length_s, **timbre)))  # type: ignore[arg-type] # n is whole
        start_s += length_s
    return placed(notes)


def chords(length_s: float, **timbre: float) -> Sound:
    return placed(
        (i * length_s, note(root + step, length_s, **timbre))  # type: ignore[arg-type] # n is whole
        for i, (root, third) in enumerate([(48, 4), (57, 3), (53, 4), (55, 4)] * 3)
        for step in (0, third, 7, 12)
    )


def drums(random: np.random.Generator, beats_per_minute: float) -> Sound:
    t = times(0.3)
    kick = np.sin(2 * np.pi * np.cumsum(45 + 100 * np.exp(-t / 0.03)) / RATE) * np.exp(-t / 0.1)
    snare = (random.normal(0, 0.5, len(t)) + 0.5 * np.sin(2 * np.pi * 190 * t)) * np.exp(-t / 0.06)
    hat = 0.3 * np.diff(random.normal(size=len(t)), prepend=0) * np.exp(-t / 0.02)
    bar = (kick + hat, hat, snare + hat, hat)
    return placed((s, bar[i % 4]) for i, s in enumerate(np.arange(0, LENGTH_S, 30 / beats_per_minute)))


def guitar(random: np.random.Generator) -> Sound:
    """Plucked strings after Karplus and Strong."""

    def plucked(number: int) -> Sound:
        period = round(RATE / (440 * 2 ** ((number - 69) / 12)))
        burst = np.concatenate([random.uniform(-1, 1, period), np.zeros(round(1.5 * RATE))])
        return np.asarray(lfilter([1], np.r_[1, np.zeros(period - 1), -0.498, -0.498], burst))

    return placed((0.3 * i, plucked((40, 47, 52, 56, 59, 64)[i % 6])) for i in range(40))


MUSIC: dict[str, Callable[[np.random.Generator], Sound]] = {
    "organ chords": lambda _: chords(1, n=6, fall=0.8),
    "piano chords": lambda _: chords(1, n=8, attack_s=0.005, decay_s=0.5),
    "string chords": lambda _: chords(2, n=10, attack_s=0.5),
    "flute": lambda random: melody(random, 72, 88, n=3, fall=2, vibrato=0.004),
    "violin": lambda random: melody(random, 60, 80, n=20, attack_s=0.08, vibrato=0.012),
    "cello": lambda random: melody(random, 40, 58, n=25, attack_s=0.1, vibrato=0.012),
    "saxophone": lambda random: melody(random, 49, 70, n=30, fall=0.7, attack_s=0.03, vibrato=0.01),
    "piano": lambda random: melody(random, 60, 80, n=8, attack_s=0.005, decay_s=0.4),
    "bass": lambda random: melody(random, 28, 45, n=12, decay_s=0.6),
    "guitar": guitar,
    "drums": lambda random: drums(random, 120),
    "fast drums": lambda random: drums(random, 174),
    "band": lambda random: (
        0.5 * chords(1, n=10)
        + 0.6 * drums(random, 120)
        + 0.5 * melody(random, 60, 76, n=8, vibrato=0.01)
        + 0.5 * melody(random, 28, 45, n=12)
    ),
}


def is_speech(sound: Sound) -> bool:
    """Whether any segment is found, at any level."""
    for peak in (0.9, 0.03, 0.002):
        segmenter = SpeechSegmenter(RATE)
        samples = (peak / np.abs(sound).max() * sound).astype(np.float32)
        if segmenter.push(samples) or segmenter.end():
            return True
    return False


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"babble"}))
def test_noise_has_no_segments(kind: str) -> None:
    for seed in range(6):
        random = np.random.default_rng(seed)
        assert not is_speech(synthetic_noise(round(LENGTH_S * RATE), RATE, random, kind=kind).astype(np.float64))


@pytest.mark.parametrize("kind", MUSIC)
def test_music_has_no_segments(kind: str) -> None:
    assert not any(is_speech(MUSIC[kind](np.random.default_rng(seed))) for seed in range(3))

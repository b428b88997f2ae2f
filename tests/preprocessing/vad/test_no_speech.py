"""Synthetic noises and music, which hold no speech."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.signal import butter, lfilter, sosfilt

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


def some_times(random: np.random.Generator, least_s: float, most_s: float) -> Sound:
    """Times that lie so far apart."""
    starts = np.cumsum(random.uniform(least_s, most_s, round(LENGTH_S / least_s)))
    return np.asarray(starts[starts < LENGTH_S])


def falling(random: np.random.Generator, db_per_octave: float) -> Sound:
    """Noise: white, pink (3), brown (6)."""
    spectrum = np.fft.rfft(random.normal(size=len(times())))
    spectrum *= np.maximum(np.fft.rfftfreq(len(times()), 1 / RATE), 20) ** (-db_per_octave / 6.02)
    noise = np.fft.irfft(spectrum)
    return np.asarray(noise / np.abs(noise).max())


def band(random: np.random.Generator, low_hz: float, high_hz: float) -> Sound:
    """Noise between two frequencies."""
    return np.asarray(
        sosfilt(butter(4, [low_hz, high_hz], "bandpass", fs=RATE, output="sos"), random.normal(size=len(times())))
    )


def buzz(f0_hz: Sound | float, *, n: int, fall: float = 1.0, length_s: float = LENGTH_S) -> Sound:
    """Harmonics, the k-th as strong as 1 / k ** fall."""
    pitch = np.broadcast_to(f0_hz, len(times(length_s)))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    audible = [k for k in range(1, n + 1) if k * pitch.max() < RATE / 2]
    return np.asarray(sum(np.sin(k * phase) / k**fall for k in audible))


def drops(random: np.random.Generator, starts: Sound, decay_s: float) -> Sound:
    """Clicks of different loudness."""
    lag = times(8 * decay_s)
    return placed((s, random.normal(size=len(lag)) * np.exp(-lag / decay_s) * random.uniform(0.2, 1)) for s in starts)


def wind(random: np.random.Generator) -> Sound:
    knots = np.arange(0, LENGTH_S + 1, 0.7)
    gusts = np.interp(times(), knots, random.uniform(0.05, 1, len(knots)))
    return falling(random, 6) * gusts + 0.3 * band(random, 300, 600) * gusts**2


def traffic(random: np.random.Generator) -> Sound:
    sound = 0.3 * falling(random, 4)
    for passing_s in random.uniform(0, LENGTH_S, 6):
        sound += band(random, 80, 1_500) * np.exp(-(((times() - passing_s) / 1.2) ** 2))
    return sound


def keypad(random: np.random.Generator) -> Sound:
    low, high = (697, 770, 852, 941), (1209, 1336, 1477)
    return placed(
        (
            start_s,
            np.sin(2 * np.pi * random.choice(low) * times(0.15))
            + np.sin(2 * np.pi * random.choice(high) * times(0.15)),
        )
        for start_s in np.arange(0, LENGTH_S, 0.25)
    )


def birds(random: np.random.Generator) -> Sound:
    t = times(0.12)
    return placed(
        (
            start_s,
            np.sin(2 * np.pi * (random.uniform(2_500, 5_000) * t + random.uniform(-6_000, 6_000) * t**2))
            * np.hanning(len(t)),
        )
        for start_s in some_times(random, 0.1, 0.6)
    )


NOISES: dict[str, Callable[[np.random.Generator], Sound]] = {
    "white noise": lambda random: falling(random, 0),
    "pink noise": lambda random: falling(random, 3),
    "brown noise": lambda random: falling(random, 6),
    "telephone hiss": lambda random: band(random, 300, 3_400),
    "noise that comes and goes as syllables do": lambda random: (
        band(random, 200, 3_000) * (1 + np.sin(2 * np.pi * 4 * times()))
    ),
    "fan": lambda random: falling(random, 5) + 0.15 * buzz(117, n=6) * (1 + 0.2 * np.sin(2 * np.pi * 19 * times())),
    "wind": wind,
    "rain": lambda random: 0.1 * falling(random, 0) + drops(random, some_times(random, 0.005, 0.03), 0.002),
    "traffic": traffic,
    "engine": lambda random: (
        buzz(60 + 30 * np.sin(2 * np.pi * 0.15 * times()), n=40) * (1 + 0.2 * random.normal(size=len(times())))
    ),
    "mains hum": lambda _: buzz(50, n=20),
    "typing": lambda random: drops(random, some_times(random, 0.08, 0.4), 0.004),
    "birds": birds,
    "siren": lambda _: buzz(700 + 300 * np.sin(2 * np.pi * 0.35 * times()), n=4, fall=1.5),
    "alarm": lambda _: np.sign(np.sin(2 * np.pi * 2_000 * times())) * (times() % 0.5 < 0.2),
    "ringing tone": lambda _: (
        (np.sin(2 * np.pi * 440 * times()) + np.sin(2 * np.pi * 480 * times())) * (times() % 3 < 1)
    ),
    "keypad": keypad,
}


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


def wah_wah(_: np.random.Generator) -> Sound:
    """Chords through a resonance that moves up and down."""
    low, middle = 0.0, 0.0
    out = []
    for sample, centre_hz in zip(chords(1, n=20, fall=0.7), 800 + 600 * np.sin(2 * np.pi * 3 * times()), strict=True):
        step = 2 * np.sin(np.pi * centre_hz / RATE)
        low += step * middle
        middle += step * (sample - low - 0.2 * middle)
        out.append(middle)
    return np.array(out)


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


@pytest.mark.parametrize(
    "kind",
    [
        *NOISES,
        *MUSIC,
        pytest.param("wah-wah", marks=pytest.mark.xfail(strict=True, reason="it moves like the formants of speech")),
    ],
)
def test_noise_and_music_have_no_segments(kind: str) -> None:
    make = {**NOISES, **MUSIC, "wah-wah": wah_wah}[kind]
    for seed in range(3):
        sound = make(np.random.default_rng(seed))
        for peak in (0.9, 0.03, 0.002):
            segmenter = SpeechSegmenter(RATE)
            samples = (peak / np.abs(sound).max() * sound).astype(np.float32)
            assert np.isfinite(samples).all()
            assert [*segmenter.push(samples), *segmenter.end()] == []

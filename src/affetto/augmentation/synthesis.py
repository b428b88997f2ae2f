"""Synthetic noise of several kinds, for training without a corpus of noises.

Each kind is a function of length, sample rate and generator, and returns float64 samples of any power.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

_TABLE = 4_096
_MAX_MIX_DB = 12.0


def synthetic_noise(
    n_samples: int, sample_rate_hz: int, rng: np.random.Generator, *, kind: str | None = None
) -> NDArray[np.float32]:
    """Return noise of a random kind with random parameters.

    Parameters
    ----------
    n_samples : int
        At least 1.
    sample_rate_hz : int
    rng : numpy.random.Generator
        The same state gives the same noise.
    kind : str, optional
        One of `KINDS`; by default a random one or, with probability 1/3, a mixture of two.

    Returns
    -------
    ndarray, shape (n_samples,)
        Of mean power 1.

    Raises
    ------
    ParameterError
        If there is no such kind, or `n_samples` is below 1.
    """
    if n_samples < 1:
        raise ParameterError(f"n_samples is {n_samples}; it must be at least 1")
    if kind is not None and kind not in KINDS:
        raise ParameterError(f"kind is {kind!r}; choose from {', '.join(KINDS)}")
    kinds = list(KINDS)
    if kind is not None:
        chosen = [kind]
    elif rng.random() < 2 / 3:
        chosen = [kinds[rng.integers(len(kinds))]]
    else:
        chosen = [kinds[index] for index in rng.choice(len(kinds), 2, replace=False)]
    noise, *second = [_of_power_1(KINDS[name](n_samples, sample_rate_hz, rng)) for name in chosen]
    if second:
        noise = _of_power_1(noise + second[0] * 10 ** (-rng.uniform(0, _MAX_MIX_DB) / 20))
    return noise.astype(np.float32)


def coloured(n: int, rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return white to brown noise, half of the time band-limited: rain, a fan, a river."""
    slope_db = -rng.uniform(0, 6)
    low, high = 20.0, rate / 2
    if rng.random() < 0.5:
        low = _log_uniform(rng, 20, min(1_000, rate / 8))
        high = _log_uniform(rng, 2 * low, rate / 2)
    return _filtered(n, rate, rng, lambda f: 10 ** (slope_db * np.log2(f / 1_000) / 20) * _band(f, low, high))


def gusts(n: int, rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return noise that swells and fades slowly: wind, waves, passing cars."""
    cutoff_hz, slope_db = _log_uniform(rng, 150, 3_000), rng.uniform(3, 12)
    noise = _filtered(n, rate, rng, lambda f: np.minimum(1, cutoff_hz / f) ** (slope_db / 6.02))
    depth_db = rng.uniform(3, 12)
    slow = _slow(n, rate, rng, _log_uniform(rng, 0.1, 2))
    return noise * 10 ** (depth_db * slow / 20)


def engine(n: int, rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return harmonics with vibrato and beats: mains hum, an engine, a drill, a helicopter."""
    f0_hz = _log_uniform(rng, 20, 400)
    wobble = rng.uniform(0, 0.03) * _slow(n, rate, rng, _log_uniform(rng, 0.2, 8))
    beats = 1 + rng.uniform(0, 0.9) * np.sin(rng.uniform(0, 6) + np.arange(n) * (2 * np.pi * rng.uniform(1, 25) / rate))
    slope = rng.uniform(0.2, 2)
    sound = _periodic(f0_hz * (1 + wobble), rate, _harmonics(f0_hz, rate, rng, slope)) * beats
    return _of_power_1(sound) + 10 ** (-rng.uniform(0, 30) / 20) * _of_power_1(coloured(n, rate, rng))


def impulses(n: int, rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return repetitions of one short sound: a clock, keys, knocking, footsteps, crackle."""
    from scipy.signal import fftconvolve

    length = max(1, round(_log_uniform(rng, 0.002, 0.15) * rate))
    decay = np.exp(-np.arange(length) / (length * rng.uniform(0.1, 0.4)))
    tone = np.sin(2 * np.pi * _log_uniform(rng, 100, 0.4 * rate) * np.arange(length) / rate)
    share = rng.random()
    sound = decay * (share * tone + (1 - share) * rng.standard_normal(length))
    gap = rate / _log_uniform(rng, 1, 30)
    irregularity = rng.uniform(0, 1)
    count = int(n / gap) + 2
    steps = gap * ((1 - irregularity) + irregularity * rng.exponential(1, count))
    at = (np.cumsum(steps) - steps[0] * rng.random()).astype(int)
    at = at[at < n]
    train = np.zeros(n)
    train[at] = 10 ** (-rng.uniform(0, 12, len(at)) / 20)
    return np.asarray(fftconvolve(train, sound)[:n]) + 1e-3 * rng.standard_normal(n)


def beeps(n: int, rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return tones that hold or glide: a telephone, an alarm, a siren, birds."""
    sound = 1e-3 * rng.standard_normal(n)
    low, high = sorted(_log_uniform(rng, 200, 0.45 * rate) for _ in range(2))
    glides = rng.random() < 0.5
    length = max(1, min(n, round(_log_uniform(rng, 0.05, 1.0) * rate)))
    fade = np.minimum(1, np.minimum(np.arange(length), np.arange(length)[::-1]) / max(1, round(0.005 * rate)))
    for start in rng.integers(0, n, max(1, round(n / length * rng.uniform(0.3, 1)))).tolist()[:8]:
        first = rng.uniform(low, high)
        last = rng.uniform(low, high) if glides else first
        phase = np.cumsum(np.linspace(first, last, length)) / rate
        piece = np.sin(2 * np.pi * phase) * fade
        sound[start : start + length] += piece[: n - start] * rng.uniform(0.3, 1)
    return sound


def babble(n: int, rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a mixture with the spectrum and the syllables of speech: people in the background."""
    voiced, loudness = np.zeros(n), np.full(n, 1e-3)
    for _ in range(rng.integers(1, 4)):
        f0_hz = _log_uniform(rng, 80, 300)
        melody = f0_hz * np.maximum(0.5, 1 + 0.15 * _slow(n, rate, rng, 3))
        syllables = np.maximum(0, _slow(n, rate, rng, rng.uniform(3, 6)) + rng.uniform(-0.5, 0.5))
        voiced += _periodic(melody, rate, _harmonics(f0_hz, rate, rng, 1.0, formants=True)) * syllables
        loudness += syllables
    breath = _filtered(n, rate, rng, lambda f: np.minimum(1, 500 / f) * _band(f, 100, rate / 2)) * loudness
    return _of_power_1(voiced) + rng.uniform(0.1, 1) * _of_power_1(breath)


def music(n: int, rate: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return decaying chords on a beat."""
    sound = 1e-3 * rng.standard_normal(n)
    root_hz = _log_uniform(rng, 80, 400)
    table = _harmonics(4 * root_hz, rate, rng, rng.uniform(0.5, 2.5))
    beat = max(1, round(rng.uniform(0.25, 0.8) * rate))
    decay = np.exp(-np.arange(2 * beat) / (beat * rng.uniform(0.2, 1.0)))
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16])
    for start in range(round(rng.uniform(0, 0.3) * min(n, beat)), n, beat):
        length = min(2 * beat, n - start)
        chord = np.zeros(length)
        for note in rng.choice(scale, rng.integers(1, 4), replace=False).tolist():
            chord += _periodic(np.full(length, root_hz * 2 ** (note / 12)), rate, table)
        sound[start : start + length] += chord * decay[:length]
    return sound


KINDS: Mapping[str, Callable[[int, int, np.random.Generator], NDArray[np.float64]]] = {
    "coloured": coloured,
    "gusts": gusts,
    "engine": engine,
    "impulses": impulses,
    "beeps": beeps,
    "babble": babble,
    "music": music,
}
"""All kinds of noise by name."""


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniformly distributed."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _of_power_1(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    power = np.dot(sound, sound) / len(sound)
    return sound / np.sqrt(power) if power > 0 else np.ones_like(sound)


def _filtered(
    n: int, rate: int, rng: np.random.Generator, gain: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return Gaussian noise with a given gain at each frequency."""
    from scipy.fft import irfft, next_fast_len

    size = next_fast_len(max(n, 2), real=True)
    # The spectrum of white noise is white noise, so that one transform is enough.
    white = rng.standard_normal(2 * (size // 2 + 1), dtype=np.float32).view(np.complex64)
    frequency_hz = np.maximum(np.arange(len(white)) * rate / size, 1.0)
    return np.asarray(irfft(white * gain(frequency_hz).astype(np.float32), size)[:n], dtype=np.float64)


def _band(frequency_hz: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    return ((frequency_hz >= low) & (frequency_hz <= high)).astype(np.float64)


def _slow(n: int, rate: int, rng: np.random.Generator, bandwidth_hz: float) -> NDArray[np.float64]:
    """Return low-pass Gaussian noise, of power about 1."""
    # Linear interpolation between points at twice the bandwidth.
    step = rate / (2 * bandwidth_hz)
    points = rng.standard_normal(int(n / step) + 2)
    return np.interp(np.arange(n) / step, np.arange(len(points)), points)


def _harmonics(
    f0_hz: float, rate: int, rng: np.random.Generator, slope: float, *, formants: bool = False
) -> NDArray[np.float64]:
    """Return one period of a sound with random harmonics that decrease by a power of their number."""
    count = max(1, min(int(0.45 * rate / f0_hz), _TABLE // 4))
    number = np.arange(1, count + 1)
    amplitude = number**-slope * rng.uniform(0.1, 1, count)
    if formants:
        centres = rng.uniform((250, 800, 2_000), (800, 2_000, 3_200))
        amplitude *= 0.05 + np.exp(-np.abs(number[:, None] * f0_hz - centres) / 150).sum(axis=1)
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=np.complex128)
    spectrum[1 : count + 1] = amplitude * np.exp(2j * np.pi * rng.random(count))
    return np.fft.irfft(spectrum, _TABLE) * _TABLE


def _periodic(f0_hz: NDArray[np.float64], rate: int, table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Repeat a period with an F0 for each sample."""
    # The size of the table is a power of two, so that a mask replaces the slower remainder.
    return np.take(table, (np.cumsum(f0_hz) * (_TABLE / rate)).astype(np.int64) & (_TABLE - 1))

"""The conditions of the robustness test: how a recording is degraded before recognition."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from affetto.augmentation.channel import change_gain, clip_samples, telephone, tilt
from affetto.augmentation.codecs import encode
from affetto.augmentation.duration import change_speed, lead_silence
from affetto.augmentation.noise import add_noise
from affetto.augmentation.rooms import reverberate, room_response
from affetto.augmentation.synthesis import synthetic_noise
from affetto.errors import AudioError, ParameterError

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Samples: TypeAlias = NDArray[np.float32]
    Degrade: TypeAlias = Callable[[Samples, int, np.random.Generator], Samples]
    """Degrades samples of a rate, with a random generator."""

RECORDINGS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".aif", ".m4a", ".aac", ".wma", ".webm", ".amr")
"""The file types of noises and rooms."""

_CACHED = 64
_SILENT_DB = 60.0
_QUIET = 0.01


@dataclass(frozen=True, slots=True)
class Condition:
    """One kind and level of degradation.

    Attributes
    ----------
    name : str
        For example "noise".
    level : str
        With its unit, for example "10 dB"; empty if there is only one.
    degrade : callable
        Takes samples, their rate and a random generator, and returns the degraded samples.
    extra : str or None
        The extra that it needs.
    """

    name: str
    level: str
    degrade: Degrade
    extra: str | None = None

    @property
    def title(self) -> str:
        """Name and level."""
        return f"{self.name} {self.level}".strip()


CLEAN = Condition("clean", "", lambda samples, _rate, _rng: samples)
"""The unchanged recording, the reference of all other conditions."""


def make_conditions(*, noises: Sequence[Path] = (), rooms: Sequence[Path] = ()) -> tuple[Condition, ...]:
    """Return all conditions, `CLEAN` first.

    Parameters
    ----------
    noises : sequence of Path
        Recordings of noise. Each clip gets a random piece of one of them. Without recordings, noise is synthesized.
    rooms : sequence of Path
        Measured impulse responses, for one more condition.

    Raises
    ------
    AudioError
        If one of the recordings cannot be read, or is silent.
    """
    # All are read now: one that is drawn late would end a test after an hour.
    for path in noises:
        _read_audible(path)
    for path in rooms:
        _read_audible(path, channels=1)
    noise = _recorded_noise(noises) if noises else synthetic_noise
    codecs = (("mp3", 32_000), ("opus", 12_000), ("opus", 8_000), ("amr", 12_200), ("amr", 4_750))
    return (
        CLEAN,
        *(Condition("gain", f"{db:+d} dB", _gain(db)) for db in (-12, 12)),
        *(Condition("noise", f"{db} dB", _noise(noise, db)) for db in (20, 10, 5, 0)),
        Condition("telephone", "G.711", lambda samples, rate, _rng: telephone(samples, rate)),
        *(Condition(codec, f"{rate / 1_000:g} kbit/s", _codec(codec, rate), extra="formats") for codec, rate in codecs),
        *(Condition("room", f"RT60 {rt60_s:g} s", _room(rt60_s), extra="train") for rt60_s in (0.3, 0.6)),
        *([Condition("room", "measured", _measured_room(rooms))] if rooms else []),
        *(Condition("clipping", f"{share:.0%}", _clipping(share)) for share in (0.02, 0.1)),
        *(Condition("tilt", f"{slope:+d} dB/octave", _tilt(slope)) for slope in (-3, 3)),
        *(Condition("speed", f"{factor:g}", _speed(factor)) for factor in (0.95, 1.05)),
        Condition("silence", "2 s before", lambda samples, rate, _rng: lead_silence(samples, rate, seconds=2.0)),
    )


def choose_conditions(conditions: Sequence[Condition], names: Sequence[str] | None) -> tuple[Condition, ...]:
    """Choose conditions by name ("noise"), or by name and level ("noise 10 dB"); by default all.

    The clean one is always among them. A ParameterError is raised if there is no condition of a name.
    """
    if not names:
        return tuple(conditions)
    for name in names:
        if not any(name in (condition.name, condition.title) for condition in conditions):
            known = ", ".join(dict.fromkeys(condition.name for condition in conditions))
            example = conditions[-1].title
            raise ParameterError(f"there is no condition {name!r}; choose from {known}, or one level, as {example!r}")
    wanted = {*names, CLEAN.name}
    return tuple(condition for condition in conditions if wanted.intersection((condition.name, condition.title)))


def find_recordings(folder: str | os.PathLike[str]) -> list[Path]:
    """Return the sorted recordings in a folder or, if it has none itself, in the folders below it.

    A ParameterError is raised if there is no such folder, or no recording in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ParameterError(f"{folder} is not a folder; name one with recordings in it")
    for pattern in ("*", "**/*"):
        found = sorted(
            path
            for path in folder.glob(pattern)
            # Some systems put hidden files with the same endings beside recordings.
            if path.suffix.lower() in RECORDINGS and not path.name.startswith(".") and path.is_file()
        )
        if found:
            return found
    endings = ", ".join(ending.removeprefix(".") for ending in RECORDINGS)
    raise ParameterError(f"{folder} holds no recordings ({endings}); name a folder with some")


def _gain(gain_db: float) -> Degrade:
    return lambda samples, _rate, _rng: change_gain(samples, gain_db=gain_db)


def _noise(noise: Callable[[int, int, np.random.Generator], Samples], snr_db: float) -> Degrade:
    return lambda samples, rate, rng: add_noise(
        samples, noise(len(samples), rate, rng), snr_db=snr_db, sample_rate_hz=rate
    )


def _codec(codec: str, bit_rate: int) -> Degrade:
    return lambda samples, rate, _rng: encode(samples, rate, codec=codec, bit_rate=bit_rate)


def _room(rt60_s: float) -> Degrade:
    return lambda samples, rate, rng: reverberate(samples, room_response(rt60_s, rate, rng))


def _measured_room(rooms: Sequence[Path]) -> Degrade:
    # The first channel only: the mean of several microphones is not a real room.
    load = lru_cache(maxsize=_CACHED)(partial(_read_audible, channels=1))
    return lambda samples, rate, rng: reverberate(samples, load(rooms[int(rng.integers(len(rooms)))], rate))


def _clipping(share: float) -> Degrade:
    def degrade(samples: Samples, rate: int, _rng: np.random.Generator) -> Samples:
        clipped = clip_samples(samples, share=share, sample_rate_hz=rate)
        peak = float(np.abs(clipped).max(initial=0.0))
        return clipped / np.float32(peak or 1.0)  # the limit is full scale

    return degrade


def _tilt(db_per_octave: float) -> Degrade:
    return lambda samples, rate, _rng: tilt(samples, rate, db_per_octave=db_per_octave)


def _speed(factor: float) -> Degrade:
    return lambda samples, _rate, _rng: change_speed(samples, factor=factor)


def _recorded_noise(paths: Sequence[Path]) -> Callable[[int, int, np.random.Generator], Samples]:
    """Return a function that draws a piece of one of several recordings."""
    load = lru_cache(maxsize=_CACHED)(_read_audible)

    def draw(n_samples: int, rate: int, rng: np.random.Generator) -> Samples:
        noise = load(paths[int(rng.integers(len(paths)))], rate)
        piece = _from(noise, int(rng.integers(len(noise))), n_samples)
        # A pause, for example between two barks, would be amplified to loud hiss.
        if np.square(piece).mean() < _QUIET * np.square(noise).mean():
            piece = _from(noise, int(np.abs(noise).argmax()), n_samples)
        return piece

    return draw


def _from(noise: Samples, begin: int, n_samples: int) -> Samples:
    """Return a number of samples from a place on; after the last comes the first."""
    return noise.take(range(begin, begin + n_samples), mode="wrap")


def _read_audible(path: Path, sample_rate_hz: int | None = None, *, channels: Literal["mix"] | int = "mix") -> Samples:
    """Read a recording without the silence around it."""
    from affetto.preprocessing.steps import trim_silence
    from affetto.speech import read

    waveform = read(path, sample_rate_hz=sample_rate_hz, channels=channels)
    samples = trim_silence(waveform.samples, waveform.sample_rate_hz, threshold_db=_SILENT_DB)
    if not samples.any():
        raise AudioError(f"{path} is silent; take it out of the noises and rooms")
    return samples

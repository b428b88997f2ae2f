"""The one form that all sound takes behind the door."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto.errors import AudioError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

MIN_SAMPLE_RATE_HZ = 8_000
MAX_SAMPLE_RATE_HZ = 192_000


@dataclass(frozen=True, eq=False)
class Waveform:
    """Mono sound: float32 samples in [-1, 1] and their rate. Immutable.

    Attributes
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Read-only.
    sample_rate_hz : int
        Samples in a second.
    """

    samples: NDArray[np.float32]
    sample_rate_hz: int

    def __post_init__(self) -> None:
        if self.samples.dtype != np.float32 or self.samples.ndim != 1:
            raise AudioError(
                f"samples of type {self.samples.dtype} and shape {self.samples.shape} make no waveform; "
                "use Waveform.from_samples"
            )
        require_finite(self.samples, self.sample_rate_hz, name="the waveform")
        samples = self.samples.view()
        samples.flags.writeable = False
        object.__setattr__(self, "samples", samples)

    @classmethod
    def from_samples(cls, samples: ArrayLike, sample_rate_hz: float, *, name: str = "the given samples") -> Waveform:
        """Make a waveform of numbers in any of the usual forms.

        Integers are scaled by their type's full scale (unsigned ones around its middle); channels are averaged. Floats
        that exceed full scale are brought back to it as a whole, so that nothing is clipped.

        Parameters
        ----------
        samples : array-like, shape (n_samples,) or (n_samples, n_channels)
            Floats with full scale 1, or integers.
        sample_rate_hz : float
            8,000 to 192,000 samples in a second.
        name : str
            What error messages call this sound.

        Raises
        ------
        AudioError
            If the shape, the type, the rate or a value makes no sense, or if there are no samples.
        """
        rate = check_sample_rate(sample_rate_hz, name=name)
        array = as_samples(samples, rate, name=name)
        if array.size == 0:
            raise AudioError(f"{name} holds no samples; give a recording of at least a moment of speech")
        require_samples_first(array, name=name)
        mono = to_mono(array)
        # Two passes without a copy: a long recording is large.
        peak = max(float(mono.max()), -float(mono.min()))
        scaled = (mono / peak if peak > 1.0 else mono).astype(np.float32, copy=False)
        # The caller's array must not change under a waveform.
        return cls(scaled.copy() if np.shares_memory(scaled, array) else scaled, rate)

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate_hz

    @cached_property
    def digest(self) -> str:
        """Checksum of samples and rate: equal sounds have equal digests."""
        return blake2b(self.samples.tobytes(), key=str(self.sample_rate_hz).encode(), digest_size=16).hexdigest()

    def with_samples(self, samples: NDArray[Any]) -> Waveform:
        """Return the same rate with other samples."""
        return Waveform(np.ascontiguousarray(samples, dtype=np.float32), self.sample_rate_hz)

    def resampled(self, sample_rate_hz: int) -> Waveform:
        """Return this sound at another rate (soxr, high quality: what librosa uses by default)."""
        if sample_rate_hz == self.sample_rate_hz:
            return self
        import soxr

        samples = soxr.resample(self.samples, self.sample_rate_hz, sample_rate_hz, quality="HQ")
        return Waveform(samples.astype(np.float32, copy=False), sample_rate_hz)


def check_sample_rate(sample_rate_hz: float, *, name: str) -> int:
    """Return the rate as an int, or say what is wrong with it."""
    if not isinstance(sample_rate_hz, numbers.Real):
        raise AudioError(f"{name}: the sample rate is {sample_rate_hz!r}; give a number of samples in a second")
    rate = float(sample_rate_hz)
    if not MIN_SAMPLE_RATE_HZ <= rate <= MAX_SAMPLE_RATE_HZ:  # NaN fails here too
        raise AudioError(
            f"{name}: the sample rate is {rate:g} Hz; it must be {MIN_SAMPLE_RATE_HZ:,} to {MAX_SAMPLE_RATE_HZ:,} Hz"
        )
    return round(rate)


def as_samples(samples: ArrayLike, sample_rate_hz: int, *, name: str) -> NDArray[Any]:
    """Return numbers as an array of shape (n_samples,) or (n_samples, n_channels), or say what is wrong with them."""
    try:
        array = np.asarray(samples)
    except ValueError:  # rows of different lengths
        raise AudioError(f"{name}: samples are no array; give (n_samples,) or (n_samples, n_channels)") from None
    if array.dtype.kind not in "iuf":
        raise AudioError(f"{name}: samples are of type {array.dtype}; give floats or integers")
    if array.ndim not in (1, 2) or array.shape[1:] == (0,):
        raise AudioError(f"{name}: samples have the shape {array.shape}; give (n_samples,) or (n_samples, n_channels)")
    if array.dtype.kind == "f":
        require_finite(array, sample_rate_hz, name=name)
    return array


def require_samples_first(array: NDArray[Any], *, name: str, most_channels: int = 0) -> None:
    """Refuse more channels than samples, unless there are so few that a short piece of sound may have them."""
    if array.ndim == 2 and array.shape[1] > max(array.shape[0], most_channels):
        raise AudioError(
            f"{name}: samples of shape {array.shape} would be {array.shape[1]} channels; "
            "transpose them to (n_samples, n_channels)"
        )


def require_finite(samples: NDArray[Any], sample_rate_hz: int, *, name: str, start_s: float = 0.0) -> None:
    """Refuse NaN and infinite samples, with the time of the first, the samples beginning at a time."""
    # The extremes are finite only if all are; a mask of all samples is only made to find the culprit.
    if samples.size == 0 or (np.isfinite(samples.max()) and np.isfinite(samples.min())):
        return
    first = np.flatnonzero(~np.isfinite(samples.reshape(len(samples), -1)).all(axis=1))[0]
    first_s = start_s + first / sample_rate_hz
    raise AudioError(
        f"{name} holds samples that are not numbers (NaN or infinite), the first at {first_s:.3f} s; "
        "repair or export the recording again"
    )


def to_mono(array: NDArray[Any]) -> NDArray[np.floating]:
    """Average the channels and scale integers to [-1, 1]."""
    if array.dtype.kind == "f":
        # Half precision would round the mean; long doubles bring nothing.
        scaled = array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
    else:
        info = np.iinfo(array.dtype)
        middle = 0 if array.dtype.kind == "i" else (info.max + 1) // 2
        # float64 on the way: float32 cannot hold a 32-bit integer's middle exactly.
        scaled = (array.astype(np.float64) - middle) / ((info.max + 1) - middle)
    return scaled if scaled.ndim == 1 else np.asarray(scaled.mean(axis=1))

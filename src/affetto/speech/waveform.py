"""Mono samples with their sample rate, and checks of samples in memory."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from affetto.errors import AudioError
from affetto.speech.downmix import downmix

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

MIN_SAMPLE_RATE_HZ = 8_000
MAX_SAMPLE_RATE_HZ = 192_000

MIN_DURATION_S = 0.2
"""Shortest duration for recognition and training, in seconds; less than a syllable."""

SILENCE_DBFS = -75.0
"""Peak level of silence, relative to full scale."""

# The peak of a recording is at most this many bits (36 dB) below full scale. The width of a quieter one is uncertain.
_MAX_QUIET_BITS = 6


@dataclass(frozen=True, eq=False)
class Waveform:
    """Immutable mono samples.

    Attributes
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Read-only samples in [-1, 1].
    sample_rate_hz : int
        Sample rate.
    """

    samples: NDArray[np.float32]
    sample_rate_hz: int

    def __post_init__(self) -> None:
        if self.samples.dtype != np.float32 or self.samples.ndim != 1:
            raise AudioError(
                f"samples are of type {self.samples.dtype} and shape {self.samples.shape} instead of float32 and "
                "(n_samples,); use Waveform.from_samples"
            )
        require_finite(self.samples, self.sample_rate_hz, name="the waveform")
        samples = self.samples.view()
        samples.flags.writeable = False
        object.__setattr__(self, "samples", samples)

    @classmethod
    def from_samples(cls, samples: ArrayLike, sample_rate_hz: float, *, name: str = "the given samples") -> Waveform:
        """Make a waveform from integers or floats.

        Integers are scaled by the full scale of their type, unsigned ones around its middle. 64-bit integers, also
        those of lists, are scaled by the full scale of the 16, 24 or 32 bits that they fit. Channels are averaged;
        where they cancel each other, the louder one is taken. Floats beyond full scale are scaled down as a whole, so
        that nothing is clipped.

        Parameters
        ----------
        samples : array-like, shape (n_samples,) or (n_samples, n_channels)
            Floats with full scale 1, or integers.
        sample_rate_hz : float
            8,000 to 192,000 samples per second.
        name : str
            Name for error messages.

        Raises
        ------
        AudioError
            If the shape, type, sample rate or a sample is not valid, or if there are no samples.
        """
        return cls.mixed(samples, sample_rate_hz, name=name)[0]

    @classmethod
    def mixed(
        cls, samples: ArrayLike, sample_rate_hz: float, *, name: str = "the given samples", channel: int | None = None
    ) -> tuple[Self, str]:
        """Make a waveform as `from_samples` does, and return a warning if channels cancel each other.

        Parameters
        ----------
        samples, sample_rate_hz, name
            As in `from_samples`.
        channel : int, optional
            One channel, counted from 0; by default the mean of all.

        Returns
        -------
        waveform : Waveform
            The waveform.
        warning : str
            A sentence without its subject, or an empty string.
        """
        rate = check_sample_rate(sample_rate_hz, name=name)
        array = as_samples(samples, rate, name=name)
        if array.size == 0:
            raise AudioError(f"{name} holds no samples; give a recording with speech")
        require_samples_first(array, name=name)
        scaled = to_floats(narrowed(array, name=name))
        warning = ""
        if scaled.ndim == 1:
            mono = scaled
        elif channel is None:
            mono, warning = downmix(scaled, rate)
        else:
            mono = scaled[:, channel]
        # max and min without np.abs, which would copy a long recording.
        peak = max(float(mono.max()), -float(mono.min()))
        limited = np.ascontiguousarray(mono / peak if peak > 1.0 else mono, dtype=np.float32)
        # A copy: the caller may change the array.
        return cls(limited.copy() if np.shares_memory(limited, array) else limited, rate), warning

    @property
    def duration_s(self) -> float:
        """Duration in seconds."""
        return len(self.samples) / self.sample_rate_hz

    @cached_property
    def digest(self) -> str:
        """Checksum of samples and sample rate."""
        return blake2b(self.samples.tobytes(), key=str(self.sample_rate_hz).encode(), digest_size=16).hexdigest()

    def with_samples(self, samples: NDArray[Any]) -> Waveform:
        """Return a waveform of other samples at the same sample rate."""
        return Waveform(np.ascontiguousarray(samples, dtype=np.float32), self.sample_rate_hz)

    def resampled(self, sample_rate_hz: int) -> Waveform:
        """Resample (soxr, high quality: the default of librosa)."""
        if sample_rate_hz == self.sample_rate_hz:
            return self
        import soxr

        samples = soxr.resample(self.samples, self.sample_rate_hz, sample_rate_hz, quality="HQ")
        return Waveform(samples.astype(np.float32, copy=False), sample_rate_hz)


def check_sample_rate(sample_rate_hz: float, *, name: str) -> int:
    """Return a sample rate as int, or raise AudioError if it is not supported."""
    if not isinstance(sample_rate_hz, numbers.Real):
        raise AudioError(f"{name}: the sample rate is {sample_rate_hz!r}; give a number in Hz")
    rate = float(sample_rate_hz)
    if not MIN_SAMPLE_RATE_HZ <= rate <= MAX_SAMPLE_RATE_HZ:  # NaN fails here too
        raise AudioError(
            f"{name}: the sample rate is {rate:g} Hz; it must be {MIN_SAMPLE_RATE_HZ:,} to {MAX_SAMPLE_RATE_HZ:,} Hz"
        )
    return round(rate)


def as_samples(samples: ArrayLike, sample_rate_hz: int, *, name: str) -> NDArray[Any]:
    """Return an array of shape (n_samples,) or (n_samples, n_channels), or raise AudioError."""
    if isinstance(samples, bytes | bytearray) or (
        isinstance(samples, memoryview) and samples.format in ("B", "b", "c")
    ):
        raise AudioError(
            f"{name}: the sample format of {type(samples).__name__} is unknown; make an array, for 16-bit samples "
            "with numpy.frombuffer(data, dtype='<i2')"
        )
    try:
        array = np.asarray(samples)
    except ValueError:  # rows of different lengths
        raise AudioError(f"{name}: samples form no array; give (n_samples,) or (n_samples, n_channels)") from None
    except Exception as error:  # of a tensor on another device, with a gradient, or of another type
        why = str(error).strip().partition("\n")[0].rstrip(".")
        raise AudioError(
            f"{name}: samples of type {type(samples).__name__} cannot be converted ({why}); "
            "give a NumPy array, for example tensor.detach().cpu().float().numpy()"
        ) from None
    if array.dtype.kind not in "iuf":
        raise AudioError(f"{name}: samples are of type {array.dtype}; give floats or integers")
    if array.ndim not in (1, 2) or array.shape[1:] == (0,):
        raise AudioError(f"{name}: samples have the shape {array.shape}; give (n_samples,) or (n_samples, n_channels)")
    if array.dtype.kind == "f":
        require_finite(array, sample_rate_hz, name=name)
    return array


def narrowed(array: NDArray[Any], *, name: str) -> NDArray[Any]:
    """Return integers in their true width, if they are stored in a wider type.

    Lists and tables store 16-bit samples as 64-bit integers, which would be silence at the full scale of 64 bits.

    Parameters
    ----------
    array : ndarray, shape (n_samples,) or (n_samples, n_channels)
        A whole recording, whose peak tells the width.
    name : str
        Name for error messages.

    Raises
    ------
    AudioError
        If the width is uncertain.
    """
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == "f" or size < 4 or not array.size or not array.any():
        return array
    peak = peak_of(array)
    if kind == "i" and size == 4:
        # A 24-bit recording as quiet as 16 bits holds only multiples of 256.
        return array.astype(np.int16) if fills_width(peak, 16) and (array % 256).any() else array
    if kind == "i":
        for bits, factor, dtype in ((16, 1, np.int16), (24, 1 << 8, np.int32), (32, 1, np.int32)):
            if fills_width(peak, bits):
                return np.asarray(np.multiply(array, factor), dtype)
    elif size == 4 and peak >= 1 << 24:
        return array
    raise AudioError(
        f"{name}: samples of type {array.dtype} reach {peak:,}, so their width is uncertain; convert them to their own "
        "type, such as numpy.int16, or to floats with full scale 1"
    )


def peak_of(array: NDArray[Any]) -> int:
    """Return the peak of integers; that of n bits is at most 2 ** (n - 1) - 1."""
    return max(int(array.max()), -int(array.min()) - 1)


def fills_width(peak: int, bits: int) -> bool:
    """Return whether a peak is within a width, and at most 36 dB below its full scale."""
    return 1 << (bits - 1) > peak >= 1 << (bits - 1 - _MAX_QUIET_BITS)


def require_samples_first(array: NDArray[Any], *, name: str, max_channels: int = 0) -> None:
    """Raise AudioError for more channels than samples, unless they are at most `max_channels`."""
    if array.ndim == 2 and array.shape[1] > max(array.shape[0], max_channels):
        raise AudioError(
            f"{name}: samples of shape {array.shape} would be {array.shape[1]} channels; "
            "transpose them to (n_samples, n_channels)"
        )


def require_finite(samples: NDArray[Any], sample_rate_hz: int, *, name: str, start_s: float = 0.0) -> None:
    """Raise AudioError for NaN and infinite samples, with the time of the first; the samples begin at `start_s`."""
    # The extremes are finite only if all samples are. This needs no mask of all samples.
    if samples.size == 0 or (np.isfinite(samples.max()) and np.isfinite(samples.min())):
        return
    first = np.flatnonzero(~np.isfinite(samples.reshape(len(samples), -1)).all(axis=1))[0]
    first_s = start_s + first / sample_rate_hz
    raise AudioError(
        f"{name} holds samples that are NaN or infinite, the first at {first_s:.3f} s; "
        "repair or export the recording again"
    )


def to_floats(array: NDArray[Any]) -> NDArray[np.floating]:
    """Scale integers to [-1, 1], unsigned ones around their middle; keep floats."""
    if array.dtype.kind == "f":
        # Half precision would round the mean.
        return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
    info = np.iinfo(array.dtype)
    middle = 0 if array.dtype.kind == "i" else (info.max + 1) // 2
    # float32 cannot hold the middle of 32-bit integers exactly.
    scaled: NDArray[np.floating] = (array.astype(np.float64) - middle) / ((info.max + 1) - middle)
    return scaled

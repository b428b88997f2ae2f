"""The one form that all sound takes behind the door."""

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
"""Less than a syllable: nothing can be recognized in it, nor learned from it."""

SILENCE_DBFS = -75.0
"""What is nowhere louder is silence."""

# A recording whose loudest sample is 36 dB below full scale is quiet; the width of a quieter one is a guess.
_LEAST_PEAK_BITS = 6


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

        Integers are scaled by their type's full scale (unsigned ones around its middle). Those of 64 bits, of which
        lists of ints are made too, are scaled by that of the 16, 24 or 32 bits that they fit. Channels are averaged;
        where they cancel each other, the louder is taken. Floats that exceed full scale are brought back to it as a
        whole, so that nothing is clipped.

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
        return cls.mixed(samples, sample_rate_hz, name=name)[0]

    @classmethod
    def mixed(
        cls, samples: ArrayLike, sample_rate_hz: float, *, name: str = "the given samples", channel: int | None = None
    ) -> tuple[Self, str]:
        """Make a waveform as `from_samples` does, and say whether channels cancelled each other.

        Parameters
        ----------
        samples, sample_rate_hz, name
            As in `from_samples`.
        channel : int, optional
            Take this channel only, counted from 0; by default the mean of all.

        Returns
        -------
        waveform : Waveform
        note : str
            A sentence without its subject; nothing where there is nothing to say.
        """
        rate = check_sample_rate(sample_rate_hz, name=name)
        array = as_samples(samples, rate, name=name)
        if array.size == 0:
            raise AudioError(f"{name} holds no samples; give a recording of at least a moment of speech")
        require_samples_first(array, name=name)
        scaled = to_floats(narrowed(array, name=name))
        note = ""
        if scaled.ndim == 1:
            mono = scaled
        elif channel is None:
            mono, note = downmix(scaled, rate)
        else:
            mono = scaled[:, channel]
        # Two passes without a copy: a long recording is large.
        peak = max(float(mono.max()), -float(mono.min()))
        limited = np.ascontiguousarray(mono / peak if peak > 1.0 else mono, dtype=np.float32)
        # The caller's array must not change under a waveform.
        return cls(limited.copy() if np.shares_memory(limited, array) else limited, rate), note

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
    if isinstance(samples, bytes | bytearray) or (
        isinstance(samples, memoryview) and samples.format in ("B", "b", "c")
    ):
        raise AudioError(
            f"{name}: raw {type(samples).__name__} with a sample rate do not say how a sample is written; make an "
            "array of them, of 16-bit samples for example with numpy.frombuffer(data, dtype='<i2')"
        )
    try:
        array = np.asarray(samples)
    except ValueError:  # rows of different lengths
        raise AudioError(f"{name}: samples are no array; give (n_samples,) or (n_samples, n_channels)") from None
    except (
        Exception
    ) as error:  # whatever a tensor says that is on another device, is differentiated, or has no such type
        raise AudioError(
            f"{name}: samples of type {type(samples).__name__} cannot be made an array ({_first_line(error)}); "
            "give a NumPy array, of a tensor for example tensor.detach().cpu().float().numpy()"
        ) from None
    if array.dtype.kind not in "iuf":
        raise AudioError(f"{name}: samples are of type {array.dtype}; give floats or integers")
    if array.ndim not in (1, 2) or array.shape[1:] == (0,):
        raise AudioError(f"{name}: samples have the shape {array.shape}; give (n_samples,) or (n_samples, n_channels)")
    if array.dtype.kind == "f":
        require_finite(array, sample_rate_hz, name=name)
    return array


def narrowed(array: NDArray[Any], *, name: str) -> NDArray[Any]:
    """Return integers in the width of their sound, where a wider type holds them.

    Sound of 64 bits does not exist: lists of ints and tables make such of narrower samples, which would be silence.

    Parameters
    ----------
    array : ndarray, shape (n_samples,) or (n_samples, n_channels)
        A whole recording: its loudest sample tells the width.
    name : str
        What error messages call it.

    Raises
    ------
    AudioError
        If the width is not certain.
    """
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == "f" or size < 4 or not array.size or not array.any():
        return array
    peak = peak_of(array)
    if kind == "i" and size == 4:
        # 16 bits beside 32 of silence: a recording of 24 or 32 bits as quiet as that holds multiples of 256 or nothing.
        return array.astype(np.int16) if fits(peak, 16) and (array % 256).any() else array
    if kind == "i":
        for bits, factor, dtype in ((16, 1, np.int16), (24, 1 << 8, np.int32), (32, 1, np.int32)):
            if fits(peak, bits):
                return np.asarray(np.multiply(array, factor), dtype)
    elif size == 4 and peak >= 1 << 24:
        return array
    raise AudioError(
        f"{name}: samples of type {array.dtype} reach {peak:,}, which does not tell how wide the samples are; convert "
        "them to their own type, such as numpy.int16, or to floats with full scale 1"
    )


def peak_of(array: NDArray[Any]) -> int:
    """Return the loudest of some integers, so that those of n bits reach at most 2 ** (n - 1) - 1."""
    return max(int(array.max()), -int(array.min()) - 1)


def fits(peak: int, bits: int) -> bool:
    """Return whether a recording's loudest sample is within a width, and not as quiet as hardly any recording."""
    return 1 << (bits - 1) > peak >= 1 << (bits - 1 - _LEAST_PEAK_BITS)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__


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


def to_floats(array: NDArray[Any]) -> NDArray[np.floating]:
    """Scale integers to [-1, 1], those of unsigned types around their middle; floats stay as they are."""
    if array.dtype.kind == "f":
        # Half precision would round the mean; long doubles bring nothing.
        return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
    info = np.iinfo(array.dtype)
    middle = 0 if array.dtype.kind == "i" else (info.max + 1) // 2
    # float64 on the way: float32 cannot hold a 32-bit integer's middle exactly.
    scaled: NDArray[np.floating] = (array.astype(np.float64) - middle) / ((info.max + 1) - middle)
    return scaled

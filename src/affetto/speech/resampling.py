"""Resampling of sound that arrives in chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from affetto.errors import AudioError
from affetto.speech.downmix import Downmix
from affetto.speech.waveform import (
    as_samples,
    check_sample_rate,
    fills_width,
    peak_of,
    require_finite,
    require_samples_first,
    to_floats,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Shorter chunks are gathered: each resampler call costs as much as a hundred times their length.
_MIN_S = 0.01
# A short chunk may have more channels than samples, up to this number.
_MAX_CHANNELS = 64
# Floats of a loud mp3 exceed full scale, but not by this factor.
_MAX_FLOAT = 100.0


class StreamResampler:
    """Mix a stream to mono and resample it, chunk by chunk. The sizes of the chunks do not change the result.

    A resampler has state: use a new one for each stream.

    Parameters
    ----------
    sample_rate_hz : float
        Sample rate of the chunks.
    target_rate_hz : int
        Sample rate of the output.

    Raises
    ------
    AudioError
        If the sample rate is not supported.
    """

    def __init__(self, sample_rate_hz: float, target_rate_hz: int) -> None:
        import soxr

        self._rate = check_sample_rate(sample_rate_hz, name="the stream")
        self._resampler = (
            None
            if self._rate == target_rate_hz
            else soxr.ResampleStream(self._rate, target_rate_hz, 1, dtype="float32", quality="HQ")
        )
        self._target_rate_hz = target_rate_hz
        self._downmix = Downmix(self._rate)
        self._n_chunks = 0
        self._n_ready = 0
        self._gathered: list[NDArray[np.floating]] = []
        self._n_gathered = 0
        self._has_ended = False
        self._peak, self._has_low_bits = 0, False

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about problems of the stream so far."""
        warnings = [self._downmix.warning] if self._downmix.warning else []
        if self._has_low_bits and fills_width(self._peak, 16):
            warnings.append("holds 32-bit integers that never exceed 16 bits: it is silence; convert it to numpy.int16")
        return tuple(f"the stream {warning}" for warning in warnings)

    def push(self, chunk: ArrayLike) -> NDArray[np.float32]:
        """Take a chunk, and return the samples that are ready.

        Parameters
        ----------
        chunk : array-like, shape (n_samples,) or (n_samples, n_channels)
            Floats with full scale 1, or integers of at most 32 bits.

        Returns
        -------
        ndarray of float32, shape (n_samples,)
            Output samples; the rest follows with later chunks.

        Raises
        ------
        AudioError
            If the chunk is not valid, or comes after the end.
        """
        self._require_open()
        self._n_chunks += 1
        name = f"chunk {self._n_chunks} of the stream"
        array = as_samples(chunk, self._rate, name=name)
        if len(array):
            require_samples_first(array, name=name, max_channels=_MAX_CHANNELS)
        if array.dtype.kind in "iu" and array.dtype.itemsize > 4:
            raise AudioError(
                f"{name}: samples are of type {array.dtype}, but no audio has 64 bits; convert them to their own type, "
                "such as numpy.int16, or to floats with full scale 1"
            )
        self._observe_width(array)
        floats = to_floats(array)
        if floats.size and array.dtype.kind == "f" and np.abs(floats).max() > _MAX_FLOAT:
            raise AudioError(
                f"{name}: floats reach {np.abs(floats).max():,.6g}, but full scale is 1; divide samples that were "
                "integers by their full scale, such as 32768"
            )
        samples = self._downmix.push(floats[:, None] if floats.ndim == 1 else floats)
        # A copy: the caller may reuse the memory of the chunk.
        self._gathered.append(samples.copy())
        self._n_gathered += len(samples)
        return self._ready() if self._n_gathered >= _MIN_S * self._rate else np.empty(0, np.float32)

    def end(self) -> NDArray[np.float32]:
        """End the stream, and return its last samples, of shape (n_samples,); raise AudioError if it has ended."""
        self._require_open()
        self._has_ended = True
        self._gathered.append(self._downmix.end())
        return self._ready(last=True)

    def _observe_width(self, array: NDArray[Any]) -> None:
        """Observe whether 32-bit integers hold 16-bit sound, as `narrowed` does for a whole recording."""
        if array.dtype == np.int32 and array.size:
            self._peak = max(self._peak, peak_of(array))
            self._has_low_bits = self._has_low_bits or bool((array % 256).any())

    def _require_open(self) -> None:
        if self._has_ended:
            raise AudioError("the stream has ended; start another one")

    def _ready(self, *, last: bool = False) -> NDArray[np.float32]:
        with np.errstate(over="ignore"):  # refused below
            samples = np.concatenate([np.empty(0), *self._gathered]).astype(np.float32)
        self._gathered, self._n_gathered = [], 0
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples, last=last)
        # Very large samples overflow in float32 and in the filter.
        require_finite(samples, self._target_rate_hz, name="the stream", start_s=self._n_ready / self._target_rate_hz)
        self._n_ready += len(samples)
        return samples

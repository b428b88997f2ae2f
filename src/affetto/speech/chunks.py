"""Sound that arrives in pieces, from a microphone or a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from affetto.errors import AudioError
from affetto.speech.downmix import Downmix
from affetto.speech.waveform import (
    as_samples,
    check_sample_rate,
    fits,
    peak_of,
    require_finite,
    require_samples_first,
    to_floats,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_LEAST_S = 0.01
# A chunk of few samples has more channels than samples; what has more than these is lying on its side.
_MOST_CHANNELS = 64
# Floats may exceed full scale, as those of a loud mp3 do, but not by as much.
_LOUDEST = 100.0


class StreamResampler:
    """Mixes and resamples sound piece by piece; the sizes of the pieces make no difference to the whole.

    It keeps what it has heard so far: take one for each stream.

    Parameters
    ----------
    sample_rate_hz : float
        The rate of what arrives.
    wanted_hz : int
        The rate of what comes out.

    Raises
    ------
    AudioError
        If the rate makes no sense.
    """

    def __init__(self, sample_rate_hz: float, wanted_hz: int) -> None:
        import soxr

        self._rate = check_sample_rate(sample_rate_hz, name="the stream")
        self._resampler = (
            None
            if self._rate == wanted_hz
            else soxr.ResampleStream(self._rate, wanted_hz, 1, dtype="float32", quality="HQ")
        )
        self._wanted_hz = wanted_hz
        self._downmix = Downmix(self._rate)
        self._n_chunks = 0
        self._n_ready = 0
        # Pieces of a few samples are gathered: each one by itself would cost as much as a hundred times its length.
        self._gathered: list[NDArray[np.floating]] = []
        self._n_gathered = 0
        self._is_over = False
        self._peak, self._is_narrow = 0, False

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what is worth knowing of the sound so far."""
        notes = [self._downmix.note] if self._downmix.note else []
        if self._is_narrow and fits(self._peak, 16):
            notes.append(
                "holds integers of 32 bits that never exceed 16: it counts as silence; convert it to numpy.int16 before"
            )
        return tuple(f"the stream {note}" for note in notes)

    def push(self, chunk: ArrayLike) -> NDArray[np.float32]:
        """Take more sound.

        Parameters
        ----------
        chunk : array-like, shape (n_samples,) or (n_samples, n_channels)
            Floats with full scale 1, or integers of at most 32 bits.

        Returns
        -------
        ndarray of float32, shape (n_samples,)
            What is ready; the rest comes later.

        Raises
        ------
        AudioError
            If the chunk makes no sense, or comes after the end.
        """
        self._require_more()
        self._n_chunks += 1
        name = f"chunk {self._n_chunks} of the stream"
        array = as_samples(chunk, self._rate, name=name)
        if len(array):
            require_samples_first(array, name=name, most_channels=_MOST_CHANNELS)
        if array.dtype.kind in "iu" and array.dtype.itemsize > 4:
            raise AudioError(
                f"{name}: samples are of type {array.dtype}, and no sound has 64 bits; convert them to their own type, "
                "such as numpy.int16, or to floats with full scale 1"
            )
        self._seen(array)
        floats = to_floats(array)
        if floats.size and array.dtype.kind == "f" and np.abs(floats).max() > _LOUDEST:
            raise AudioError(
                f"{name}: floats reach {np.abs(floats).max():,.6g}, and full scale is 1; divide them by that of the "
                "integers that they were, such as 32768"
            )
        samples = self._downmix.push(floats[:, None] if floats.ndim == 1 else floats)
        # A copy, since the caller may use the chunk's memory again for the next.
        self._gathered.append(samples.copy())
        self._n_gathered += len(samples)
        return self._ready() if self._n_gathered >= _LEAST_S * self._rate else np.empty(0, np.float32)

    def end(self) -> NDArray[np.float32]:
        """Take the end of the sound.

        Returns
        -------
        ndarray of float32, shape (n_samples,)
            What was not ready before.

        Raises
        ------
        AudioError
            If it has ended before.
        """
        self._require_more()
        self._is_over = True
        self._gathered.append(self._downmix.end())
        return self._ready(last=True)

    def _seen(self, array: NDArray[Any]) -> None:
        """Remember how wide integers of 32 bits are: a narrower sound in them is silence, as `narrowed` has it."""
        if array.dtype == np.int32 and array.size:
            self._peak = max(self._peak, peak_of(array))
            self._is_narrow = self._is_narrow or bool((array % 256).any())

    def _require_more(self) -> None:
        if self._is_over:
            raise AudioError("the stream has ended; begin another for more sound")

    def _ready(self, *, last: bool = False) -> NDArray[np.float32]:
        with np.errstate(over="ignore"):  # refused below
            samples = np.concatenate([np.empty(0), *self._gathered]).astype(np.float32)
        self._gathered, self._n_gathered = [], 0
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples, last=last)
        # Numbers so large that float32 or the filter's sums hold them no more.
        require_finite(samples, self._wanted_hz, name="the stream", start_s=self._n_ready / self._wanted_hz)
        self._n_ready += len(samples)
        return samples

"""Sound that arrives in pieces, from a microphone or a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from affetto.speech.waveform import as_samples, check_sample_rate, to_mono

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import ArrayLike, NDArray


def resampled_chunks(
    chunks: Iterable[ArrayLike], sample_rate_hz: float, wanted_hz: int
) -> Iterator[NDArray[np.float32]]:
    """Mix and resample sound piece by piece; the sizes of the pieces make no difference to the whole.

    Parameters
    ----------
    chunks : iterable of array-like, shape (n_samples,) or (n_samples, n_channels)
        Floats with full scale 1, or integers.
    sample_rate_hz : float
        Their rate.
    wanted_hz : int
        The rate of what comes out.

    Yields
    ------
    ndarray of float32, shape (n_samples,)

    Raises
    ------
    AudioError
        If the rate or a chunk makes no sense.
    """
    import soxr

    rate = check_sample_rate(sample_rate_hz, name="the stream")
    resampler = None if rate == wanted_hz else soxr.ResampleStream(rate, wanted_hz, 1, dtype="float32", quality="HQ")
    for number, chunk in enumerate(chunks, start=1):
        samples = to_mono(as_samples(chunk, rate, name=f"chunk {number} of the stream")).astype(np.float32)
        yield samples if resampler is None else resampler.resample_chunk(samples)
    if resampler is not None:
        yield resampler.resample_chunk(np.empty(0, np.float32), last=True)

"""Recordings of any kind and length, read in blocks with bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from affetto._checks import whole_number
from affetto.errors import AudioError, ParameterError
from affetto.speech.decoders.base import BLOCK_SAMPLES
from affetto.speech.decoders.opening import open_decoder
from affetto.speech.downmix import Downmix
from affetto.speech.sources import open_file, source_name
from affetto.speech.waveform import Waveform, check_sample_rate, require_finite

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from types import TracebackType
    from typing import Self

    import soxr
    from numpy.typing import NDArray

    from affetto.speech.decoders.base import Decoder
    from affetto.speech.sources import Source

Channels: TypeAlias = 'Literal["mix", "each"] | int'
"""The mean of the channels, each channel separately, or one channel, counted from 1."""


class SoundStream:
    """An open recording, to be iterated over once in blocks; made by `open_stream`.

    A block is float32 samples of shape (n_samples,), or (n_samples, n_channels) for ``channels="each"``. Samples are
    in [-1, 1], unless a codec or a float file exceeds full scale. `read` scales such a recording down as a whole.

    Attributes
    ----------
    name : str
        Name of the source for messages and results.
    sample_rate_hz : int
        Sample rate of the blocks.
    n_channels : int
        Channels of the blocks: 1, or all of the recording for ``channels="each"``.
    n_samples : int
        Samples of each channel so far.
    """

    def __init__(self, decoder: Decoder, *, name: str, sample_rate_hz: int | None, channels: Channels) -> None:
        self.name = name
        own_rate = check_sample_rate(decoder.sample_rate_hz, name=name)
        self.sample_rate_hz = own_rate if sample_rate_hz is None else sample_rate_hz
        n_channels = decoder.n_channels
        if not isinstance(channels, str) and channels > n_channels:
            raise AudioError(f"{name} has {n_channels} channel{'s' * (n_channels > 1)}, but not channel {channels}")
        self.n_channels = n_channels if channels == "each" else 1
        self.n_samples = 0
        self._channels = channels
        self._decoder = decoder
        self._cancellation = ""
        self._blocks = self._mixed_and_resampled()

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        return self._blocks

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file, unless it is a file object of the caller."""
        self._blocks.close()
        self._decoder.close()

    @property
    def position_s(self) -> float:
        """Duration of the blocks so far, in seconds."""
        return self.n_samples / self.sample_rate_hz

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about what is missing or damaged, complete after the last block."""
        warnings = [*self._decoder.warnings, *([self._cancellation] if self._cancellation else [])]
        return tuple(f"{self.name} {warning}" for warning in warnings)

    def _mixed_and_resampled(self) -> Generator[NDArray[np.float32], None, None]:
        rate, resampler, decoded_s = 0, None, 0.0
        downmix: Downmix | None = None
        for block, block_rate in self._decoder.blocks():
            if block_rate != rate:
                if downmix is not None:
                    yield from self._rest(downmix, resampler)
                rate = check_sample_rate(block_rate, name=self.name)
                resampler = None if rate == self.sample_rate_hz else self._resampler(rate)
                downmix = Downmix(rate)
            chosen = block if self._channels == "mix" else self._choose(block)
            # Resampling would spread a NaN over the whole block.
            require_finite(chosen, rate, name=self.name, start_s=decoded_s)
            decoded_s += len(block) / rate
            mixed = downmix.push(block) if self._channels == "mix" and downmix is not None else chosen
            yield from self._counted(self._resampled(resampler, mixed))
        if downmix is not None:
            yield from self._rest(downmix, resampler)
        if self.n_samples == 0:
            raise AudioError(f"{self.name} holds no samples; record or export it again")

    def _rest(self, downmix: Downmix, resampler: soxr.ResampleStream | None) -> Iterator[NDArray[np.float32]]:
        """Yield what downmix and resampler hold back, at the end or where the sample rate changes."""
        nothing = np.empty((0, self.n_channels) if self._channels == "each" else 0, np.float32)
        rest = downmix.end() if self._channels == "mix" else nothing
        self._cancellation = self._cancellation or downmix.warning
        yield from self._counted(self._resampled(resampler, rest, last=True))

    def _counted(self, block: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        if len(block):
            self.n_samples += len(block)
            yield block

    def _resampler(self, rate: int) -> soxr.ResampleStream:
        import soxr

        return soxr.ResampleStream(rate, self.sample_rate_hz, self.n_channels, dtype="float32", quality="HQ")

    def _resampled(
        self, resampler: soxr.ResampleStream | None, block: NDArray[np.float32], *, last: bool = False
    ) -> NDArray[np.float32]:
        if resampler is None:
            return block
        resampled: NDArray[np.float32] = resampler.resample_chunk(block, last=last)
        # Very large samples overflow in the filter.
        require_finite(resampled, self.sample_rate_hz, name=self.name, start_s=self.position_s)
        return resampled

    def _choose(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the chosen channel, or each; the number of channels may change within a recording."""
        n = block.shape[1]
        if self._channels != "each":
            return block[:, min(self._channels, n) - 1]
        if n == self.n_channels:
            return block
        if n == 1:
            return np.repeat(block, self.n_channels, axis=1)
        missing = np.zeros((len(block), max(self.n_channels - n, 0)), np.float32)
        return np.hstack([block, missing])[:, : self.n_channels]


class _SamplesDecoder:
    """Gives samples in memory in blocks, with the attributes of `Decoder`."""

    def __init__(self, samples: NDArray[np.float32], sample_rate_hz: int, warning: str = "") -> None:
        self.warnings = [warning] if warning else []
        self.samples = samples
        self.sample_rate_hz = sample_rate_hz
        self.n_channels = samples.shape[1]

    def blocks(self) -> Iterator[tuple[NDArray[np.float32], int]]:
        size = max(BLOCK_SAMPLES // self.n_channels, 1)
        for start in range(0, len(self.samples), size):
            yield self.samples[start : start + size], self.sample_rate_hz

    def close(self) -> None:
        """Do nothing."""


def open_stream(
    source: Source,
    *,
    sample_rate_hz: int | None = None,
    channels: Channels = "mix",
    track: int | None = None,
) -> SoundStream:
    """Open a recording, to be iterated over in blocks.

    Memory does not grow with the length of a file. `read` reads through this function.

    Parameters
    ----------
    source : path, bytes, binary file object, (samples, sample rate), or Waveform
        A recording, as for `read`. A pipe is first read to its end, into a temporary file beyond 32 MB.
    sample_rate_hz : int, optional
        Resample to this rate; by default the recording keeps its own.
    channels : "mix", "each" or int
        The mean of the channels, each channel separately, or one channel, counted from 1.
    track : int, optional
        One of several audio tracks, counted from 1; by default the one that players choose.

    Returns
    -------
    SoundStream
        A context manager and an iterator over blocks. Iteration skips damage; afterwards `SoundStream.warnings`
        describes it.

    Raises
    ------
    AudioError
        If the file does not exist, cannot be read, is not audio, or lacks the channel or track; during iteration, if
        it holds no samples, or samples that are NaN or infinite.
    MissingExtraError
        If the format needs the extra ``formats``.
    ParameterError
        If `sample_rate_hz`, `channels` or `track` is not one of the choices.

    Examples
    --------
    >>> from affetto.speech import open_stream
    >>> with open_stream("examples/angry.flac", sample_rate_hz=16_000) as stream:
    ...     n_samples = sum(len(block) for block in stream)
    >>> n_samples == stream.n_samples, round(stream.position_s, 2), stream.warnings
    (True, 1.98, ())
    """
    name = source_name(source)
    channels, track = check_channels(channels, each=True), check_track(track)
    sample_rate_hz = check_target_rate(sample_rate_hz)
    decoder: Decoder
    if isinstance(source, Waveform | tuple):
        if track not in (None, 1):
            raise AudioError(f"{name} has 1 audio track, but not track {track}")
        decoder = _samples_decoder(source, name=name, channels=channels)
    else:
        file = open_file(source)
        try:
            decoder = open_decoder(file, name=name, track=track)
        except BaseException:
            file.close()
            raise
    try:
        return SoundStream(decoder, name=name, sample_rate_hz=sample_rate_hz, channels=channels)
    except BaseException:
        decoder.close()
        raise


def check_target_rate(sample_rate_hz: float | None) -> int | None:
    """Return the sample rate of the output as int, or None; raise ParameterError for others."""
    try:
        return None if sample_rate_hz is None else check_sample_rate(sample_rate_hz, name="the output")
    except AudioError as error:
        raise ParameterError(str(error)) from None


def check_channels(channels: object, *, each: bool) -> Channels:
    """Return a choice of channels, a number as int; raise ParameterError for others, "each" unless it is allowed."""
    if isinstance(channels, str) and channels == "mix":
        return "mix"
    if each and isinstance(channels, str) and channels == "each":
        return "each"
    try:
        return whole_number(channels, name="channels")
    except ParameterError:
        choices = "'mix', 'each'" if each else "'mix'"
        raise ParameterError(f"channels is {channels!r}; choose {choices} or a channel number from 1") from None


def check_track(track: object) -> int | None:
    """Return the number of an audio track as int, or None; raise ParameterError if it is neither."""
    return None if track is None else whole_number(track, name="track")


def _samples_decoder(source: Waveform | tuple[Any, ...], *, name: str, channels: Channels) -> _SamplesDecoder:
    if isinstance(source, Waveform):
        return _SamplesDecoder(source.samples[:, None], source.sample_rate_hz)
    if len(source) != 2:
        raise AudioError(f"{name}: a tuple must be (samples, sample_rate), but has {len(source)} values")
    samples, rate = source
    if np.isscalar(samples) and not isinstance(samples, bytes) and not np.isscalar(rate):
        raise AudioError(f"{name}: give (samples, sample_rate) in this order")
    mixed, warning = Waveform.mixed(samples, rate, name=name)
    shape = np.shape(samples)
    if channels == "mix" or len(shape) == 1:
        return _SamplesDecoder(mixed.samples[:, None], mixed.sample_rate_hz, warning)
    columns = [Waveform.mixed(samples, rate, name=name, channel=i)[0].samples for i in range(shape[1])]
    return _SamplesDecoder(np.stack(columns, axis=1), mixed.sample_rate_hz)

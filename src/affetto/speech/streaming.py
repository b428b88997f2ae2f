"""The door: recordings of every kind and length, block by block, in memory that does not grow."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

import numpy as np

from affetto._checks import whole_number
from affetto._extras import require_extra
from affetto.errors import AudioError, ParameterError
from affetto.speech.containers import container_label
from affetto.speech.downmix import Downmix
from affetto.speech.sources import UnreadableError, open_file, source_name, waveform_of_pair
from affetto.speech.waveform import Waveform, check_sample_rate, require_finite

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from types import TracebackType
    from typing import Self

    import soxr
    from numpy.typing import NDArray

    from affetto.speech.sources import EncodedFile, Source

Channels: TypeAlias = 'Literal["mix", "each"] | int'
"""The channels' mean, each channel by itself, or one channel, counted from 1."""

BLOCK_SAMPLES = 1 << 17
"""Samples in a block, all channels together: large enough that Python costs nothing, small enough for thousands of
channels."""


class Decoder(Protocol):
    """What decodes one recording, whatever its format.

    Attributes
    ----------
    sample_rate_hz : int
        The rate at the beginning.
    n_channels : int
        The number of channels at the beginning.
    header_duration_s : float
        Length that the header promises; 0 where it promises none. Final after the last block.
    tolerance_s : float
        By how much less than promised is still all.
    n_damaged : int
        Pieces that did not decode so far.
    notes : list of str
        What else is worth knowing, each a sentence without its subject. Final after the last block.
    """

    sample_rate_hz: int
    n_channels: int
    header_duration_s: float
    tolerance_s: float
    n_damaged: int
    notes: list[str]

    def blocks(self) -> Iterator[tuple[NDArray[np.float32], int]]:
        """Yield samples of shape (n_samples, n_channels), and their rate, which may change on the way."""

    def close(self) -> None:
        """Release the file."""


class SoundStream:
    """An opened recording, whose blocks can be iterated over once; made by `open_stream`.

    A block is float32 samples of shape (n_samples,), or (n_samples, n_channels) where each channel is wanted. It holds
    at most some hundred thousand samples and at least one. Samples are in [-1, 1] but where a codec or a float file
    exceeds full scale; only `read`, which sees the whole, brings such a recording back.

    Attributes
    ----------
    name : str
        What messages and results call the source.
    sample_rate_hz : int
        Rate of the samples that are delivered.
    n_channels : int
        Channels that are delivered: 1, or all of the recording's where each is wanted.
    n_samples : int
        How many samples of each channel have been delivered so far.
    """

    def __init__(self, decoder: Decoder, *, name: str, sample_rate_hz: int | None, channels: Channels) -> None:
        self.name = name
        own_rate = check_sample_rate(decoder.sample_rate_hz, name=name)
        self.sample_rate_hz = own_rate if sample_rate_hz is None else sample_rate_hz
        n_channels = decoder.n_channels
        if not isinstance(channels, str) and channels > n_channels:
            have = "1 channel" if n_channels == 1 else f"{n_channels} channels"
            raise AudioError(f"{name} has {have}; there is no channel {channels}, choose one from 1 to {n_channels}")
        self.n_channels = n_channels if channels == "each" else 1
        self.n_samples = 0
        self._channels = channels
        self._decoder = decoder
        self._cancellation = ""
        self._blocks = self._deliver()

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        return self._blocks

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file, unless it is the caller's."""
        self._blocks.close()
        self._decoder.close()

    @property
    def position_s(self) -> float:
        """How many seconds have been delivered so far."""
        return self.n_samples / self.sample_rate_hz

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what is missing or damaged, known after the last block."""
        remarks = []
        header_duration_s, n_damaged = self._decoder.header_duration_s, self._decoder.n_damaged
        if n_damaged:
            what = "1 piece" if n_damaged == 1 else f"{n_damaged} pieces"
            remarks.append(f"{self.name} is damaged: {what} of it cannot be decoded; what is left was read")
        if header_duration_s - self.position_s > self._decoder.tolerance_s:
            remarks.append(
                f"{self.name} ends after {self.position_s:.2f} s but its header says {header_duration_s:.2f} s; "
                "what is there was read"
            )
        notes = [*self._decoder.notes, *([self._cancellation] if self._cancellation else [])]
        remarks += [f"{self.name} {note}" for note in notes]
        return tuple(remarks)

    def _deliver(self) -> Generator[NDArray[np.float32], None, None]:
        """Choose the channels and resample, block by block."""
        rate, resampler, decoded_s = 0, None, 0.0
        downmix: Downmix | None = None
        for block, block_rate in self._decoder.blocks():
            if block_rate != rate:
                if downmix is not None:
                    yield from self._rest(downmix, resampler)
                rate = check_sample_rate(block_rate, name=self.name)
                resampler = None if rate == self.sample_rate_hz else self._resampler(rate)
                downmix = Downmix(rate)
            # Before resampling, which would spread what is no number over the whole block.
            wanted = block if self._channels == "mix" else self._choose(block)
            require_finite(wanted, rate, name=self.name, start_s=decoded_s)
            decoded_s += len(block) / rate
            chosen = downmix.push(block) if self._channels == "mix" and downmix is not None else wanted
            yield from self._counted(chosen if resampler is None else self._resampled(resampler, chosen))
        if downmix is not None:
            yield from self._rest(downmix, resampler)
        if self.n_samples == 0:
            raise AudioError(f"{self.name} holds no samples; record or export it again")

    def _rest(self, downmix: Downmix, resampler: soxr.ResampleStream | None) -> Iterator[NDArray[np.float32]]:
        """Yield what is held back at the end, or where the rate changes."""
        rest = downmix.end() if self._channels == "mix" else self._nothing
        self._cancellation = self._cancellation or downmix.note
        yield from self._counted(rest if resampler is None else self._resampled(resampler, rest, last=True))

    def _counted(self, block: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
        if len(block):
            self.n_samples += len(block)
            yield block

    @property
    def _nothing(self) -> NDArray[np.float32]:
        """No samples, in the shape of what is wanted."""
        return np.empty((0, self.n_channels) if self._channels == "each" else 0, np.float32)

    def _resampler(self, rate: int) -> soxr.ResampleStream:
        import soxr

        return soxr.ResampleStream(rate, self.sample_rate_hz, self.n_channels, dtype="float32", quality="HQ")

    def _resampled(
        self, resampler: soxr.ResampleStream, block: NDArray[np.float32], *, last: bool = False
    ) -> NDArray[np.float32]:
        resampled: NDArray[np.float32] = resampler.resample_chunk(block, last=last)
        # Numbers so large that the filter's sums are none.
        require_finite(resampled, self.sample_rate_hz, name=self.name, start_s=self.position_s)
        return resampled

    def _choose(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the channel that is wanted, or each; a recording may gain or lose channels on its way."""
        n = block.shape[1]
        if self._channels == "each":
            if n == self.n_channels:
                return block
            if n == 1:
                return np.repeat(block, self.n_channels, axis=1)
            missing = np.zeros((len(block), max(self.n_channels - n, 0)), np.float32)
            return np.hstack([block, missing])[:, : self.n_channels]
        return block[:, min(self._channels, n) - 1]


class _InMemory:
    """Samples that are decoded already."""

    header_duration_s = 0.0
    tolerance_s = 0.0
    n_damaged = 0

    def __init__(self, samples: NDArray[np.float32], sample_rate_hz: int, *notes: str) -> None:
        self.notes = [note for note in notes if note]
        self.samples = samples
        self.sample_rate_hz = sample_rate_hz
        self.n_channels = samples.shape[1]

    def blocks(self) -> Iterator[tuple[NDArray[np.float32], int]]:
        size = max(BLOCK_SAMPLES // self.n_channels, 1)
        for start in range(0, len(self.samples), size):
            yield self.samples[start : start + size], self.sample_rate_hz

    def close(self) -> None:
        """There is no file."""


def open_stream(
    source: Source,
    *,
    sample_rate_hz: int | None = None,
    channels: Channels = "mix",
    track: int | None = None,
) -> SoundStream:
    """Open a recording, to be iterated over in blocks.

    Files are decoded on the way, in memory that does not grow with their length. `read` reads through this.

    Parameters
    ----------
    source : path, bytes, binary file object, (samples, sample rate), or Waveform
        What `read` reads. A pipe is read to its end first, beyond some megabytes into a temporary file.
    sample_rate_hz : int, optional
        Resample to this rate; by default the recording keeps its own.
    channels : "mix", "each" or int
        The channels' mean, each channel by itself, or one channel, counted from 1.
    track : int, optional
        One of several audio tracks, counted from 1; by default the one that players choose.

    Returns
    -------
    SoundStream
        A context manager and an iterator over blocks. Where decoding meets damage, iteration goes on with what decodes,
        and `SoundStream.warnings` says so in the end.

    Raises
    ------
    AudioError
        If there is no such file, or it cannot be read, is no audio, or has no such channel or track; while iterating,
        if it holds no samples, or samples that are not numbers.
    MissingExtraError
        If the format needs the extra ``formats``.

    Examples
    --------
    >>> from affetto.speech import open_stream
    >>> with open_stream("examples/angry.flac", sample_rate_hz=16_000) as stream:
    ...     n_samples = sum(len(block) for block in stream)
    >>> n_samples == stream.n_samples, round(stream.position_s, 2), stream.warnings
    (True, 1.98, ())
    """
    name = source_name(source)
    channels, track = checked_channels(channels, each=True), checked_track(track)
    sample_rate_hz = None if sample_rate_hz is None else check_sample_rate(sample_rate_hz, name=name)
    decoder: Decoder
    if isinstance(source, Waveform | tuple):
        if track not in (None, 1):
            raise AudioError(f"{name} has 1 audio track; there is no track {track}")
        decoder = _samples_decoder(source, name=name, channels=channels)
    else:
        file = open_file(source)
        try:
            decoder = _file_decoder(file, name=name, track=track)
        except BaseException:
            file.close()
            raise
    try:
        return SoundStream(decoder, name=name, sample_rate_hz=sample_rate_hz, channels=channels)
    except BaseException:
        decoder.close()
        raise


def checked_channels(channels: object, *, each: bool) -> Channels:
    """Return a choice of channels, its number as an int, or say that it is none.

    Parameters
    ----------
    channels : object
        What a caller gave.
    each : bool
        Whether "each" is among the choices.
    """
    choices: tuple[Literal["mix", "each"], ...] = ("mix", "each") if each else ("mix",)
    for choice in choices:
        if isinstance(channels, str) and channels == choice:
            return choice
    if not isinstance(channels, str) and (number := _from_1(channels)):
        return number
    named = ", ".join(f"{choice!r}" for choice in choices)
    raise ParameterError(f"channels is {channels!r}; choose {named} or a channel's number, from 1")


def checked_track(track: object) -> int | None:
    """Return the number of an audio track as an int, or say that it is none."""
    if track is None or (number := _from_1(track)):
        return None if track is None else number
    raise ParameterError(f"track is {track!r}; choose an audio track's number, from 1")


def _from_1(number: object) -> int:
    """Return a whole number, 0 where it is none from 1 on."""
    try:
        return whole_number(number, name="")
    except ParameterError:
        return 0


def _samples_decoder(source: Waveform | tuple[Any, ...], *, name: str, channels: Channels) -> _InMemory:
    if isinstance(source, Waveform):
        return _InMemory(source.samples[:, None], source.sample_rate_hz)
    mixed, note = waveform_of_pair(source, name=name)
    shape = np.shape(source[0])
    if channels == "mix" or len(shape) == 1:
        return _InMemory(mixed.samples[:, None], mixed.sample_rate_hz, note)
    columns = [waveform_of_pair(source, name=name, channel=i)[0].samples for i in range(shape[1])]
    return _InMemory(np.stack(columns, axis=1), mixed.sample_rate_hz)


def _file_decoder(file: EncodedFile, *, name: str, track: int | None) -> Decoder:
    """Open all recordings of a file, or the file as it is where its format is known to the decoders only."""
    from affetto.speech.parts import JoinedDecoder, read_contents

    file.opened()
    contents = read_contents(file)
    file.check()
    file.rewind()
    opened = partial(_recording_decoder, name=name, track=track)
    if contents.recordings:
        return JoinedDecoder(file, contents, opened)
    from affetto.speech.mistaken import mistaken_for_audio

    if mistaken := mistaken_for_audio(file, name, otherwise=_advice()):
        raise AudioError(f"{name} is not audio {mistaken}")
    file.rewind()
    return opened(file)


def _recording_decoder(file: EncodedFile, *, name: str, track: int | None) -> Decoder:
    """Open a file with libsndfile or, where it does not know the format or a track is wanted, with libav."""
    from affetto.speech.sndfile import SndfileDecoder

    has_pyav = find_spec("av") is not None
    refusal = None
    if track is None:
        other = partial(_libav_decoder, file, name=name, track=None) if has_pyav else None
        try:
            return SndfileDecoder(file, other=other)
        except UnreadableError as error:
            file.check()
            file.rewind()
            refusal = error
    label = container_label(file)
    if refusal is None or refusal.knows_format or label is not None or has_pyav:
        require_extra("formats", purpose=f"reading {name if refusal is not None else f'a track of {name}'}")
        try:
            return _libav_decoder(file, name=name, track=track)
        except UnreadableError as error:
            file.check()
            if label is not None:
                raise AudioError(f"{name} is {label}, but damaged: {error}; record or export it again") from None
            refusal = refusal or error
    raise AudioError(f"{name} is not audio that can be read: {refusal}; {_advice()}")


def _advice() -> str:
    has_pyav = find_spec("av") is not None
    return "record or export it again" if has_pyav else "if it is m4a, aac or a video, install affetto[formats]"


def _libav_decoder(file: EncodedFile, *, name: str, track: int | None) -> Decoder:
    from affetto.speech.libav import LibavDecoder

    return LibavDecoder(file, name=name, track=track)

"""Whole recordings as `Waveform`."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Literal

import numpy as np

from affetto.speech.streaming import check_channels, check_target_rate, check_track, open_stream
from affetto.speech.waveform import Waveform

if TYPE_CHECKING:
    from affetto.speech.sources import Source


class TruncatedAudioWarning(UserWarning):
    """A recording is damaged, shorter than its header states, or has channels that cancel each other."""


def read(
    source: Source,
    *,
    sample_rate_hz: int | None = None,
    channels: Literal["mix"] | int = "mix",
    track: int | None = None,
) -> Waveform:
    """Read a recording.

    Files are decoded, mixed to mono and resampled in blocks, so that only the result needs memory.

    Parameters
    ----------
    source : path, bytes, binary file object, (samples, sample rate), or Waveform
        wav, flac, ogg (Vorbis, Opus), mp3 and every other format of libsndfile; with the extra ``formats`` also m4a,
        aac, webm, amr, wma, and the sound of mp4, mov, mkv and other videos; 8 to 192 kHz, any number of channels.
    sample_rate_hz : int, optional
        Resample to this rate; by default the recording keeps its own.
    channels : "mix" or int
        The mean of the channels, or one channel, counted from 1.
    track : int, optional
        One of several audio tracks, counted from 1; by default the one that players choose.

    Returns
    -------
    Waveform
        Mono, float32, in [-1, 1].

    Raises
    ------
    AudioError
        If the file does not exist, cannot be read, is not audio, is empty, lacks the channel or track, or holds
        samples that are NaN or infinite.
    MissingExtraError
        If the format needs the extra ``formats``.
    ParameterError
        If `sample_rate_hz`, `channels` or `track` is not one of the choices.

    Warns
    -----
    TruncatedAudioWarning
        If the file is damaged, is shorter than its header states, or has channels that cancel each other.

    Examples
    --------
    >>> import affetto, numpy as np
    >>> affetto.read((np.zeros(24_000, dtype=np.int16), 48_000), sample_rate_hz=16_000).samples.shape
    (8000,)
    """
    waveform, sentences = read_with_warnings(source, sample_rate_hz=sample_rate_hz, channels=channels, track=track)
    for sentence in sentences:
        warnings.warn(sentence, TruncatedAudioWarning, stacklevel=2)
    return waveform


def read_with_warnings(
    source: Source,
    *,
    sample_rate_hz: int | None = None,
    channels: Literal["mix"] | int = "mix",
    track: int | None = None,
) -> tuple[Waveform, tuple[str, ...]]:
    """Read a recording as `read` does, and return the warnings as sentences.

    Python catches warnings per process. Programs that read in several threads need this function.
    """
    chosen, track = check_channels(channels, each=False), check_track(track)
    rate = check_target_rate(sample_rate_hz)
    if isinstance(source, Waveform) and chosen in ("mix", 1) and track in (None, 1):
        return (source if rate is None else source.resampled(rate)), ()
    with open_stream(source, sample_rate_hz=rate, channels=chosen, track=track) as stream:
        # A list of blocks would need twice the memory when it is joined.
        buffer = bytearray()
        for block in stream:
            buffer += block.tobytes()
    waveform = Waveform.from_samples(np.frombuffer(buffer, np.float32), stream.sample_rate_hz, name=stream.name)
    return waveform, stream.warnings

"""Whole recordings: whatever one comes as, it leaves as a `Waveform`."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Literal

import numpy as np

from affetto.speech.sources import source_name
from affetto.speech.streaming import checked_channels, checked_track, open_stream
from affetto.speech.waveform import Waveform, check_sample_rate

if TYPE_CHECKING:
    from affetto.speech.sources import Source


class TruncatedAudioWarning(UserWarning):
    """A recording is damaged, ends before its header says, or has channels that cancel; what is there was read."""


def read(
    source: Source,
    *,
    sample_rate_hz: int | None = None,
    channels: Literal["mix"] | int = "mix",
    track: int | None = None,
) -> Waveform:
    """Read a recording.

    Files are decoded in blocks, mixed to mono and resampled on the way, so that a long recording needs the memory of
    its result only.

    Parameters
    ----------
    source : path, bytes, binary file object, (samples, sample rate), or Waveform
        wav, flac, ogg (Vorbis, Opus), mp3 and whatever else libsndfile reads; with the extra ``formats`` also m4a,
        aac, webm, amr, wma, and the sound of mp4, mov, mkv and other videos; 8 to 192 kHz, any number of channels.
    sample_rate_hz : int, optional
        Resample to this rate; by default the recording keeps its own.
    channels : "mix" or int
        The channels' mean, or one channel, counted from 1.
    track : int, optional
        One of several audio tracks, counted from 1; by default the one that players choose.

    Returns
    -------
    Waveform
        Mono, float32, in [-1, 1].

    Raises
    ------
    AudioError
        If there is no such file, or it cannot be read, is no audio, is empty, or holds values that are not numbers, or
        if it has no such channel or track.
    MissingExtraError
        If the format needs the extra ``formats``.

    Warns
    -----
    TruncatedAudioWarning
        If the file is damaged, ends before the length that its header promises, or has channels that cancel each other.

    Examples
    --------
    >>> import affetto, numpy as np
    >>> affetto.read((np.zeros(24_000, dtype=np.int16), 48_000), sample_rate_hz=16_000).samples.shape
    (8000,)
    """
    waveform, remarks = read_with_warnings(source, sample_rate_hz=sample_rate_hz, channels=channels, track=track)
    for remark in remarks:
        warnings.warn(remark, TruncatedAudioWarning, stacklevel=2)
    return waveform


def read_with_warnings(
    source: Source,
    *,
    sample_rate_hz: int | None = None,
    channels: Literal["mix"] | int = "mix",
    track: int | None = None,
) -> tuple[Waveform, tuple[str, ...]]:
    """Read a recording as `read` does, and return what would be warned of as sentences.

    Warnings are caught per process, not per thread; whoever reads in several threads needs them this way.
    """
    chosen, track = checked_channels(channels, each=False), checked_track(track)
    rate = None if sample_rate_hz is None else check_sample_rate(sample_rate_hz, name=source_name(source))
    if isinstance(source, Waveform) and chosen in ("mix", 1) and track in (None, 1):
        return (source if rate is None else source.resampled(rate)), ()
    with open_stream(source, sample_rate_hz=rate, channels=chosen, track=track) as stream:
        # One buffer that grows: a list of blocks would be held twice when it is joined.
        buffer = bytearray()
        for block in stream:
            buffer += block.tobytes()
    waveform = Waveform.from_samples(np.frombuffer(buffer, np.float32), stream.sample_rate_hz, name=stream.name)
    return waveform, stream.warnings

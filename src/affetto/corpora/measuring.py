"""What a check wants to know of one recording, beyond its sound."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from affetto.errors import AudioError
from affetto.speech import TruncatedAudioWarning, open_stream, read
from affetto.speech.silencing import silenced
from affetto.speech.wav import read_wav_header
from affetto.speech.waveform import SILENCE_DBFS

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_SILENCE = 10 ** (SILENCE_DBFS / 20)


class TruncatedError(AudioError):
    """A file holds less sound than its header promises."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A readable recording.

    Attributes
    ----------
    format : str
        File type, for example "wav" or "flac".
    sample_rate_hz : int
        Samples in a second.
    channels : int
        Number of channels.
    duration_s : float
        Length in seconds.
    digest : str
        Checksum of the samples: the same sound in another container has the same.
    peak : float
        The greatest absolute value of its samples; 1 is full scale.
    has_padding : bool
        Whether a wav header carries a ``FLLR`` chunk, with which Apple's tools align the samples to a disk page.
    """

    format: str
    sample_rate_hz: int
    channels: int
    duration_s: float
    digest: str
    peak: float
    has_padding: bool

    @property
    def is_silent(self) -> bool:
        """Whether nothing in it is louder than `SILENCE_DBFS`."""
        return self.peak < _SILENCE


def measure(path: Path) -> Measured:
    """Decode a recording to its end.

    Raises
    ------
    TruncatedError
        If it breaks off before the length that its header promises, be it by one sample.
    AudioError
        If it cannot be read at all.
    """
    try:
        with path.open("rb") as file:
            wav = read_wav_header(file)
        rate, channels, header_duration_s = _header(path)
    except OSError as error:
        raise AudioError(f"cannot be opened: {error.strerror}") from None
    # libsndfile corrects a wav header's promise to what the file holds
    header_duration_s = (wav and wav.header_duration_s) or header_duration_s
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", TruncatedAudioWarning)
            waveform = read(path)
    except AudioError as error:
        raise AudioError(str(error).removeprefix(f"{path} ")) from None
    if header_duration_s is None and said:
        raise TruncatedError(str(said[0].message).removeprefix(f"{path} "))
    if header_duration_s is not None and waveform.duration_s < header_duration_s - 0.5 / waveform.sample_rate_hz:
        raise TruncatedError(f"promises {header_duration_s:.3f} s, but ends after {waveform.duration_s:.3f} s")
    return Measured(
        format=path.suffix.lower().removeprefix("."),
        sample_rate_hz=rate,
        channels=channels,
        duration_s=waveform.duration_s,
        digest=waveform.digest,
        peak=float(abs(waveform.samples).max()),
        has_padding=wav is not None and wav.has_padding,
    )


def is_loud(samples: NDArray[np.float32]) -> bool:
    """Whether anything in samples is louder than `SILENCE_DBFS`."""
    return bool((abs(samples) >= _SILENCE).any())


def _header(path: Path) -> tuple[int, int, float | None]:
    """Return rate and channels, and the length in seconds where it is told to the sample."""
    import soundfile

    try:
        with silenced():
            header = soundfile.info(str(path))
    except soundfile.LibsndfileError:
        if path.stat().st_size == 0:
            raise AudioError("is empty (0 bytes)") from None
    else:
        return header.samplerate, header.channels, header.frames / header.samplerate
    try:
        with open_stream(path, channels="each") as stream:
            return stream.sample_rate_hz, stream.n_channels, None
    except AudioError as error:
        raise AudioError(str(error).removeprefix(f"{path} ")) from None

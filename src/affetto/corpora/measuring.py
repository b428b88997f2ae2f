"""What a check wants to know of one recording, beyond its sound."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from affetto.errors import AudioError
from affetto.speech import TruncatedAudioWarning, read
from affetto.speech.wav import read_wav_header

if TYPE_CHECKING:
    from pathlib import Path


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
    is_silent : bool
        Whether all samples are zero.
    has_padding : bool
        Whether a wav header carries a ``FLLR`` chunk, with which Apple's tools align the samples to a disk page.
    """

    format: str
    sample_rate_hz: int
    channels: int
    duration_s: float
    digest: str
    is_silent: bool
    has_padding: bool


def measure(path: Path) -> Measured:
    """Decode a recording to its end.

    Raises
    ------
    TruncatedError
        If it breaks off before the length that its header promises, be it by one sample.
    AudioError
        If it cannot be read at all.
    """
    import soundfile

    try:
        with path.open("rb") as file:
            wav = read_wav_header(file)
        header = soundfile.info(str(path))
    except OSError as error:
        raise AudioError(f"cannot be opened: {error.strerror}") from None
    except soundfile.LibsndfileError as error:
        if path.stat().st_size == 0:
            raise AudioError("is empty (0 bytes)") from None
        raise AudioError(f"is no audio: {error.error_string.strip().rstrip('.')}") from None
    # libsndfile corrects a wav header's promise to what the file holds
    promised_s = (wav and wav.promised_s) or header.frames / header.samplerate
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TruncatedAudioWarning)  # counted below, to the sample
            waveform = read(path)
    except AudioError as error:
        raise AudioError(str(error).removeprefix(f"{path} ")) from None
    if waveform.duration_s < promised_s - 0.5 / waveform.sample_rate_hz:
        raise TruncatedError(f"promises {promised_s:.3f} s, but ends after {waveform.duration_s:.3f} s")
    return Measured(
        format=path.suffix.lower().removeprefix("."),
        sample_rate_hz=header.samplerate,
        channels=header.channels,
        duration_s=waveform.duration_s,
        digest=waveform.digest,
        is_silent=not waveform.samples.any(),
        has_padding=wav is not None and wav.has_padding,
    )

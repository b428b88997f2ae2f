"""What a check wants to know of one recording, beyond its sound."""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from affetto.errors import AudioError
from affetto.speech import TruncatedAudioWarning, read

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
            wav = _wav_layout(file)
        header = soundfile.info(str(path))
    except OSError as error:
        raise AudioError(f"cannot be opened: {error.strerror}") from None
    except soundfile.LibsndfileError as error:
        if path.stat().st_size == 0:
            raise AudioError("is empty (0 bytes)") from None
        raise AudioError(f"is no audio: {error.error_string.strip().rstrip('.')}") from None
    # libsndfile corrects a wav header's promise to what the file holds
    promised_s = (wav.frames if wav else header.frames) / header.samplerate
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TruncatedAudioWarning)  # counted below, to the sample
            waveform = read(path)
    except AudioError as error:
        if isinstance(error.__context__, soundfile.LibsndfileError):  # the decoder gave up on the way
            raise TruncatedError(f"promises {promised_s:.2f} s, but decoding breaks off") from None
        raise AudioError(str(error).removeprefix(f"{path} ")) from None
    if waveform.duration_s < promised_s:
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


class _WavLayout(NamedTuple):
    """What a wav header says: frames promised, and whether there is a ``FLLR`` chunk."""

    frames: int
    has_padding: bool


def _wav_layout(file: BinaryIO) -> _WavLayout | None:
    """Read a wav header; None where there is none, or none that promises a length.

    Sizes of 0 and 0xFFFFFFFF are what programs write that stream to a pipe and never learn the length.
    """
    if file.read(4) != b"RIFF" or file.read(8)[4:] != b"WAVE":
        return None
    frame_bytes = 0
    has_padding = False
    while len(header := file.read(8)) == 8:
        chunk, size = struct.unpack("<4sI", header)
        if chunk == b"data":
            return _WavLayout(size // frame_bytes, has_padding) if frame_bytes and 0 < size < 0xFFFFFFFF else None
        start = file.tell()
        if chunk == b"fmt ":
            frame_bytes = int.from_bytes(file.read(14)[12:], "little")
        has_padding |= chunk == b"FLLR"
        file.seek(start + size + size % 2)
    return None

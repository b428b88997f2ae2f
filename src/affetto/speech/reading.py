"""The door: whatever a recording comes as, it leaves as a `Waveform`."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

import numpy as np

from affetto.errors import AudioError
from affetto.speech.wav import read_wav_header
from affetto.speech.waveform import Waveform, check_sample_rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    import soundfile
    from numpy.typing import ArrayLike, NDArray

Source: TypeAlias = "str | os.PathLike[str] | bytes | BinaryIO | tuple[ArrayLike, float] | Waveform"
"""A path, an encoded file's bytes, a binary file object, (samples, sample rate in Hz), or a waveform."""

# Large, since soundfile seeks after each block, which costs time and makes MP3 decoders stumble. Where decoding fails,
# the small size salvages what comes before the damage.
_BLOCK_FRAMES = 1 << 20
_SALVAGE_FRAMES = 1 << 12


class TruncatedAudioWarning(UserWarning):
    """A file holds less sound than its header promises; what is there was read."""


def read(source: Source, *, sample_rate_hz: int | None = None) -> Waveform:
    """Read a recording.

    Files are decoded in blocks, mixed to mono and resampled on the way, so that a long recording needs the memory of
    its result only.

    Parameters
    ----------
    source : path, bytes, binary file object, (samples, sample rate), or Waveform
        wav, flac, ogg (Vorbis, Opus), mp3 and whatever else libsndfile reads; 8 to 192 kHz, any number of channels.
    sample_rate_hz : int, optional
        Resample to this rate; by default the recording keeps its own.

    Returns
    -------
    Waveform
        Mono, float32, in [-1, 1].

    Raises
    ------
    AudioError
        If there is no such file, or it cannot be read, is no audio, is empty, or holds values that are not numbers.

    Warns
    -----
    TruncatedAudioWarning
        If the file ends before the length that its header promises.

    Examples
    --------
    >>> import affetto, numpy as np
    >>> affetto.read((np.zeros(24_000, dtype=np.int16), 48_000), sample_rate_hz=16_000).samples.shape
    (8000,)
    """
    waveform, remarks = read_with_remarks(source, sample_rate_hz=sample_rate_hz)
    for remark in remarks:
        warnings.warn(remark, TruncatedAudioWarning, stacklevel=2)
    return waveform


def read_with_remarks(source: Source, *, sample_rate_hz: int | None = None) -> tuple[Waveform, tuple[str, ...]]:
    """Read a recording as `read` does, and return what would be warned of as sentences.

    Warnings are caught per process, not per thread; whoever reads in several threads needs them this way.
    """
    name = source_name(source)
    match source:
        case Waveform():
            waveform = source
        case tuple():
            waveform = _from_tuple(source, name=name)
        case bytes() | bytearray() | memoryview():
            return _decode(io.BytesIO(source), name=name, sample_rate_hz=sample_rate_hz)
        case str() | os.PathLike():
            with _open(Path(source)) as file:
                return _decode(file, name=name, sample_rate_hz=sample_rate_hz)
        case _ if hasattr(source, "read"):
            return _decode(_seekable(source, name=name), name=name, sample_rate_hz=sample_rate_hz)
        case _:
            raise AudioError(
                f"cannot read a recording from {type(source).__name__}; "
                "give a path, bytes, a file object or (samples, sample_rate)"
            )
    return (waveform if sample_rate_hz is None else waveform.resampled(sample_rate_hz)), ()


def source_name(source: Source) -> str:
    """Return what messages and results call a source: the path, or what it is."""
    match source:
        case str() | os.PathLike():
            return os.fspath(source)
        case Waveform() | tuple():
            return "<samples>"
        case bytes() | bytearray() | memoryview():
            return "<bytes>"
        case _:
            name = getattr(source, "name", None)
            return name if isinstance(name, str) else "<file>"


def _from_tuple(pair: tuple[object, ...], *, name: str) -> Waveform:
    if len(pair) != 2:
        raise AudioError(f"{name}: a tuple must be (samples, sample_rate), not {len(pair)} values")
    samples, rate = pair
    if np.isscalar(samples) and not np.isscalar(rate):
        raise AudioError(f"{name}: give (samples, sample_rate), in this order")
    return Waveform.from_samples(samples, rate, name=name)  # type: ignore[arg-type] # checked there


def _open(path: Path) -> BinaryIO:
    """Open a file, or say in one sentence why not."""
    if path.is_dir():
        raise AudioError(f"{path} is a folder; name the recordings in it, for example {path / '*.wav'}")
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise AudioError(f"{path}: there is no such file; check the name") from None
    except PermissionError:
        raise AudioError(f"{path}: reading it is not permitted; check the file's permissions") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise AudioError(f"{path} cannot be opened: {_reason(error)}") from None


def _seekable(file: BinaryIO, *, name: str) -> BinaryIO:
    """Return a binary file object that libsndfile can seek in: a pipe or socket is read to its end first."""
    if isinstance(file, io.TextIOBase):
        raise AudioError(f"{name} gives text; open it in binary mode")
    try:
        if file.seekable():
            return file
        data = file.read()
    except (OSError, ValueError, AttributeError) as error:
        raise AudioError(f"{name} cannot be read: {_reason(error)}") from None
    if not isinstance(data, bytes):
        raise AudioError(f"{name} gives {type(data).__name__} instead of bytes; open it in binary mode")
    return io.BytesIO(data)


class _Nameless:
    """A file without its name, from which soundfile would conclude the format, rightly or wrongly."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


def _decode(file: BinaryIO, *, name: str, sample_rate_hz: int | None) -> tuple[Waveform, tuple[str, ...]]:
    """Decode an encoded file to mono at the wanted rate, block by block."""
    import soundfile

    try:
        start = file.tell()
        if not file.read(1):
            raise AudioError(f"{name} is empty (0 bytes); record or export it again")
        file.seek(start)
        header = read_wav_header(file)
        file.seek(start)
        with soundfile.SoundFile(_Nameless(file)) as sound:
            rate = check_sample_rate(sound.samplerate, name=name)
            target = rate if sample_rate_hz is None else sample_rate_hz
            # One buffer that grows: a list of blocks would be held twice when it is joined.
            buffer = bytearray()
            for block in _mono_blocks(sound, rate, target):
                buffer += block.tobytes()
            promised_s = max(sound.frames / rate, header.promised_s if header else 0.0)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{name} is not audio that can be read: {_reason(error)}") from None
    except OSError as error:
        raise AudioError(f"{name} cannot be read: {_reason(error)}") from None
    if not buffer:
        raise AudioError(f"{name} holds no samples; record or export it again")
    waveform = Waveform.from_samples(np.frombuffer(buffer, np.float32), target, name=name)
    if promised_s - waveform.duration_s <= 0.05:
        return waveform, ()
    remark = (
        f"{name} ends after {waveform.duration_s:.2f} s although its header promises {promised_s:.2f} s; "
        "what is there was read"
    )
    return waveform, (remark,)


def _mono_blocks(sound: soundfile.SoundFile, rate: int, target: int) -> Iterator[NDArray[np.float32]]:
    """Decode, mix and resample a file in blocks; where a damaged file stops to decode, the sound ends."""
    import soundfile
    import soxr

    stream = None if rate == target else soxr.ResampleStream(rate, target, 1, dtype="float32", quality="HQ")
    size, position, last = _BLOCK_FRAMES, 0, False
    while not last:
        try:
            block = sound.read(size, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            if size == _BLOCK_FRAMES:
                size = _SALVAGE_FRAMES
                sound.seek(position)
                continue
            if position == 0:
                raise
            block = np.empty((0, 1), np.float32)
        position += len(block)
        last = len(block) == 0
        mono = block.mean(axis=1, dtype=np.float32)
        if not np.isfinite(mono).all():
            # Refused by Waveform.from_samples; resampling would spread it over the whole block.
            yield mono
            return
        yield mono if stream is None else stream.resample_chunk(mono, last=last)


def _reason(error: Exception) -> str:
    """Return a library's message as part of our sentence."""
    text = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
    return str(text).strip().rstrip(".") or type(error).__name__

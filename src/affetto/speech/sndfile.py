"""Decoding with libsndfile: wav, flac, ogg, mp3 and many more."""

from __future__ import annotations

import re
from contextlib import suppress
from os import SEEK_END, SEEK_SET
from typing import TYPE_CHECKING

import soundfile

from affetto.speech.mp3 import holds_more, states_length
from affetto.speech.sources import UnreadableError, reason
from affetto.speech.streaming import BLOCK_SAMPLES
from affetto.speech.wav import read_wav_header

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from affetto.speech.sources import EncodedFile

# Where decoding fails, reading again in small blocks salvages what comes before the damage.
_SALVAGE_FRAMES = 1 << 12
# What libsndfile says of a length that it does not know is more, and no recording is as long.
_UNKNOWN_FRAMES = 1 << 36
# In Ogg, a stream's last page and behind it another's first, and the most that a page holds.
_OGG_JOINT = re.compile(rb"OggS\0[\x04\x05].*OggS\0\x02", re.DOTALL)
_OGG_PAGE_BYTES = 65_307
_UNSUPPORTED_ENCODING = 4
_BAD_FILE = 7  # said of an mp3 without frames, in words that would mislead


class SndfileDecoder:
    """Decodes one file; see `affetto.speech.streaming.Decoder` for the attributes.

    Parameters
    ----------
    file : EncodedFile
        The file, at its beginning.

    Raises
    ------
    UnreadableError
        If libsndfile knows neither the format nor the encoding, or cannot decode the first block.
    """

    tolerance_s = 0.05
    n_damaged = 0

    def __init__(self, file: EncodedFile) -> None:
        self._file = file
        self.notes: list[str] = []
        self._seen: EncodedFile | _Seen = file
        header = read_wav_header(file)
        if header is not None and header.unset_size_at is not None:
            self._seen = _WithUnknownSize(file, at=header.unset_size_at)
        try:
            self._sound = self._open()
            if self._sound.format == "MP3" and not self._states_length():
                self._close_sound()
                self._seen = _WithFarEnd(file)
                self._sound = self._open()
        except soundfile.LibsndfileError as error:
            why = "nothing of it decodes" if error.code == _BAD_FILE else reason(error)
            raise UnreadableError(why, knows_format=error.code == _UNSUPPORTED_ENCODING) from None
        file.opened()
        self.sample_rate_hz: int = self._sound.samplerate
        self.n_channels: int = self._sound.channels
        n_frames = self._sound.frames if self._sound.frames < _UNKNOWN_FRAMES else 0
        self.promised_s = max(n_frames / max(self.sample_rate_hz, 1), header.promised_s if header else 0.0)
        self._size = max(BLOCK_SAMPLES // self.n_channels, 1)
        self._position = 0
        try:
            self._first = self._next()
        except soundfile.LibsndfileError as error:
            self._close_sound()
            raise UnreadableError(reason(error)) from None

    def blocks(self) -> Iterator[tuple[NDArray[np.float32], int]]:
        """Yield the samples and their rate; where a damaged file stops to decode, the sound ends."""
        block = self._first
        while len(block):
            yield block, self.sample_rate_hz
            try:
                block = self._next()
            except soundfile.LibsndfileError:
                break
        self._file.check()
        if self._goes_on():
            self.notes.append("holds more, which was not read: it is damaged there, or another recording follows")

    def close(self) -> None:
        """Release the file."""
        self._close_sound()
        self._file.close()

    def _open(self) -> _ForwardSoundFile:
        self._seen.seek(0)
        return _ForwardSoundFile(self._seen)

    def _states_length(self) -> bool:
        position = self._file.tell()
        self._file.seek(0)
        stated = states_length(self._file)
        self._file.seek(position)
        return stated

    def _goes_on(self) -> bool:
        match self._sound.format:
            case "MP3":
                return holds_more(self._file)
            case "OGG":
                # The next page is read already when the last one is over.
                self._file.seek(max(self._file.tell() - _OGG_PAGE_BYTES, 0))
                return _OGG_JOINT.search(self._file.read(2 * _OGG_PAGE_BYTES)) is not None
            case _:
                return False

    def _next(self) -> NDArray[np.float32]:
        try:
            block: NDArray[np.float32] = self._sound.read(self._size, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            if self._size <= _SALVAGE_FRAMES:
                raise
            self._salvage()
            return self._next()
        self._position += len(block)
        return block

    def _salvage(self) -> None:
        """Return to before the block that failed, from the beginning: seeking is what fails most in a damaged file."""
        self._close_sound()
        self._sound = self._open()
        for start in range(0, self._position, self._size):
            self._sound.read(min(self._size, self._position - start), dtype="float32")
        self._size = _SALVAGE_FRAMES

    def _close_sound(self) -> None:
        # Of a damaged file even closing may fail.
        with suppress(soundfile.LibsndfileError):
            self._sound.close()


class _Seen:
    """A file as libsndfile shall see it."""

    def __init__(self, file: EncodedFile) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


class _WithUnknownSize(_Seen):
    """A wav file whose header says nothing about the size of the samples, where it says 0."""

    def __init__(self, file: EncodedFile, *, at: int) -> None:
        super().__init__(file)
        self._at = at

    def read(self, size: int) -> bytes:
        start = self.tell()
        data = bytearray(super().read(size))
        for i in range(max(self._at - start, 0), min(self._at + 4 - start, len(data))):
            data[i] = 0xFF
        return bytes(data)


class _WithFarEnd(_Seen):
    """An mp3 file that seems to go on for a terabyte.

    Where the header states no length, libsndfile takes what the file's size and the first frame suggest, and reads no
    further than that.
    """

    _END = 1 << 40
    _TAG_BYTES = 128  # which mpg123 wants to see at the end

    def read(self, size: int) -> bytes:
        return self._file.read(size) if self.tell() < self._END - self._TAG_BYTES else bytes(size)

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        return super().seek(self._END + offset) if whence == SEEK_END else super().seek(offset, whence)


class _ForwardSoundFile(soundfile.SoundFile):  # type: ignore[misc] # soundfile has no types
    """A file that is read from its beginning to its end.

    soundfile seeks after each block of a file that it believes seekable. That costs time, makes MP3 decoders stumble,
    and never ends in some damaged files.
    """

    def seekable(self) -> bool:
        return False

"""Decoding with libsndfile: wav, flac, ogg, mp3 and many more."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import soundfile

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
# What libsndfile says of a length that it does not know.
_UNKNOWN_FRAMES = 1 << 62
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
        header = read_wav_header(file)
        file.seek(0)
        try:
            self._sound = _ForwardSoundFile(file)
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

    def close(self) -> None:
        """Release the file."""
        self._close_sound()
        self._file.close()

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
        self._file.seek(0)
        self._sound = _ForwardSoundFile(self._file)
        for start in range(0, self._position, self._size):
            self._sound.read(min(self._size, self._position - start), dtype="float32")
        self._size = _SALVAGE_FRAMES

    def _close_sound(self) -> None:
        # Of a damaged file even closing may fail.
        with suppress(soundfile.LibsndfileError):
            self._sound.close()


class _ForwardSoundFile(soundfile.SoundFile):  # type: ignore[misc] # soundfile has no types
    """A file that is read from its beginning to its end.

    soundfile seeks after each block of a file that it believes seekable. That costs time, makes MP3 decoders stumble,
    and never ends in some damaged files.
    """

    def seekable(self) -> bool:
        return False

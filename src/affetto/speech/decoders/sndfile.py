"""Decoding with libsndfile: wav, flac, ogg, mp3 and many more."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from affetto.errors import AudioError
from affetto.speech.decoders.base import BLOCK_SAMPLES, UnreadableError, reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from affetto.speech.decoders.base import Decoder, EncodedFile

# libsndfile states more frames than this if it does not know their number.
_UNKNOWN_FRAMES = 1 << 36
_BAD_FILE = 7  # of an mp3 without frames, with a misleading message


class SndfileDecoder:
    """Decodes one recording; has the attributes of `RecordingDecoder`.

    Parameters
    ----------
    file : EncodedFile
        The recording, at its beginning.
    fallback : function, optional
        Makes another decoder of the recording, which reads on where damage stops libsndfile.

    Raises
    ------
    UnreadableError
        If libsndfile does not know the format or the encoding, or cannot decode the first block.
    """

    tolerance_s = 0.05

    def __init__(self, file: EncodedFile, *, fallback: Callable[[], Decoder] | None = None) -> None:
        self._file = file
        self._fallback = fallback
        self.warnings: list[str] = []
        try:
            self._sound = _ForwardSoundFile(file)
        except soundfile.LibsndfileError as error:
            why = "nothing of it can be decoded" if error.code == _BAD_FILE else reason(error)
            raise UnreadableError(why) from None
        file.mark_opened()
        self.sample_rate_hz: int = self._sound.samplerate
        self.n_channels: int = self._sound.channels
        self._n_frames: int = self._sound.frames if self._sound.frames < _UNKNOWN_FRAMES else 0
        self.header_duration_s = self._n_frames / max(self.sample_rate_hz, 1)
        self._position = 0
        self._failure: soundfile.LibsndfileError | None = None
        self._first = self._next()
        if self._failure is not None and not len(self._first):
            self._close_sound()
            raise UnreadableError(reason(self._failure))

    def blocks(self) -> Iterator[tuple[NDArray[np.float32], int]]:
        """Yield the samples and their sample rate; behind damage that libsndfile cannot pass, those of the fallback."""
        block = self._first
        while len(block):
            yield block, self.sample_rate_hz
            block = self._next()
        self._file.check()
        self._close_sound()
        if self._failure is None:
            return
        damage = f"is damaged at {self._position / self.sample_rate_hz:.2f} s"
        is_cut = not self._file.read(1)
        yield from self._rest(damage)
        if not self.warnings and not is_cut:
            advice = "" if self._fallback else '; reading it needs av: pip install "affetto[formats]"'
            self.warnings.append(f"{damage}; the rest was not read{advice}")

    def _rest(self, damage: str) -> Iterator[tuple[NDArray[np.float32], int]]:
        """Yield what the fallback decodes behind the damage."""
        if self._fallback is None:
            return
        self._file.rewind()
        try:
            decoder = self._fallback()
        except (UnreadableError, AudioError):
            return
        n_read = 0
        for block, rate in decoder.blocks():
            n_known = min(max(self._position - n_read, 0), len(block))
            n_read += len(block)
            if n_known < len(block):
                yield block[n_known:], rate
        decoder.close()
        if n_read > self._position:
            self.warnings += [f"{damage}; the rest was read", *decoder.warnings]

    def close(self) -> None:
        """Release the file."""
        self._close_sound()
        self._file.close()

    def _next(self) -> NDArray[np.float32]:
        """Return the next block; an empty one at the end and after a failure."""
        size = max(BLOCK_SAMPLES // self.n_channels, 1)
        if self._n_frames:
            # libsndfile takes a tag behind the last sample of a flac for damage.
            size = min(size, self._n_frames - self._position)
        if self._failure is not None:
            size = 0
        # After a failure, NaN marks the samples that were not decoded.
        block = np.full((size, self.n_channels), np.nan, np.float32)
        try:
            block = self._sound.read(out=block) if size else block
        except soundfile.LibsndfileError as error:
            self._failure = error
            is_missing = np.isnan(block).any(axis=1)
            block = block[: is_missing.argmax() if is_missing.any() else size]
        self._position += len(block)
        return block

    def _close_sound(self) -> None:
        # Closing a damaged file may fail.
        with suppress(soundfile.LibsndfileError):
            self._sound.close()


class _ForwardSoundFile(soundfile.SoundFile):
    """A file that is read from beginning to end.

    soundfile seeks after each block of a seekable file, which makes decoders of mp3 lose samples and never ends in
    some damaged files.
    """

    def seekable(self) -> bool:
        return False


def _renew_lock() -> None:
    # soundfile opens files under a lock. A thread that does not exist after a fork may have held it.
    _ForwardSoundFile._sf_error_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)

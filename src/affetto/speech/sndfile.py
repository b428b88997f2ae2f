"""Decoding with libsndfile: wav, flac, ogg, mp3 and many more."""

from __future__ import annotations

import os
import threading
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from affetto.errors import AudioError
from affetto.speech.silencing import silenced
from affetto.speech.sources import UnreadableError, reason
from affetto.speech.streaming import BLOCK_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from numpy.typing import NDArray

    from affetto.speech.sources import EncodedFile
    from affetto.speech.streaming import Decoder

# What libsndfile says of a length that it does not know is more, and no recording is as long.
_UNKNOWN_FRAMES = 1 << 36
_UNSUPPORTED_ENCODING = 4
_BAD_FILE = 7  # said of an mp3 without frames, in words that would mislead


class SndfileDecoder:
    """Decodes one file; see `affetto.speech.streaming.Decoder` for the attributes.

    Parameters
    ----------
    file : EncodedFile
        The file, at its beginning.
    other : function, optional
        Makes another decoder of the same file, which goes on where damage ends this one.

    Raises
    ------
    UnreadableError
        If libsndfile knows neither the format nor the encoding, or cannot decode the first block.
    """

    tolerance_s = 0.05
    n_damaged = 0

    def __init__(self, file: EncodedFile, *, other: Callable[[], Decoder] | None = None) -> None:
        self._file = file
        self._other = other
        self.notes: list[str] = []
        try:
            # The decoder of mp3 prints what it thinks of damage.
            is_mpeg = file.read(3).startswith((b"\xff", b"ID3"))
            file.seek(0)
            self._silenced = silenced if is_mpeg else nullcontext
            with self._silenced():
                self._sound = _ForwardSoundFile(file)
        except soundfile.LibsndfileError as error:
            why = "nothing of it decodes" if error.code == _BAD_FILE else reason(error)
            raise UnreadableError(why, knows_format=error.code == _UNSUPPORTED_ENCODING) from None
        file.opened()
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
        """Yield the samples and their rate; where decoding fails, the other decoder's from there on."""
        block = self._first
        while len(block):
            yield block, self.sample_rate_hz
            block = self._next()
        self._file.check()
        self._close_sound()
        if self._failure is None:
            return
        at_s = self._position / self.sample_rate_hz
        if self._other is not None and (yield from self._rest(self._other, at_s)):
            self.notes.insert(0, f"is damaged at {at_s:.2f} s; what decodes of the rest was read")
        elif self._other is None and (self._file.read(1) or at_s >= self.header_duration_s):
            of = f" of the {self.header_duration_s:.2f} s that its header says" if self.header_duration_s else ""
            self.notes.append(
                f"is damaged at {at_s:.2f} s{of}, and the rest was not read; "
                "to read it, install affetto with its extra: affetto[formats]"
            )
            self.header_duration_s = 0.0  # said already

    def close(self) -> None:
        """Release the file."""
        self._close_sound()
        self._file.close()

    def _next(self) -> NDArray[np.float32]:
        """Return the next block; an empty one at the end, and behind the place where decoding failed."""
        size = max(BLOCK_SAMPLES // self.n_channels, 1)
        if self._n_frames:
            # Behind a flac's last sample may be a tag, which libsndfile takes for damage.
            size = min(size, self._n_frames - self._position)
        if self._failure is not None:
            size = 0
        # Where decoding fails, what is still no number tells how much came before.
        block = np.full((size, self.n_channels), np.nan, np.float32)
        try:
            with self._silenced():
                block = self._sound.read(out=block) if size else block
        except soundfile.LibsndfileError as error:
            self._failure = error
            is_missing = np.isnan(block).any(axis=1)
            block = block[: is_missing.argmax() if is_missing.any() else size]
        self._position += len(block)
        return block

    def _rest(
        self, other: Callable[[], Decoder], at_s: float
    ) -> Generator[tuple[NDArray[np.float32], int], None, bool]:
        """Yield what another decoder makes of the file from a time on; return whether there is any."""
        self._file.rewind()
        try:
            decoder = other()
        except (UnreadableError, AudioError):
            self._file.check()
            return False
        position_s = 0.0
        try:
            for block, rate in decoder.blocks():
                n_known = min(max(round((at_s - position_s) * rate), 0), len(block))
                position_s += len(block) / rate
                if n_known < len(block):
                    yield block[n_known:], rate
        finally:
            decoder.close()
        self.notes += decoder.notes
        return position_s - at_s > self.tolerance_s

    def _close_sound(self) -> None:
        # Of a damaged file even closing may fail.
        with suppress(soundfile.LibsndfileError):
            self._sound.close()


class _ForwardSoundFile(soundfile.SoundFile):
    """A file that is read from its beginning to its end.

    soundfile seeks after each block of a file that it believes seekable. That costs time, makes MP3 decoders stumble,
    and never ends in some damaged files.
    """

    def seekable(self) -> bool:
        return False


def _renew_lock() -> None:
    # soundfile opens files under a lock; a thread that is not there after a fork may have held it.
    _ForwardSoundFile._sf_error_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)

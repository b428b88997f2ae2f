"""Files that hold several recordings behind one another, or more than recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from affetto.errors import AffettoError
from affetto.speech.decoders.base import UnreadableError
from affetto.speech.decoders.flac import FLAC, read_flac
from affetto.speech.decoders.headers import read_chunks, read_wav
from affetto.speech.decoders.mp3 import first_frame, read_mp3
from affetto.speech.decoders.ogg import read_ogg
from affetto.speech.decoders.scanning import Recording, behind_padding, behind_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from affetto.speech.decoders.base import EncodedFile, RecordingDecoder
    from affetto.speech.decoders.scanning import Bytes

# Bytes before the first frame of an mp3 that may be a part of another frame.
_MAX_JUNK_BYTES = 4_096
# Fewer bytes behind a recording are not worth a warning.
_MIN_BYTES = 16


class Contents(NamedTuple):
    """What a file holds."""

    recordings: list[Recording]  # empty if the format is none that `read_contents` knows
    n_left: int  # bytes behind them that are neither audio nor a tag nor padding


def read_contents(data: Bytes, *, is_container: bool) -> Contents:
    """Find the recordings of a wav, flac, ogg, aiff, au, caf, w64 or mp3 file; a container may hold mp3 frames."""
    recordings: list[Recording] = []
    position = behind_tags(data, 0)
    while data.size - position >= _MIN_BYTES:
        recording = _recording_at(data, position, n_junk=0 if recordings or is_container else _MAX_JUNK_BYTES)
        if recording is None:
            break
        recordings.append(recording)
        position = behind_padding(data, recording.end)
    n_left = data.size - position if recordings else 0
    return Contents(recordings, n_left if n_left >= _MIN_BYTES else 0)


def _recording_at(data: Bytes, position: int, *, n_junk: int) -> Recording | None:
    head = data.at(position, 12)
    if head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE":
        return read_wav(data, position)
    if head.startswith(b"OggS\0"):
        return read_ogg(data, position)
    if FLAC.match(head):
        return read_flac(data, position)
    recording = read_chunks(data, position)
    if recording is not None:
        return recording
    frame = first_frame(data, position, 4 + n_junk)
    return None if frame is None else read_mp3(data, frame)


class JoinedDecoder:
    """Decodes the recordings of a file one after another; has the attributes of `Decoder`.

    Parameters
    ----------
    file : EncodedFile
        The file.
    contents : Contents
        Its recordings.
    open_recording : function
        Makes the decoder of one recording.
    """

    def __init__(
        self, file: EncodedFile, contents: Contents, open_recording: Callable[[EncodedFile], RecordingDecoder]
    ) -> None:
        self._file = file
        self._contents = contents
        self._open = open_recording
        self._decoder = self._open_pieces(contents.recordings[0])
        self.sample_rate_hz = self._decoder.sample_rate_hz
        self.n_channels = self._decoder.n_channels
        self.warnings: list[str] = []

    def blocks(self) -> Iterator[tuple[NDArray[np.float32], int]]:
        """Yield the samples of each recording, and their sample rate."""
        end_s = 0.0
        for i, recording in enumerate(self._contents.recordings):
            if i:
                self._decoder.close()
                try:
                    self._decoder = self._open_pieces(recording)
                except (UnreadableError, AffettoError):
                    self.warnings.append("holds another recording that cannot be read: it is damaged or unsupported")
                    continue
            start_s = end_s
            for block, rate in self._decoder.blocks():
                end_s += len(block) / rate
                yield block, rate
            self._warn(recording, start_s, end_s)
        if self._contents.n_left:
            self.warnings.append(f"holds {self._contents.n_left:,} more bytes behind its audio, which were not read")

    def close(self) -> None:
        """Release the file."""
        self._decoder.close()
        self._file.close()

    def _open_pieces(self, recording: Recording) -> RecordingDecoder:
        return self._open(self._file.spliced(recording.pieces))

    def _warn(self, recording: Recording, start_s: float, end_s: float) -> None:
        self.warnings += [*recording.warnings, *self._decoder.warnings]
        stated_s = max(self._decoder.header_duration_s, (end_s - start_s) * (1 + recording.missing_share))
        if stated_s - (end_s - start_s) > self._decoder.tolerance_s:
            self.warnings.append(
                f"lasts {end_s:.2f} s, but its header states {start_s + stated_s:.2f} s; the available part was read"
            )
        elif recording.is_cut:
            self.warnings.append(f"is cut off at {end_s:.2f} s; the part before was read")

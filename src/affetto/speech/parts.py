"""What a file holds: one recording, or several behind one another, and whatever is neither."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from affetto.errors import AffettoError
from affetto.speech import layouts
from affetto.speech.containers import container_label
from affetto.speech.flac import read_flac
from affetto.speech.frames import AC3, ADTS, AMR, AMR_WB, MPEG, is_chain, read_frames
from affetto.speech.mistaken import is_foreign
from affetto.speech.mp3 import read_mp3
from affetto.speech.ogg import read_ogg
from affetto.speech.scanning import LEAST_BYTES, Bytes, Recording, before_tags, behind_padding, behind_tags
from affetto.speech.sources import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from affetto.speech.sources import EncodedFile
    from affetto.speech.streaming import Decoder


def _amr(data: Bytes, start: int) -> Recording | None:
    return read_frames(data, start, AMR, n_before=6)


def _amr_wide(data: Bytes, start: int) -> Recording | None:
    return read_frames(data, start, AMR_WB, n_before=9)


_READERS: tuple[tuple[bytes, Callable[[Bytes, int], Recording | None]], ...] = (
    (rb"(?:RIFF|RF64).{4}WAVE", layouts.read_wave),
    (rb"fLaC", read_flac),
    (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", layouts.read_asf),
    (rb"FLV\x01", layouts.read_flv),
    (rb"\x47.{187}\x47.{187}\x47", layouts.read_mpeg_ts),
    (rb"OggS\0", read_ogg),
    (rb".{4}(?:ftyp|moov|mdat|wide|free|skip|pnot)", layouts.read_mp4),
    (rb"\x1a\x45\xdf\xa3", layouts.read_matroska),
    (rb"FORM.{4}AIF[FC]", layouts.read_aiff),
    (rb"\.snd", layouts.read_au),
    (rb"caff", layouts.read_caf),
    (rb"riff\x2e\x91\xcf\x11", layouts.read_w64),
    (rb"Creative Voice File\x1a", layouts.read_voc),
    (rb"RIFF.{4}AVI ", layouts.read_avi),
    (rb"#!AMR\n", _amr),
    (rb"#!AMR-WB\n", _amr_wide),
    (rb"wvpk", layouts.read_wavpack),
)
_PATTERNS = tuple((re.compile(pattern, re.DOTALL), reader) for pattern, reader in _READERS)
# As far as junk may lie before an mp3's first frame.
_JUNK_BYTES = 4_096


class Contents(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    recordings : list of Recording
        One behind the other; none where the format is not known here.
    n_left : int
        Bytes behind or between them that are neither sound nor a tag nor padding.
    """

    recordings: list[Recording]
    n_left: int


def read_contents(file: EncodedFile) -> Contents:
    """Find the recordings of a file that is at its beginning; its position is changed."""
    label = container_label(file)
    data = Bytes(file)
    recordings: list[Recording] = []
    place, n_left = behind_tags(data, 0), 0
    while data.size - place >= LEAST_BYTES:
        recording = _recording_at(data, place)
        if recording is not None:
            recordings.append(recording)
            place = behind_padding(data, max(recording.end, place + 1))
            continue
        if not recordings:
            frame = _first_frame(data, place) if label is None and not is_foreign(data) else None
            if frame is None:
                break
            place = frame
            continue
        found = data.find_beginning(place)
        end = before_tags(data, data.size) if found is None else found
        n_left += max(end - place, 0) if end - place >= LEAST_BYTES else 0
        if found is None:
            break
        place = found
    return Contents(recordings, n_left)


def _recording_at(data: Bytes, place: int) -> Recording | None:
    head = data.at(place, 400)
    for pattern, reader in _PATTERNS:
        if pattern.match(head):
            return reader(data, place)
    for codec in (ADTS, AC3):
        if codec.beginning.match(head) and is_chain(data, place, codec):
            return read_frames(data, place, codec)
    if MPEG.beginning.match(head) and is_chain(data, place, MPEG):
        return read_mp3(data, place)
    return None


def _first_frame(data: Bytes, start: int) -> int | None:
    """Return the place of an mp3's first frame, of which a part of another may lie before; None if there is none."""
    for found in MPEG.beginning.finditer(data.at(start, _JUNK_BYTES)):
        if is_chain(data, start + found.start(), MPEG):
            return start + found.start()
    return None


class JoinedDecoder:
    """Decodes the recordings of a file one after the other; see `affetto.speech.streaming.Decoder` for the attributes.

    Parameters
    ----------
    file : EncodedFile
        The file.
    contents : Contents
        What it holds, one recording at least.
    opened : function
        Makes the decoder of one recording.
    """

    def __init__(self, file: EncodedFile, contents: Contents, opened: Callable[[EncodedFile], Decoder]) -> None:
        self._file = file
        self._contents = contents
        self._opened = opened
        self._decoder = self._open(contents.recordings[0])
        self.sample_rate_hz = self._decoder.sample_rate_hz
        self.n_channels = self._decoder.n_channels
        self.tolerance_s = self._decoder.tolerance_s
        self.header_duration_s = 0.0
        self.n_damaged = 0
        self.notes: list[str] = []

    def blocks(self) -> Iterator[tuple[NDArray[np.float32], int]]:
        """Yield the samples of each recording, and their rate."""
        for i, recording in enumerate(self._contents.recordings):
            if i:
                self._decoder.close()
                try:
                    self._decoder = self._open(recording)
                except (UnreadableError, AffettoError):
                    self._file.check()
                    self.notes.append(
                        "holds another recording, which cannot be read: it is damaged, or encoded otherwise"
                    )
                    continue
            there_s = 0.0
            for block, rate in self._decoder.blocks():
                there_s += len(block) / rate
                yield block, rate
            header_duration_s = self._decoder.header_duration_s * (1 + recording.missing_share) + recording.missing_s
            is_short = header_duration_s - there_s > self.tolerance_s
            self.header_duration_s += header_duration_s if is_short else there_s
            self.n_damaged += self._decoder.n_damaged
            self.notes += [*recording.notes, *self._decoder.notes]
            if recording.is_cut and not is_short:
                self.notes.append(f"is cut off at {there_s:.2f} s; what is there was read")
        if self._contents.n_left:
            self.notes.append(f"holds {self._contents.n_left:,} more bytes that are no sound, which were left out")

    def close(self) -> None:
        """Release the file."""
        self._decoder.close()
        self._file.close()

    def _open(self, recording: Recording) -> Decoder:
        return self._opened(self._file.spliced(recording.pieces))

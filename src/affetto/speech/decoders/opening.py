"""The choice of the decoder for a file."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from affetto._extras import require_extra
from affetto.errors import AudioError
from affetto.speech.decoders.base import UnreadableError
from affetto.speech.decoders.headers import container_label
from affetto.speech.decoders.joined import Contents, JoinedDecoder, read_contents
from affetto.speech.decoders.not_audio import describe_foreign, describe_headerless
from affetto.speech.decoders.scanning import Bytes, Recording, before_tags, behind_tags

if TYPE_CHECKING:
    from affetto.speech.decoders.base import Decoder, EncodedFile, RecordingDecoder


def open_decoder(file: EncodedFile, *, name: str, track: int | None) -> Decoder:
    """Open the recordings of a file.

    Parameters
    ----------
    file : EncodedFile
        The file, at its beginning.
    name : str
        Name for error messages.
    track : int or None
        Number of an audio track, counted from 1; None for the one that players choose.

    Raises
    ------
    AudioError
        If the file is not audio, is damaged from its beginning, or lacks the track.
    MissingExtraError
        If the format or the choice of a track needs the extra ``formats``.
    """
    file.mark_opened()
    data = Bytes(file)
    label = container_label(data)
    description = describe_foreign(data)
    contents = Contents([], 0) if description else read_contents(data, is_container=label is not None)
    if not (description or label or contents.recordings):
        description = describe_headerless(data, name)
    file.check()
    if description:
        raise AudioError(f"{name} is not audio {description}")
    if not contents.recordings:
        start, end = behind_tags(data, 0), before_tags(data, data.size)
        contents = Contents([Recording(end, [(start if start < end else 0, end)])], 0)
    return JoinedDecoder(file, contents, partial(_open_recording, name=name, track=track, label=label))


def _open_recording(file: EncodedFile, *, name: str, track: int | None, label: str | None) -> RecordingDecoder:
    """Open a recording with libsndfile; or with libav, if a track is chosen or libsndfile does not know the format."""
    has_libav = find_spec("av") is not None
    refusal = None
    if track is None:
        from affetto.speech.decoders.sndfile import SndfileDecoder

        try:
            return SndfileDecoder(file, fallback=partial(_libav_decoder, file, name=name) if has_libav else None)
        except UnreadableError as error:
            file.check()
            file.rewind()
            refusal = error
    if refusal is None or label or has_libav:
        require_extra("formats", purpose=f"reading a track of {name}" if refusal is None else f"reading {name}")
        try:
            return _libav_decoder(file, name=name, track=track)
        except UnreadableError as error:
            file.check()
            # libsndfile's reason says more of an unknown format than libav's.
            refusal = error if label or refusal is None else refusal
    if label:
        raise AudioError(f"{name} is {label}, but damaged: {refusal}; record or export it again")
    needed = 'if it is m4a, aac or a video, reading it needs av: pip install "affetto[formats]"'
    advice = "record or export it again" if has_libav else needed
    raise AudioError(f"{name} is not audio that can be read: {refusal}; {advice}")


def _libav_decoder(file: EncodedFile, *, name: str, track: int | None = None) -> RecordingDecoder:
    from affetto.speech.decoders.libav import LibavDecoder

    return LibavDecoder(file, name=name, track=track)

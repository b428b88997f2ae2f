"""Turns from files: transcripts and diarizations, recognized by their content."""

from __future__ import annotations

import codecs
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from affetto.conversations.diarization import Annotation, parse_rttm, turns_of_annotation
from affetto.conversations.joining import join_speakers
from affetto.conversations.subtitles import has_cues, is_vtt, parse_subtitles
from affetto.conversations.turn import in_order
from affetto.conversations.whisper import parse_whisper
from affetto.errors import ParameterError, TurnsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from affetto.conversations.turn import Turn

TextSource: TypeAlias = "str | os.PathLike[str] | bytes"
"""A path, or the content of a file."""

MAX_TURNS = 100_000
"""More are refused; a day of talk has fewer."""

MAX_BYTES = 20_000_000
"""Larger files are refused; ten hours of talk need less, even in the JSON of WhisperX with the times of each word."""

# UTF-32 first: its mark begins as that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def read_turns(
    transcript: TextSource | None = None, speakers: TextSource | Annotation | None = None
) -> tuple[Turn, ...]:
    r"""Read the turns of a conversation, for `Recognizer.recognize`.

    Parameters
    ----------
    transcript : path or bytes, optional
        What is said when: SRT, WebVTT, or the JSON of Whisper or WhisperX. It may name speakers.
    speakers : path, bytes or pyannote.core.Annotation, optional
        Who speaks when: RTTM, or a diarization of pyannote. With a transcript, each of its turns gets the speaker who
        speaks longest in it. Speech that it misses, or gives to another, becomes turns without text.

    Returns
    -------
    tuple of Turn
        In the order of their start.

    Raises
    ------
    TurnsError
        If a file cannot be read or is of another format, with the line that is wrong.
    ParameterError
        If neither is given.

    Examples
    --------
    >>> import affetto
    >>> transcript = b"WEBVTT\n\n00:01.500 --> 00:04.000\n<v Anna>I told you twice."
    >>> affetto.read_turns(transcript)
    (Turn(start_s=1.5, end_s=4.0, speaker='Anna', text='I told you twice.'),)
    >>> diarization = b"SPEAKER call 1 0.5 4.0 <NA> <NA> SPEAKER_00 <NA> <NA>"
    >>> [turn.speaker for turn in affetto.read_turns(transcript, diarization)]
    ['SPEAKER_00']
    """
    if transcript is None and speakers is None:
        raise ParameterError("read_turns needs a transcript, speakers, or both")
    said = None if transcript is None else _transcript(transcript)
    spoken = None if speakers is None else _diarization(speakers)
    if said is None or spoken is None:
        return said if said is not None else spoken or ()
    return _limited(join_speakers(said, spoken), "the transcript with the speakers")


def _transcript(source: TextSource) -> tuple[Turn, ...]:
    name, text = _read(source, "transcript")
    start = text.lstrip()
    if start.startswith(("{", "[")):
        return _limited(parse_whisper(text, name=name), name)
    if not start or is_vtt(start) or has_cues(text):
        return _limited(parse_subtitles(text, name=name), name)
    hint = "; it looks like RTTM: give it as the speakers" if start.startswith("SPEAKER ") else ""
    raise TurnsError(f"{name} is neither SRT, WebVTT, nor JSON of Whisper or WhisperX{hint}")


def _diarization(source: TextSource | Annotation) -> tuple[Turn, ...]:
    if isinstance(source, Annotation):
        return _limited(turns_of_annotation(source), "the diarization")
    name, text = _read(source, "speakers")
    if is_vtt(text) or text.lstrip().startswith(("{", "[")) or has_cues(text):
        raise TurnsError(f"{name} is not RTTM; it looks like a transcript: give it as the transcript")
    return _limited(parse_rttm(text, name=name), name)


def _limited(turns: Iterable[Turn], name: str) -> tuple[Turn, ...]:
    """Return turns in their order, or refuse absurdly many."""
    kept = []
    for turn in turns:
        kept.append(turn)
        if len(kept) > MAX_TURNS:
            raise TurnsError(f"{name} has more than {MAX_TURNS:,} turns; split it with its recording")
    try:
        return in_order(kept)
    except ParameterError as error:
        raise TurnsError(f"{name}: {error}") from None


def _read(source: TextSource, role: str) -> tuple[str, str]:
    """Return the name of a file for errors, and its text with the line ends of Unix."""
    if isinstance(source, bytes | bytearray | memoryview):
        name, content = f"the file of the {role}", bytes(source)
    elif isinstance(source, str | os.PathLike):
        name, content = os.fspath(source), _content(os.fspath(source))
    else:
        other = ", or the Annotation of pyannote" if role == "speakers" else ""
        raise ParameterError(f"{role} is a {type(source).__name__}; give a path, or the bytes of a file{other}")
    if len(content) > MAX_BYTES:
        raise TurnsError(
            f"{name} is larger than {MAX_BYTES // 10**6} MB; give text, not a recording, or split it with its recording"
        )
    encoding = next((encoding for mark, encoding in _MARKS.items() if content.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in content:
        raise TurnsError(f"{name} is not text; give a {'transcript' if role == 'transcript' else 'diarization'}")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TurnsError(f"{name}, line {line} is not text in {encoding.upper()}; save the file as UTF-8") from None
    return name, text.replace("\r\n", "\n").replace("\r", "\n")


def _content(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise TurnsError(f"{name[:200]} cannot be read: {reason}; check the name") from None

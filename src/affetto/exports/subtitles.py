"""WebVTT and SRT: the emotions as subtitles of the recording or its video."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from affetto.exports.text import one_line, spoken_caption, title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from affetto.recognition.result import Recognition, Segment


def vtt(recognition: Recognition) -> Iterator[str]:
    """Yield WebVTT (https://www.w3.org/TR/webvtt1/); each speaker is a voice."""
    # A comment, like a cue, must not contain an arrow.
    yield f"WEBVTT\n\nNOTE {_vtt_text(title(recognition))}\n"
    for start, end, segment in _cues(recognition, separator="."):
        voice = f"<v {_vtt_text(segment.speaker)}>" if segment.speaker else ""
        yield f"\n{start} --> {end}\n{voice}{_vtt_text(spoken_caption(segment, name=False))}\n"


def srt(recognition: Recognition) -> Iterator[str]:
    """Yield SubRip."""
    for number, (start, end, segment) in enumerate(_cues(recognition, separator=","), start=1):
        # SRT cannot escape an arrow, which some players mistake for the times of a cue.
        text = spoken_caption(segment).replace("-->", "→")
        yield f"{'' if number == 1 else chr(10)}{number}\n{start} --> {end}\n{text}\n"


def _vtt_text(text: str) -> str:
    return html.escape(one_line(text), quote=False)


def _cues(recognition: Recognition, *, separator: str) -> Iterator[tuple[str, str, Segment]]:
    for segment in recognition.segments:
        start, end = (_timestamp(time_s, separator=separator) for time_s in (segment.start_s, segment.end_s))
        # A cue must end after it starts.
        if start != end:
            yield start, end, segment


def _timestamp(seconds: float, *, separator: str) -> str:
    whole, milliseconds = divmod(round(seconds * 1_000), 1_000)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02}{separator}{milliseconds:03}"

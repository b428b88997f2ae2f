"""Turns from subtitles: SubRip (SRT) and WebVTT.

References
----------
W3C: WebVTT: the web video text tracks format. https://www.w3.org/TR/webvtt1/
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, NamedTuple

from affetto.conversations.turn import checked_turn
from affetto.errors import TurnsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from affetto.conversations.turn import Turn

_TIME = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]\d)[.,](\d{3})"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?")
_DAMAGED_TIMES = re.compile(r"\s*\d+:.*-->|.*-->\s*\d+:")
_VTT_COMMENT = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")

# No pattern may search to the end of a text from each of its characters: files may come from strangers.
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s([^<>]*)>")
_VTT_TAG = re.compile(r"<[^<>]*>")
_SRT_TAG = re.compile(r"</?(?:b|i|u|s|font)\b[^<>]*>|\{\\[^{}]*\}", re.IGNORECASE)
# As WhisperX writes a speaker, and as video conferences do.
_SPEAKER_IN_BRACKETS = re.compile(r"\[([^\[\]]{1,80})\]:\s*(.*)", re.DOTALL)
_SPEAKER_BEFORE_COLON = re.compile(r"([^\W\d_][^:.,;!?<>()\[\]]{0,60}):\s+(.*)", re.DOTALL)


class _Cue(NamedTuple):
    line: int
    start_s: float
    end_s: float
    text: str


def is_vtt(text: str) -> bool:
    """Return whether a text is WebVTT."""
    return re.match(r"\s*WEBVTT(?:\s|$)", text) is not None


def has_cues(text: str) -> bool:
    """Return whether a text has a line of times, as SRT and WebVTT have."""
    return any(_TIMES.fullmatch(line) or _DAMAGED_TIMES.match(line) for line in text.splitlines() if "-->" in line)


def parse_subtitles(text: str, *, name: str) -> Iterator[Turn]:
    """Yield the turn of each cue.

    The speaker is that of the voice span ``<v Anna>`` in WebVTT, or of a text such as ``[Anna]: Hello``. A text such as
    ``Anna: Hello`` names a speaker if all texts of the file do. Several voices in one cue are turns at the same time.

    Parameters
    ----------
    text : str
        WebVTT or SRT.
    name : str
        The name of the file, for errors.

    Raises
    ------
    TurnsError
        If times are damaged, or an end is before its start.
    """
    lines = text.split("\n")
    vtt = is_vtt(text)
    cues = list(_vtt_cues(lines, name) if vtt else _srt_cues(lines, name))
    spoken = [(cue, *said) for cue in cues for said in (_voices(cue.text) if vtt else [(None, _plain(cue.text))])]
    if all(_speaker_before_colon(speaker, text) for _, speaker, text in spoken):
        pattern = _SPEAKER_BEFORE_COLON
    else:
        pattern = _SPEAKER_IN_BRACKETS
    for cue, speaker, said in spoken:
        if speaker is None and (match := pattern.fullmatch(said)):
            speaker, said = match.groups()
        yield checked_turn(f"{name}, line {cue.line}", cue.start_s, cue.end_s, speaker, said)


def _speaker_before_colon(speaker: str | None, text: str) -> bool:
    return speaker is None and _SPEAKER_BEFORE_COLON.fullmatch(text) is not None


def _vtt_cues(lines: Sequence[str], name: str) -> Iterator[_Cue]:
    """Yield the cues of WebVTT; each ends at an empty line, and so do comments and styles."""
    number = 0
    while number < len(lines):
        is_comment = _VTT_COMMENT.match(lines[number])
        times = None if is_comment else _times(lines[number], f"{name}, line {number + 1}")
        if times or is_comment:
            end = next((n for n in range(number + 1, len(lines)) if not lines[n].strip()), len(lines))
            if times:
                yield _Cue(number + 1, *times, "\n".join(lines[number + 1 : end]))
            number = end
        number += 1


def _srt_cues(lines: Sequence[str], name: str) -> Iterator[_Cue]:
    """Yield the cues of SRT, whose texts may have empty lines: each ends before the number of the next."""
    found = [(n, times) for n, line in enumerate(lines) if (times := _times(line, f"{name}, line {n + 1}"))]
    ends = [n - 1 if lines[n - 1].strip().isdigit() else n for n, _ in found[1:]]
    for (number, times), end in zip(found, [*ends, len(lines)], strict=False):
        yield _Cue(number + 1, *times, "\n".join(lines[number + 1 : end]))


def _times(line: str, place: str) -> tuple[float, float] | None:
    """Return start and end in seconds, or None if the line is another."""
    if "-->" not in line:
        return None
    if match := _TIMES.fullmatch(line):
        values = [int(digits or 0) for digits in match.groups()]
        start, end = (
            ((hours * 60 + minutes) * 60_000 + seconds * 1_000 + milliseconds) / 1_000
            for hours, minutes, seconds, milliseconds in (values[:4], values[4:])
        )
        return start, end
    if _DAMAGED_TIMES.match(line):
        raise TurnsError(f"{place}: {line.strip()[:80]!r} is not a time span such as 00:00:01,500 --> 00:00:04,000")
    return None


def _voices(text: str) -> list[tuple[str | None, str]]:
    """Return each speaker in the text of a WebVTT cue, and what she says."""
    before, *spans = _VOICE.split(text)
    said = [("", before), *zip(spans[::2], spans[1::2], strict=True)]
    plain = [(_unescaped(speaker).strip(), _unescaped(_VTT_TAG.sub("", words)).strip()) for speaker, words in said]
    return [(speaker or None, words) for speaker, words in plain if speaker or words] or [(None, "")]


def _unescaped(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:  # a character by a number of thousands of digits, which is none
        return text


def _plain(text: str) -> str:
    return _SRT_TAG.sub("", text).strip()

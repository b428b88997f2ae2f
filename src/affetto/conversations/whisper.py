"""Turns from the JSON of Whisper and WhisperX."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from affetto.conversations.turn import checked_turn
from affetto.errors import TurnsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from affetto.conversations.turn import Turn


def parse_whisper(text: str, *, name: str) -> Iterator[Turn]:
    """Yield the turn of each segment of Whisper's result, or of its list of segments; WhisperX also names speakers.

    Parameters
    ----------
    text : str
        JSON.
    name : str
        The name of the file, for errors.

    Raises
    ------
    TurnsError
        If the text is not JSON, has no segments, or a segment has no times.
    """
    try:
        result = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TurnsError(f"{name} begins as JSON, but is damaged: {error}; export the transcript again") from None
    segments = result.get("segments") if isinstance(result, dict) else result
    if not isinstance(segments, list):
        raise TurnsError(f'{name} is JSON without "segments"; give the JSON of Whisper or WhisperX, SRT or WebVTT')
    for number, segment in enumerate(segments, start=1):
        place = f"{name}, segment {number}"
        if not isinstance(segment, dict):
            raise TurnsError(f"{place} is not an object with start and end; export the transcript again")
        start, end = (_seconds(segment, key, place) for key in ("start", "end"))
        yield checked_turn(place, start, end, segment.get("speaker"), segment.get("text"))


def _seconds(segment: dict[str, Any], key: str, place: str) -> float:
    value = segment.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TurnsError(f"{place} has {key} {value!r:.80}; it must be a number of seconds")
    try:
        return float(value)
    except OverflowError:
        raise TurnsError(f"{place} has a {key} of {len(str(value))} digits; it must be a number of seconds") from None

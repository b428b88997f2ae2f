"""Audacity's label track and Praat's TextGrid: the emotions as labels in audio editors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from affetto.exports.text import caption, emotion_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from affetto.recognition.result import Recognition


_TIERS = ("emotion", "confidence", "arousal", "valence")
_NO_SPEECH = ("",) * len(_TIERS)


class _Interval(NamedTuple):
    start: str
    end: str
    texts: tuple[str, ...]
    """One for each tier."""


def audacity(recognition: Recognition) -> Iterator[str]:
    """Yield a label track (https://manual.audacityteam.org/man/importing_and_exporting_labels.html)."""
    for segment in recognition.segments:
        yield f"{segment.start_s:.6f}\t{segment.end_s:.6f}\t{caption(segment)}\n"


def text_grid(recognition: Recognition) -> Iterator[str]:
    """Yield a TextGrid in the long format (https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html).

    Its tiers are "emotion", "confidence", "arousal" and "valence". Their intervals cover the whole recording; the
    text of those without speech is empty.
    """
    intervals = list(_intervals(recognition))
    end = intervals[-1].end
    yield 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n'
    yield f"xmin = 0\nxmax = {end}\ntiers? <exists>\nsize = {len(_TIERS)}\nitem []:\n"
    tiers = zip(_TIERS, zip(*(interval.texts for interval in intervals), strict=True), strict=True)
    for item, (name, texts) in enumerate(tiers, start=1):
        yield f'    item [{item}]:\n        class = "IntervalTier"\n        name = "{name}"\n'
        yield f"        xmin = 0\n        xmax = {end}\n        intervals: size = {len(intervals)}\n"
        for index, (interval, text) in enumerate(zip(intervals, texts, strict=True), start=1):
            quoted = text.replace('"', '""')
            yield f"        intervals [{index}]:\n            xmin = {interval.start}\n"
            yield f'            xmax = {interval.end}\n            text = "{quoted}"\n'


def _intervals(recognition: Recognition) -> Iterator[_Interval]:
    """Yield intervals without gaps and of some length, as Praat requires."""
    # Whole microseconds, so that the end of one interval and the start of the next are the same text.
    # Praat refuses a recording without length, which live recognition returns if no sound came.
    position, end = 0, max(_microseconds(recognition.duration_s), 1)
    for segment in recognition.segments:
        start, stop = (min(_microseconds(time_s), end) for time_s in (segment.start_s, segment.end_s))
        if start > position:
            yield _Interval(_seconds(position), _seconds(start), _NO_SPEECH)
            position = start
        if stop > position:
            numbers = (f"{value:g}" for value in (segment.confidence, segment.arousal, segment.valence))
            yield _Interval(_seconds(position), _seconds(stop), (emotion_name(segment), *numbers))
            position = stop
    if position < end:
        yield _Interval(_seconds(position), _seconds(end), _NO_SPEECH)


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _seconds(microseconds: int) -> str:
    whole, fraction = divmod(microseconds, 1_000_000)
    return f"{whole}.{fraction:06}".rstrip("0").rstrip(".")

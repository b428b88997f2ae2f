"""Audacity's label track and Praat's TextGrid: the emotions as labels in audio editors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from affetto.exports.text import emotion_name, has_turns, one_line, speakers_of, spoken_caption

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from affetto.recognition.result import Recognition, Segment


_TIERS = ("emotion", "confidence", "arousal", "valence")


class _Interval(NamedTuple):
    start: str
    end: str
    texts: tuple[str, ...]
    """One for each tier."""


def audacity(recognition: Recognition) -> Iterator[str]:
    """Yield a label track (https://manual.audacityteam.org/man/importing_and_exporting_labels.html)."""
    for segment in recognition.segments:
        yield f"{segment.start_s:.6f}\t{segment.end_s:.6f}\t{spoken_caption(segment)}\n"


def text_grid(recognition: Recognition) -> Iterator[str]:
    """Yield a TextGrid in the long format (https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html).

    Its tiers are "emotion", "confidence", "arousal" and "valence", and "text" with turns; each speaker has tiers of
    its own, such as "emotion (Anna)", as speakers may overlap. Their intervals cover the whole recording; the text of
    those without speech is empty.
    """
    names = (*_TIERS, "text") if has_turns(recognition) else _TIERS
    # Praat refuses a recording without length, which live recognition returns if no sound came.
    end = max(_microseconds(recognition.duration_s), 1)
    speakers = speakers_of(recognition) or [None]
    yield 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n'
    yield f"xmin = 0\nxmax = {_seconds(end)}\ntiers? <exists>\nsize = {len(names) * len(speakers)}\nitem []:\n"
    item = 0
    for speaker in speakers:
        intervals = list(_intervals((s for s in recognition.segments if s.speaker == speaker), end, n_tiers=len(names)))
        for tier, name in enumerate(names):
            item += 1
            of_speaker = name if speaker is None else f"{name} ({one_line(speaker)})"
            yield f'    item [{item}]:\n        class = "IntervalTier"\n        name = "{_quoted(of_speaker)}"\n'
            yield f"        xmin = 0\n        xmax = {_seconds(end)}\n        intervals: size = {len(intervals)}\n"
            for index, interval in enumerate(intervals, start=1):
                yield f"        intervals [{index}]:\n            xmin = {interval.start}\n"
                yield f'            xmax = {interval.end}\n            text = "{_quoted(interval.texts[tier])}"\n'


def _intervals(segments: Iterable[Segment], end: int, *, n_tiers: int) -> Iterator[_Interval]:
    """Yield intervals without gaps and of some length, as Praat requires, up to an end in microseconds."""
    # Whole microseconds, so that the end of one interval and the start of the next are the same text.
    position, nothing = 0, ("",) * n_tiers
    for segment in segments:
        start, stop = (min(_microseconds(time_s), end) for time_s in (segment.start_s, segment.end_s))
        if start > position:
            yield _Interval(_seconds(position), _seconds(start), nothing)
            position = start
        if stop > position:
            yield _Interval(_seconds(position), _seconds(stop), _texts(segment)[:n_tiers])
            position = stop
    if position < end:
        yield _Interval(_seconds(position), _seconds(end), nothing)


def _texts(segment: Segment) -> tuple[str, ...]:
    """Return what a segment has in each tier."""
    numbers = (segment.confidence, segment.arousal, segment.valence)
    emotion = "" if segment.emotion is None else emotion_name(segment)
    return (emotion, *("" if n is None else f"{n:g}" for n in numbers), one_line(segment.text or ""))


def _quoted(text: str) -> str:
    return text.replace('"', '""')


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)


def _seconds(microseconds: int) -> str:
    whole, fraction = divmod(microseconds, 1_000_000)
    return f"{whole}.{fraction:06}".rstrip("0").rstrip(".")

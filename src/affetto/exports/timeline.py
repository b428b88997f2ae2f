"""A result drawn in the terminal."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from rich.cells import cell_len
from rich.padding import Padding
from rich.segment import Segment as Line
from rich.style import Style
from rich.table import Table
from rich.text import Text

from affetto.exports.colours import colour, ink
from affetto.exports.text import (
    acoustics_line,
    adaptation,
    caption,
    clock,
    dimensions,
    emotion_name,
    one_line,
    second_best,
    speakers_of,
    ticks,
    title,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

    from affetto.recognition.result import Recognition, Segment

_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
_CONFIDENCE_WIDTH = 20
_SPEAKER_WIDTH = 20
_TICK_WIDTH = 12
_WIDTH_FOR_BAR = 60
_WIDTH_FOR_SECOND = 80
WIDTH_FOR_DIMENSIONS = 100
"""The width of a terminal, in columns, from which each segment's arousal and valence are shown."""


class Timeline:
    """A rich renderable: a bar of emotions over time for each speaker, and a line for each segment.

    It is as wide as the terminal. Without colours, each emotion fills its part of the bar with its letter. Uncertain
    parts are shaded.

    Parameters
    ----------
    recognition : Recognition
    """

    def __init__(self, recognition: Recognition) -> None:
        self.recognition = recognition

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        recognition, width = self.recognition, options.max_width
        letters = _letters(recognition)
        yield Text.assemble(
            (title(recognition), "bold"),
            f"  {clock(recognition.duration_s, decimals=1)}  ",
            (caption(recognition), text_style(recognition.emotion)),
            (f"  {adaptation(recognition)}" if recognition.adapted_to else "", "dim"),
        )
        for line in filter(None, (dimensions(recognition), one_line(recognition.reason or ""))):
            yield Text(line, "dim")
        plain = console.color_system is None or console.no_color
        for speaker in speakers_of(recognition) or [None]:
            if speaker is not None:
                yield Text(one_line(speaker), "bold", no_wrap=True, overflow="ellipsis")
            segments = [segment for segment in recognition.segments if segment.speaker == speaker]
            yield _bar(segments, recognition.duration_s, letters, width=width, plain=plain)
        yield _axis(recognition.duration_s, width=width)
        if letters:
            yield _shares(recognition, letters)
        yield from _lines(recognition, console, options)


def _letters(recognition: Recognition) -> dict[str, str]:
    """Return for each emotion that occurs the first letter of its name that is still free."""
    letters: dict[str, str] = {}
    occurring = dict.fromkeys(s.emotion for s in recognition.segments if s.emotion is not None)
    # Of all labels, so that a letter means the same in every recording.
    for label in dict.fromkeys([label for s in recognition.segments for label in s.probabilities] + list(occurring)):
        free = (c for c in label.lower() if c.isalpha() and cell_len(c) == 1 and c not in letters.values())
        letters[label] = next(free, "?")
    return {label: letter for label, letter in letters.items() if label in occurring}


def _bar(
    segments: Sequence[Segment], duration_s: float, letters: Mapping[str, str], *, width: int, plain: bool
) -> Text:
    bar = Text(no_wrap=True, overflow="crop")
    for column, columns in groupby(_columns(segments, duration_s, list(letters), width=width)):
        size = len(list(columns))
        if column is None:
            bar.append("·" * size, "dim")
            continue
        emotion, uncertain = column
        name = f" {one_line(emotion)}{'?' if uncertain else ''} "
        # Two letters more, to separate neighbours without colours.
        label = name if cell_len(name) + 2 <= size else letters[emotion]
        left = (size - cell_len(label)) // 2
        right = size - cell_len(label) - left
        fill = "░" if uncertain else letters[emotion] if plain else " "
        bar.append(fill * left + label + fill * right, text_style(emotion) if uncertain else _block_style(emotion))
    return bar


def _columns(
    segments: Sequence[Segment], duration_s: float, emotions: list[str], *, width: int
) -> list[tuple[str, bool] | None]:
    """Return the longest emotion of each column, and whether most of it is uncertain; None without speech."""
    edges = np.linspace(0, duration_s, width + 1)
    times_s, uncertain_s = np.zeros((2, len(emotions), width))
    for segment in segments:
        if segment.emotion is None:
            continue
        overlap = np.minimum(segment.end_s, edges[1:]) - np.maximum(segment.start_s, edges[:-1])
        overlap = np.maximum(overlap, 0)
        times_s[emotions.index(segment.emotion)] += overlap
        if segment.status == "uncertain":
            uncertain_s[emotions.index(segment.emotion)] += overlap
    if not times_s.any():
        return [None] * width
    best = times_s.argmax(axis=0)
    return [
        (emotions[i], bool(2 * uncertain_s[i, column] > times_s[i, column])) if times_s[i, column] > 0 else None
        for column, i in enumerate(best)
    ]


def _axis(duration_s: float, *, width: int) -> Text:
    axis = ""
    for time_s, name in ticks(duration_s, most=max(width // _TICK_WIDTH, 1)):
        mark = f"╵{name}"
        column = int(time_s / duration_s * width) if time_s else 0
        if column + len(mark) <= width:
            axis = axis.ljust(column) + mark
    return Text(axis, "dim", no_wrap=True, overflow="crop")


def _shares(recognition: Recognition, letters: Mapping[str, str]) -> Text:
    """Return the legend: each emotion with its letter, its colour, and its share of the speech."""
    times_s = dict.fromkeys(letters, 0.0)
    for segment in recognition.segments:
        if segment.emotion is not None:
            times_s[segment.emotion] += segment.end_s - segment.start_s
    total = sum(times_s.values()) or 1.0
    shares = Text()
    for emotion, time_s in sorted(times_s.items(), key=lambda item: -item[1]):
        shares.append(f" {letters[emotion]} ", _block_style(emotion))
        shares.append(f" {one_line(emotion)} {time_s / total:.0%}   ")
    return shares


def _lines(recognition: Recognition, console: Console, options: ConsoleOptions) -> RenderResult:
    """Yield a line for each segment, and its text, reason and acoustic measures below it."""
    lines = console.render_lines(_table(recognition, width=options.max_width), options, pad=False)
    # A table without segments still has one empty line.
    for segment, line in zip(recognition.segments, lines, strict=False):
        yield from line
        yield Line.line()
        details = (one_line(segment.text or ""), ""), (one_line(segment.reason or ""), "dim")
        for detail, style in (*details, (acoustics_line(segment), "dim")):
            if detail:
                yield Padding(Text(detail, style), (0, 0, 0, 2))


def _table(recognition: Recognition, *, width: int) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    # In a narrow terminal the last columns are left out.
    columns = 4 + sum(width >= least for least in (_WIDTH_FOR_BAR, _WIDTH_FOR_SECOND, WIDTH_FOR_DIMENSIONS))
    for is_number in (True, True, False, True, False, False, False)[:columns]:
        table.add_column(no_wrap=True, justify="right" if is_number else "left")
    has_speakers = any(segment.speaker for segment in recognition.segments)
    if has_speakers:
        table.add_column(no_wrap=True, max_width=_SPEAKER_WIDTH)
    for segment in recognition.segments:
        cells = (
            clock(segment.start_s, decimals=1),
            clock(segment.end_s, decimals=1),
            Text(emotion_name(segment), text_style(segment.emotion)),
            "" if segment.confidence is None else f"{segment.confidence:.0%}",
            Text(confidence_bar(segment), text_style(segment.emotion)),
            Text(second_best(segment), "dim"),
            Text(dimensions(segment), "dim"),
        )
        speaker = Text(one_line(segment.speaker or ""), overflow="ellipsis")
        table.add_row(*cells[:columns], *([speaker] if has_speakers else []))
    return table


def confidence_bar(segment: Segment) -> str:
    """Return a segment's confidence as a bar of constant width."""
    full, eighths = divmod(round((segment.confidence or 0.0) * _CONFIDENCE_WIDTH * 8), 8)
    return ("█" * full + _EIGHTHS[eighths]).ljust(_CONFIDENCE_WIDTH, " ")


def text_style(emotion: str | None) -> Style:
    """Return the style of an emotion's name: bold in its colour, dim without speech."""
    return Style(dim=True) if emotion is None else Style(color=colour(emotion), bold=True)


def _block_style(emotion: str) -> Style:
    return Style(color=ink(colour(emotion)), bgcolor=colour(emotion), bold=True)

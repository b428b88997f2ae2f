"""A recognition drawn in the terminal."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.padding import Padding
from rich.segment import Segment as Line
from rich.style import Style
from rich.table import Table
from rich.text import Text

from affetto.exports.colours import colour, ink
from affetto.exports.text import adaptation, caption, clock, dimensions, emotion_name, one_line, ticks, title, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console, ConsoleOptions, RenderResult

    from affetto.recognition.result import Recognition, Segment

_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
_CONFIDENCE_WIDTH = 20
_TICK_WIDTH = 12
_WIDTH_FOR_BAR = 60
_WIDTH_FOR_NEXT = 80
WIDTH_FOR_DIMENSIONS = 100
"""Columns of a terminal in which each segment's arousal and valence have room."""


class Timeline:
    """A recognition as rich draws it: a bar of emotions over time, and a line for each segment.

    It is as wide as the terminal. Where there are no colours, each emotion fills its part of the bar with its letter. A
    part in which it is uncertain is only shaded.

    Parameters
    ----------
    recognition : Recognition
        What to draw.
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
        if said := dimensions(recognition):
            yield Text(said, "dim")
        if recognition.reason is not None:
            yield Text(one_line(recognition.reason), "dim")
        yield _bar(recognition, letters, width=width, plain=console.color_system is None or console.no_color)
        yield _axis(recognition.duration_s, width=width)
        if letters:
            yield _shares(recognition, letters)
        yield from _lines(recognition, console, options)


def _letters(recognition: Recognition) -> dict[str, str]:
    """Choose for each emotion that occurs the first letter of its name that no emotion before it has."""
    letters: dict[str, str] = {}
    heard = dict.fromkeys(segment.emotion for segment in recognition.segments)
    # All of the model's emotions, so that a letter means the same in every recording.
    for label in dict.fromkeys([label for s in recognition.segments for label in s.probabilities] + list(heard)):
        free = (c for c in label.lower() if c.isalpha() and cell_len(c) == 1 and c not in letters.values())
        letters[label] = next(free, "?")
    return {label: letter for label, letter in letters.items() if label in heard}


def _bar(recognition: Recognition, letters: Mapping[str, str], *, width: int, plain: bool) -> Text:
    bar = Text(no_wrap=True, overflow="crop")
    for heard_there, columns in groupby(_columns(recognition, width=width)):
        size = len(list(columns))
        if heard_there is None:
            bar.append("·" * size, "dim")
            continue
        emotion, uncertain = heard_there
        name = f" {one_line(emotion)}{'?' if uncertain else ''} "
        # Two letters more, so that neighbours stay apart where there are no colours.
        label = name if cell_len(name) + 2 <= size else letters[emotion]
        left = (size - cell_len(label)) // 2
        right = size - cell_len(label) - left
        fill = "░" if uncertain else letters[emotion] if plain else " "
        bar.append(fill * left + label + fill * right, text_style(emotion) if uncertain else _block_style(emotion))
    return bar


def _columns(recognition: Recognition, *, width: int) -> list[tuple[str, bool] | None]:
    """Return for each column the emotion that is heard longest in its time, and whether it is mostly uncertain there.

    None where nothing is heard.
    """
    times: list[dict[str, float]] = [{} for _ in range(width)]
    uncertain: list[dict[str, float]] = [{} for _ in range(width)]
    per_column = recognition.duration_s / width
    for segment in recognition.segments:
        first, last = (min(int(time_s / per_column), width - 1) for time_s in (segment.start_s, segment.end_s))
        for column in range(first, last + 1):
            overlap = min(segment.end_s, (column + 1) * per_column) - max(segment.start_s, column * per_column)
            if overlap > 0:
                for counted in (times, uncertain) if segment.status == "uncertain" else (times,):
                    counted[column][segment.emotion] = counted[column].get(segment.emotion, 0.0) + overlap
    longest = [max(by_emotion, key=by_emotion.__getitem__, default=None) for by_emotion in times]
    return [
        None if emotion is None else (emotion, 2 * uncertain[column].get(emotion, 0.0) > times[column][emotion])
        for column, emotion in enumerate(longest)
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
    """Name each emotion with its letter, its colour, and its share of the speech."""
    times = dict.fromkeys(letters, 0.0)
    for segment in recognition.segments:
        times[segment.emotion] += segment.end_s - segment.start_s
    total = sum(times.values()) or 1.0
    shares = Text()
    for emotion, time_s in sorted(times.items(), key=lambda item: -item[1]):
        shares.append(f" {letters[emotion]} ", _block_style(emotion))
        shares.append(f" {one_line(emotion)} {time_s / total:.0%}   ")
    return shares


def _lines(recognition: Recognition, console: Console, options: ConsoleOptions) -> RenderResult:
    """Yield a line for each segment, and beneath it the words of its acoustics."""
    lines = console.render_lines(_table(recognition, width=options.max_width), options, pad=False)
    # A table without segments still has one empty line.
    for segment, line in zip(recognition.segments, lines, strict=False):
        yield from line
        yield Line.line()
        if acoustics := words(segment):
            yield Padding(Text(acoustics, "dim"), (0, 0, 0, 2))


def _table(recognition: Recognition, *, width: int) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    # Where all would be cut, what matters less gives way.
    columns = 4 + sum(width >= least for least in (_WIDTH_FOR_BAR, _WIDTH_FOR_NEXT, WIDTH_FOR_DIMENSIONS))
    for is_number in (True, True, False, True, False, False, False)[:columns]:
        table.add_column(no_wrap=True, justify="right" if is_number else "left")
    for segment in recognition.segments:
        second = sorted(segment.probabilities.items(), key=lambda item: -item[1])[1:2]
        cells = (
            clock(segment.start_s, decimals=1),
            clock(segment.end_s, decimals=1),
            Text(emotion_name(segment), text_style(segment.emotion)),
            f"{segment.confidence:.0%}",
            Text(confidence_bar(segment), text_style(segment.emotion)),
            Text(", ".join(f"{one_line(label)} {p:.0%}" for label, p in second), "dim"),
            Text(dimensions(segment), "dim"),
        )
        table.add_row(*cells[:columns])
    return table


def confidence_bar(segment: Segment) -> str:
    """Draw a segment's confidence as a bar, filled up with spaces to its full width."""
    full, eighths = divmod(round(segment.confidence * _CONFIDENCE_WIDTH * 8), 8)
    return ("█" * full + _EIGHTHS[eighths]).ljust(_CONFIDENCE_WIDTH, " ")


def text_style(emotion: str | None) -> Style:
    """Return how an emotion's name is written: bold in its colour, pale where there is none."""
    return Style(dim=True) if emotion is None else Style(color=colour(emotion), bold=True)


def _block_style(emotion: str) -> Style:
    return Style(color=ink(colour(emotion)), bgcolor=colour(emotion), bold=True)

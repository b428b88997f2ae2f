"""A result as a picture: waveform, segments, probabilities, arousal and valence over time."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto._extras import require_extra
from affetto._files import require_writable, write_bytes
from affetto.errors import ParameterError
from affetto.exports.colours import colour, ink
from affetto.exports.text import adaptation, caption, clock, emotion_name, one_line, speakers_of, ticks, title
from affetto.recognition.rows import labels_of
from affetto.speech import open_stream

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from affetto.recognition.result import Recognition, Segment
    from affetto.speech import Source

    _Heights = NDArray[np.floating]
    _Colours = str | list[tuple[str, float]]

_SIZE_INCHES, _DPI = (12.0, 7.2), 150
_COLUMNS = 1_500
_MOST_WITH_EDGES = 60
_MOST_LANES = 6
_LONGEST_TITLE = 70
_LONGEST_NAME = 16
_INK, _FAINT, _BACKGROUND = "#2b2d42", "#7a8194", "#f5f6f8"
_DIMENSIONS: Mapping[str, dict[str, Any]] = {
    "arousal": {"color": _INK, "linewidth": 2.0},
    "valence": {"color": _FAINT, "linewidth": 2.0, "linestyle": (0, (1.5, 0.75))},
}


def plot(recognition: Recognition, source: Source, path: str | os.PathLike[str]) -> None:
    """Draw a result as a PNG image: waveform, segments, probabilities, arousal and valence over time.

    Parameters
    ----------
    recognition : Recognition
    source : path, bytes, binary file object, (samples, sample rate), or Waveform
        The recording of the result.
    path : path
        The image, whose name ends in ".png"; an existing file is replaced.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    ParameterError
        If the path does not end in ".png", is the recording, or cannot be written.
    AudioError
        If the recording cannot be read.
    """
    require_drawable(path, sources=[source, recognition.source])
    write_bytes(path, _png(recognition, _envelope(recognition, source)))


def require_drawable(path: str | os.PathLike[str], *, sources: Iterable[object]) -> None:
    """Check that `plot` can write an image, before anything is recognized.

    Parameters
    ----------
    path : path
        The image.
    sources : iterable
        The recordings, which must not be overwritten.

    Raises
    ------
    MissingExtraError, ParameterError
        As `plot`.
    """
    require_extra("plot", purpose="the picture")
    if Path(path).suffix.lower() != ".png":
        raise ParameterError(f"{path} does not end in .png; the picture is a PNG image, name it so")
    require_writable(path, sources=sources)


def _envelope(recognition: Recognition, source: Source) -> NDArray[np.float32]:
    """Return the smallest and largest sample of each column, shape (2, n_columns)."""
    with open_stream(source, channels=recognition.channel or "mix", track=recognition.track) as stream:
        n_samples = max(recognition.duration_s * stream.sample_rate_hz, 1)
        columns = min(_COLUMNS, round(n_samples))
        extremes = np.zeros((2, columns), np.float32)
        position = 0
        for block in stream:
            samples = position + np.arange(len(block))
            column = np.minimum((samples * (columns / n_samples)).astype(np.intp), columns - 1)
            np.minimum.at(extremes[0], column, block)
            np.maximum.at(extremes[1], column, block)
            position += len(block)
    return extremes


def _png(recognition: Recognition, envelope: NDArray[np.float32]) -> bytes:
    # Not pyplot, which keeps global state and looks for a display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE_INCHES, layout="constrained", facecolor="white")
    canvas = FigureCanvasAgg(figure)
    lanes = min(len(speakers_of(recognition)) or 1, _MOST_LANES)
    rows = figure.subplots(4, sharex=True, height_ratios=(3, 0.2 + 0.35 * lanes, 2.4, 1.2))
    labels = labels_of([recognition])
    _draw_waveform(rows[0], recognition, envelope)
    _draw_segments(rows[1], recognition)
    _draw_probabilities(rows[2], recognition.segments, labels)
    _draw_dimensions(rows[3], recognition.segments)
    for axes in rows:
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0, colors=_FAINT, labelsize=9)
    rows[3].set_xlim(0, recognition.duration_s)
    rows[3].set_xticks(*zip(*ticks(recognition.duration_s, most=12), strict=True))
    rows[3].tick_params(axis="x", length=3, color=_FAINT)
    _draw_title(rows[0], recognition)
    _draw_legend(figure, labels)
    image = io.BytesIO()
    with warnings.catch_warnings():
        # The font has no emoji; the title then shows a box.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        canvas.print_figure(image, format="png", dpi=_DPI)
    return image.getvalue()


def _draw_title(axes: Axes, recognition: Recognition) -> None:
    name = title(recognition)
    name = _shortened(name, _LONGEST_TITLE)
    facts = [caption(recognition), clock(recognition.duration_s, decimals=1), one_line(recognition.model.name)]
    about = "  ·  ".join([*facts, *filter(None, [adaptation(recognition)])])
    if recognition.reason is not None:
        name, about = f"{name}\n", f"{about}\n{one_line(recognition.reason)}"
    axes.set_title(name, loc="left", fontsize=13, weight="bold", color=_INK, parse_math=False)
    axes.set_title(about, loc="right", fontsize=11, color=_FAINT, parse_math=False)


def _shortened(name: str, longest: int) -> str:
    """Return a name without its beginning if it is too long: the end distinguishes recordings."""
    return name if len(name) <= longest else "…" + name[1 - longest :]


def _draw_legend(figure: Figure, labels: Sequence[str]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        *(Patch(color=colour(label), label=one_line(label)) for label in labels),
        *(Line2D([], [], **style, label=name) for name, style in _DIMENSIONS.items()),
    ]
    style: dict[str, Any] = {"fontsize": 10, "labelcolor": _INK, "handlelength": 1, "handleheight": 1}
    legend = figure.legend(handles=handles, loc="outside lower center", ncols=10, frameon=False, **style)
    for text in legend.get_texts():
        text.set_parse_math(False)


def _draw_waveform(axes: Axes, recognition: Recognition, envelope: NDArray[np.float32]) -> None:
    """Draw the smallest and largest sample of each column, in the colour of its emotion."""
    low, high = envelope
    times_s = (np.arange(len(low)) + 0.5) / len(low) * recognition.duration_s
    colours = np.full(len(low), colour(None))
    for segment in recognition.segments:
        colours[(times_s >= segment.start_s) & (times_s < segment.end_s)] = colour(segment.emotion)
    peak = max(float(high.max()), -float(low.min())) or 1.0
    line = 0.004 * peak  # so that silence is visible
    low, high = np.minimum(low, -line), np.maximum(high, line)
    axes.vlines(times_s, low, high, colors=colours.tolist(), lw=0.8, antialiased=False)
    axes.set_ylim(-1.05 * peak, 1.05 * peak)
    axes.set_yticks([])


def _draw_segments(axes: Axes, recognition: Recognition) -> None:
    """Draw each segment as a block, pale if it is uncertain, with the emotion's name if it fits; a lane a speaker."""
    segments = recognition.segments
    lanes = {speaker: -number for number, speaker in enumerate(speakers_of(recognition) or [None])}
    axes.set_ylim(1 - len(lanes), 1)
    names = [_shortened(one_line(speaker), _LONGEST_NAME) if speaker else "" for speaker in lanes]
    axes.set_yticks([lane + 0.5 for lane in lanes.values()] if any(names) else [], names if any(names) else [])
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    bottom = np.array([float(lanes[segment.speaker]) for segment in segments])
    colours = [(colour(s.emotion), 1.0 if s.status == "ok" else 0.35) for s in segments]
    _draw_blocks(axes, segments, bottom, bottom + 1, colours)
    if len(lanes) > _MOST_LANES:  # too narrow for names
        return
    letter_s = 0.009 * recognition.duration_s
    for segment in segments:
        name = emotion_name(segment)
        shown_s = min(segment.end_s, recognition.duration_s) - segment.start_s
        if shown_s > letter_s * (len(name) + 1):
            ink_colour = ink(colour(segment.emotion)) if segment.status == "ok" else _INK
            style: dict[str, Any] = {"color": ink_colour, "fontsize": 9, "ha": "center", "va": "center"}
            middle = lanes[segment.speaker] + 0.47
            axes.text(segment.start_s + shown_s / 2, middle, name, parse_math=False, **style)


def _draw_probabilities(axes: Axes, segments: Sequence[Segment], labels: Sequence[str]) -> None:
    """Draw the probabilities of each segment, stacked."""
    bottom = np.zeros(len(segments))
    for label in labels:
        top = bottom + [segment.probabilities.get(label, 0.0) for segment in segments]
        _draw_blocks(axes, segments, bottom, top, colour(label))
        bottom = top
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    axes.set_facecolor(_BACKGROUND)


def _draw_dimensions(axes: Axes, segments: Sequence[Segment]) -> None:
    """Draw arousal and valence of each segment as lines between -1 and 1."""
    from matplotlib.collections import LineCollection

    for name, style in _DIMENSIONS.items():
        answered = [s for s in segments if getattr(s, name) is not None]
        lines = [[(s.start_s, getattr(s, name)), (s.end_s, getattr(s, name))] for s in answered]
        axes.add_collection(LineCollection(lines, **style))
    axes.axhline(0, color=_FAINT, linewidth=0.5)
    axes.set_ylim(-1.1, 1.1)
    axes.set_yticks([-1, 0, 1], ["-1", "0", "+1"])
    axes.set_facecolor(_BACKGROUND)


def _draw_blocks(axes: Axes, segments: Sequence[Segment], bottom: _Heights, top: _Heights, colours: _Colours) -> None:
    """Draw one rectangle for each segment, as one collection: an hour has thousands."""
    from matplotlib.collections import PolyCollection

    start, end = np.array([(s.start_s, s.end_s) for s in segments]).reshape(-1, 2).T
    corners = np.stack([np.stack([start, end, end, start], 1), np.stack([bottom, bottom, top, top], 1)], 2)
    # Edges separate neighbours, but would cover many small ones.
    edge = 0.5 if len(segments) <= _MOST_WITH_EDGES else 0.0
    axes.add_collection(PolyCollection(list(corners), facecolors=colours, edgecolors="white", linewidths=edge))

"""A recognition as a picture: waveform, segments, probabilities, arousal and valence over time."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto._extras import require_extra
from affetto._files import require_writable, write_bytes
from affetto.errors import ParameterError
from affetto.exports.colours import NOTHING, colour, ink
from affetto.exports.text import adaptation, caption, clock, heard, one_line, ticks, title
from affetto.recognition.rows import labels_of
from affetto.speech import open_stream

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from affetto.recognition.result import Recognition, Segment
    from affetto.speech import Source

_SIZE_INCHES = (12.0, 7.2)
_DPI = 150
_COLUMNS = 1_500
_MOST_WITH_EDGES = 60
_INK = "#2b2d42"
_FAINT = "#7a8194"
_DIMENSIONS: Mapping[str, dict[str, Any]] = {
    "arousal": {"color": _INK, "linewidth": 2.0},
    "valence": {"color": _FAINT, "linewidth": 2.0, "linestyle": (0, (1.5, 0.75))},
}


def plot(recognition: Recognition, source: Source, path: str | os.PathLike[str]) -> None:
    """Draw a recognition as a PNG image: waveform, segments, probabilities, arousal and valence over time.

    Parameters
    ----------
    recognition : Recognition
        What was recognized.
    source : path, bytes, binary file object, (samples, sample rate), or Waveform
        The same recording, whose sound is drawn.
    path : path
        The image, whose name ends in ".png"; one that exists is replaced.

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
    """Say what stands in the way of drawing into a file, before anything is recognized.

    Parameters
    ----------
    path : path
        The image.
    sources : iterable
        What is recognized; those that are paths are never written into.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    ParameterError
        If the path does not end in ".png", is one of the recordings, or cannot be written.
    """
    require_extra("plot")
    if Path(path).suffix.lower() != ".png":
        raise ParameterError(f"the picture is a PNG image and {path} is named otherwise; let its name end in .png")
    require_writable(path, sources=sources)


def _envelope(recognition: Recognition, source: Source) -> NDArray[np.float32]:
    """Return the least and the greatest sample of each column, shape (2, n_columns), in memory that does not grow."""
    with open_stream(source, channels=recognition.channel or "mix", track=recognition.track) as stream:
        columns = min(_COLUMNS, max(1, round(recognition.duration_s * stream.sample_rate_hz)))
        extremes = np.zeros((2, columns), np.float32)
        scale = columns / max(recognition.duration_s * stream.sample_rate_hz, 1)
        heard = 0
        for block in stream:
            column = np.minimum(((heard + np.arange(len(block))) * scale).astype(np.intp), columns - 1)
            np.minimum.at(extremes[0], column, block)
            np.maximum.at(extremes[1], column, block)
            heard += len(block)
    return extremes


def _png(recognition: Recognition, envelope: NDArray[np.float32]) -> bytes:
    # Figure and canvas by themselves: pyplot would keep global state and look for a display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    figure = Figure(figsize=_SIZE_INCHES, layout="constrained", facecolor="white")
    canvas = FigureCanvasAgg(figure)
    above, middle, lower, below = figure.subplots(4, sharex=True, height_ratios=(3, 0.55, 2.4, 1.2))
    _draw_waveform(above, recognition, envelope)
    _draw_segments(middle, recognition)
    labels = labels_of([recognition])
    _draw_probabilities(lower, recognition, labels)
    _draw_dimensions(below, recognition)
    for axes in (above, middle, lower, below):
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0, colors=_FAINT, labelsize=9)
    below.set_xlim(0, recognition.duration_s)
    times, names = zip(*ticks(recognition.duration_s, most=12), strict=True)
    below.set_xticks(times, names)
    below.tick_params(axis="x", length=3, color=_FAINT)
    name = _shortened(title(recognition))
    facts = [caption(recognition), clock(recognition.duration_s, decimals=1), one_line(recognition.model.name)]
    about = "  ·  ".join([*facts, *filter(None, [adaptation(recognition)])])
    if recognition.reason is not None:
        # It has a line of its own, above which there is nothing on the left either.
        name, about = f"{name}\n", f"{about}\n{one_line(recognition.reason)}"
    above.set_title(name, loc="left", fontsize=13, weight="bold", color=_INK, parse_math=False)
    above.set_title(
        about,
        loc="right",
        fontsize=11,
        color=_FAINT,
        parse_math=False,
    )
    legend = figure.legend(
        handles=[
            *(Patch(color=colour(label), label=one_line(label)) for label in labels),
            *(Line2D([], [], **look, label=name) for name, look in _DIMENSIONS.items()),
        ],
        loc="outside lower center",
        ncols=10,
        frameon=False,
        fontsize=10,
        labelcolor=_INK,
        handlelength=1,
        handleheight=1,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    image = io.BytesIO()
    with warnings.catch_warnings():
        # The font knows no emoji; a box in the title is nothing to warn of.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        canvas.print_figure(image, format="png", dpi=_DPI)
    return image.getvalue()


def _draw_waveform(axes: Axes, recognition: Recognition, envelope: NDArray[np.float32]) -> None:
    """Draw the least and the greatest sample of each column, in the colour of the emotion that is heard there."""
    low, high = envelope
    times_s = (np.arange(len(low)) + 0.5) / len(low) * recognition.duration_s
    colours = np.full(len(low), NOTHING)
    for segment, _ in heard(recognition):
        colours[(times_s >= segment.start_s) & (times_s < segment.end_s)] = colour(segment.emotion)
    peak = max(float(high.max()), -float(low.min())) or 1.0
    # Silence is a line, not nothing.
    thin = 0.004 * peak
    axes.vlines(
        times_s, np.minimum(low, -thin), np.maximum(high, thin), colors=colours.tolist(), lw=0.8, antialiased=False
    )
    axes.set_ylim(-1.05 * peak, 1.05 * peak)
    axes.set_yticks([])


def _draw_segments(axes: Axes, recognition: Recognition) -> None:
    """Draw each segment as a block with the emotion's name, where there is room for it; the uncertain are pale."""
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    segments = [segment for segment, _ in heard(recognition)]
    colours = [(colour(s.emotion), 1.0 if s.status == "ok" else 0.35) for s in segments]
    _draw_blocks(axes, segments, np.zeros(len(segments)), np.ones(len(segments)), colours)
    letter_s = 0.009 * recognition.duration_s
    for segment, name in heard(recognition):
        if segment.end_s - segment.start_s > letter_s * (len(name) + 1):
            axes.text(
                (segment.start_s + segment.end_s) / 2,
                0.47,
                name,
                color=ink(colour(segment.emotion)) if segment.status == "ok" else _INK,
                fontsize=9,
                ha="center",
                va="center",
                parse_math=False,
            )


def _draw_probabilities(axes: Axes, recognition: Recognition, labels: Sequence[str]) -> None:
    """Draw the probabilities of each segment, one upon the other."""
    segments = [segment for segment, _ in heard(recognition)]
    bottom = np.zeros(len(segments))
    for label in labels:
        top = bottom + [segment.probabilities.get(label, 0.0) for segment in segments]
        _draw_blocks(axes, segments, bottom, top, colour(label))
        bottom = top
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    axes.set_facecolor("#f5f6f8")


def _draw_dimensions(axes: Axes, recognition: Recognition) -> None:
    """Draw arousal and valence of each segment as lines between -1 and 1."""
    from matplotlib.collections import LineCollection

    segments = recognition.segments
    for name, look in _DIMENSIONS.items():
        lines = [[(s.start_s, getattr(s, name)), (s.end_s, getattr(s, name))] for s in segments]
        axes.add_collection(LineCollection(lines, **look))
    axes.axhline(0, color=_FAINT, linewidth=0.5)
    axes.set_ylim(-1.1, 1.1)
    axes.set_yticks([-1, 0, 1], ["-1", "0", "+1"])
    axes.set_facecolor("#f5f6f8")


def _draw_blocks(
    axes: Axes,
    segments: Sequence[Segment],
    bottom: NDArray[np.floating],
    top: NDArray[np.floating],
    colours: str | list[tuple[str, float]],
) -> None:
    """Draw one rectangle for each segment, all at once: an hour has too many for one artist each."""
    from matplotlib.collections import PolyCollection

    start, end = np.array([(s.start_s, s.end_s) for s in segments]).reshape(-1, 2).T
    corners = np.stack([np.stack([start, end, end, start], 1), np.stack([bottom, bottom, top, top], 1)], 2)
    # Edges part neighbours; of many segments they would leave nothing to be seen.
    edge = 0.5 if len(segments) <= _MOST_WITH_EDGES else 0.0
    axes.add_collection(PolyCollection(list(corners), facecolors=colours, edgecolors="white", linewidths=edge))


def _shortened(name: str, *, longest: int = 70) -> str:
    """Return a name whose beginning gives way where it is too long: the end tells recordings apart."""
    return name if len(name) <= longest else "…" + name[1 - longest :]

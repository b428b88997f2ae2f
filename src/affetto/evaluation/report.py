"""Reports: what an evaluation leaves behind on disk and shows in the terminal."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto.corpora.base import require_outside
from affetto.errors import ParameterError
from affetto.evaluation.metrics import Interval, Metrics, Scores, measure

if TYPE_CHECKING:
    import os

    from rich.table import Table

    from affetto.evaluation.predictions import Predictions
    from affetto.evaluation.protocols import Protocol

LEAK = "speakers leak"
"""Stands beside every figure of a protocol that leaks speakers."""


def percent(value: float, interval: Interval | None = None, *, leaks_speakers: bool) -> str:
    """Write a fraction in percent, with its interval and, where speakers leak, with that.

    Examples
    --------
    >>> percent(0.6234, Interval(0.591, 0.655), leaks_speakers=True)
    '62.3 (59.1–65.5), speakers leak'
    """
    text = f"{100 * value:.1f}"
    if interval is not None:
        text += f" ({100 * interval.low:.1f}–{100 * interval.high:.1f})"
    return f"{text}, {LEAK}" if leaks_speakers else text


def prepare_folder(folder: str | os.PathLike[str], *, dataset: str | os.PathLike[str]) -> None:
    """Make the folder of a report; called before hours of fitting, it tells early what cannot be written.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    dataset : path
        The corpus's folder, or its table in that folder; nothing is ever written in there.

    Raises
    ------
    ParameterError
        If the folder is inside the dataset or cannot be made.
    """
    folder = Path(folder)
    require_outside(folder, dataset)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(f"the report folder {folder} cannot be made: {error}") from error


def write_report(
    predictions: Predictions,
    folder: str | os.PathLike[str],
    *,
    system: str,
    protocol: Protocol,
    dataset: str | os.PathLike[str],
) -> Metrics:
    """Write `predictions.csv`, `metrics.json` and `confusion.png` into a folder.

    Parameters
    ----------
    predictions : Predictions
        What the system said.
    folder : path
        Where to write; made if it does not exist, never inside the dataset.
    system : str
        What was evaluated, for example "mlp".
    protocol : Protocol
        How.
    dataset : path
        The corpus's folder or table.

    Returns
    -------
    Metrics
        The figures that were written.

    Raises
    ------
    ParameterError
        If the folder is inside the dataset or cannot be written.
    """
    folder = Path(folder)
    prepare_folder(folder, dataset=dataset)
    metrics = measure(predictions)
    content = {
        "system": system,
        "protocol": protocol.name,
        "speakers_leak": protocol.leaks_speakers,
        **({"warning": f"{LEAK}: every figure here flatters"} if protocol.leaks_speakers else {}),
        "folds": np.unique(predictions.fold).tolist(),
        **_as_json(metrics),
    }
    title = f"{system}, {protocol.name}: UAR {100 * metrics.uar:.1f} %{f', {LEAK}' if protocol.leaks_speakers else ''}"
    try:
        predictions.to_csv(folder / "predictions.csv")
        (folder / "metrics.json").write_text(
            json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
            encoding="utf-8",
            newline="\n",
        )
        draw_confusion(metrics, folder / "confusion.png", title=title)
    except OSError as error:
        raise ParameterError(f"the report cannot be written into {folder}: {error}") from error
    return metrics


def draw_confusion(metrics: Metrics, path: str | os.PathLike[str], *, title: str) -> None:
    """Draw the confusion matrix as PNG: colour and percentage by row, the number of clips below.

    Parameters
    ----------
    metrics : Metrics
        Holds the counts and the labels.
    path : path
        The image to write.
    title : str
        Stands above it.
    """
    # Figure and canvas by themselves: pyplot would keep global state and look for a display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    counts = metrics.confusion
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 2.5 + 0.75 * len(metrics.labels)
    figure = Figure(figsize=(size, size), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)  # one hue from light to dark: safe for every kind of eye
    for row, column in np.ndindex(*counts.shape):
        axes.text(
            column,
            row,
            f"{100 * share[row, column]:.0f} %\n{counts[row, column]}",
            ha="center",
            va="center",
            color="white" if share[row, column] > 0.65 else "black",
            fontsize=9,
        )
    ticks = range(len(metrics.labels))
    axes.set_xticks(ticks, metrics.labels, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, metrics.labels)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(title, wrap=True)
    canvas.print_figure(path, format="png", dpi=120)


def metrics_table(metrics: Metrics, *, title: str, leaks_speakers: bool) -> Table:
    """Lay the figures out for a terminal.

    Parameters
    ----------
    metrics : Metrics
        From `measure` or `write_report`.
    title : str
        Stands above the table.
    leaks_speakers : bool
        The protocol's; says so beside every figure.

    Returns
    -------
    rich.table.Table
        To be printed by a `rich.console.Console`.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title))
    table.add_column("figure")
    table.add_column("% (95 % interval)", justify="right")
    table.add_column("clips", justify="right")

    def add(name: str, value: float, interval: Interval | None, clips: int) -> None:
        text = percent(value, interval, leaks_speakers=leaks_speakers)
        table.add_row(Text(name), Text(text), str(clips))

    add("UAR", metrics.uar, metrics.uar_interval, metrics.clips)
    add("accuracy", metrics.accuracy, metrics.accuracy_interval, metrics.clips)
    add("macro-F1", metrics.macro_f1, metrics.macro_f1_interval, metrics.clips)
    add("expected calibration error", metrics.expected_calibration_error, None, metrics.clips)
    table.add_section()
    clips_of = dict(zip(metrics.labels, metrics.confusion.sum(axis=1).tolist(), strict=True))
    for emotion, recall in metrics.recall.items():
        add(f"recall {emotion}", recall, None, clips_of[emotion])
    for trait, parts in (("gender", metrics.by_gender), ("intensity", metrics.by_intensity)):
        table.add_section()
        for value, scores in parts.items():
            add(f"UAR {trait} {value}", scores.uar, scores.uar_interval, scores.clips)
    return table


def _as_json(scores: Scores) -> dict[str, Any]:
    """Turn scores or metrics into what JSON knows."""
    content = asdict(scores)
    if isinstance(scores, Metrics):
        content["confusion"] = scores.confusion.tolist()
    return content

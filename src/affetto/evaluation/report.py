"""Reports: what an evaluation leaves behind on disk and shows in the terminal."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto._provenance import describe_run
from affetto.corpora.base import require_outside
from affetto.errors import ParameterError
from affetto.evaluation.calibration import measure_calibration
from affetto.evaluation.metrics import Metrics, Scores, measure_predictions

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from rich.table import Table

    from affetto.evaluation.calibration import CalibrationCurve
    from affetto.evaluation.predictions import Predictions
    from affetto.evaluation.protocols import Protocol
    from affetto.evaluation.resampling import Interval

LEAK = "speakers leak"
"""Stands beside every figure of a protocol that leaks speakers."""

PREDICTIONS_FILE, METRICS_FILE = "predictions.csv", "metrics.json"

RUN_FILE = "run.json"
"""How the report was made: command, commit, date, processor and versions."""

REPORT_FILES = (PREDICTIONS_FILE, METRICS_FILE, RUN_FILE, "confusion.png", "calibration.json", "reliability.png")
"""What `write_report` writes."""


def percent(value: float, interval: Interval | None = None, *, leaks_speakers: bool) -> str:
    """Write a fraction in percent, with its interval and, where speakers leak, with that.

    Examples
    --------
    >>> from affetto.evaluation import Interval
    >>> percent(0.6234, Interval(0.591, 0.655), leaks_speakers=True)
    '62.3 (59.1–65.5), speakers leak'
    """
    text = f"{100 * value:.1f}"
    if interval is not None:
        text += f" ({100 * interval.low:.1f}–{100 * interval.high:.1f})"
    return f"{text}, {LEAK}" if leaks_speakers else text


def prepare_folder(
    folder: str | os.PathLike[str],
    *,
    system: str,
    protocol: Protocol,
    folds: Sequence[int],
    dataset: str | os.PathLike[str],
    recipe: Mapping[str, Any] | None = None,
) -> None:
    """Make the folder of a report; called before hours of fitting, it tells early what cannot be written.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    system, protocol, dataset, recipe
        As in `write_report`.
    folds : sequence of int
        The numbers of the folds that are to be tested.

    Raises
    ------
    ParameterError
        If the folder is inside the dataset or cannot be made, or holds the report of something else, which would be
        lost: only one of the same system, protocol, folds and recipe is replaced.
    """
    require_folder(folder, _about(system, protocol, folds, recipe), datasets=[dataset])


def require_folder(
    folder: str | os.PathLike[str], about: Mapping[str, Any], *, datasets: Sequence[str | os.PathLike[str]]
) -> None:
    """Make the folder of a report, as `prepare_folder` does, for whatever the report says that it is of.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    about : mapping
        What the report's JSON begins with.
    datasets : sequence of path
        All corpora that are tested or trained on.

    Raises
    ------
    ParameterError
        As `prepare_folder`.
    """
    folder = Path(folder)
    for dataset in datasets:
        require_outside(folder, dataset)
    if held := [name for name in REPORT_FILES if (folder / name).exists()]:
        wanted = json.loads(json.dumps(about))  # as it was written
        try:
            found = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
            differing = [name for name, value in wanted.items() if found.get(name) != value]
        except (OSError, ValueError, AttributeError):
            raise ParameterError(
                f"{folder} holds {', '.join(held)}, and nothing that tells what they are of; name another folder"
            ) from None
        # Of another version it is the same report, made anew.
        if lost := set(differing) - {"affetto"}:
            what = ", ".join(name for name in wanted if name in lost)
            raise ParameterError(
                f"{folder} holds another report ({what} differ); name another folder, or remove what is there"
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(
            f"the report folder {folder} cannot be made: {error.strerror}; name another one"
        ) from error


def _about(system: str, protocol: Protocol, folds: Sequence[int], recipe: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what a report is of, as it stands in its files."""
    return {
        "system": system,
        "protocol": protocol.name,
        "speakers_leak": protocol.leaks_speakers,
        **({"warning": f"{LEAK}: every figure here flatters"} if protocol.leaks_speakers else {}),
        "folds": sorted(folds),
        **(recipe or {}),
    }


def write_report(
    predictions: Predictions,
    folder: str | os.PathLike[str],
    *,
    system: str,
    protocol: Protocol,
    dataset: str | os.PathLike[str],
    recipe: Mapping[str, Any] | None = None,
) -> Metrics:
    """Write predictions, metrics and calibration into a folder, each as numbers and the latter two as pictures.

    Parameters
    ----------
    predictions : Predictions
        What the system said.
    folder : path
        Where to write; made if it does not exist, never inside the dataset. An earlier report of the same is replaced.
    system : str
        What was evaluated, for example "mlp".
    protocol : Protocol
        How.
    dataset : path
        The corpus's folder or table.
    recipe : mapping, optional
        What else is to be known of how the figures were made, as JSON knows it.

    Returns
    -------
    Metrics
        The figures that were written.

    Raises
    ------
    ParameterError
        If the folder is inside the dataset, cannot be written, or holds another report.

    Notes
    -----
    The files are those of `REPORT_FILES`.
    """
    folder = Path(folder)
    folds = np.unique(predictions.fold).tolist()
    prepare_folder(folder, system=system, protocol=protocol, folds=folds, dataset=dataset, recipe=recipe)
    metrics = measure_predictions(predictions)
    calibration = measure_calibration(predictions)
    about = _about(system, protocol, folds, recipe)
    leak = f", {LEAK}" if protocol.leaks_speakers else ""
    uar, error = (f"{100 * value:.1f} %{leak}" for value in (metrics.uar, metrics.expected_calibration_error))
    try:
        predictions.to_csv(folder / PREDICTIONS_FILE)
        write_json(folder / RUN_FILE, describe_run())
        write_json(folder / METRICS_FILE, about | _as_json(metrics))
        draw_confusion(metrics, folder / "confusion.png", title=f"{system}, {protocol.name}: UAR {uar}")
        write_json(folder / "calibration.json", about | calibration.to_dict())
        title = f"{system}, {protocol.name}: expected calibration error {error}"
        draw_reliability(calibration, folder / "reliability.png", title=title)
    except OSError as reason:
        raise ParameterError(f"the report cannot be written into {folder}: {reason}") from reason
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
    counts = metrics.confusion
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 2.5 + 0.75 * len(metrics.labels)
    canvas = _canvas(size, size)
    axes = canvas.figure.add_subplot()
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


def draw_reliability(calibration: CalibrationCurve, path: str | os.PathLike[str], *, title: str) -> None:
    """Draw a reliability diagram as PNG: accuracy against confidence, and how many clips have which confidence.

    Parameters
    ----------
    calibration : CalibrationCurve
        From `measure_calibration`.
    path : path
        The image to write.
    title : str
        Stands above it.

    Notes
    -----
    Guo et al. 2017, "On calibration of modern neural networks", ICML, fig. 1; what lies between accuracy and mean
    confidence is the calibration error.
    """
    canvas = _canvas(6.0, 6.5)
    above, below = canvas.figure.subplots(2, sharex=True, height_ratios=(4, 1))
    for part in calibration.reliability:
        if part.confidence is None or part.accuracy is None:
            continue
        place = {"x": part.low, "width": part.high - part.low, "align": "edge", "linewidth": 0.8}
        above.bar(height=part.accuracy, color=_BLUE, edgecolor="white", **place)
        gap = abs(part.confidence - part.accuracy)
        bottom = min(part.confidence, part.accuracy)
        # Hatched too, so that it needs no eye for colours.
        above.bar(height=gap, bottom=bottom, color=_RED, alpha=0.6, edgecolor="white", hatch="//", **place)
        below.bar(height=part.clips, color=_BLUE, edgecolor="white", **place)
    above.plot([0, 1], [0, 1], color="black", linestyle="--", linewidth=1)
    above.set_xlim(0, 1)
    above.set_ylim(0, 1)
    above.set_ylabel("accuracy; hatched: its distance to mean confidence")
    above.set_title(title, wrap=True)
    below.set_xlabel("confidence")
    below.set_ylabel("clips")
    canvas.print_figure(path, format="png", dpi=120)


_BLUE, _RED = "#4878a8", "#c44e52"


def _canvas(width: float, height: float) -> FigureCanvasAgg:
    """Return the canvas of a new figure, of a size in inches."""
    # Figure and canvas by themselves: pyplot would keep global state and look for a display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    return FigureCanvasAgg(Figure(figsize=(width, height), layout="constrained"))


def metrics_table(metrics: Metrics, *, title: str, leaks_speakers: bool) -> Table:
    """Lay the figures out for a terminal.

    Parameters
    ----------
    metrics : Metrics
        From `measure_predictions` or `write_report`.
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


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a part of a report, the same bytes on every system."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def _as_json(scores: Scores) -> dict[str, Any]:
    """Turn scores or metrics into what JSON knows."""
    content = asdict(scores)
    if isinstance(scores, Metrics):
        content["confusion"] = scores.confusion.tolist()
    return content

"""Reports: the files that an evaluation writes into a folder."""

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
from affetto.evaluation.corpora import corpus_folds, untestable_emotions
from affetto.evaluation.corpora_metrics import measure_corpora
from affetto.evaluation.metrics import Metrics, measure_predictions
from affetto.evaluation.protocols import CORPORA
from affetto.evaluation.tables import LEAK

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Mapping, Sequence

    from affetto.corpora.base import Corpus
    from affetto.evaluation.calibration import CalibrationCurve
    from affetto.evaluation.corpora_metrics import CorporaMetrics
    from affetto.evaluation.predictions import CorporaPredictions, Predictions
    from affetto.evaluation.protocols import Protocol

PREDICTIONS_FILE, METRICS_FILE = "predictions.csv", "metrics.json"

RUN_FILE = "run.json"
"""How the report was made: command, commit, date, processor and versions."""

CORPORA_REPORT_FILES = (PREDICTIONS_FILE, METRICS_FILE, RUN_FILE)
"""The files of `write_corpora_report`."""

REPORT_FILES = (*CORPORA_REPORT_FILES, "confusion.png", "calibration.json", "reliability.png")
"""The files of `write_report`."""


def describe_evaluation(system: str, protocol: Protocol, folds: Collection[int], **recipe: object) -> dict[str, Any]:
    """Return the head of a report: the system's name, how it is tested, and `recipe`: how it was trained."""
    leak = {"warning": f"{LEAK}: every figure here flatters"} if protocol.leaks_speakers else {}
    return {
        "system": system,
        "protocol": protocol.name,
        "speakers_leak": protocol.leaks_speakers,
        **leak,
        "folds": sorted(folds),
        **recipe,
    }


def describe_corpora_evaluation(
    system: str, corpora: Sequence[Corpus], folds: Collection[int], **recipe: object
) -> dict[str, Any]:
    """Return the head of a report about left-out corpora; as `describe_evaluation`."""
    names = [corpus.name for corpus in corpora]
    return {"system": system, "protocol": CORPORA, "corpora": names, "folds": sorted(folds), **recipe}


def prepare_folder(
    folder: str | os.PathLike[str], about: Mapping[str, Any], *, datasets: Sequence[str | os.PathLike[str]] = ()
) -> None:
    """Make the folder of a report, and refuse a wrong one before hours of fitting.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    about : mapping
        The head of the report, from `describe_evaluation` or `describe_corpora_evaluation`.
    datasets : sequence of path
        The folders or tables of all corpora.

    Raises
    ------
    ParameterError
        If the folder is inside a corpus or cannot be made, or if it holds another report. Only a report with the same
        head is replaced.
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
                f"{folder} holds {', '.join(held)}, but no {METRICS_FILE} that describes them; name another folder"
            ) from None
        # The version may differ: it is the same report, made anew.
        if lost := [name for name in differing if name != "affetto"]:
            raise ParameterError(
                f"{folder} holds another report ({', '.join(lost)} differ); name another folder, or remove the report"
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(
            f"the report folder {folder} cannot be made: {error.strerror}; name another one"
        ) from error


def write_report(
    predictions: Predictions,
    folder: str | os.PathLike[str],
    about: Mapping[str, Any],
    *,
    datasets: Sequence[str | os.PathLike[str]] = (),
) -> Metrics:
    """Write predictions, metrics and calibration, the latter two also as pictures: `REPORT_FILES`.

    Parameters
    ----------
    predictions : Predictions
        Of one system.
    folder, about, datasets
        As in `prepare_folder`.

    Raises
    ------
    ParameterError
        As `prepare_folder`, or if a file cannot be written.
    """
    folder = Path(folder)
    prepare_folder(folder, about, datasets=datasets)
    metrics, calibration = measure_predictions(predictions), measure_calibration(predictions)
    leak = f", {LEAK}" if about["speakers_leak"] else ""
    title = f"{about['system']}, {about['protocol']}"
    uar, error = (f"{100 * value:.1f} %{leak}" for value in (metrics.uar, metrics.expected_calibration_error))
    try:
        predictions.to_csv(folder / PREDICTIONS_FILE)
        _write_json(folder / RUN_FILE, describe_run())
        _write_json(folder / METRICS_FILE, {**about, **asdict(metrics), "confusion": metrics.confusion.tolist()})
        draw_confusion(metrics, folder / "confusion.png", title=f"{title}: UAR {uar}")
        _write_json(folder / "calibration.json", {**about, **calibration.to_dict()})
        draw_reliability(calibration, folder / "reliability.png", title=f"{title}: expected calibration error {error}")
    except OSError as reason:
        raise ParameterError(f"the report cannot be written into {folder}: {reason}") from reason
    return metrics


def write_corpora_report(
    predictions: CorporaPredictions,
    corpora: Sequence[Corpus],
    folder: str | os.PathLike[str],
    about: Mapping[str, Any],
    *,
    datasets: Sequence[str | os.PathLike[str]] = (),
) -> CorporaMetrics:
    """Write predictions and figures about left-out corpora, as `write_report`: `CORPORA_REPORT_FILES`.

    `corpora` are all corpora of the evaluation.
    """
    folder = Path(folder)
    prepare_folder(folder, about, datasets=datasets)
    metrics = measure_corpora(predictions)
    folds = corpus_folds(corpora)
    unlearned = {fold.corpus.name: dict(fold.unlearned) for fold in folds}
    left_out = []
    for part in metrics.corpora:
        content = asdict(part)
        figures = content.pop("figures")
        left_out.append({**content, "unlearned_clips": unlearned[part.corpus], **figures})
    content = {"mean": asdict(metrics.mean), "left_out": left_out, "untestable_emotions": untestable_emotions(folds)}
    try:
        predictions.to_csv(folder / PREDICTIONS_FILE)
        _write_json(folder / RUN_FILE, describe_run())
        _write_json(folder / METRICS_FILE, {**about, **content})
    except OSError as reason:
        raise ParameterError(f"the report cannot be written into {folder}: {reason}") from reason
    return metrics


def draw_confusion(metrics: Metrics, path: str | os.PathLike[str], *, title: str) -> None:
    """Draw the confusion matrix as PNG: colour and percentage by row, the number of clips below."""
    from matplotlib.figure import Figure  # without pyplot, which keeps global state and looks for a display

    counts = metrics.confusion
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 2.5 + 0.75 * len(metrics.labels)
    figure = Figure(figsize=(size, size), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)  # one hue from light to dark, also for colour-blind readers
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
    axes.set(xlabel="predicted", ylabel="true")
    axes.set_title(title, wrap=True)
    figure.savefig(path, format="png", dpi=120)


def draw_reliability(calibration: CalibrationCurve, path: str | os.PathLike[str], *, title: str) -> None:
    """Draw a reliability diagram as PNG: accuracy against confidence, and the number of clips in each bin.

    Notes
    -----
    Guo et al. 2017, "On calibration of modern neural networks", ICML, fig. 1. The hatched bars between accuracy and
    mean confidence are the calibration error.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 6.5), layout="constrained")
    above, below = figure.subplots(2, sharex=True, height_ratios=(4, 1))
    for part in calibration.reliability:
        if part.confidence is None or part.accuracy is None:
            continue
        place = {"x": part.low, "width": part.high - part.low, "align": "edge", "linewidth": 0.8}
        above.bar(height=part.accuracy, color=_BLUE, edgecolor="white", **place)
        gap = abs(part.confidence - part.accuracy)
        bottom = min(part.confidence, part.accuracy)
        # Hatched too, for colour-blind readers.
        above.bar(height=gap, bottom=bottom, color=_RED, alpha=0.6, edgecolor="white", hatch="//", **place)
        below.bar(height=part.clips, color=_BLUE, edgecolor="white", **place)
    above.plot([0, 1], [0, 1], color="black", linestyle="--", linewidth=1)
    above.set(xlim=(0, 1), ylim=(0, 1), ylabel="accuracy; hatched: its distance to mean confidence")
    above.set_title(title, wrap=True)
    below.set(xlabel="confidence", ylabel="clips")
    figure.savefig(path, format="png", dpi=120)


_BLUE, _RED = "#4878a8", "#c44e52"


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    path.write_text(text, encoding="utf-8", newline="\n")  # the same bytes on every system

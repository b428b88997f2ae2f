"""The published figures of a bundle, as fields of its manifest, from the files in `benchmarks/results`."""

from __future__ import annotations

import csv
import json
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affetto.corpora.published import PUBLISHED, RAVDESS
from affetto.evaluation import PROTOCOLS, Metrics, Predictions, Scores, measure_predictions
from affetto.evaluation.predictions import DECIMALS
from tools.corpora import collect
from tools.provenance import command_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from affetto.evaluation import CorporaFigures, Figure, Interval
    from tools.corpora import Measurement

REPORTED = ("emobox", "luna-jimenez")
"""The protocols whose figures a manifest holds."""

ADAPTED_PROTOCOL = "emobox"
"""The protocol of the figures about adaptation to the speaker."""

NOTES = Path(__file__).parent / "notes"
"""Sentences for the model cards, written by hand: a file for each classifier."""

_ROBUSTNESS_FIGURES = ("uar", "drop", "labels_kept", "accuracy", "confidence")


def figures(manifest: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the fields of a manifest that hold published figures.

    Parameters
    ----------
    manifest : mapping
        Of the bundle. Its classifier determines the files.
    folder : Path
        ``benchmarks/results``.

    Returns
    -------
    dict
        The value of each field, None if nothing was measured. All figures are fractions.

    Raises
    ------
    ParameterError
        If predictions make no sense, or the command that made a file was not recorded.
    """
    classifier = manifest["classifier"]
    return {
        "corpora": [_with_speech(corpus) for corpus in manifest["corpora"]],
        "results": results_of(classifier, folder) or None,
        "robustness": _robustness(folder / f"robustness-{classifier}.csv"),
        "adaptation": _adaptation(classifier, folder),
        "other_corpora": [_left_out(measurement) for measurement in collect(folder, classifier)] or None,
        "notes": _notes(classifier),
    }


def results_of(classifier: str, folder: Path) -> list[dict[str, Any]]:
    """Return the published figures of a classifier that is trained and tested on RAVDESS alone."""
    files = {protocol: folder / f"{classifier}-{protocol}.csv" for protocol in REPORTED}
    return [
        {
            "corpus": RAVDESS.name,
            "protocol": protocol,
            "description": PROTOCOLS[protocol].description,
            "command": command_of(path),
            **_entry(measure_predictions(Predictions.from_csv(path))),
        }
        for protocol, path in files.items()
        if path.is_file()
    ]


def _entry(metrics: Metrics) -> dict[str, Any]:
    return {
        **_part(metrics),
        "accuracy": _rounded(metrics.accuracy),
        "macro_f1": _rounded(metrics.macro_f1),
        "expected_calibration_error": _rounded(metrics.expected_calibration_error),
        "recall": {emotion: _rounded(value) for emotion, value in metrics.recall.items()},
        "by_gender": {gender: _part(scores) for gender, scores in metrics.by_gender.items()},
        "by_intensity": {intensity: _part(scores) for intensity, scores in metrics.by_intensity.items()},
    }


def _part(scores: Scores) -> dict[str, Any]:
    return {"clips": scores.clips, "uar": _rounded(scores.uar), "uar_interval": _interval(scores.uar_interval)}


def _interval(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [_rounded(interval.low), _rounded(interval.high)]


def _rounded(value: float) -> float:
    # With fewer decimals, a figure shown with one could differ from the README's.
    return round(value, DECIMALS)


def _with_speech(corpus: Mapping[str, Any]) -> dict[str, Any]:
    known = PUBLISHED.get(corpus["name"])
    return {**corpus, **({"speech": known.speech} if known else {})}


def _robustness(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            {
                "condition": row["condition"],
                "level": row["level"],
                **{name: _rounded(float(row[name])) for name in _ROBUSTNESS_FIGURES},
            }
            for row in csv.DictReader(file)
        ]
    return {"command": command_of(path), "rows": rows}


def _adaptation(classifier: str, folder: Path) -> list[dict[str, Any]] | None:
    """Return the figures with adaptation to other recordings of the speaker; the first are without."""
    start = f"{classifier}-{ADAPTED_PROTOCOL}"
    names = (path.stem.removeprefix(f"{start}-adapted-") for path in folder.glob(f"{start}-adapted-*.csv"))
    counts = sorted(int(name) for name in names if name.isdecimal())
    if not counts:
        return None
    files = [(None, folder / f"{start}.csv"), *((count, folder / f"{start}-adapted-{count}.csv") for count in counts)]
    return [
        {
            "corpus": RAVDESS.name,
            "protocol": ADAPTED_PROTOCOL,
            "adapted_to": None if count is None else {"speaker": count},
            "command": command_of(path),
            **_part(measure_predictions(Predictions.from_csv(path))),
        }
        for count, path in files
        if path.is_file()
    ]


def _left_out(measurement: Measurement) -> dict[str, Any]:
    """Return the figures of a classifier on left-out corpora: each corpus, and their mean."""
    return {
        "command": measurement.command,
        "adapted_to": measurement.adapted_to and measurement.adapted_to.as_json,
        "mean": _corpora_figures(measurement.metrics.mean),
        "left_out": [
            {
                "corpus": part.corpus,
                "clips": part.clips,
                "speakers": part.speakers,
                "emotions": list(part.emotions),
                **_corpora_figures(part.figures),
            }
            for part in measurement.metrics.corpora
        ],
    }


def _corpora_figures(figures: CorporaFigures) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for field in fields(figures):
        figure: Figure = getattr(figures, field.name)
        content[field.name] = None if figure.value is None else _rounded(figure.value)
        if field.name in ("uar", "uar_four"):
            content[f"{field.name}_interval"] = _interval(figure.interval)
    return content


def _notes(classifier: str) -> dict[str, str] | None:
    """Read the sentences about a classifier that no figure tells, by topic."""
    path = NOTES / f"{classifier}.json"
    notes: dict[str, str] | None = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    return notes

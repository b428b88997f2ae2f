"""What was measured of a bundle, as its manifest says it: from the files in benchmarks/results/ alone."""

from __future__ import annotations

import csv
import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from affetto.corpora.published import PUBLISHED, RAVDESS
from affetto.errors import ParameterError
from affetto.evaluation import PROTOCOLS, Metrics, Predictions, Scores, measure_predictions
from affetto.evaluation.predictions import DECIMALS
from corpora import collect
from results import command

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from affetto.evaluation import CorporaFigures, Figure, Interval
    from corpora import Measurement

REPORTED = ("emobox", "luna-jimenez")
"""The protocols whose figures a manifest holds, as far as they were measured."""

ADAPTED_PROTOCOL = "emobox"
"""The one of which answers are measured also where they are adapted to the speaker."""

ROBUSTNESS_COMMAND = "python benchmarks/robustness.py DIR --noise NOISE --rooms ROOMS"

_ROBUSTNESS_FIGURES = {"uar": 0.0, "drop": -1.0, "labels_kept": 0.0, "accuracy": 0.0, "confidence": 0.0}
"""The figures of a robustness test, fractions up to 1, and the least that each can be."""


def figures(manifest: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the fields of a manifest that tell what was measured.

    Parameters
    ----------
    manifest : mapping
        Of the bundle; its classifier tells which files are about it.
    folder : Path
        ``benchmarks/results``.

    Returns
    -------
    dict
        The value of each field, None where nothing was measured; see ``docs/reference/bundles.md``. All figures
        are fractions.

    Raises
    ------
    ParameterError
        If a file cannot be read.
    """
    classifier = manifest["classifier"]
    return {
        "corpora": [_with_speech(corpus) for corpus in manifest["corpora"]],
        "results": results_of(classifier, folder) or None,
        "robustness": _robustness(folder / f"robustness-{classifier}.csv"),
        "adaptation": _adaptation(classifier, folder),
        "other_corpora": [_left_out(measurement) for measurement in collect(folder, classifier)] or None,
        "notes": _notes(folder / f"notes-{classifier}.json"),
    }


def results_of(classifier: str, folder: Path) -> list[dict[str, Any]]:
    """Return the published figures of a classifier that is trained and tested on RAVDESS alone.

    Raises
    ------
    ParameterError
        If predictions make no sense.
    """
    entries = []
    for protocol in REPORTED:
        path = folder / f"{classifier}-{protocol}.csv"
        if path.is_file():
            entries.append(
                {
                    "corpus": RAVDESS.name,
                    "protocol": protocol,
                    "description": PROTOCOLS[protocol].description,
                    "command": command(classifier, protocol),
                    **_entry(measure_predictions(Predictions.from_csv(path))),
                }
            )
    return entries


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
    # With fewer decimals, what is shown with one would now and then be another than in the README.
    return round(value, DECIMALS)


def _with_speech(corpus: Mapping[str, Any]) -> dict[str, Any]:
    known = PUBLISHED.get(corpus["name"])
    return {**corpus, **({"speech": known.speech} if known else {})}


def _robustness(path: Path) -> dict[str, Any] | None:
    """Read a robustness test's table."""
    if not path.is_file():
        return None
    rows = []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = {"condition", "level", *_ROBUSTNESS_FIGURES}.difference(reader.fieldnames or ())
            if missing:
                raise ParameterError(f"{path}, line 1: there is no column {', '.join(sorted(missing))}")
            for row in reader:
                measured = {name: _fraction(row[name], least) for name, least in _ROBUSTNESS_FIGURES.items()}
                for name, value in measured.items():
                    if value is None:
                        raise ParameterError(f"{path}, line {reader.line_num}: {name} is {row[name]!r}, no fraction")
                rows.append({"condition": row["condition"], "level": row["level"], **measured})
    except (UnicodeDecodeError, csv.Error) as error:
        raise ParameterError(f"{path} cannot be read as a table of robustness tests: {error}") from error
    if not rows:
        raise ParameterError(f"{path} has a header and no rows")
    return {"command": ROBUSTNESS_COMMAND, "rows": rows}


def _fraction(text: str | None, least: float) -> float | None:
    """Turn a fraction from text; None where it is none, for example a percentage."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return _rounded(value) if least <= value <= 1 else None


def _adaptation(classifier: str, folder: Path) -> list[dict[str, Any]] | None:
    """Return what adapting to other recordings of the speaker gains; the first row is of unadapted answers."""
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
            "command": command(classifier, ADAPTED_PROTOCOL) + ("" if count is None else f" --adapted {count}"),
            **_part(measure_predictions(Predictions.from_csv(path))),
        }
        for count, path in files
        if path.is_file()
    ]


def _left_out(measurement: Measurement) -> dict[str, Any]:
    """Return the figures of a classifier on corpora that it did not learn from, each by itself and the mean."""
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


def _notes(path: Path) -> dict[str, str] | None:
    """Read what was found out about a classifier and no figure tells: a sentence by topic."""
    if not path.is_file():
        return None
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ParameterError(f"{path} is no JSON: {error}") from None
    if not isinstance(notes, dict) or not all(isinstance(sentence, str) for sentence in notes.values()):
        raise ParameterError(f"{path} must hold a sentence for each topic, and holds {notes!r}")
    return notes

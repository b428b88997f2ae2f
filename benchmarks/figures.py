"""What was measured of a bundle, as its manifest says it: from the files in benchmarks/results/ alone."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from affetto.corpora.known import NAMED_CORPORA
from affetto.errors import ParameterError
from affetto.evaluation import PROTOCOLS, Metrics, Predictions, Scores, measure
from affetto.evaluation.predictions import DECIMALS
from affetto.recognition.recognizer import DEFAULT_MODEL
from results import command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

REPORTED = ("emobox", "luna")
"""The protocols whose figures a manifest holds, as far as they were measured."""

ADAPTED = ("all", "20", "5", "none")
"""To how many recordings of a speaker a recipe is adapted, as file names have it."""

STRESS_COMMAND = "python benchmarks/stress.py DIR --noise NOISE --rooms ROOMS --encoder STEADY --train-with NEMO"
ADAPTATION_COMMAND = "python benchmarks/adaptation.py DIR --models MODELS"
OTHER_CORPUS_COMMAND = "python benchmarks/emodb.py EMODB"

_STRESS_FIGURES = {"uar": 0.0, "drop": -1.0, "labels_kept": 0.0, "accuracy": 0.0, "confidence": 0.0}
"""The figures of a stress test, fractions up to 1, and the least that each can be."""


def figures(manifest: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the fields of a manifest that tell what was measured.

    Parameters
    ----------
    manifest : mapping
        Of the bundle; its name, classifier and corpora tell which files are about it.
    folder : Path
        ``benchmarks/results``.

    Returns
    -------
    dict
        The value of each field, None where nothing was measured; see ``docs/bundles.md``. All figures are fractions.

    Raises
    ------
    ParameterError
        If predictions of the recipe are missing, or a file cannot be read.
    """
    classifier = manifest["classifier"]
    names = [corpus["name"] for corpus in manifest["corpora"]]
    is_default = manifest["name"] == DEFAULT_MODEL
    return {
        "corpora": [_with_speech(corpus) for corpus in manifest["corpora"]],
        "results": results_of(classifier, names, folder),
        "stress": _stress(folder / f"stress-{classifier}.csv"),
        "adaptation": _adaptation(classifier, names, folder),
        "other_corpora": _other_corpora(folder) if is_default else None,
        "notes": _notes(folder / f"notes-{classifier}.json"),
    }


def results_of(classifier: str, corpora: Sequence[str], folder: Path) -> list[dict[str, Any]]:
    """Return the published figures of a recipe: a classifier, and the names of the corpora that it learns from.

    Raises
    ------
    ParameterError
        If there are no predictions, or they make no sense.
    """
    recipe = _recipe(classifier, corpora)
    measured = [protocol for protocol in REPORTED if (folder / f"{recipe}-{protocol}.csv").is_file()]
    if not measured:
        raise ParameterError(f"{folder} holds no predictions of {recipe}; measure it by {command(recipe, REPORTED[0])}")
    entries = []
    for protocol in measured:
        metrics = measure(Predictions.from_csv(folder / f"{recipe}-{protocol}.csv"))
        entries.append(
            {
                "corpus": corpora[0],
                "protocol": protocol,
                "description": PROTOCOLS[protocol].description,
                "command": command(recipe, protocol),
                **_entry(metrics),
            }
        )
    return entries


def _recipe(classifier: str, corpora: Sequence[str]) -> str:
    """Name a recipe as its files are named: further corpora than the first follow the classifier."""
    return "+".join([classifier, *corpora[1:]])


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
    interval = scores.uar_interval and [_rounded(scores.uar_interval.low), _rounded(scores.uar_interval.high)]
    return {"clips": scores.clips, "uar": _rounded(scores.uar), "uar_interval": interval}


def _rounded(value: float) -> float:
    # With fewer decimals, what is shown with one would now and then be another than in the README.
    return round(value, DECIMALS)


def _with_speech(corpus: Mapping[str, Any]) -> dict[str, Any]:
    known = NAMED_CORPORA.get(corpus["name"])
    return {**corpus, **({"speech": known.speech} if known else {})}


def _stress(path: Path) -> dict[str, Any] | None:
    """Read a stress test's table."""
    if not path.is_file():
        return None
    rows = []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = {"condition", "level", *_STRESS_FIGURES}.difference(reader.fieldnames or ())
            if missing:
                raise ParameterError(f"{path}, line 1: there is no column {', '.join(sorted(missing))}")
            for row in reader:
                measured = {name: _fraction(row[name], least) for name, least in _STRESS_FIGURES.items()}
                for name, value in measured.items():
                    if value is None:
                        raise ParameterError(f"{path}, line {reader.line_num}: {name} is {row[name]!r}, no fraction")
                rows.append({"condition": row["condition"], "level": row["level"], **measured})
    except (UnicodeDecodeError, csv.Error) as error:
        raise ParameterError(f"{path} cannot be read as a table of stress tests: {error}") from error
    if not rows:
        raise ParameterError(f"{path} has a header and no rows")
    return {"command": STRESS_COMMAND, "rows": rows}


def _fraction(text: str | None, least: float) -> float | None:
    """Turn a fraction from text; None where it is none, for example a percentage."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return _rounded(value) if least <= value <= 1 else None


def _adaptation(classifier: str, corpora: Sequence[str], folder: Path) -> dict[str, Any] | None:
    """Tell what adaptation gains a recipe's saved models; without further corpora, if it was measured so."""
    for recipe in dict.fromkeys((_recipe(classifier, corpora), classifier)):
        found = {
            number: path for number in ADAPTED if (path := folder / f"{recipe}-emobox-adapted-{number}.csv").is_file()
        }
        if found:
            rows = [{"recordings": number, **_uar_of(path)} for number, path in found.items()]
            return {"command": f"{ADAPTATION_COMMAND} --name {recipe}", "recipe": recipe, "rows": rows}
    return None


def _other_corpora(folder: Path) -> list[dict[str, Any]] | None:
    """Return the figures of the shipped default itself on EMO-DB, as it is and adapted to each speaker.

    First where it chooses among the emotions that EMO-DB has, then among all of its own.
    """
    rows = []
    for kind in ("", "-open"):
        path, adapted = folder / f"default-emodb{kind}.csv", folder / f"default-emodb{kind}-adapted.csv"
        if path.is_file():
            rows.append(
                {
                    "corpus": "emodb",
                    "command": OTHER_CORPUS_COMMAND,
                    "emotions": list(Predictions.from_csv(path).labels),
                    **_uar_of(path),
                    **_how_sure(path),
                    "adapted_uar": _uar_of(adapted)["uar"] if adapted.is_file() else None,
                }
            )
    return rows or None


def _uar_of(path: Path) -> dict[str, Any]:
    metrics = measure(Predictions.from_csv(path))
    return {"clips": metrics.clips, "uar": _rounded(metrics.uar)}


def _how_sure(path: Path) -> dict[str, float]:
    predictions = Predictions.from_csv(path)
    confidence = float(predictions.probabilities.max(axis=1).mean())
    return {"accuracy": _rounded(measure(predictions).accuracy), "confidence": _rounded(confidence)}


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

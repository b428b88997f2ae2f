"""Results of a robustness test as a table for the terminal, CSV, and JSON."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from affetto.evaluation.robustness.measure import DECIMALS, Outcome, RobustnessRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.table import Table

    from affetto.bundles.bundle import Bundle
    from affetto.corpora.base import Corpus

DENOISED_COLUMNS = ("uar_denoised", "gain")


def known_speakers(bundle: Bundle, corpus: Corpus) -> str | None:
    """Return a warning if a model was trained on the corpus that it is tested on."""
    parts = bundle.manifest.get("corpora", [])
    if any(part.get("clips_sha256") == corpus.clips_sha256 for part in parts):
        known = "these clips: it knows them, so UAR and accuracy flatter"
    elif any(part.get("name") == corpus.name for part in parts):
        known = f"{corpus.name}: if it knows these speakers, UAR and accuracy flatter"
    else:
        return None
    return f"{bundle.name} was trained on {known}; drop and labels kept are still informative"


def as_dicts(rows: Sequence[RobustnessRow]) -> list[dict[str, Any]]:
    """Return rows for JSON, without the columns of noise removal if it was not tried."""
    left_out = () if _denoised(rows) else DENOISED_COLUMNS
    return [{key: value for key, value in asdict(row).items() if key not in left_out} for row in rows]


def as_csv(rows: Sequence[RobustnessRow]) -> str:
    """Write the columns of `as_dicts` as CSV, fractions at four decimals."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    contents = as_dicts(rows)
    writer.writerow(contents[0])
    for content in contents:
        writer.writerow(
            f"{value:.{DECIMALS}f}" if isinstance(value, float) else value or "" for value in content.values()
        )
    return out.getvalue()


def clips_as_csv(outcomes: Iterable[Outcome], *, folds: Mapping[str, int]) -> str:
    """Write the recognized emotion of each clip (row) in each condition (column); empty without speech.

    Parameters
    ----------
    outcomes : iterable of Outcome
        Outcomes after noise removal have columns of their own.
    folds : mapping of str to int
        The fold in which each clip was tested.
    """
    emotions: dict[str, dict[str, str]] = {}
    first: dict[str, Outcome] = {}
    titles: dict[str, None] = {}
    for outcome in outcomes:
        title = f"{outcome.condition} {outcome.level}".strip() + ", denoised" * outcome.denoised
        titles[title] = None
        first.setdefault(outcome.clip, outcome)
        emotions.setdefault(outcome.clip, {})[title] = outcome.emotion or ""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["clip", "actor", "fold", "emotion", *titles])
    for clip, found in sorted(emotions.items()):
        writer.writerow(
            [clip, first[clip].speaker, folds[clip], first[clip].truth, *(found.get(t, "") for t in titles)]
        )
    return out.getvalue()


def robustness_table(rows: Sequence[RobustnessRow], *, title: str) -> Table:
    """Lay rows of `summarize_robustness` out for a terminal, in percent."""
    from rich.table import Table
    from rich.text import Text

    columns = ["condition", "level", "UAR %", "drop", "labels kept %", "accuracy %", "confidence %", "no speech %"]
    columns += ["denoised UAR %", "gain"] if _denoised(rows) else []
    table = Table(title=Text(title))
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number < 2 else "right")
    for row in as_dicts(rows):
        condition, level, *values = row.values()
        table.add_row(Text(condition), Text(level), *("" if v is None else f"{100 * v:.1f}" for v in values))
    return table


def _denoised(rows: Sequence[RobustnessRow]) -> bool:
    return any(row.uar_denoised is not None for row in rows)

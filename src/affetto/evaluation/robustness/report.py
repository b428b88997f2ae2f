"""What a robustness test leaves behind: a table for the terminal, CSV, and JSON."""

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

COLUMNS = ("condition", "level", "uar", "drop", "labels_kept", "accuracy", "confidence", "no_speech")
DENOISED_COLUMNS = ("uar_denoised", "gain")


def known_speakers(bundle: Bundle, corpus: Corpus) -> str | None:
    """Say so if a model was trained on the corpus that it is tested on.

    Parameters
    ----------
    bundle : Bundle
        The model.
    corpus : Corpus
        What it is tested on.

    Returns
    -------
    str or None
        One sentence; None where the manifest names no corpus of that name or of these clips.
    """
    parts = bundle.manifest.get("corpora", [])
    if any(part.get("clips_sha256") == corpus.clips_sha256 for part in parts):
        known = "these clips: they are known to it, so UAR and accuracy flatter"
    elif any(part.get("name") == corpus.name for part in parts):
        known = f"{corpus.name}: where these speakers are known to it, UAR and accuracy flatter"
    else:
        return None
    return f"{bundle.name} was trained on {known}, while drop and labels kept still inform"


def as_csv(rows: Sequence[RobustnessRow]) -> str:
    """Write rows as CSV: fractions at four decimals, and two further columns where noise removal was tried."""
    columns = (*COLUMNS, *(DENOISED_COLUMNS if _denoised(rows) else ()))
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(_cell(getattr(row, column)) for column in columns)
    return out.getvalue()


def as_dicts(rows: Sequence[RobustnessRow]) -> list[dict[str, Any]]:
    """Return rows as what JSON knows, without noise removal where it was not tried."""
    left_out = () if _denoised(rows) else DENOISED_COLUMNS
    return [{key: value for key, value in asdict(row).items() if key not in left_out} for row in rows]


def clips_as_csv(outcomes: Iterable[Outcome], *, folds: Mapping[str, int]) -> str:
    """Write what was heard of each clip: a row for each, a column for each condition, empty where nobody was.

    Parameters
    ----------
    outcomes : iterable of Outcome
        Those after noise removal are columns of their own.
    folds : mapping of str to int
        In which fold each clip was tested.
    """
    heard: dict[str, dict[str, str]] = {}
    first: dict[str, Outcome] = {}
    titles: dict[str, None] = {}
    for outcome in outcomes:
        title = f"{outcome.condition} {outcome.level}".strip() + ", denoised" * outcome.denoised
        titles[title] = None
        first.setdefault(outcome.clip, outcome)
        heard.setdefault(outcome.clip, {})[title] = outcome.emotion or ""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["clip", "actor", "fold", "emotion", *titles])
    for clip in sorted(heard):
        start = [clip, first[clip].speaker, folds[clip], first[clip].truth]
        writer.writerow([*start, *(heard[clip].get(title, "") for title in titles)])
    return out.getvalue()


def robustness_table(rows: Sequence[RobustnessRow], *, title: str) -> Table:
    """Lay rows out for a terminal, in percent.

    Parameters
    ----------
    rows : sequence of RobustnessRow
        From `summarize_robustness`.
    title : str
        Stands above the table.

    Returns
    -------
    rich.table.Table
        To be printed by a `rich.console.Console`.
    """
    from rich.table import Table
    from rich.text import Text

    columns = ("condition", "level", "UAR %", "drop", "labels kept %", "accuracy %", "confidence %", "no speech %")
    table = Table(title=Text(title))
    for number, column in enumerate((*columns, *(("denoised UAR %", "gain") if _denoised(rows) else ()))):
        table.add_column(column, justify="left" if number < 2 else "right")
    for row in rows:
        values = [row.uar, row.drop, row.labels_kept, row.accuracy, row.confidence, row.no_speech]
        values += [row.uar_denoised, row.gain] if _denoised(rows) else []
        table.add_row(Text(row.condition), Text(row.level), *(Text(_percent(value)) for value in values))
    return table


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.{DECIMALS}f}" if isinstance(value, float) else str(value)


def _denoised(rows: Sequence[RobustnessRow]) -> bool:
    return any(row.uar_denoised is not None for row in rows)

"""What the protocol `corpora` leaves behind on disk and shows in the terminal."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affetto._provenance import describe_run
from affetto.errors import ParameterError
from affetto.evaluation.corpora import corpus_folds, untestable_emotions
from affetto.evaluation.corpora_metrics import CorporaFigures, measure_corpora
from affetto.evaluation.protocols import CORPORA
from affetto.evaluation.report import METRICS_FILE, PREDICTIONS_FILE, RUN_FILE, percent, require_folder, write_json

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Mapping, Sequence

    from rich.table import Table

    from affetto.corpora.base import Corpus
    from affetto.evaluation.corpora_metrics import CorporaMetrics, Figure
    from affetto.evaluation.corpora_predictions import CorporaPredictions

CORPORA_REPORT_FILES = (PREDICTIONS_FILE, METRICS_FILE, RUN_FILE)
"""What `write_corpora_report` writes."""


def prepare_corpora_folder(
    folder: str | os.PathLike[str],
    *,
    system: str,
    corpora: Sequence[Corpus],
    folds: Collection[int],
    datasets: Sequence[str | os.PathLike[str]],
    recipe: Mapping[str, Any] | None = None,
) -> None:
    """Make the folder of a report; called before hours of fitting, it tells early what cannot be written.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    system, corpora, datasets, recipe
        As in `write_corpora_report`.
    folds : collection of int
        The numbers of the corpora that are to be left out.

    Raises
    ------
    ParameterError
        As `affetto.evaluation.prepare_folder`.
    """
    require_folder(folder, _about(system, corpora, folds, recipe), datasets=datasets)


def write_corpora_report(
    predictions: CorporaPredictions,
    folder: str | os.PathLike[str],
    *,
    system: str,
    corpora: Sequence[Corpus],
    datasets: Sequence[str | os.PathLike[str]],
    recipe: Mapping[str, Any] | None = None,
) -> CorporaMetrics:
    """Write predictions and figures into a folder.

    Parameters
    ----------
    predictions : CorporaPredictions
        From `affetto.training.cross_validation.cross_validate_corpora`.
    folder : path
        Where to write; made if it does not exist, never inside a dataset. An earlier report of the same is replaced.
    system : str
        What was evaluated, for example "mlp".
    corpora : sequence of Corpus
        All that `cross_validate_corpora` was given.
    datasets : sequence of path
        Their folders or tables.
    recipe : mapping, optional
        What else is to be known of how the figures were made, as JSON knows it.

    Returns
    -------
    CorporaMetrics
        The figures that were written.

    Raises
    ------
    ParameterError
        If the folder is inside a dataset, cannot be written, or holds another report.

    Notes
    -----
    The files are those of `CORPORA_REPORT_FILES`.
    """
    folder = Path(folder)
    folds = corpus_folds(corpora)
    left_out = {fold.number: fold for fold in folds if fold.corpus.name in predictions.corpora}
    about = _about(system, corpora, left_out, recipe)
    require_folder(folder, about, datasets=datasets)
    metrics = measure_corpora(predictions)
    unlearned = {fold.corpus.name: dict(fold.unlearned) for fold in left_out.values()}
    content = about | {
        "mean": asdict(metrics.mean),
        "left_out": [
            {
                "corpus": part.corpus,
                "clips": part.clips,
                "speakers": part.speakers,
                "emotions": list(part.emotions),
                "unlearned_clips": unlearned[part.corpus],
                **asdict(part.figures),
            }
            for part in metrics.corpora
        ],
        "untestable_emotions": list(untestable_emotions(folds)),
    }
    try:
        predictions.to_csv(folder / PREDICTIONS_FILE)
        write_json(folder / RUN_FILE, describe_run())
        write_json(folder / METRICS_FILE, content)
    except OSError as reason:
        raise ParameterError(f"the report cannot be written into {folder}: {reason}") from reason
    return metrics


def _about(
    system: str, corpora: Sequence[Corpus], folds: Collection[int], recipe: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return what a report is of, as it stands in its JSON."""
    return {
        "system": system,
        "protocol": CORPORA,
        "corpora": [corpus.name for corpus in corpora],
        "folds": sorted(folds),
        **(recipe or {}),
    }


_TITLES = {
    "uar": "UAR",
    "uar_four": "UAR of four",
    "accuracy": "accuracy",
    "ok_precision": "precision of ok",
    "ok_coverage": "coverage of ok",
    "expected_calibration_error": "calibration error",
    "auc_arousal": "AUC arousal",
    "auc_valence": "AUC valence",
}


def corpora_table(metrics: CorporaMetrics, corpora: Sequence[Corpus], *, title: str) -> Table:
    """Lay the figures out for a terminal: the mean first, then a row for each corpus; below, what is not tested.

    Parameters
    ----------
    metrics : CorporaMetrics
        From `write_corpora_report` or `measure_corpora`.
    corpora : sequence of Corpus
        All that `cross_validate_corpora` was given.
    title : str
        Stands above the table.

    Returns
    -------
    rich.table.Table
        To be printed by a `rich.console.Console`. All figures are in percent.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), caption=Text(_untested(metrics, corpora)), caption_justify="left")
    table.add_column("corpus")
    for name in ("clips", "speakers", "emotions", *_TITLES.values()):
        table.add_column(name, justify="right")

    def add(name: str, counts: Sequence[int | None], figures: CorporaFigures) -> None:
        texts = ["" if count is None else str(count) for count in counts]
        texts += [_text(getattr(figures, figure)) for figure in _TITLES]
        table.add_row(Text(name), *(Text(text) for text in texts))

    clips, speakers = (sum(getattr(part, what) for part in metrics.corpora) for what in ("clips", "speakers"))
    add("mean", (clips, speakers, None), metrics.mean)
    table.add_section()
    for part in metrics.corpora:
        add(part.corpus, (part.clips, part.speakers, len(part.emotions)), part.figures)
    return table


def _text(figure: Figure) -> str:
    """Write a figure in percent, its interval below it."""
    if figure.value is None:
        return "–"
    return percent(figure.value, figure.interval, leaks_speakers=False).replace(" (", "\n(")


def _untested(metrics: CorporaMetrics, corpora: Sequence[Corpus]) -> str:
    """Say which clips are left out of the figures, and why."""
    folds = corpus_folds(corpora)
    measured = {part.corpus for part in metrics.corpora}
    lines = [
        f"{fold.corpus.name}: {sum(fold.unlearned.values())} clips do not count, of emotions that no other corpus has "
        f"({', '.join(fold.unlearned)})"
        for fold in folds
        if fold.unlearned and fold.corpus.name in measured
    ]
    if untestable := untestable_emotions(folds):
        lines.append(f"never tested, since one corpus alone has them: {', '.join(untestable)}")
    return "\n".join(["In percent, with 95 % intervals over speakers, of the mean over corpora too.", *lines])

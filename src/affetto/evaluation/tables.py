"""Tables of figures for the terminal, in percent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from affetto.evaluation.corpora import corpus_folds, untestable_emotions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Group
    from rich.table import Table

    from affetto.corpora.base import Corpus
    from affetto.evaluation.compare import Comparison
    from affetto.evaluation.corpora_metrics import CorporaFigures, CorporaMetrics, Figure
    from affetto.evaluation.metrics import Metrics
    from affetto.evaluation.resampling import Interval

LEAK = "speakers leak"
"""Stands beside every figure of a protocol that leaks speakers."""


def percent(value: float, interval: Interval | None = None, *, leaks_speakers: bool) -> str:
    """Write a fraction in percent, with its interval and, where speakers leak, a mark.

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


def metrics_table(metrics: Metrics, *, title: str, leaks_speakers: bool) -> Table:
    """Lay the metrics of one system out; every figure is marked if the protocol leaks speakers."""
    from rich.text import Text

    table = _table(title, "figure", "% (95 % interval)", "clips")

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


def comparison_table(comparison: Comparison, *, title: str, leaks_speakers: bool) -> Group:
    """Lay a comparison out: the systems, and below them the paired tests."""
    from rich.console import Group
    from rich.text import Text

    systems = _table(title, "system", "UAR % (95 % interval)", "accuracy %", "macro-F1 %")
    for name, metrics in comparison.metrics.items():
        systems.add_row(
            Text(name),
            percent(metrics.uar, metrics.uar_interval, leaks_speakers=leaks_speakers),
            percent(metrics.accuracy, leaks_speakers=leaks_speakers),
            percent(metrics.macro_f1, leaks_speakers=leaks_speakers),
        )
    columns = ("pair", "difference in UAR, points (95 % interval)", "p (UAR)", "p (accuracy, McNemar)")
    tests = _table("Paired tests over speakers", *columns)
    tests.caption = "p (UAR): corrected for the number of pairs (Holm)"
    for pair in comparison.pairs:
        tests.add_row(
            Text(f"{pair.first} - {pair.second}"),
            percent(pair.test.difference, pair.test.interval, leaks_speakers=leaks_speakers),
            _p_text(pair.adjusted_p_value),
            _p_text(pair.test.mcnemar_p_value),
        )
    return Group(systems, tests)


def corpora_table(metrics: CorporaMetrics, corpora: Sequence[Corpus], *, title: str) -> Table:
    """Lay the figures of left-out corpora out: the mean, each corpus, and below what none of `corpora` tests."""
    from rich.text import Text

    table = _table(title, "corpus", "clips", "speakers", "emotions", *_TITLES.values())
    table.caption, table.caption_justify = Text(_untested(metrics, corpora)), "left"

    def add(name: str, counts: Sequence[int | str], figures: CorporaFigures) -> None:
        texts = [_figure_text(getattr(figures, figure)) for figure in _TITLES]
        table.add_row(Text(name), *map(str, counts), *texts)

    clips, speakers = (sum(getattr(part, what) for part in metrics.corpora) for what in ("clips", "speakers"))
    add("mean", (clips, speakers, ""), metrics.mean)
    table.add_section()
    for part in metrics.corpora:
        add(part.corpus, (part.clips, part.speakers, len(part.emotions)), part.figures)
    return table


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


def _table(title: str, first: str, *columns: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title))  # a title is no markup
    table.add_column(first)
    for name in columns:
        table.add_column(name, justify="right")
    return table


def _p_text(p_value: float) -> str:
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def _figure_text(figure: Figure) -> str:
    """Write a figure, with its interval below it."""
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
        lines.append(f"never tested, since only one corpus has them: {', '.join(untestable)}")
    return "\n".join(["In percent, with 95 % intervals over speakers, of the mean over corpora too.", *lines])

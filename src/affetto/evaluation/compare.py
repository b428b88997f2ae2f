"""Several systems over the same clips: one table, and a paired test of each two."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from affetto.errors import ParameterError
from affetto.evaluation.metrics import Metrics, PairedTest, measure_predictions, paired_test
from affetto.evaluation.report import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Group

    from affetto.evaluation.predictions import Predictions


@dataclass(frozen=True, slots=True)
class Pair:
    """Two systems and how they differ.

    Attributes
    ----------
    first, second : str
        Their names; the first has the higher UAR.
    test : PairedTest
        The first against the second.
    adjusted_p_value : float
        The p-value of the difference in UAR, corrected for the number of pairs tested (Holm 1979, "A simple
        sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6).
    """

    first: str
    second: str
    test: PairedTest
    adjusted_p_value: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Several systems over the same clips.

    Attributes
    ----------
    metrics : dict of str to Metrics
        By system, the best UAR first.
    pairs : tuple of Pair
        Each two systems, in the order of `metrics`.
    """

    metrics: dict[str, Metrics]
    pairs: tuple[Pair, ...]


def compare_systems(systems: Mapping[str, Predictions]) -> Comparison:
    """Measure several systems and test each two against each other.

    Parameters
    ----------
    systems : mapping of str to Predictions
        By name, at least two, all over the same clips.

    Returns
    -------
    Comparison
        Metrics and paired tests.

    Raises
    ------
    ParameterError
        If there are fewer than two systems, or their predictions are about different clips.
    """
    if len(systems) < 2:
        raise ParameterError(f"a comparison needs at least two systems, and there is {len(systems)}")
    reference_name, reference = next(iter(systems.items()))
    for name, predictions in systems.items():
        try:
            predictions.aligned_to(reference)
        except ParameterError as error:
            raise ParameterError(f"cannot compare {name!r} with {reference_name!r}: {error}") from error
    metrics = {name: measure_predictions(predictions) for name, predictions in systems.items()}
    ranked = sorted(metrics, key=lambda name: -metrics[name].uar)
    names = list(combinations(ranked, 2))
    tests = [paired_test(systems[first], systems[second]) for first, second in names]
    adjusted = _holm([test.p_value for test in tests])
    return Comparison(
        metrics={name: metrics[name] for name in ranked},
        pairs=tuple(
            Pair(first, second, test, p_value)
            for (first, second), test, p_value in zip(names, tests, adjusted, strict=True)
        ),
    )


def comparison_table(comparison: Comparison, *, title: str, leaks_speakers: bool) -> Group:
    """Lay a comparison out for a terminal: the systems, and below them the paired tests.

    Parameters
    ----------
    comparison : Comparison
        From `compare_systems`.
    title : str
        Stands above.
    leaks_speakers : bool
        The protocol's; says so beside every figure.

    Returns
    -------
    rich.console.Group
        To be printed by a `rich.console.Console`.
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    systems = Table(title=Text(title))
    systems.add_column("system")
    for name in ("UAR % (95 % interval)", "accuracy %", "macro-F1 %"):
        systems.add_column(name, justify="right")
    for name, metrics in comparison.metrics.items():
        systems.add_row(
            Text(name),
            percent(metrics.uar, metrics.uar_interval, leaks_speakers=leaks_speakers),
            percent(metrics.accuracy, leaks_speakers=leaks_speakers),
            percent(metrics.macro_f1, leaks_speakers=leaks_speakers),
        )
    tests = Table(title="Paired tests over speakers", caption="p (UAR): corrected for the number of pairs (Holm)")
    tests.add_column("pair")
    for name in ("difference in UAR, points (95 % interval)", "p (UAR)", "p (accuracy, McNemar)"):
        tests.add_column(name, justify="right")
    for pair in comparison.pairs:
        test = pair.test
        tests.add_row(
            Text(f"{pair.first} - {pair.second}"),
            percent(test.difference, test.interval, leaks_speakers=leaks_speakers),
            _p_text(pair.adjusted_p_value),
            _p_text(test.mcnemar_p_value),
        )
    return Group(systems, tests)


def _holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number: the smallest times n, the next times n - 1, and never descending."""
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    ascending = sorted(range(len(p_values)), key=lambda index: p_values[index])
    for rank, index in enumerate(ascending):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def _p_text(p_value: float) -> str:
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"

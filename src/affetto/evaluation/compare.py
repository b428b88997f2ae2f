"""Comparison of several systems over the same clips: metrics, and a paired test of each two."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from affetto.errors import ParameterError
from affetto.evaluation.metrics import Metrics, PairedTest, measure_predictions, paired_test

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from affetto.evaluation.predictions import Predictions


@dataclass(frozen=True, slots=True)
class Pair:
    """The difference of two systems.

    Attributes
    ----------
    first, second : str
        Their names; the first has the higher UAR.
    test : PairedTest
        The first against the second.
    adjusted_p_value : float
        The p-value of the difference in UAR, corrected for the number of pairs (Holm 1979, "A simple sequentially
        rejective multiple test procedure", Scandinavian Journal of Statistics 6).
    """

    first: str
    second: str
    test: PairedTest
    adjusted_p_value: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The metrics of each system, the best UAR first, and the tests of each two systems in the same order."""

    metrics: dict[str, Metrics]
    pairs: tuple[Pair, ...]


def compare_systems(systems: Mapping[str, Predictions]) -> Comparison:
    """Measure several systems and test each two against each other.

    Parameters
    ----------
    systems : mapping of str to Predictions
        By name, at least two, all over the same clips.

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
    measured = {name: measure_predictions(predictions) for name, predictions in systems.items()}
    metrics = dict(sorted(measured.items(), key=lambda item: -item[1].uar))
    names = list(combinations(metrics, 2))
    tests = [paired_test(systems[first], systems[second]) for first, second in names]
    adjusted = _holm([test.p_value for test in tests])
    pairs = (Pair(*pair, test, p_value) for pair, test, p_value in zip(names, tests, adjusted, strict=True))
    return Comparison(metrics, tuple(pairs))


def _holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number: the smallest times n, the next times n - 1, and never descending."""
    ascending = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[ascending] = np.maximum.accumulate(np.minimum(1.0, factors * np.asarray(p_values)[ascending]))
    return adjusted.tolist()

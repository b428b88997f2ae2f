from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from affetto.errors import ParameterError
from affetto.evaluation import compare_systems, comparison_table, measure_predictions, paired_test, percent

if TYPE_CHECKING:
    from tests.evaluation.conftest import MakePredictions

    from affetto.evaluation import Comparison


def show(comparison: Comparison, *, leaks_speakers: bool) -> str:
    console = Console(width=160)
    with console.capture() as capture:
        console.print(comparison_table(comparison, title="emobox", leaks_speakers=leaks_speakers))
    return capture.get()


def test_systems_are_ranked_and_tested_in_pairs(make_predictions: MakePredictions) -> None:
    systems = {
        "gmm": make_predictions(skill=1.0),
        "svm": make_predictions(skill=2.0, seed=1),
        "mlp": make_predictions(skill=1.5, seed=2),
    }
    comparison = compare_systems(systems)
    assert list(comparison.metrics) == ["svm", "mlp", "gmm"]
    assert comparison.metrics["mlp"].uar == measure_predictions(systems["mlp"]).uar
    assert [(pair.first, pair.second) for pair in comparison.pairs] == [("svm", "mlp"), ("svm", "gmm"), ("mlp", "gmm")]
    for pair in comparison.pairs:
        assert pair.test == paired_test(systems[pair.first], systems[pair.second])
        assert pair.test.difference > 0


def test_p_values_are_corrected_for_the_number_of_pairs(make_predictions: MakePredictions) -> None:
    systems = {f"s{seed}": make_predictions(skill=1.5 + seed / 25, seed=seed) for seed in (0, 1, 6)}
    first, second, third = sorted(compare_systems(systems).pairs, key=lambda pair: pair.test.p_value)
    # Holm 1979: the smallest of three times 3, the next times 2, the last as it is; and never falling.
    assert first.test.p_value < second.test.p_value < third.test.p_value
    assert first.adjusted_p_value == pytest.approx(3 * first.test.p_value)
    assert second.adjusted_p_value == pytest.approx(max(3 * first.test.p_value, 2 * second.test.p_value))
    assert third.adjusted_p_value == pytest.approx(max(second.adjusted_p_value, third.test.p_value))


def test_a_corrected_p_value_stays_a_probability(make_predictions: MakePredictions) -> None:
    same = make_predictions(skill=1.5)
    assert {pair.adjusted_p_value for pair in compare_systems({"a": same, "b": same, "c": same}).pairs} == {1.0}


def test_the_table_shows_every_system_and_pair(make_predictions: MakePredictions) -> None:
    comparison = compare_systems({"svm": make_predictions(skill=2.0), "[red]": make_predictions(skill=1.0, seed=1)})
    text = show(comparison, leaks_speakers=False)
    best = comparison.metrics["svm"]
    row = next(line for line in text.splitlines() if line.startswith("│ svm ") and percent_of(best.accuracy) in line)
    assert percent(best.uar, best.uar_interval, leaks_speakers=False) in row
    assert percent_of(best.macro_f1) in row
    assert "svm - [red]" in text  # a name is no markup
    assert "< 0.001" in text
    assert "leak" not in text


def percent_of(value: float) -> str:
    return percent(value, leaks_speakers=False)


def test_every_leaked_figure_is_marked(make_predictions: MakePredictions) -> None:
    comparison = compare_systems({"svm": make_predictions(skill=2.0), "gmm": make_predictions(skill=1.0, seed=1)})
    text = show(comparison, leaks_speakers=True)
    assert text.count("speakers leak") == 2 * 3 + 1


def test_different_clips_are_refused(make_predictions: MakePredictions) -> None:
    one = make_predictions(skill=1.0)
    other = replace(one, clip=("another", *one.clip[1:]))
    with pytest.raises(
        ParameterError,
        match=r"'mlp'.*'svm'.*1 \(another\).*1 \(03-01-01-01-01-01-01\)",
    ):
        compare_systems({"svm": one, "mlp": other})


def test_one_system_is_no_comparison(make_predictions: MakePredictions) -> None:
    with pytest.raises(ParameterError, match=r"two systems.*1"):
        compare_systems({"svm": make_predictions(skill=1.0)})

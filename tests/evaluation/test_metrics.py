from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score, recall_score

from affetto.errors import ParameterError
from affetto.evaluation import Predictions, measure_predictions, paired_test

if TYPE_CHECKING:
    from tests.evaluation.conftest import MakePredictions


def answers(rows: list[tuple[str, str, str]]) -> Predictions:
    """Predictions from (speaker, true emotion, predicted emotion)."""
    labels = ("happy", "sad")
    return Predictions(
        clip=tuple(f"clip{index}" for index in range(len(rows))),
        speaker=tuple(speaker for speaker, _, _ in rows),
        fold=np.ones(len(rows), dtype=np.intp),
        emotion=tuple(emotion for _, emotion, _ in rows),
        probabilities=np.array([[0.8 if label == guess else 0.2 for label in labels] for *_, guess in rows]),
        labels=labels,
    )


rows = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["happy", "sad"]), st.sampled_from(["happy", "sad"])),
    min_size=1,
    max_size=30,
)


def test_figures_of_all_clips(make_predictions: MakePredictions) -> None:
    predictions = make_predictions(skill=1.5)
    metrics = measure_predictions(predictions)
    assert (metrics.clips, metrics.speakers) == (1440, 24)
    assert metrics.uar == pytest.approx(balanced_accuracy_score(predictions.emotion, predictions.predicted))
    expected = recall_score(predictions.emotion, predictions.predicted, labels=predictions.labels, average=None)
    assert list(metrics.recall) == list(predictions.labels)
    np.testing.assert_allclose(list(metrics.recall.values()), expected)
    assert metrics.confusion.sum(axis=1).tolist() == [96, *[192] * 7]


def test_genders_and_intensities_are_measured_like_all_clips(make_predictions: MakePredictions) -> None:
    predictions = make_predictions(skill=1.5)
    metrics = measure_predictions(predictions)
    assert {value: (part.clips, part.speakers) for value, part in metrics.by_gender.items()} == {
        "female": (720, 12),
        "male": (720, 12),
    }
    # Neutral has no strong intensity: seven emotions count there.
    assert {value: part.clips for value, part in metrics.by_intensity.items()} == {"normal": 768, "strong": 672}
    strong = [index for index, value in enumerate(predictions.intensity) if value == "strong"]
    guesses = [predictions.predicted[index] for index in strong]
    truth = [predictions.emotion[index] for index in strong]
    expected = recall_score(truth, guesses, labels=sorted(set(truth)), average="macro")
    assert metrics.by_intensity["strong"].uar == pytest.approx(expected)


def test_interval_is_the_plain_bootstrap_over_speakers(make_predictions: MakePredictions) -> None:
    """The vectorised resampling agrees with drawing speakers one by one and scoring with scikit-learn."""
    predictions = make_predictions(skill=1.0, seed=3)
    speaker, truth, guess = (
        np.array(side) for side in (predictions.speaker, predictions.emotion, predictions.predicted)
    )
    rows_of = {name: np.flatnonzero(speaker == name) for name in np.unique(speaker)}
    rng = np.random.default_rng(1)
    plain = []
    for _ in range(400):
        rows = np.concatenate([rows_of[name] for name in rng.choice(list(rows_of), size=len(rows_of))])
        plain.append(balanced_accuracy_score(truth[rows], guess[rows]))
    interval = measure_predictions(predictions).uar_interval
    assert interval is not None
    assert interval.low == pytest.approx(np.quantile(plain, 0.025), abs=0.006)
    assert interval.high == pytest.approx(np.quantile(plain, 0.975), abs=0.006)


def test_differences_between_speakers_widen_the_interval() -> None:
    alike = answers([(s, e, e if n % 2 else "sad") for s in "abcdefgh" for n in range(10) for e in ("happy", "sad")])
    apart = answers([(s, e, e if s < "e" else "sad") for s in "abcdefgh" for n in range(10) for e in ("happy", "sad")])
    one, two = measure_predictions(alike), measure_predictions(apart)
    assert one.uar == two.uar == 0.75
    assert one.uar_interval is not None
    assert two.uar_interval is not None
    assert one.uar_interval.low == one.uar_interval.high == 0.75
    assert two.uar_interval.low < 0.6 < 0.9 < two.uar_interval.high


@given(rows=rows)
def test_intervals_hold_any_small_corpus(rows: list[tuple[str, str, str]]) -> None:
    metrics = measure_predictions(answers(rows), resamples=50)
    for name in ("uar", "accuracy", "macro_f1"):
        interval = getattr(metrics, f"{name}_interval")
        assert 0 <= getattr(metrics, name) <= 1
        assert (interval is None) == (metrics.speakers == 1)
        if interval is not None:
            assert 0 <= interval.low <= interval.high <= 1
    assert set(metrics.recall) == {emotion for _, emotion, _ in rows}


def test_one_seed_gives_one_interval(make_predictions: MakePredictions) -> None:
    predictions = make_predictions(skill=1.0)
    assert measure_predictions(predictions).uar_interval == measure_predictions(predictions).uar_interval
    assert measure_predictions(predictions).uar_interval != measure_predictions(predictions, seed=1).uar_interval


def test_a_better_system_is_found_better(make_predictions: MakePredictions) -> None:
    better, worse = make_predictions(skill=2.0), make_predictions(skill=1.5, seed=1)
    test = paired_test(better, worse)
    assert test.difference == pytest.approx(measure_predictions(better).uar - measure_predictions(worse).uar)
    assert 0 < test.interval.low < test.difference < test.interval.high
    assert test.p_value == pytest.approx(2 / 2001)  # none of the 2000 resamples is on the other side
    assert test.mcnemar_p_value < 1e-6


def test_swapping_the_systems_turns_the_sign(make_predictions: MakePredictions) -> None:
    one, two = make_predictions(skill=1.5), make_predictions(skill=1.55, seed=1)
    test, swapped = paired_test(one, two), paired_test(two, one)
    assert test.difference == pytest.approx(-swapped.difference)
    assert (test.interval.low, test.interval.high) == pytest.approx((-swapped.interval.high, -swapped.interval.low))
    assert (test.p_value, test.mcnemar_p_value) == (swapped.p_value, swapped.mcnemar_p_value)


def test_a_system_does_not_differ_from_itself(make_predictions: MakePredictions) -> None:
    test = paired_test(make_predictions(skill=1.5), make_predictions(skill=1.5))
    assert (test.difference, test.interval.low, test.interval.high) == (0, 0, 0)
    assert (test.p_value, test.mcnemar_p_value) == (1, 1)


def test_equal_systems_are_seldom_found_different(make_predictions: MakePredictions) -> None:
    systems = [make_predictions(skill=1.5, seed=seed) for seed in range(40)]
    found = [paired_test(one, two).p_value < 0.05 for one, two in zip(systems[::2], systems[1::2], strict=True)]
    assert sum(found) <= 4


def test_order_of_clips_and_columns_does_not_matter(make_predictions: MakePredictions) -> None:
    one, two = make_predictions(skill=1.5), make_predictions(skill=1.6, seed=1)
    rows = np.random.default_rng(0).permutation(len(two)).tolist()
    shuffled = Predictions(
        clip=tuple(two.clip[row] for row in rows),
        speaker=tuple(two.speaker[row] for row in rows),
        fold=two.fold[rows],
        emotion=tuple(two.emotion[row] for row in rows),
        probabilities=two.probabilities[rows][:, ::-1],
        labels=two.labels[::-1],
    )
    assert paired_test(one, shuffled) == paired_test(one, two)


def test_mcnemar_counts_the_clips_that_one_system_alone_recognizes() -> None:
    # 6 clips only the first has right, 1 only the second, 3 both.
    first = answers([(s, "happy", "happy" if n != 6 else "sad") for n, s in enumerate("ababababab")])
    second = answers([(s, "happy", "happy" if n >= 6 else "sad") for n, s in enumerate("ababababab")])
    by_hand = 2 * (1 + 7) / 2**7
    assert paired_test(first, second).mcnemar_p_value == pytest.approx(by_hand)
    assert by_hand == pytest.approx(binomtest(1, 7).pvalue)


def test_two_speakers_give_no_significant_difference() -> None:
    """Both favour the same system, which happens by chance in half of all cases."""
    truth = [(speaker, emotion) for speaker in "ab" for emotion in ("happy", "sad") * 10]
    first = answers([(speaker, emotion, emotion) for speaker, emotion in truth])
    second = answers([(speaker, emotion, "sad") for speaker, emotion in truth])
    assert paired_test(first, second).p_value == 0.5


def test_systems_of_one_speaker_are_not_compared() -> None:
    system = answers([("a", "happy", "happy"), ("a", "sad", "happy")])
    with pytest.raises(ParameterError, match=r"two speakers.*'a'"):
        paired_test(system, system)

"""Metrics of predictions, with intervals and tests that take speakers, not clips, as the sample.

All resampling draws whole speakers, see `affetto.evaluation.resampling`. All figures are fractions between 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from affetto.errors import ParameterError
from affetto.evaluation.resampling import (
    RESAMPLES,
    Interval,
    confusion_by_speaker,
    draw_speakers,
    number_speakers,
    percentile_interval,
    sum_speakers,
)
from affetto.evaluation.scores import (
    accuracy,
    confusion_matrix,
    expected_calibration_error,
    macro_f1,
    recalls,
    unweighted_average_recall,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.evaluation.predictions import Predictions


@dataclass(frozen=True, slots=True)
class Scores:
    """The three headline figures over some clips.

    Attributes
    ----------
    clips, speakers : int
        How many they were measured on.
    uar : float
        Unweighted average recall: the mean over the true emotions of the part of their clips that was
        recognized.
    accuracy : float
        The part of all clips that was recognized.
    macro_f1 : float
        The mean F1 over the true emotions.
    uar_interval, accuracy_interval, macro_f1_interval : Interval or None
        95 % percentile interval of a bootstrap over speakers; None where there is only one speaker.
    """

    clips: int
    speakers: int
    uar: float
    accuracy: float
    macro_f1: float
    uar_interval: Interval | None
    accuracy_interval: Interval | None
    macro_f1_interval: Interval | None


@dataclass(frozen=True, slots=True)
class Metrics(Scores):
    """Everything that is reported about one system's predictions.

    Attributes
    ----------
    labels : tuple of str
        The emotions, in the order of the confusion matrix.
    confusion : ndarray of int, shape (n_labels, n_labels)
        Number of clips by true emotion (row) and predicted emotion (column).
    recall : dict of str to float
        The recall of each emotion that occurs.
    expected_calibration_error : float
        How far the probabilities are from the truth, see `affetto.evaluation.scores`.
    by_gender, by_intensity : dict of str to Scores
        The scores over a part of the clips; empty where the corpus does not say. An emotion without clips in
        a part does not count in it, as RAVDESS's neutral has no strong intensity.
    """

    labels: tuple[str, ...]
    confusion: NDArray[np.intp]
    recall: dict[str, float]
    expected_calibration_error: float
    by_gender: dict[str, Scores]
    by_intensity: dict[str, Scores]


@dataclass(frozen=True, slots=True)
class PairedTest:
    """How two systems differ over the same clips.

    Attributes
    ----------
    difference : float
        UAR of the first minus UAR of the second.
    interval : Interval
        95 % percentile interval of the difference.
    p_value : float
        Two-sided, of the hypothesis that the UARs are equal.
    mcnemar_p_value : float
        Two-sided exact, of the hypothesis that the accuracies are equal. It takes clips as independent, and
        so is the less cautious of the two.
    """

    difference: float
    interval: Interval
    p_value: float
    mcnemar_p_value: float


def measure_predictions(predictions: Predictions, *, resamples: int = RESAMPLES, seed: int = 0) -> Metrics:
    """Compute all metrics of one system.

    Parameters
    ----------
    predictions : Predictions
        What the system said, pooled over the folds.
    resamples : int
        Number of bootstrap resamples of the speakers.
    seed : int
        Of the resampling; the same seed gives the same intervals.

    Returns
    -------
    Metrics
        The scores of all clips, and of parts of them.
    """
    truth, predicted = predictions.emotion_index, predictions.predicted_index
    n_labels = len(predictions.labels)

    def scores(rows: NDArray[np.intp]) -> Scores:
        speaker, n_speakers = number_speakers([predictions.speaker[row] for row in rows])
        counts = confusion_by_speaker(truth[rows], predicted[rows], speaker, n_speakers=n_speakers, n_labels=n_labels)
        return _scores(counts, resamples=resamples, seed=seed)

    def scores_by(trait: Sequence[str | None]) -> dict[str, Scores]:
        return {
            value: scores(np.flatnonzero([one == value for one in trait]))
            for value in sorted({value for value in trait if value is not None})
        }

    overall = scores(np.arange(len(predictions)))
    confusion = confusion_matrix(truth, predicted, n_labels)
    return Metrics(
        **{name: getattr(overall, name) for name in Scores.__dataclass_fields__},
        labels=predictions.labels,
        confusion=confusion,
        recall={
            label: float(recall)
            for label, recall in zip(predictions.labels, recalls(confusion), strict=True)
            if not np.isnan(recall)
        },
        expected_calibration_error=expected_calibration_error(truth, predictions.probabilities),
        by_gender=scores_by(predictions.gender),
        by_intensity=scores_by(predictions.intensity),
    )


def paired_test(first: Predictions, second: Predictions, *, resamples: int = RESAMPLES, seed: int = 0) -> PairedTest:
    """Test whether two systems differ over the same clips.

    Parameters
    ----------
    first, second : Predictions
        Two systems' answers about the same clips, in any order.
    resamples : int
        Number of bootstrap resamples of the speakers.
    seed : int
        Of the resampling.

    Returns
    -------
    PairedTest
        The difference in UAR with its interval and p-value, and McNemar's p-value for accuracy.

    Raises
    ------
    ParameterError
        If the two are not about the same clips, or about fewer than two speakers.

    Notes
    -----
    UAR: each resample draws speakers with replacement and takes the same ones for both systems (Efron &
    Tibshirani 1993, "An introduction to the bootstrap", ch. 13 and 16; Bisani & Ney 2004). The p-value is
    twice the smaller part of resamples on either side of zero, the data themselves counted as one more
    (Davison & Hinkley 1997, "Bootstrap methods and their application", ch. 4), and never below what n speakers can
    show at all: by chance all of them favour the same system in 2 of 2 to the power of n cases. Accuracy: McNemar
    1947, "Note on the sampling error of the difference between correlated proportions or percentages", Psychometrika
    12, in its exact binomial form.
    """
    second = second.aligned_to(first)
    speaker, n_speakers = number_speakers(first.speaker)
    if n_speakers < 2:
        raise ParameterError(f"a paired test needs at least two speakers, and there is only {first.speaker[0]!r}")
    truth, n_labels = first.emotion_index, len(first.labels)
    one, two = (
        confusion_by_speaker(truth, system.predicted_index, speaker, n_speakers=n_speakers, n_labels=n_labels)
        for system in (first, second)
    )
    weights = draw_speakers(len(one), resamples=resamples, seed=seed)
    differences = unweighted_average_recall(sum_speakers(one, weights)) - unweighted_average_recall(
        sum_speakers(two, weights)
    )
    tail = min(np.count_nonzero(differences <= 0), np.count_nonzero(differences >= 0))
    correct_one, correct_two = (system.predicted_index == truth for system in (first, second))
    return PairedTest(
        difference=float(unweighted_average_recall(one.sum(axis=0)) - unweighted_average_recall(two.sum(axis=0))),
        interval=percentile_interval(differences),
        p_value=min(1.0, max(2 * (tail + 1) / (resamples + 1), 2.0 ** (1 - len(one)))),
        mcnemar_p_value=_mcnemar(
            int(np.count_nonzero(correct_one & ~correct_two)),
            int(np.count_nonzero(correct_two & ~correct_one)),
        ),
    )


def _scores(by_speaker: NDArray[np.intp], *, resamples: int, seed: int) -> Scores:
    total = by_speaker.sum(axis=0)
    resampled = None
    if len(by_speaker) > 1:
        resampled = sum_speakers(by_speaker, draw_speakers(len(by_speaker), resamples=resamples, seed=seed))
    return Scores(
        clips=int(total.sum()),
        speakers=len(by_speaker),
        uar=float(unweighted_average_recall(total)),
        accuracy=float(accuracy(total)),
        macro_f1=float(macro_f1(total)),
        uar_interval=None if resampled is None else percentile_interval(unweighted_average_recall(resampled)),
        accuracy_interval=None if resampled is None else percentile_interval(accuracy(resampled)),
        macro_f1_interval=None if resampled is None else percentile_interval(macro_f1(resampled)),
    )


def _mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided McNemar test from the clips that only one of two systems recognizes."""
    from scipy.stats import binomtest

    discordant = only_first + only_second
    return float(binomtest(only_first, discordant).pvalue) if discordant else 1.0

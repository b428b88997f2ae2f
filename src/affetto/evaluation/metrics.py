"""Metrics of predictions, with intervals and tests that resample speakers, see `affetto.evaluation.resampling`.

All figures are fractions between 0 and 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
        Their numbers.
    uar : float
        Unweighted average recall: the mean recall of the true emotions.
    accuracy : float
        The part of all clips that was recognized.
    macro_f1 : float
        The mean F1 of the true emotions.
    uar_interval, accuracy_interval, macro_f1_interval : Interval or None
        95 % percentile interval of a bootstrap over speakers; None for a single speaker.
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
    """All metrics of one system.

    Attributes
    ----------
    labels : tuple of str
        The emotions, in the order of the confusion matrix.
    confusion : ndarray of int, shape (n_labels, n_labels)
        Number of clips by true emotion (row) and predicted emotion (column).
    recall : dict of str to float
        The recall of each emotion that occurs.
    expected_calibration_error : float
        Mean distance of confidence and accuracy, see `affetto.evaluation.scores`.
    by_gender, by_intensity : dict of str to Scores
        The scores of a part of the clips; empty if the corpus does not tell. An emotion without clips in a part does
        not count in it. For example, RAVDESS has no neutral speech of strong intensity.
    """

    labels: tuple[str, ...]
    confusion: NDArray[np.intp]
    recall: dict[str, float]
    expected_calibration_error: float
    by_gender: dict[str, Scores]
    by_intensity: dict[str, Scores]


@dataclass(frozen=True, slots=True)
class PairedTest:
    """The difference of two systems over the same clips.

    Attributes
    ----------
    difference : float
        UAR of the first minus UAR of the second.
    interval : Interval
        95 % percentile interval of the difference.
    p_value : float
        Two-sided, of the hypothesis that the UARs are equal.
    mcnemar_p_value : float
        Two-sided exact, of the hypothesis that the accuracies are equal. It takes clips as independent, so it is the
        less cautious of the two.
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
        Pooled over the folds.
    resamples, seed : int
        Number of bootstrap resamples of the speakers, and their seed.
    """

    def scores_by(trait: Sequence[str | None]) -> dict[str, Scores]:
        return {
            value: _scores(
                _counts(predictions.take([row for row, one in enumerate(trait) if one == value])), resamples, seed
            )
            for value in sorted({value for value in trait if value is not None})
        }

    counts = _counts(predictions)
    overall = _scores(counts, resamples, seed)
    confusion = counts.sum(axis=0)
    recall_of = zip(predictions.labels, recalls(confusion).tolist(), strict=True)
    return Metrics(
        **{name: getattr(overall, name) for name in Scores.__dataclass_fields__},
        labels=predictions.labels,
        confusion=confusion,
        recall={label: recall for label, recall in recall_of if not np.isnan(recall)},
        expected_calibration_error=expected_calibration_error(predictions.emotion_index, predictions.probabilities),
        by_gender=scores_by(predictions.gender),
        by_intensity=scores_by(predictions.intensity),
    )


def paired_test(first: Predictions, second: Predictions, *, resamples: int = RESAMPLES, seed: int = 0) -> PairedTest:
    """Test whether two systems differ over the same clips.

    Parameters
    ----------
    first, second : Predictions
        Predictions about the same clips, in any order.
    resamples, seed : int
        Number of bootstrap resamples of the speakers, and their seed.

    Raises
    ------
    ParameterError
        If the two are not about the same clips, or about fewer than two speakers.

    Notes
    -----
    UAR: each resample draws speakers with replacement, the same ones for both systems (Efron & Tibshirani 1993, "An
    introduction to the bootstrap", ch. 13 and 16; Bisani & Ney 2004). The p-value is twice the smaller part of
    resamples on either side of zero, with the data themselves as one more resample (Davison & Hinkley 1997, "Bootstrap
    methods and their application", ch. 4). It is at least 2 / 2^n for n speakers: by chance alone, all of them favour
    the same system so often. Accuracy: McNemar 1947, "Note on the sampling error of the difference between correlated
    proportions or percentages", Psychometrika 12, in its exact binomial form.
    """
    from scipy.stats import binomtest

    second = second.aligned_to(first)
    one, two = _counts(first), _counts(second)
    if len(one) < 2:
        raise ParameterError(f"a paired test needs at least two speakers, and there is only {first.speaker[0]!r}")
    weights = draw_speakers(len(one), resamples=resamples, seed=seed)
    differences = unweighted_average_recall(sum_speakers(one, weights)) - unweighted_average_recall(
        sum_speakers(two, weights)
    )
    tail = min(np.count_nonzero(differences <= 0), np.count_nonzero(differences >= 0))
    correct_one, correct_two = (system.predicted_index == first.emotion_index for system in (first, second))
    discordant = np.count_nonzero(correct_one != correct_two)
    only_first = np.count_nonzero(correct_one & ~correct_two)
    return PairedTest(
        difference=float(unweighted_average_recall(one.sum(axis=0)) - unweighted_average_recall(two.sum(axis=0))),
        interval=percentile_interval(differences),
        p_value=min(1.0, max(2 * (tail + 1) / (resamples + 1), 2.0 ** (1 - len(one)))),
        mcnemar_p_value=float(binomtest(only_first, discordant).pvalue) if discordant else 1.0,
    )


def _counts(predictions: Predictions) -> NDArray[np.intp]:
    """Return one confusion matrix for each speaker."""
    speaker, n_speakers = number_speakers(predictions.speaker)
    return confusion_by_speaker(
        predictions.emotion_index,
        predictions.predicted_index,
        speaker,
        n_speakers=n_speakers,
        n_labels=len(predictions.labels),
    )


def _scores(by_speaker: NDArray[np.intp], resamples: int, seed: int) -> Scores:
    total = by_speaker.sum(axis=0)
    figures = {"uar": unweighted_average_recall, "accuracy": accuracy, "macro_f1": macro_f1}
    values: dict[str, Any] = {name: float(figure(total)) for name, figure in figures.items()}
    intervals: dict[str, Any] = {f"{name}_interval": None for name in figures}
    if len(by_speaker) > 1:
        resampled = sum_speakers(by_speaker, draw_speakers(len(by_speaker), resamples=resamples, seed=seed))
        intervals = {f"{name}_interval": percentile_interval(figure(resampled)) for name, figure in figures.items()}
    return Scores(clips=int(total.sum()), speakers=len(by_speaker), **values, **intervals)

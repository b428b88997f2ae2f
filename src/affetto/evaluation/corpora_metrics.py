"""Figures of predictions about left-out corpora: of each corpus, and their mean.

Every figure is computed from counts by speaker, so that the bootstrap only sums counts. All corpora count the same,
however many clips they have.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

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
    CALIBRATION_BINS,
    confidence_bins,
    mean_of_known,
    ratio,
    unweighted_average_recall,
)
from affetto.recognition.dimensions import AROUSAL, VALENCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from affetto.evaluation.predictions import CorporaPredictions

    Values = NDArray[np.float64]

THE_FOUR = ("neutral", "happy", "sad", "angry")
"""The emotions that nearly every corpus has; here calm counts as neutral."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, and its 95 % percentile interval.

    The value is None if no clip can be measured, the interval is None for too few speakers or corpora.
    """

    value: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class CorporaFigures:
    """The figures of one corpus, or of all.

    Attributes
    ----------
    uar : Figure
        Unweighted average recall of the most probable of the shared emotions: those that both the left-out corpus and
        the training corpora have.
    uar_four : Figure
        The same among those of `THE_FOUR` that are shared, over their clips.
    accuracy : Figure
        The part of clips for which the most probable of all learned emotions is right.
    ok_precision, ok_coverage : Figure
        The accuracy of the answers with status ok, and their part of all answers.
    expected_calibration_error : Figure
        Mean distance of confidence and accuracy, see `affetto.evaluation.scores`. Of several corpora: over all clips,
        weighted so that every corpus counts the same.
    auc_arousal, auc_valence : Figure
        Area under the ROC curve: how well arousal separates emotions of high and low arousal, and valence those of
        positive and negative valence. Emotions without a side do not count.
    """

    uar: Figure
    uar_four: Figure
    accuracy: Figure
    ok_precision: Figure
    ok_coverage: Figure
    expected_calibration_error: Figure
    auc_arousal: Figure
    auc_valence: Figure


@dataclass(frozen=True, slots=True)
class CorpusMetrics:
    """The metrics of one left-out corpus, with intervals by bootstrap over its speakers.

    `clips` and `speakers` are numbers; `emotions` are the shared ones, in the order of the predictions' labels.
    """

    corpus: str
    clips: int
    speakers: int
    emotions: tuple[str, ...]
    figures: CorporaFigures


@dataclass(frozen=True, slots=True)
class CorporaMetrics:
    """The metrics of each left-out corpus, and their mean.

    The mean is over the corpora that have the figure; its calibration error is measured over all clips. Its intervals
    are by bootstrap over the corpora, and over the speakers within each.
    """

    mean: CorporaFigures
    corpora: tuple[CorpusMetrics, ...]


def measure_corpora(predictions: CorporaPredictions, *, resamples: int = RESAMPLES, seed: int = 0) -> CorporaMetrics:
    """Compute all figures of predictions about left-out corpora.

    Parameters
    ----------
    predictions : CorporaPredictions
        From `cross_validate_corpora` of `affetto.training`, or from its CSV file.
    resamples, seed : int
        Number of bootstrap resamples, and their seed.

    Notes
    -----
    The intervals of the mean are those of a two-stage bootstrap (Davison & Hinkley 1997, "Bootstrap methods and their
    application", ch. 3.8): corpora are drawn with replacement, and speakers with replacement within each of them.
    """
    corpus = np.array(predictions.corpus)
    counts = [_Counts(predictions.take(np.flatnonzero(corpus == name))) for name in predictions.corpora]
    points = [one.figures(np.ones((1, one.n_speakers), dtype=np.int64)) for one in counts]
    resampled = [one.figures(draw_speakers(one.n_speakers, resamples=resamples, seed=seed)) for one in counts]
    return CorporaMetrics(
        mean=_mean_figures(points, resampled, seed=seed),
        corpora=tuple(
            CorpusMetrics(
                name,
                one.n_clips,
                one.n_speakers,
                one.emotions,
                _with_intervals(point.figures, spread.figures if one.n_speakers > 1 else None),
            )
            for name, one, point, spread in zip(predictions.corpora, counts, points, resampled, strict=True)
        ),
    )


_NAMES = tuple(field.name for field in fields(CorporaFigures))


class _Resampled(NamedTuple):
    """The figures of a corpus in each resample of its speakers."""

    figures: Values  # shape (resamples, n_figures), in the order of _NAMES
    gaps: Values  # shape (resamples, n_bins): correctness minus confidence, summed by bin, divided by the clips


class _Counts:
    """The clips of one corpus, as counts by speaker."""

    def __init__(self, clips: CorporaPredictions) -> None:
        emotions, probabilities, labels = clips.emotion, clips.probabilities, clips.labels
        speaker, self.n_speakers = number_speakers(clips.speaker)
        self.n_clips = len(clips)
        self.emotions = tuple(label for label in labels if label in emotions)

        def count(chosen: NDArray[np.bool_]) -> NDArray[np.intp]:
            return np.bincount(speaker[chosen], minlength=self.n_speakers)

        def confusion(truth: Sequence[str], given: Values, among: Sequence[str]) -> NDArray[np.intp] | None:
            """Count the clips of some emotions by the most probable of these; None for fewer than two emotions."""
            if len(among) < 2:
                return None
            chosen = np.flatnonzero(np.isin(truth, among))
            return confusion_by_speaker(
                np.array([among.index(truth[row]) for row in chosen.tolist()]),
                given[chosen][:, [labels.index(emotion) for emotion in among]].argmax(axis=1),
                speaker[chosen],
                n_speakers=self.n_speakers,
                n_labels=len(among),
            )

        merged, merged_probabilities = _merge_calm(emotions, probabilities, labels)
        self._shared = confusion(emotions, probabilities, self.emotions)
        self._four = confusion(merged, merged_probabilities, [one for one in THE_FOUR if one in merged])
        confidence = probabilities.max(axis=1)
        right, ok = clips.predicted_index == clips.emotion_index, np.array(clips.status) == "ok"
        self._clips, self._right = count(np.ones(len(clips), dtype=bool)), count(right)
        self._ok, self._ok_right = count(ok), count(ok & right)
        cell = speaker * CALIBRATION_BINS + confidence_bins(confidence)
        gaps = np.bincount(cell, weights=right - confidence, minlength=self.n_speakers * CALIBRATION_BINS)
        self._gaps = gaps.reshape(self.n_speakers, CALIBRATION_BINS)
        self._arousal = _Ranking(clips.arousal, _sides(emotions, AROUSAL), speaker, self.n_speakers)
        self._valence = _Ranking(clips.valence, _sides(emotions, VALENCE), speaker, self.n_speakers)

    def figures(self, weights: NDArray[np.int64]) -> _Resampled:
        """Compute the figures for counts of each speaker, shape (resamples, n_speakers)."""
        clips, right, ok, ok_right = (
            sum_speakers(counts, weights) for counts in (self._clips, self._right, self._ok, self._ok_right)
        )
        gaps = sum_speakers(self._gaps, weights) / clips[:, None]
        by_name = {
            "uar": _uar(self._shared, weights),
            "uar_four": _uar(self._four, weights),
            "accuracy": ratio(right, clips),
            "ok_precision": ratio(ok_right, ok),
            "ok_coverage": ratio(ok, clips),
            "expected_calibration_error": np.abs(gaps).sum(axis=-1),
            "auc_arousal": self._arousal.areas(weights),
            "auc_valence": self._valence.areas(weights),
        }
        return _Resampled(np.stack([by_name[name] for name in _NAMES], axis=1), gaps)


class _Ranking:
    """How often a score ranks a clip of the upper side above one of the lower, by the speakers of both."""

    def __init__(self, scores: Values, sides: NDArray[np.intp], speaker: NDArray[np.intp], n_speakers: int) -> None:
        upper, lower = sides > 0, sides < 0
        self._upper = np.bincount(speaker[upper], minlength=n_speakers)
        self._lower = np.bincount(speaker[lower], minlength=n_speakers)
        self._won = np.zeros((n_speakers, n_speakers))
        for other in range(n_speakers):
            below = np.sort(scores[lower & (speaker == other)])
            # Equal scores count half.
            won = (np.searchsorted(below, scores[upper], "left") + np.searchsorted(below, scores[upper], "right")) / 2
            self._won[:, other] = np.bincount(speaker[upper], weights=won, minlength=n_speakers)

    def areas(self, weights: NDArray[np.int64]) -> Values:
        """Return the area under the ROC curve of each resample (Hanley & McNeil 1982, Radiology 143)."""
        counted = weights.astype(np.float64)
        won = ((counted @ self._won) * counted).sum(axis=1)
        return ratio(won, sum_speakers(self._upper, weights) * sum_speakers(self._lower, weights))


def _sides(emotions: Sequence[str], side: Mapping[str, int]) -> NDArray[np.intp]:
    return np.array([side.get(emotion, 0) for emotion in emotions], dtype=np.intp)


def _merge_calm(emotions: Sequence[str], probabilities: Values, labels: Sequence[str]) -> tuple[list[str], Values]:
    """Count calm as neutral, in the truth and in the probabilities."""
    if not {"calm", "neutral"} <= set(labels):
        return list(emotions), probabilities
    merged = probabilities.copy()
    merged[:, labels.index("neutral")] += probabilities[:, labels.index("calm")]
    return ["neutral" if emotion == "calm" else emotion for emotion in emotions], merged


def _uar(by_speaker: NDArray[np.intp] | None, weights: NDArray[np.int64]) -> Values:
    if by_speaker is None:
        return np.full(len(weights), np.nan)
    return unweighted_average_recall(sum_speakers(by_speaker, weights))


def _mean_figures(points: Sequence[_Resampled], resampled: Sequence[_Resampled], *, seed: int) -> CorporaFigures:
    n_corpora, resamples = len(points), len(resampled[0].figures)
    point = _mean(np.stack([p.figures for p in points], axis=1), np.stack([p.gaps for p in points], axis=1))
    if n_corpora < 2:
        return _with_intervals(point, None)
    # A corpus that is drawn twice gets other speakers each time: any of its resamples.
    rng = np.random.default_rng(seed)
    corpus = rng.integers(n_corpora, size=(resamples, n_corpora))
    row = rng.integers(resamples, size=(resamples, n_corpora))
    figures, gaps = np.stack([r.figures for r in resampled]), np.stack([r.gaps for r in resampled])
    return _with_intervals(point, _mean(figures[corpus, row], gaps[corpus, row]))


def _mean(figures: Values, gaps: Values) -> Values:
    """Mean over corpora: shape (resamples, n_corpora, n_figures) gives shape (resamples, n_figures)."""
    mean = mean_of_known(np.moveaxis(figures, 1, -1))
    mean[:, _NAMES.index("expected_calibration_error")] = np.abs(gaps.mean(axis=1)).sum(axis=-1)
    return mean


def _with_intervals(point: Values, resampled: Values | None) -> CorporaFigures:
    figures = []
    for column, value in enumerate(point[0].tolist()):
        # A resample may lack the speakers that a figure is about.
        known = np.empty(0) if resampled is None else resampled[~np.isnan(resampled[:, column]), column]
        measured = not np.isnan(value)
        interval = percentile_interval(known) if measured and len(known) else None
        figures.append(Figure(value if measured else None, interval))
    return CorporaFigures(*figures)

"""Figures of predictions about corpora that were left out: of each corpus, and their mean as the headline.

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

    from affetto.evaluation.corpora_predictions import CorporaPredictions

    Values = NDArray[np.float64]

THE_FOUR = ("neutral", "happy", "sad", "angry")
"""The emotions that nearly every corpus has; here calm counts as neutral."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Attributes
    ----------
    value : float or None
        None where there is nothing to measure it on.
    interval : Interval or None
        95 % percentile interval; None where there are too few speakers or corpora.
    """

    value: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class CorporaFigures:
    """The figures of one corpus, or of all.

    Attributes
    ----------
    uar : Figure
        Unweighted average recall of the most probable of the shared emotions: those that the corpus and the chain's
        training have in common.
    uar_four : Figure
        The same of those of `THE_FOUR` that are shared, over their clips.
    accuracy : Figure
        The part of clips for which the most probable of all learned emotions is the right one.
    ok_precision, ok_coverage : Figure
        The part of the answers with status ok for which it is the right one, and the part of answers with that status.
    expected_calibration_error : Figure
        How far its probability is from accuracy, see `affetto.evaluation.scores`. Of several corpora: over all clips,
        weighted so that every corpus counts the same.
    auc_arousal, auc_valence : Figure
        Area under the ROC curve by which arousal tells clips of emotions high in it from those low in it, and valence
        the positive from the negative. Emotions without a side do not count.
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
    """What was measured on one corpus that was left out.

    Attributes
    ----------
    corpus : str
        Its name.
    clips, speakers : int
        How many it was measured on.
    emotions : tuple of str
        The shared emotions, in the order of the predictions' labels.
    figures : CorporaFigures
        Intervals by bootstrap over its speakers.
    """

    corpus: str
    clips: int
    speakers: int
    emotions: tuple[str, ...]
    figures: CorporaFigures


@dataclass(frozen=True, slots=True)
class CorporaMetrics:
    """What was measured on all corpora.

    Attributes
    ----------
    mean : CorporaFigures
        The mean over the corpora that have the figure; only the calibration error is measured over all clips. Intervals
        by bootstrap over the corpora and over the speakers within each.
    corpora : tuple of CorpusMetrics
        In the order of the predictions.
    """

    mean: CorporaFigures
    corpora: tuple[CorpusMetrics, ...]


def measure_corpora(predictions: CorporaPredictions, *, resamples: int = RESAMPLES, seed: int = 0) -> CorporaMetrics:
    """Compute all figures.

    Parameters
    ----------
    predictions : CorporaPredictions
        From `cross_validate_corpora` of `affetto.training`, or from its CSV file.
    resamples : int
        Number of bootstrap resamples.
    seed : int
        Of the resampling; the same seed gives the same intervals.

    Returns
    -------
    CorporaMetrics

    Notes
    -----
    The intervals of the mean are those of a two-stage bootstrap (Davison & Hinkley 1997, "Bootstrap methods and their
    application", ch. 3.8): corpora are drawn with replacement, and speakers with replacement within each that is drawn.
    """
    samples = [_Sample(predictions, corpus) for corpus in predictions.corpora]
    points = [sample.values(np.ones((1, sample.n_speakers), dtype=np.int64)) for sample in samples]
    resampled = [sample.values(draw_speakers(sample.n_speakers, resamples=resamples, seed=seed)) for sample in samples]
    return CorporaMetrics(
        mean=_mean_figures(points, resampled, seed=seed),
        corpora=tuple(
            CorpusMetrics(
                sample.corpus,
                sample.n_clips,
                sample.n_speakers,
                sample.emotions,
                _figures(point.figures, spread.figures if sample.n_speakers > 1 else None),
            )
            for sample, point, spread in zip(samples, points, resampled, strict=True)
        ),
    )


_NAMES = tuple(field.name for field in fields(CorporaFigures))


class _Values(NamedTuple):
    """The figures of a corpus in each resample of its speakers."""

    figures: Values  # shape (resamples, n_figures), in the order of _NAMES
    gaps: Values  # shape (resamples, n_bins): correctness minus confidence, summed by bin, for each clip of the corpus


class _Sample:
    """The clips of one corpus, as counts by speaker."""

    def __init__(self, predictions: CorporaPredictions, corpus: str) -> None:
        rows = np.flatnonzero([name == corpus for name in predictions.corpus])
        self.corpus = corpus
        self.n_clips = len(rows)
        emotions = [predictions.emotion[row] for row in rows]
        probabilities, labels = predictions.probabilities[rows], predictions.labels
        speaker, self.n_speakers = number_speakers([predictions.speaker[row] for row in rows])
        # Clips of other emotions are left out of the predictions, so these are the ones that are shared.
        self.emotions = tuple(label for label in labels if label in emotions)

        def count(values: NDArray[np.bool_]) -> NDArray[np.intp]:
            return np.bincount(speaker[values], minlength=self.n_speakers)

        def restricted(truth: Sequence[str], given: Values, among: Sequence[str]) -> NDArray[np.intp] | None:
            """Count the clips of some emotions by the most probable of these; None without two to tell apart."""
            if len(among) < 2:
                return None
            chosen = np.flatnonzero([emotion in among for emotion in truth])
            return confusion_by_speaker(
                np.array([among.index(truth[row]) for row in chosen.tolist()]),
                given[chosen][:, [labels.index(emotion) for emotion in among]].argmax(axis=1),
                speaker[chosen],
                n_speakers=self.n_speakers,
                n_labels=len(among),
            )

        self._shared = restricted(emotions, probabilities, self.emotions)
        merged, merged_probabilities = _merge_calm(emotions, probabilities, labels)
        self._four = restricted(merged, merged_probabilities, [one for one in THE_FOUR if one in merged])
        confidence = probabilities.max(axis=1)
        right = probabilities.argmax(axis=1) == [labels.index(emotion) for emotion in emotions]
        ok = np.array([predictions.status[row] == "ok" for row in rows])
        self._clips, self._right = count(np.ones(len(rows), dtype=bool)), count(right)
        self._ok, self._ok_right = count(ok), count(ok & right)
        cell = speaker * CALIBRATION_BINS + confidence_bins(confidence)
        gaps = np.bincount(cell, weights=right - confidence, minlength=self.n_speakers * CALIBRATION_BINS)
        self._gaps = gaps.reshape(self.n_speakers, CALIBRATION_BINS)
        self._arousal = _Ranking(predictions.arousal[rows], _sides(emotions, AROUSAL), speaker, self.n_speakers)
        self._valence = _Ranking(predictions.valence[rows], _sides(emotions, VALENCE), speaker, self.n_speakers)

    def values(self, weights: NDArray[np.int64]) -> _Values:
        """Compute the figures where each speaker counts as often as is given, shape (resamples, n_speakers)."""
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
        return _Values(np.stack([by_name[name] for name in _NAMES], axis=1), gaps)


class _Ranking:
    """How often a score puts a clip of the upper side above one of the lower, by the speakers of both."""

    def __init__(self, scores: Values, sides: NDArray[np.intp], speaker: NDArray[np.intp], n_speakers: int) -> None:
        upper, lower = sides > 0, sides < 0
        self._upper = np.bincount(speaker[upper], minlength=n_speakers)
        self._lower = np.bincount(speaker[lower], minlength=n_speakers)
        self._won = np.zeros((n_speakers, n_speakers))
        for other in range(n_speakers):
            below = np.sort(scores[lower & (speaker == other)])
            # Of equals, half.
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


def _mean_figures(points: Sequence[_Values], resampled: Sequence[_Values], *, seed: int) -> CorporaFigures:
    n_corpora, resamples = len(points), len(resampled[0].figures)
    point = _mean(np.stack([p.figures for p in points], axis=1), np.stack([p.gaps for p in points], axis=1))
    if n_corpora < 2:
        return _figures(point, None)
    # A corpus that is drawn twice has other speakers drawn each time: any of its resamples.
    rng = np.random.default_rng(seed)
    corpus = rng.integers(n_corpora, size=(resamples, n_corpora))
    row = rng.integers(resamples, size=(resamples, n_corpora))
    figures, gaps = np.stack([r.figures for r in resampled]), np.stack([r.gaps for r in resampled])
    return _figures(point, _mean(figures[corpus, row], gaps[corpus, row]))


def _mean(figures: Values, gaps: Values) -> Values:
    """Mean over corpora: shape (resamples, n_corpora, n_figures) gives shape (resamples, n_figures)."""
    mean = mean_of_known(np.moveaxis(figures, 1, -1))
    mean[:, _NAMES.index("expected_calibration_error")] = np.abs(gaps.mean(axis=1)).sum(axis=-1)
    return mean


def _figures(point: Values, resampled: Values | None) -> CorporaFigures:
    figures = []
    for column, value in enumerate(point[0].tolist()):
        if np.isnan(value):
            figures.append(Figure(None, None))
            continue
        # A resample without the speakers that a figure is about has none.
        drawn = np.empty(0) if resampled is None else resampled[:, column]
        known = drawn[~np.isnan(drawn)]
        figures.append(Figure(value, percentile_interval(known) if len(known) else None))
    return CorporaFigures(*figures)

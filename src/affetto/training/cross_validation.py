"""Cross-validation: fit a pipeline on each fold's training clips, and predict its test clips."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto.corpora.base import in_order
from affetto.corpora.pooling import pool, require_different
from affetto.corpora.vetting import vet
from affetto.errors import ParameterError
from affetto.evaluation.corpora import choose_corpus_folds, corpus_folds
from affetto.evaluation.predictions import CorporaPredictions, Predictions, require_unique_clips
from affetto.evaluation.protocols import choose_folds
from affetto.recognition.dimensions import dimensions
from affetto.training.adapted import unadapted
from affetto.training.fit import fit_pipeline
from affetto.training.inner_splits import with_inner_speakers

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from numpy.typing import NDArray

    from affetto.classifiers.estimators.base import ProbabilisticClassifier
    from affetto.corpora.base import Corpus
    from affetto.corpora.pooling import TrainingSet
    from affetto.evaluation.corpora import CorpusFold
    from affetto.evaluation.protocols import Fold, Protocol
    from affetto.training.adapted import PredictFunction

logger = logging.getLogger(__name__)


def cross_validate(
    pipeline: ProbabilisticClassifier,
    corpus: Corpus,
    protocol: Protocol,
    *,
    train_with: Sequence[Corpus] = (),
    folds: Collection[int] | None = None,
    predict: PredictFunction = unadapted,
    keep: Callable[[Fold, Any], object] | None = None,
) -> Predictions:
    """Fit and test a pipeline on the folds of a protocol.

    Parameters
    ----------
    pipeline : estimator
        Any classifier with `predict_proba` that takes an array of paths. It is cloned for each fold.
    corpus : Corpus
        The corpus that is split.
    protocol : Protocol
        The rule that splits it.
    train_with : sequence of Corpus, optional
        Further corpora that every fold is also trained on. They are not tested.
    folds : collection of int, optional
        Only the folds of these numbers, counted from 1.
    predict : callable, optional
        Predicts the test clips of a fold, see `affetto.training.adapted.PredictFunction`. By default each clip is
        predicted by itself.
    keep : callable, optional
        Called with each fold and its fitted pipeline, for example to save them.

    Returns
    -------
    Predictions
        One row for each test clip in the corpus's order. The columns are the emotions of all corpora.

    Raises
    ------
    ParameterError
        If a fold does not exist, the pipeline has no `predict_proba`, or the protocol is for another corpus.
    CorpusError
        If the corpus does not suffice for the protocol, two of its files have the same name, or labels are missing or
        written in two ways.

    Warns
    -----
    CorpusWarning
        About clips that are silent, nearly empty, or duplicates.
    """
    utterances = corpus.utterances
    require_unique_clips(utterances)
    vet([corpus, *train_with])
    _require_probabilities(pipeline)
    chosen = choose_folds(protocol, corpus, folds)
    everything = pool(with_inner_speakers(corpus, protocol), *train_with)
    further = np.arange(len(utterances), len(everything.y))
    speakers = np.array([utterance.speaker for utterance in utterances])
    probabilities = np.zeros((len(utterances), len(everything.labels)))
    fold_of = np.zeros(len(utterances), dtype=np.intp)
    for done, fold in enumerate(chosen):
        logger.info("fold %d (%d of %d): %d test clips", fold.number, done + 1, len(chosen), len(fold.test))
        fitted = _fitted(pipeline, everything, np.concatenate([fold.train, further]))
        # classes_ has the indices of the emotions in the training part, which may lack some.
        answers = predict(fitted, everything.X[fold.test], speakers[fold.test])
        probabilities[np.ix_(fold.test, fitted.classes_)] = answers
        fold_of[fold.test] = fold.number
        if keep is not None:
            keep(fold, fitted)

    tested = np.flatnonzero(fold_of)
    rows = [utterances[index] for index in tested.tolist()]
    return Predictions(
        clip=tuple(row.clip for row in rows),
        speaker=tuple(row.speaker for row in rows),
        fold=fold_of[tested],
        emotion=tuple(row.emotion for row in rows),
        probabilities=probabilities[tested],
        labels=everything.labels,
        gender=tuple(row.gender for row in rows),
        intensity=tuple(row.intensity for row in rows),
    )


def cross_validate_corpora(
    pipeline: ProbabilisticClassifier,
    corpora: Sequence[Corpus],
    *,
    folds: Collection[int] | None = None,
    predict: PredictFunction = unadapted,
    keep: Callable[[CorpusFold, Any], object] | None = None,
) -> CorporaPredictions:
    """Leave each corpus out in turn, fit a pipeline on all others, and predict the left-out corpus.

    Parameters
    ----------
    pipeline : estimator
        As in `cross_validate`. If it is calibrated, its threshold decides the status of each prediction.
    corpora : sequence of Corpus
        Two or more, of different names.
    folds : collection of int, optional
        Leave out only the corpora of these numbers, counted from 1.
    predict, keep
        As in `cross_validate`.

    Returns
    -------
    CorporaPredictions
        One row for each clip whose emotion was learned, in the order of the corpora and their utterances.

    Raises
    ------
    ParameterError
        If there are fewer than two corpora, a fold does not exist, or the pipeline has no `predict_proba`.
    CorpusError
        If two corpora have the same name or a recording in common, two clips of one have the same name, labels are
        missing or written in two ways, or there are too few speakers or emotions in common.

    Warns
    -----
    CorpusWarning
        About clips that are silent, nearly empty, or duplicates.

    See Also
    --------
    affetto.evaluation.corpora_metrics.measure_corpora : the figures.

    Examples
    --------
    >>> from affetto.corpora import load_corpus
    >>> from affetto.evaluation import measure_corpora
    >>> from affetto.training.cross_validation import cross_validate_corpora
    >>> from affetto.training.pipelines import build_pipeline
    >>> corpora = [load_corpus(folder) for folder in ("ravdess", "nemo", "emodb")]  # doctest: +SKIP
    >>> predictions = cross_validate_corpora(build_pipeline("gmm"), corpora)  # doctest: +SKIP
    >>> measure_corpora(predictions).mean.uar.value  # doctest: +SKIP
    """
    everything = corpus_folds(corpora)
    require_different(corpora)
    chosen = choose_corpus_folds(everything, folds)
    for corpus in corpora:
        require_unique_clips(corpus.utterances)
    vet(corpora)
    _require_probabilities(pipeline)
    # The columns are the same for all choices of folds, so that files of several runs can be joined.
    labels = in_order({emotion for fold in everything for emotion in fold.learned})
    parts = []
    for done, fold in enumerate(chosen):
        logger.info("fold %d (%d of %d): %s is left out", fold.number, done + 1, len(chosen), fold.corpus.name)
        training = pool(*fold.training)
        fitted = _fitted(pipeline, training, np.arange(len(training.y)))
        parts.append(_predictions(fold, fitted, training.labels, labels, predict))
        if keep is not None:
            keep(fold, fitted)
    return CorporaPredictions.joined(parts)


def _require_probabilities(pipeline: ProbabilisticClassifier) -> None:
    if not hasattr(pipeline, "predict_proba"):
        raise ParameterError(f"{type(pipeline).__name__} has no predict_proba; give a classifier with probabilities")


def _fitted(pipeline: ProbabilisticClassifier, clips: TrainingSet, rows: NDArray[np.intp]) -> ProbabilisticClassifier:
    from sklearn.base import clone

    unfitted: ProbabilisticClassifier = clone(pipeline)
    return fit_pipeline(
        unfitted,
        clips.X[rows],
        clips.y[rows],
        speakers=clips.speakers[rows],
        corpora=clips.corpora[rows],
        frequencies=clips.frequencies[rows],
    )


def _predictions(
    fold: CorpusFold,
    fitted: ProbabilisticClassifier,
    learned: Sequence[str],
    labels: tuple[str, ...],
    predict: PredictFunction,
) -> CorporaPredictions:
    """Predict the left-out corpus, and keep the clips that count."""
    left_out = pool(fold.corpus)
    answers = np.asarray(predict(fitted, left_out.X, left_out.speakers))
    # As a user sees it: before calm is added to neutral.
    certain = answers.max(axis=1) >= _threshold(fitted)
    probabilities = np.zeros((len(answers), len(labels)))
    for column, index in enumerate(fitted.classes_):
        probabilities[:, labels.index(fold.counted_as(learned[index]))] += answers[:, column]
    arousal, valence = dimensions(labels, probabilities)
    truth = [fold.counted_as(utterance.emotion) for utterance in fold.corpus.utterances]
    counted = [index for index, emotion in enumerate(truth) if emotion in fold.shared]
    utterances = [fold.corpus.utterances[index] for index in counted]
    return CorporaPredictions(
        corpus=(fold.corpus.name,) * len(counted),
        clip=tuple(utterance.clip for utterance in utterances),
        speaker=tuple(utterance.speaker for utterance in utterances),
        emotion=tuple(truth[index] for index in counted),
        probabilities=probabilities[counted],
        labels=labels,
        status=tuple("ok" if certain[index] else "uncertain" for index in counted),
        arousal=arousal[counted],
        valence=valence[counted],
    )


def _threshold(fitted: ProbabilisticClassifier) -> float:
    """Return the confidence from which a pipeline's answers have status ok: 0 without calibration."""
    # Networks are calibrated as a whole, the others within.
    for part in (fitted, getattr(fitted, "classifier_", None)):
        if (calibration := getattr(part, "calibration_", None)) is not None:
            return float(calibration.threshold)
    return 0.0

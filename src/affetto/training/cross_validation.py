"""The evaluation loop: fit a chain on each fold's training speakers, let it answer about the others."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto.corpora.base import in_order
from affetto.corpora.pooling import pool, require_different
from affetto.corpora.vetting import vet
from affetto.errors import ParameterError
from affetto.evaluation.adapted import unadapted
from affetto.evaluation.corpora import choose_corpus_folds, corpus_folds
from affetto.evaluation.corpora_predictions import CorporaPredictions
from affetto.evaluation.predictions import Predictions, require_unique_clips
from affetto.evaluation.protocols import as_learned_from, choose_folds
from affetto.recognition.dimensions import dimensions
from affetto.training.fit import fit_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from affetto.corpora.base import Corpus
    from affetto.evaluation.adapted import AnswerFunction
    from affetto.evaluation.corpora import CorpusFold
    from affetto.evaluation.protocols import Fold, Protocol

logger = logging.getLogger(__name__)


def cross_validate(
    chain: Any,
    corpus: Corpus,
    protocol: Protocol,
    *,
    train_with: Sequence[Corpus] = (),
    folds: Collection[int] | None = None,
    answers: AnswerFunction = unadapted,
    keep: Callable[[Fold, Any], object] | None = None,
) -> Predictions:
    """Fit and test a chain on the folds of a protocol.

    Parameters
    ----------
    chain : estimator
        A scikit-learn pipeline, or any classifier with `predict_proba`, whose input is an array of the
        utterances' paths. It is cloned for each fold and itself stays unfitted.
    corpus : Corpus
        The labelled utterances.
    protocol : Protocol
        Who is tested on whom.
    train_with : sequence of Corpus, optional
        Further corpora that every fold is also trained on, and none is tested on.
    folds : collection of int, optional
        Run only the folds of these numbers, counted from 1.
    answers : callable, optional
        How the test clips of a fold are answered, see `affetto.evaluation.adapted.AnswerFunction`; by default each by
        itself.
    keep : callable, optional
        Called with each fold and its fitted chain, for example to save them.

    Returns
    -------
    Predictions
        One row for each test clip, in the corpus's order; columns the emotions of all corpora, the tested one's first.

    Raises
    ------
    ParameterError
        If a fold does not exist, the chain has no `predict_proba`, or the protocol is not made for the
        corpus.
    CorpusError
        If the corpus does not suffice for the protocol, two of its files have the same name, or labels are missing or
        written in two ways.

    Warns
    -----
    CorpusWarning
        Of clips that are silent, nearly empty, or there twice.
    """
    from sklearn.base import clone

    utterances = corpus.utterances
    require_unique_clips(utterances)
    vet([corpus, *train_with])
    if not hasattr(chain, "predict_proba"):
        raise ParameterError(f"{type(chain).__name__} has no predict_proba: a chain must give probabilities")
    chosen = choose_folds(protocol, corpus, folds)
    everything = pool(as_learned_from(corpus, protocol), *train_with)
    further = np.arange(len(utterances), len(everything.y))
    probabilities = np.zeros((len(utterances), len(everything.labels)))
    fold_of = np.zeros(len(utterances), dtype=np.intp)
    for done, fold in enumerate(chosen):
        logger.info("fold %d (%d of %d): %d test clips", fold.number, done + 1, len(chosen), len(fold.test))
        train = np.concatenate([fold.train, further])
        fitted = fit_pipeline(
            clone(chain),
            everything.X[train],
            everything.y[train],
            speakers=everything.speakers[train],
            corpora=everything.corpora[train],
            frequencies=everything.frequencies[train],
        )
        # Labels are indices, so classes_ says which column is whose, also where a fold's training lacks an
        # emotion.
        probabilities[np.ix_(fold.test, fitted.classes_)] = answers(
            fitted, everything.X[fold.test], np.array([utterances[index].speaker for index in fold.test.tolist()])
        )
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
    chain: Any,
    corpora: Sequence[Corpus],
    *,
    folds: Collection[int] | None = None,
    answers: AnswerFunction = unadapted,
    keep: Callable[[CorpusFold, Any], object] | None = None,
) -> CorporaPredictions:
    """Leave each corpus out in turn, fit a chain on all the others, and let it answer about the one.

    Parameters
    ----------
    chain : estimator
        A scikit-learn pipeline, or any classifier with `predict_proba`, whose input is an array of the utterances'
        paths. It is cloned for each fold and itself stays unfitted. Where it is calibrated, as those of
        `affetto.training.pipelines.build_pipeline` are, its threshold tells the certain answers from the others.
    corpora : sequence of Corpus
        Two or more, of different names.
    folds : collection of int, optional
        Leave out only the corpora of these numbers, counted from 1.
    answers : callable, optional
        How the left-out clips are answered, see `affetto.evaluation.adapted.AnswerFunction`; by default each by itself.
    keep : callable, optional
        Called with each fold and its fitted chain, for example to save them.

    Returns
    -------
    CorporaPredictions
        One row for each clip whose emotion was learned, in the order of the corpora and their utterances.

    Raises
    ------
    ParameterError
        If there are fewer than two corpora, a fold does not exist, or the chain has no `predict_proba`.
    CorpusError
        If two corpora have the same name or a recording in common, two clips of one have the same name, labels are
        missing or written in two ways, or there are too few speakers or emotions in common.

    Warns
    -----
    CorpusWarning
        Of clips that are silent, nearly empty, or there twice.

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
    from sklearn.base import clone

    everything = corpus_folds(corpora)
    require_different(corpora)
    chosen = choose_corpus_folds(everything, folds)
    for corpus in corpora:
        require_unique_clips(corpus.utterances)
    vet(corpora)
    if not hasattr(chain, "predict_proba"):
        raise ParameterError(f"{type(chain).__name__} has no predict_proba: a chain must give probabilities")
    # The columns are the same whichever folds are chosen, so that files of several runs can be joined.
    labels = in_order({emotion for fold in everything for emotion in fold.learned})
    parts = []
    for done, fold in enumerate(chosen):
        logger.info("fold %d (%d of %d): %s is left out", fold.number, done + 1, len(chosen), fold.corpus.name)
        training = pool(*fold.training)
        fitted = fit_pipeline(
            clone(chain),
            training.X,
            training.y,
            speakers=training.speakers,
            corpora=training.corpora,
            frequencies=training.frequencies,
        )
        parts.append(_predictions(fold, fitted, training.labels, labels, answers))
        if keep is not None:
            keep(fold, fitted)
    return CorporaPredictions.joined(parts)


def _predictions(
    fold: CorpusFold, fitted: Any, learned: Sequence[str], labels: tuple[str, ...], answers: AnswerFunction
) -> CorporaPredictions:
    """Let a fitted chain answer about the corpus that it was fitted without; keep the clips that count."""
    left_out = pool(fold.corpus)
    answered = np.asarray(answers(fitted, left_out.X, left_out.speakers))
    # As a user sees it, so before calm is added to neutral.
    certain = answered.max(axis=1) >= _threshold(fitted)
    probabilities = np.zeros((len(answered), len(labels)))
    for column, index in enumerate(fitted.classes_):
        probabilities[:, labels.index(fold.counted_as(learned[index]))] += answered[:, column]
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


def _threshold(fitted: Any) -> float:
    """Return from which confidence on a chain's answers are certain: all, where it is not calibrated."""
    # Networks are calibrated as a whole, the others within.
    for part in (fitted, getattr(fitted, "classifier_", None)):
        if (calibration := getattr(part, "calibration_", None)) is not None:
            return float(calibration.threshold)
    return 0.0

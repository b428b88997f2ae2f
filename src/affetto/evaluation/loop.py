"""The evaluation loop: fit a chain on each fold's training speakers, let it answer about the others."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto.corpora.vetting import vet
from affetto.errors import CorpusError, ParameterError
from affetto.evaluation.adapted import unadapted
from affetto.evaluation.predictions import Predictions
from affetto.evaluation.protocols import as_learned_from, choose_folds
from affetto.training.fitting import fit_chain
from affetto.training.pooling import pool

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from affetto.corpora.base import Corpus, Utterance
    from affetto.evaluation.adapted import AnswerFunction
    from affetto.evaluation.protocols import Fold, Protocol

logger = logging.getLogger(__name__)


def evaluate(
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
        fitted = fit_chain(
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


def require_unique_clips(utterances: Sequence[Utterance]) -> None:
    """Predictions are told apart by clip name: find out before hours of fitting, not after."""
    seen: dict[str, Utterance] = {}
    for utterance in utterances:
        first = seen.setdefault(utterance.clip, utterance)
        if first is not utterance:
            raise CorpusError(
                f"{first.path} and {utterance.path} have the same name: "
                "rename one, since predictions are listed by name"
            )

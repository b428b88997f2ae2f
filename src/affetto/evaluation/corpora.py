"""The protocol `corpora`: each corpus in turn is answered by a chain that was fitted on all the others.

Figures within one corpus are for its microphones, its sentences and its way of acting. A recording of somebody else's
has none of these, so this protocol comes closest to what a user gets.

Corpora name emotions differently, hence two rules. A clip counts if the chain has learned its emotion: the others are
left out of the predictions. And only some corpora tell calm from neutral speech: unless both the corpus that is left
out and the corpora that are learned from have calm, it counts as neutral on both sides, and its probability is added to
that of neutral (the *calm rule*).
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto.corpora.base import in_order
from affetto.corpora.vetting import vet
from affetto.dimensions import dimensions
from affetto.errors import CorpusError, ParameterError
from affetto.evaluation.adapted import unadapted
from affetto.evaluation.corpora_predictions import CorporaPredictions
from affetto.evaluation.loop import require_unique_clips
from affetto.evaluation.protocols import CORPORA
from affetto.training.fitting import fit_chain, require_trainable
from affetto.training.pooling import pool, require_different

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from affetto.corpora.base import Corpus
    from affetto.evaluation.adapted import AnswerFunction

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CorpusFold:
    """One corpus that is left out, and what counts of it.

    Attributes
    ----------
    number : int
        Counted from 1, in the order in which the corpora are given.
    corpus : Corpus
        The corpus that is left out.
    training : tuple of Corpus
        All the others.
    merges_calm : bool
        Whether calm counts as neutral.
    learned : tuple of str
        The emotions of the training corpora, by the calm rule.
    shared : tuple of str
        Those of them that the left-out corpus has too: what is tested.
    unlearned : mapping of str to int
        How many clips the left-out corpus has of each emotion that was not learned. They are not tested.
    """

    number: int
    corpus: Corpus
    training: tuple[Corpus, ...]
    merges_calm: bool
    learned: tuple[str, ...]
    shared: tuple[str, ...]
    unlearned: Mapping[str, int]

    def counted_as(self, emotion: str) -> str:
        """Apply the calm rule to the name of an emotion."""
        return "neutral" if self.merges_calm and emotion == "calm" else emotion


def corpus_folds(corpora: Sequence[Corpus]) -> list[CorpusFold]:
    """Leave each corpus out in turn.

    Parameters
    ----------
    corpora : sequence of Corpus
        Two or more, of different names.

    Returns
    -------
    list of CorpusFold
        In the order of the corpora.

    Raises
    ------
    ParameterError
        If there are fewer than two corpora.
    """
    if len(corpora) < 2:
        given = f", and only {corpora[0].name!r} was given" if corpora else ""
        raise ParameterError(
            f"protocol {CORPORA!r} leaves one corpus out and so needs two or more{given}; name another"
        )
    folds = []
    for number, corpus in enumerate(corpora, start=1):
        training = tuple(other for other in corpora if other is not corpus)
        trained = {emotion for other in training for emotion in other.emotions}
        merges_calm = not ("calm" in corpus.emotions and "calm" in trained)
        fold = CorpusFold(number, corpus, training, merges_calm, learned=(), shared=(), unlearned={})
        learned = in_order({fold.counted_as(emotion) for emotion in trained})
        clips = Counter(fold.counted_as(utterance.emotion) for utterance in corpus.utterances)
        folds.append(
            replace(
                fold,
                learned=learned,
                shared=tuple(emotion for emotion in learned if emotion in clips),
                unlearned={emotion: clips[emotion] for emotion in in_order(set(clips).difference(learned))},
            )
        )
    return folds


def choose_corpus_folds(folds: Sequence[CorpusFold], numbers: Collection[int] | None) -> list[CorpusFold]:
    """Return the folds of these numbers, or all, if they can be fitted and tested.

    Parameters
    ----------
    folds : sequence of CorpusFold
        From `corpus_folds`.
    numbers : collection of int, optional
        Counted from 1.

    Returns
    -------
    list of CorpusFold

    Raises
    ------
    ParameterError
        If a fold does not exist, or none was asked for.
    CorpusError
        If a corpus shares fewer than two emotions with the others, or these are too few to be trained on.
    """
    wanted = {fold.number for fold in folds} if numbers is None else set(numbers)
    unknown = sorted(wanted.difference(fold.number for fold in folds))
    if unknown or not wanted:
        raise ParameterError(
            f"protocol {CORPORA!r} has folds 1 to {len(folds)} here, one for each corpus, and "
            f"{', '.join(map(str, unknown)) or 'none'} was asked for"
        )
    chosen = [fold for fold in folds if fold.number in wanted]
    for fold in chosen:
        if len(fold.shared) < 2:
            raise CorpusError(
                f"corpus {fold.corpus.name!r} shares {', '.join(fold.shared) or 'no emotion'} with the other corpora, "
                "and two emotions or more are needed to tell them apart: choose the folds of the others, or add a "
                "corpus that has more of its emotions under the same names"
            )
        require_trainable(
            [
                replace(utterance, speaker=f"{other.name}/{utterance.speaker}")
                for other in fold.training
                for utterance in other.utterances
            ],
            name=f"what is trained on without {fold.corpus.name!r}",
        )
    return chosen


def untestable_emotions(folds: Sequence[CorpusFold]) -> tuple[str, ...]:
    """Name the emotions that no fold tests: those that one corpus alone has, by the calm rule.

    Parameters
    ----------
    folds : sequence of CorpusFold
        All of them, from `corpus_folds`.
    """
    shared = {emotion for fold in folds for emotion in fold.shared}
    return in_order({emotion for fold in folds for emotion in (*fold.learned, *fold.unlearned)}.difference(shared))


def evaluate_corpora(
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
        `affetto.training.chains.make_chain` are, its threshold tells the certain answers from the others.
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
    >>> from affetto.evaluation import evaluate_corpora, measure_corpora
    >>> from affetto.training.chains import make_chain
    >>> corpora = [load_corpus(folder) for folder in ("ravdess", "nemo", "emodb")]  # doctest: +SKIP
    >>> predictions = evaluate_corpora(make_chain("gmm"), corpora)  # doctest: +SKIP
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
        fitted = fit_chain(
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

"""Probabilities that mean what they say: calibrated on training speakers that were left out."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import betainc, log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone

from affetto.classifiers.voices import LEAST_PROBABILITY, adapted_logarithms
from affetto.errors import CorpusError
from affetto.evaluation.protocols import inner_groups
from affetto.evaluation.scores import expected_calibration_error
from affetto.training.fitting import fit_chain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from affetto.classifiers.embedding import VoiceEmbedding
    from affetto.classifiers.voices import VoiceSpace, VoiceSpaces
    from affetto.speech import Source
    from affetto.training.augmentation import AugmentedClassifier

RELIABLE = 0.85
"""An answer is certain where answers like it, or surer, are right in at least this share of cases."""

_DOUBT = 0.05
"""How probable it may be that answers which are right less often look as good by chance."""

FEWEST = math.ceil(math.log(_DOUBT) / math.log(RELIABLE))
"""So many answers, all right, keep the promise; of fewer not even these do."""

# Of so many, two may be wrong. From there on every higher threshold must keep the promise too: the lowest of many would
# too often do so by chance.
_ENOUGH = 40

UNREACHABLE = 2.0
"""The threshold where none keeps the promise: no confidence is above 1, and no answer certain."""

# Between these a factor is sought: scores that differ by less than the first are alike for whoever reads them.
_LEAST_DIFFERENCE, _LARGEST_FACTOR = 0.02, 20.0

# Sizes of what is heard of a voice before it is recognized, when adapted answers are calibrated.
_HEARD = (5, 20, 10_000)
_UTTERANCES_OF_VOICE = 60
# Likelihoods may count for nothing or a lot; unadapted answers are calibrated already, and more than once they would
# only become too sure. Few voices tell neither well.
_SHARPNESS, _TRUST = (1e-3, 10.0), (1e-3, 1.0)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Calibration:
    """What the confidence of a chain is worth, on training speakers that were left out.

    Attributes
    ----------
    sharpness : tuple of float
        By what the log-probabilities are multiplied: one factor for each of the embedding's corpora, in its order, or
        one alone. An utterance that lies between corpora has the factor between, by logarithms.
    threshold : float
        Answers of this confidence or more are certain; `UNREACHABLE` where none is.
    precision : float
        Which share of these was right; 0 where there are none.
    coverage : float
        Which share of all answers these are.
    expected_calibration_error : float
    cases : int
        How many answers this was learned from.
    """

    sharpness: tuple[float, ...]
    threshold: float
    precision: float
    coverage: float
    expected_calibration_error: float
    cases: int


class CalibratedChain(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn is untyped
    """A chain whose probabilities are calibrated by a temperature, and so are those that are adapted to a voice.

    The temperature is fitted to the answers of chains that did not hear the speaker: the training speakers are dealt to
    groups, and each group is answered by a chain that was fitted on the others. Where there is an embedding each corpus
    has a temperature of its own: a chain that hears two dozen of a corpus's speakers knows more about further ones than
    one that hears nine.

    Parameters
    ----------
    chain : AugmentedClassifier
        From recordings to probabilities.
    n_splits : int
        Into how many groups the training speakers are dealt; fewer where there are fewer speakers. The more, the nearer
        a chain that does not hear one of them comes to the whole.
    draft : mapping, optional
        Parameters of the chain while it is fitted without a group: a cheaper one that is about as sure of itself.

    Attributes
    ----------
    chain_ : AugmentedClassifier
        Fitted on everybody.
    calibration_ : Calibration
    spaces_ : VoiceSpaces or None
        By which answers are adapted to a voice; None where the chain has no embedding.
    classes_ : ndarray of shape (n_classes,)

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger: On calibration of modern neural networks. ICML, 2017.
    """

    def __init__(
        self, chain: AugmentedClassifier, *, n_splits: int = 5, draft: Mapping[str, Any] | None = None
    ) -> None:
        self.chain = chain
        self.n_splits = n_splits
        self.draft = draft

    def fit(
        self,
        X: Sequence[Source],
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        corpora: ArrayLike | None = None,
    ) -> Self:
        """Fit the chain, and calibrate it.

        Parameters
        ----------
        X : sequence of recordings
        y : array-like of shape (n_recordings,)
        groups : array-like of shape (n_recordings,), optional
            Who speaks in each; without it each recording counts as a speaker of its own.
        corpora : array-like of shape (n_recordings,), optional
            From which corpus each is. All corpora count the same.

        Raises
        ------
        CorpusError
            If all that is left without a group of speakers is of one emotion.
        """
        recordings, labels = np.asarray(X), np.asarray(y)
        speakers = np.asarray(groups if groups is not None else range(len(labels))).astype(str)
        corpus_of = np.zeros(len(labels), int) if corpora is None else np.asarray(corpora)
        groups_left_out = inner_groups(speakers.tolist(), min(self.n_splits, len(set(speakers.tolist()))))
        for train, test in groups_left_out:
            if len(set(labels[train].tolist())) < 2:
                who = " and ".join(np.unique(speakers[test]).tolist())
                raise CorpusError(
                    f"without the speakers {who} there is one emotion only, so confidence cannot be measured; give "
                    "recordings of the others from more speakers"
                )
        self.chain_ = self._fitted(self.chain, recordings, labels, speakers, corpus_of)
        self.classes_ = self.chain_.classes_
        truth = np.searchsorted(self.classes_, labels)
        weights = _equal_weights(corpus_of)
        # What a class has that a group's chain did not learn.
        log_heard = np.full((len(labels), len(self.classes_)), np.log(LEAST_PROBABILITY))
        shares = _shares(self.chain_, None, len(labels))
        left_out: list[tuple[VoiceEmbedding, NDArray[np.intp], NDArray[np.float64]]] = []
        draft = clone(self.chain).set_params(**(self.draft or {}))
        for number, (train, test) in enumerate(groups_left_out, start=1):
            logger.info("calibrating: group %d of %d of speakers left out", number, len(groups_left_out))
            fitted = self._fitted(draft, recordings[train], labels[train], speakers[train], corpus_of[train])
            log_probabilities, embeddings = fitted.hear(recordings[test])
            columns = np.searchsorted(self.classes_, fitted.classes_)
            log_heard[np.ix_(test, columns)] = log_probabilities
            if _corpora(fitted) == _corpora(self.chain_):
                shares[test] = _shares(fitted, embeddings, len(test))
            # A group without some emotion gives another space than the whole; its voices cannot be used.
            if fitted.embedding_ is not None and embeddings is not None and len(columns) == len(self.classes_):
                left_out.append((fitted.embedding_, test, embeddings))
        sharpness = _sharpness(log_heard, shares, truth, weights)
        calibrated = _sharpened(log_heard, shares, sharpness)
        self.calibration_ = _calibration(calibrated, truth, weights, sharpness)
        self.spaces_ = None
        if self.chain_.embedding_ is not None:
            cases = list(_adapted_cases(left_out, calibrated, truth, speakers, corpus_of))
            self.spaces_ = _adjusted(self.chain_.embedding_, cases)
        return self

    def hear(self, X: Sequence[Source]) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Return the calibrated probability of each class, and the embeddings.

        Parameters
        ----------
        X : sequence of recordings

        Returns
        -------
        ndarray of shape (n_recordings, n_classes)
        ndarray of shape (n_recordings, n_dimensions), or None
        """
        log_heard, embeddings = self.chain_.hear(X)
        shares = _shares(self.chain_, embeddings, len(log_heard))
        return _sharpened(log_heard, shares, self.calibration_.sharpness), embeddings

    def predict_proba(self, X: Sequence[Source]) -> NDArray[np.float64]:
        """Return the calibrated probability of each class.

        Parameters
        ----------
        X : sequence of recordings

        Returns
        -------
        ndarray of shape (n_recordings, n_classes)
        """
        return self.hear(X)[0]

    def predict(self, X: Sequence[Source]) -> NDArray[Any]:
        """Return the most probable class.

        Parameters
        ----------
        X : sequence of recordings

        Returns
        -------
        ndarray of shape (n_recordings,)
        """
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    @staticmethod
    def _fitted(
        chain: AugmentedClassifier,
        recordings: NDArray[Any],
        labels: NDArray[Any],
        speakers: NDArray[np.str_],
        corpus_of: NDArray[Any],
    ) -> AugmentedClassifier:
        fitted: AugmentedClassifier = fit_chain(clone(chain), recordings, labels, speakers=speakers, corpora=corpus_of)
        return fitted


def calibrate(log_heard: NDArray[np.float64], truth: NDArray[np.intp]) -> Calibration:
    """Fit one temperature to answers about speakers left out.

    Parameters
    ----------
    log_heard : ndarray of shape (n_recordings, n_classes)
        Scores, or logarithms of probabilities.
    truth : ndarray of int, shape (n_recordings,)
        The column that is right.

    Returns
    -------
    Calibration
    """
    shares, weights = np.ones((len(truth), 1)), np.ones(len(truth))
    sharpness = _sharpness(log_heard, shares, truth, weights)
    return _calibration(_sharpened(log_heard, shares, sharpness), truth, weights, sharpness)


def _equal_weights(corpus_of: NDArray[Any]) -> NDArray[np.float64]:
    """Return weights by which every corpus counts the same, one on average."""
    _, index, counts = np.unique(corpus_of, return_inverse=True, return_counts=True)
    return np.asarray(len(index) / (len(counts) * counts[index]))


def _negative_log_likelihood(
    scores: NDArray[np.float64], truth: NDArray[np.intp], weights: NDArray[np.float64]
) -> float:
    return -float(np.average(log_softmax(scores, axis=1)[np.arange(len(truth)), truth], weights=weights))


def _corpora(chain: AugmentedClassifier) -> tuple[str, ...]:
    return () if chain.embedding_ is None else chain.embedding_.spaces_.corpora


def _shares(chain: AugmentedClassifier, embeddings: NDArray[np.float64] | None, count: int) -> NDArray[np.float64]:
    """Tell how near each of some utterances lies to each corpus: as near to all of them, where nothing says more."""
    if chain.embedding_ is None or embeddings is None:
        n_corpora = max(1, len(_corpora(chain)))
        return np.full((count, n_corpora), 1 / n_corpora)
    return np.asarray(chain.embedding_.spaces_.shares(embeddings))


def _sharpened(
    log_heard: NDArray[np.float64], shares: NDArray[np.float64], sharpness: Sequence[float] | NDArray[np.float64]
) -> NDArray[np.float64]:
    factors = np.exp(shares @ np.log(sharpness))
    return np.asarray(np.exp(log_softmax(factors[:, None] * log_heard, axis=1)))


def _sharpness(
    log_heard: NDArray[np.float64],
    shares: NDArray[np.float64],
    truth: NDArray[np.intp],
    weights: NDArray[np.float64],
) -> tuple[float, ...]:
    def loss(logarithms: NDArray[np.float64]) -> float:
        scores = log_softmax(np.exp(shares @ logarithms)[:, None] * log_heard, axis=1)
        told = np.average(scores[np.arange(len(truth)), truth], weights=weights)
        # As if there were one answer more, of which nobody knows whether it is right: few that are all right do not
        # show that every further one will be.
        unknown = np.average(scores.mean(axis=1), weights=weights)
        return -float(len(truth) * told + unknown) / (len(truth) + 1)

    n_corpora = shares.shape[1]
    difference = np.average(np.ptp(log_heard, axis=1), weights=weights)
    bounds = np.log([_LEAST_DIFFERENCE / max(difference, _LEAST_DIFFERENCE), _LARGEST_FACTOR])
    # Without gradients, which vanish where all answers are about alike.
    found = minimize(loss, np.zeros(n_corpora), method="Powell", bounds=[bounds] * n_corpora)
    return tuple(np.exp(found.x).tolist())


def _calibration(
    probabilities: NDArray[np.float64],
    truth: NDArray[np.intp],
    weights: NDArray[np.float64],
    sharpness: tuple[float, ...],
) -> Calibration:
    confidence, right = probabilities.max(axis=1), (probabilities.argmax(axis=1) == truth).astype(np.float64)
    threshold = _threshold(confidence, right, weights)
    certain = confidence >= threshold
    share = weights * certain
    return Calibration(
        sharpness=sharpness,
        threshold=threshold,
        precision=float((share * right).sum() / share.sum()) if share.any() else 0.0,
        coverage=float(share.sum() / weights.sum()),
        expected_calibration_error=expected_calibration_error(truth, probabilities, weights=weights),
        cases=len(truth),
    )


def _threshold(confidence: NDArray[np.float64], right: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Return the lowest threshold whose answers are right often enough, also by the lower bound of their precision.

    The bound is one-sided, exact, and at the level `_DOUBT` (Clopper and Pearson 1934): approximate ones, as Wilson's,
    promise too much where few answers are nearly all right.
    """
    order = np.argsort(-confidence, kind="stable")
    sums = np.cumsum(weights[order])
    # As many answers of equal weight say as much (Kish 1965).
    count = sums**2 / np.cumsum(weights[order] ** 2)
    n_right = count * np.cumsum((weights * right)[order]) / sums
    # How probable it is that so many are right, or more, where each is right as seldom as it may be.
    by_chance = betainc(np.maximum(n_right, np.finfo(float).tiny), count - n_right + 1, RELIABLE)
    keeps = by_chance <= _DOUBT
    # Those of one confidence are certain together, or not at all.
    last = np.append(np.diff(confidence[order]) < 0, True)
    if (fails := last & ~keeps & (count >= _ENOUGH)).any():
        keeps[np.flatnonzero(fails)[0] :] = False
    kept = np.flatnonzero(last & keeps)
    return float(confidence[order[kept[-1]]]) if len(kept) else UNREACHABLE


@dataclass(frozen=True)
class _Case:
    """An utterance, and what its voice was before in the space of its corpus."""

    corpus: str
    likelihoods: NDArray[np.float64]
    unadapted: NDArray[np.float64]
    weight: float
    truth: int


def _adapted_cases(
    left_out: Sequence[tuple[VoiceEmbedding, NDArray[np.intp], NDArray[np.float64]]],
    calibrated: NDArray[np.float64],
    truth: NDArray[np.intp],
    speakers: NDArray[np.str_],
    corpus_of: NDArray[Any],
) -> Iterator[_Case]:
    """Adapt to speakers that were left out, each utterance by others of the same speaker."""
    rng = np.random.default_rng(0)
    for embedding, clips, embeddings in left_out:
        parts = embedding.spaces_.split(embeddings)
        for space, corpus, places in zip(embedding.spaces_.spaces, embedding.spaces_.corpora, parts, strict=False):
            within = corpus_of[clips].astype(str) == corpus
            for speaker in np.unique(speakers[clips[within]]).tolist():
                own = np.flatnonzero(within & (speakers[clips] == speaker))
                for one in rng.permutation(own)[:_UTTERANCES_OF_VOICE].tolist():
                    others = rng.permutation(own[own != one])
                    for size in _HEARD:
                        heard = others[:size]
                        voice = space.voice(places[heard], calibrated[clips[heard]])
                        yield _Case(
                            corpus=corpus,
                            likelihoods=voice.log_likelihoods(places[one : one + 1])[0],
                            unadapted=np.log(calibrated[clips[one]] + LEAST_PROBABILITY),
                            weight=voice.weight,
                            truth=int(truth[clips[one]]),
                        )


def _adjusted(embedding: VoiceEmbedding, cases: Sequence[_Case]) -> VoiceSpaces:
    """Choose on each corpus's speakers how much likelihoods and unadapted answers count within adapted ones."""
    spaces = [
        _adjusted_space(space, own) if (own := [case for case in cases if case.corpus == corpus]) else space
        for space, corpus in zip(embedding.spaces_.spaces, embedding.spaces_.corpora, strict=True)
    ]
    return replace(embedding.spaces_, spaces=tuple(spaces))


def _adjusted_space(space: VoiceSpace, cases: Sequence[_Case]) -> VoiceSpace:
    likelihoods = np.stack([case.likelihoods for case in cases])
    unadapted = np.stack([case.unadapted for case in cases])
    weight = np.array([case.weight for case in cases])[:, None]
    truth = np.array([case.truth for case in cases])

    def loss(parameters: NDArray[np.float64]) -> float:
        sharpness, trust = np.exp(parameters)
        adapted = adapted_logarithms(likelihoods, unadapted, weight, sharpness, trust)
        return _negative_log_likelihood(adapted, truth, np.ones(len(truth)))

    start, bounds = np.log([space.sharpness, space.trust]), np.log([_SHARPNESS, _TRUST])
    sharpness, trust = np.exp(minimize(loss, start, method="Nelder-Mead", bounds=bounds).x)
    return replace(space, sharpness=float(sharpness), trust=float(trust))

"""Probabilities that mean what they say: calibrated on corpora, or speakers, that were left out."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import betainc, log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone

from affetto.errors import CorpusError
from affetto.evaluation.protocols import inner_groups
from affetto.evaluation.scores import expected_calibration_error
from affetto.training.fit import fit_pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from affetto.adaptation.offset_model import OffsetModel
    from affetto.speech import Source
    from affetto.training.augmented import AugmentedClassifier

RELIABLE = 0.85
"""An answer is certain where answers like it, or surer, are right in at least this share of cases."""

_DOUBT = 0.05
"""How probable it may be that answers which are right less often look as good by chance."""

FEWEST = math.ceil(math.log(_DOUBT) / math.log(RELIABLE))
"""So many answers, all right, keep the promise; of fewer not even these do."""

# Of so many, two may be wrong. From there on, where speakers are left out, every higher threshold must keep the promise
# too: the lowest of many would too often do so by chance.
_ENOUGH = 40

UNREACHABLE = 2.0
"""The threshold where none keeps the promise: no confidence is above 1, and no answer certain."""

# Between these a factor is sought: scores that differ by less than the first are alike for whoever reads them.
_LEAST_DIFFERENCE, _LARGEST_FACTOR = 0.02, 20.0

# The logarithm of a probability that is given to a class which the model that answers has not learned.
_UNLEARNED = math.log(1e-6)

logger = logging.getLogger(__name__)

Splits = list[tuple["NDArray[np.intp]", "NDArray[np.intp]"]]


@dataclass(frozen=True)
class Calibration:
    """What the confidence of a chain is worth, on corpora or training speakers that were left out.

    Attributes
    ----------
    left_out : {"corpora", "speakers"}
        What the answers were about.
    inverse_temperature : float
        By what log-probabilities are multiplied: the inverse of the temperature.
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

    left_out: str
    inverse_temperature: float
    threshold: float
    precision: float
    coverage: float
    expected_calibration_error: float
    cases: int


class CalibratedPipeline(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """A chain whose probabilities are calibrated by a temperature.

    The temperature and the threshold of certain answers are fitted to answers of chains that knew neither the corpus
    nor the speaker: see `left_out_splits`.

    Parameters
    ----------
    chain : AugmentedClassifier
        From recordings to probabilities.
    n_splits : int
        Into how many groups the training speakers are dealt where there is one corpus; fewer where there are fewer
        speakers. The more, the nearer a chain that does not know one of them comes to the whole.
    reduced : mapping, optional
        Parameters of the chain while it is fitted without a part: a cheaper one that is about as sure of itself.

    Attributes
    ----------
    chain_ : AugmentedClassifier
        Fitted on everybody.
    calibration_ : Calibration
    log_prior_ : ndarray of shape (n_classes,)
        Logarithms of how frequent the classes are taken to be beside one another.
    offset_model_ : OffsetModel or None
        By which answers are adapted to recordings, with temperature and prior; None where the classifier has none.
    classes_ : ndarray of shape (n_classes,)

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger: On calibration of modern neural networks. ICML, 2017.
    """

    def __init__(
        self, chain: AugmentedClassifier, *, n_splits: int = 5, reduced: Mapping[str, Any] | None = None
    ) -> None:
        self.chain = chain
        self.n_splits = n_splits
        self.reduced = reduced

    def fit(
        self,
        X: Sequence[Source],
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        corpora: ArrayLike | None = None,
        frequencies: ArrayLike | None = None,
    ) -> Self:
        """Fit the chain, and calibrate it.

        Parameters
        ----------
        X : sequence of recordings
        y : array-like of shape (n_recordings,)
        groups : array-like of shape (n_recordings,), optional
            Who speaks in each; without it each recording counts as a speaker of its own.
        corpora : array-like of shape (n_recordings,), optional
            From which corpus each is. All corpora count the same in the calibration.
        frequencies : array-like of shape (n_recordings,), optional
            How frequent the class of each is taken to be beside the others; by default all are equally frequent.

        Raises
        ------
        CorpusError
            If all that is left without a group of speakers is of one emotion.
        """
        recordings, labels = np.asarray(X), np.asarray(y)
        speakers = np.asarray(groups if groups is not None else range(len(labels))).astype(str)
        corpus_of = np.zeros(len(labels), int) if corpora is None else np.asarray(corpora)
        left_out, splits = left_out_splits(labels, speakers, corpus_of, n_splits=self.n_splits)
        for train, test in splits:
            if len(set(labels[train].tolist())) < 2:
                who = " and ".join(np.unique(speakers[test]).tolist())
                raise CorpusError(
                    f"without the speakers {who} there is one emotion only, so confidence cannot be measured; give "
                    "recordings of the others from more speakers"
                )
        self.chain_ = _fitted(self.chain, recordings, labels, speakers, corpus_of)
        self.classes_ = self.chain_.classes_
        self.log_prior_ = _log_prior(labels, self.classes_, frequencies)
        answers = np.full((len(labels), len(self.classes_)), _UNLEARNED)
        reduced = clone(self.chain).set_params(**(self.reduced or {}))
        for number, (train, test) in enumerate(splits, start=1):
            logger.info("calibrating: part %d of %d left out", number, len(splits))
            fitted = _fitted(reduced, recordings[train], labels[train], speakers[train], corpus_of[train])
            columns = np.searchsorted(self.classes_, fitted.classes_)
            answers[np.ix_(test, columns)] = fitted.predict_log_proba(recordings[test])
        asked = np.concatenate([test for _, test in splits])
        self.calibration_ = calibrate(
            answers[asked],
            np.searchsorted(self.classes_, labels[asked]),
            weights=equal_weights(corpus_of[asked]),
            log_prior=self.log_prior_,
            left_out=left_out,
        )
        self.offset_model_ = _offset_model(
            self.chain_, temperature=1 / self.calibration_.inverse_temperature, log_prior=self.log_prior_
        )
        return self

    def predict_log_proba(self, X: Sequence[Source]) -> NDArray[np.float64]:
        """Return the logarithm of `predict_proba`.

        Parameters
        ----------
        X : sequence of recordings

        Returns
        -------
        ndarray of shape (n_recordings, n_classes)
        """
        scores = self.calibration_.inverse_temperature * self.chain_.predict_log_proba(X) + self.log_prior_
        return np.asarray(log_softmax(scores, axis=1))

    def predict_proba(self, X: Sequence[Source]) -> NDArray[np.float64]:
        """Return the calibrated probability of each class.

        Parameters
        ----------
        X : sequence of recordings

        Returns
        -------
        ndarray of shape (n_recordings, n_classes)
        """
        return np.exp(self.predict_log_proba(X))

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

    def embeddings(self, X: Sequence[Source]) -> NDArray[np.float64]:
        """Return where recordings lie in the space of `offset_model_`.

        Parameters
        ----------
        X : sequence of recordings

        Returns
        -------
        ndarray of shape (n_recordings, n_dimensions)
        """
        return self.chain_.embeddings(X)


def left_out_splits(
    labels: NDArray[Any], speakers: NDArray[np.str_], corpora: NDArray[Any], *, n_splits: int
) -> tuple[str, Splits]:
    """Return what is left out in turn, so that answers about it say how sure answers about new recordings may be.

    Where there are several corpora, these: users' recordings differ from all of them, by more than one speaker differs
    from another. Only clips of emotions that the other corpora have are asked about; no answer about others could be
    right. Where that leaves no emotions in common, and of one corpus, groups of speakers.

    Parameters
    ----------
    labels, speakers, corpora : ndarray of shape (n_clips,)
    n_splits : int
        Groups of speakers; fewer where there are fewer speakers.

    Returns
    -------
    {"corpora", "speakers"}
    list of (ndarray of int, ndarray of int)
        Indices of clips to fit on, and of those to ask about.
    """
    names = np.unique(corpora)
    by_corpus = []
    for name in names if len(names) > 1 else ():
        train, test = np.flatnonzero(corpora != name), np.flatnonzero(corpora == name)
        known = np.unique(labels[train])
        asked = test[np.isin(labels[test], known)]
        if len(known) > 1 and len(np.unique(labels[asked])) > 1:
            by_corpus.append((train, asked))
    if len(by_corpus) == len(names) > 1:
        return "corpora", by_corpus
    return "speakers", inner_groups(speakers.tolist(), min(n_splits, len(set(speakers.tolist()))))


def calibrate(
    scores: NDArray[np.float64],
    truth: NDArray[np.intp],
    *,
    weights: NDArray[np.float64] | None = None,
    log_prior: NDArray[np.float64] | float = 0.0,
    left_out: str = "speakers",
) -> Calibration:
    """Fit one temperature to answers about what was left out.

    Parameters
    ----------
    scores : ndarray of shape (n_recordings, n_classes)
        Scores, or logarithms of probabilities.
    truth : ndarray of int, shape (n_recordings,)
        The column that is right.
    weights : ndarray of shape (n_recordings,), optional
        How much each counts; by default all the same.
    log_prior : ndarray of shape (n_classes,), optional
        What is added to the scores once they are divided by the temperature.
    left_out : str
        What the answers are about, for the record.

    Returns
    -------
    Calibration
    """
    weights = np.ones(len(truth)) if weights is None else weights
    inverse_temperature = _inverse_temperature(scores, truth, weights, log_prior)
    probabilities = np.exp(log_softmax(inverse_temperature * scores + log_prior, axis=1))
    confidence, right = probabilities.max(axis=1), (probabilities.argmax(axis=1) == truth).astype(np.float64)
    threshold = _threshold(confidence, right, weights, bounded=left_out == "speakers")
    share = weights * (confidence >= threshold)
    return Calibration(
        left_out=left_out,
        inverse_temperature=inverse_temperature,
        threshold=threshold,
        precision=float((share * right).sum() / share.sum()) if share.any() else 0.0,
        coverage=float(share.sum() / weights.sum()),
        expected_calibration_error=expected_calibration_error(truth, probabilities, weights=weights),
        cases=len(truth),
    )


def _fitted(
    chain: AugmentedClassifier,
    recordings: NDArray[Any],
    labels: NDArray[Any],
    speakers: NDArray[np.str_],
    corpus_of: NDArray[Any],
) -> AugmentedClassifier:
    fitted: AugmentedClassifier = fit_pipeline(clone(chain), recordings, labels, speakers=speakers, corpora=corpus_of)
    return fitted


def _log_prior(labels: NDArray[Any], classes: NDArray[Any], frequencies: ArrayLike | None) -> NDArray[np.float64]:
    if frequencies is None:
        return np.zeros(len(classes))
    values = np.asarray(frequencies, dtype=np.float64)
    return np.log([values[labels == one].mean() for one in classes])


def _offset_model(
    chain: AugmentedClassifier, *, temperature: float, log_prior: NDArray[np.float64]
) -> OffsetModel | None:
    classifier = chain.classifier_
    final = classifier[-1] if hasattr(classifier, "steps") else classifier
    model: OffsetModel | None = getattr(final, "offset_model_", None)
    return None if model is None else replace(model, temperature=temperature, log_prior=log_prior)


def equal_weights(corpus_of: NDArray[Any]) -> NDArray[np.float64]:
    """Return weights by which every corpus counts the same, one on average."""
    _, index, counts = np.unique(corpus_of, return_inverse=True, return_counts=True)
    return np.asarray(len(index) / (len(counts) * counts[index]))


def _inverse_temperature(
    scores: NDArray[np.float64],
    truth: NDArray[np.intp],
    weights: NDArray[np.float64],
    log_prior: NDArray[np.float64] | float,
) -> float:
    def loss(logarithm: float) -> float:
        likelihoods = log_softmax(np.exp(logarithm) * scores + log_prior, axis=1)
        told = np.average(likelihoods[np.arange(len(truth)), truth], weights=weights)
        # As if there were one answer more, of which nobody knows whether it is right: few that are all right do not
        # show that every further one will be.
        unknown = np.average(likelihoods.mean(axis=1), weights=weights)
        return -float(len(truth) * told + unknown) / (len(truth) + 1)

    difference = np.average(np.ptp(scores, axis=1), weights=weights)
    bounds = np.log([_LEAST_DIFFERENCE / max(difference, _LEAST_DIFFERENCE), _LARGEST_FACTOR])
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def _threshold(
    confidence: NDArray[np.float64], right: NDArray[np.float64], weights: NDArray[np.float64], *, bounded: bool
) -> float:
    """Return the lowest threshold whose answers are right often enough.

    Where speakers are left out, also by the lower bound of their precision: one-sided, exact, and at the level `_DOUBT`
    (Clopper and Pearson 1934). Approximate ones, as Wilson's, promise too much where few answers are nearly all right.
    Clips of a corpus that was left out are no independent draws from what users record, so there the precision itself
    decides, of `_ENOUGH` answers or more.
    """
    order = np.argsort(-confidence, kind="stable")
    sums = np.cumsum(weights[order])
    # As many answers of equal weight say as much (Kish 1965).
    count = sums**2 / np.cumsum(weights[order] ** 2)
    n_right = count * np.cumsum((weights * right)[order]) / sums
    # How probable it is that so many are right, or more, where each is right as seldom as it may be.
    by_chance = betainc(np.maximum(n_right, np.finfo(float).tiny), count - n_right + 1, RELIABLE)
    keeps = by_chance <= _DOUBT if bounded else (n_right >= RELIABLE * count) & (count >= _ENOUGH)
    # Those of one confidence are certain together, or not at all.
    last = np.append(np.diff(confidence[order]) < 0, True)
    if bounded and (fails := last & ~keeps & (count >= _ENOUGH)).any():
        keeps[np.flatnonzero(fails)[0] :] = False
    kept = np.flatnonzero(last & keeps)
    return float(confidence[order[kept[-1]]]) if len(kept) else UNREACHABLE

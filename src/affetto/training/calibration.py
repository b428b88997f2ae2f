"""Calibrate probabilities, and find the confidence from which answers are reliable, on data left out of training."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import betainc, log_softmax
from sklearn.base import MetaEstimatorMixin, clone

from affetto.classifiers.estimators.base import LogProbabilityClassifier
from affetto.errors import CorpusError
from affetto.evaluation.scores import expected_calibration_error
from affetto.training.fit import fit_pipeline
from affetto.training.inner_splits import inner_groups

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from affetto.adaptation.offset_model import OffsetModel
    from affetto.speech import Source
    from affetto.training.augmented import AugmentedClassifier

    Splits = list[tuple[NDArray[np.intp], NDArray[np.intp]]]

MIN_PRECISION = 0.85
"""Answers at or above the threshold are right in at least this share of cases."""

_SIGNIFICANCE = 0.05
"""Probability at which a lower precision may look like `MIN_PRECISION` by chance."""

MIN_CASES = math.ceil(math.log(_SIGNIFICANCE) / math.log(MIN_PRECISION))
"""The fewest cases, all right, that show `MIN_PRECISION`."""

_CONCLUSIVE_CASES = 40
"""From this number of cases on a precision that is too low rules a threshold out."""

UNREACHABLE = 2.0
"""The threshold if none is reliable. No confidence is above 1, so every answer is uncertain."""

_MIN_DIFFERENCE, _MAX_INVERSE_TEMPERATURE = 0.02, 20.0
"""Bounds of the inverse temperature; by the first, the mean range of the scaled scores."""

_UNKNOWN_CLASS = math.log(1e-6)
"""Log-probability of a class that a pipeline without the left-out part has not learned."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Calibration:
    """Temperature and threshold, and how reliable confidence is on corpora or speakers left out.

    Attributes
    ----------
    left_out : {"corpora", "speakers"}
    inverse_temperature : float
        Factor of log-probabilities.
    threshold : float
        Answers of this confidence or more are certain; `UNREACHABLE` if none is.
    precision : float
        Share of the certain answers that is right; 0 if there are none.
    coverage : float
        Share of all answers that is certain.
    expected_calibration_error : float
    cases : int
        Number of answers.
    """

    left_out: str
    inverse_temperature: float
    threshold: float
    precision: float
    coverage: float
    expected_calibration_error: float
    cases: int


class CalibratedPipeline(MetaEstimatorMixin, LogProbabilityClassifier):
    """A pipeline whose probabilities are calibrated by a temperature.

    Temperature and threshold are fitted to answers of pipelines that knew neither the corpus nor the speaker; see
    `left_out_splits`.

    Parameters
    ----------
    pipeline : AugmentedClassifier
        From recordings to probabilities.
    n_splits : int
        Groups of training speakers that are left out in turn; fewer if there are fewer speakers.
    reduced : mapping, optional
        Parameters of the pipeline for the fits with a part left out: a cheaper one that is about as confident.

    Attributes
    ----------
    pipeline_ : AugmentedClassifier
        Fitted on all recordings.
    calibration_ : Calibration
    log_prior_ : ndarray of shape (n_classes,)
        Logarithms of the classes' relative frequencies.
    offset_model_ : OffsetModel or None
        For adaptation to a speaker, with temperature and prior; None if the classifier has none.
    classes_ : ndarray of shape (n_classes,)

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger: On calibration of modern neural networks. ICML, 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from affetto.training.augmented import AugmentedClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> pipeline = CalibratedPipeline(AugmentedClassifier(FunctionTransformer(), GaussianNB()))
    >>> pipeline.fit(X, y, groups=np.arange(150) % 10).calibration_.left_out
    'speakers'
    """

    def __init__(
        self, pipeline: AugmentedClassifier, *, n_splits: int = 5, reduced: Mapping[str, Any] | None = None
    ) -> None:
        self.pipeline = pipeline
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
        """Fit the pipeline, and calibrate it.

        Parameters
        ----------
        X, y : sequence of recordings, array-like of shape (n_recordings,)
        groups : array-like of shape (n_recordings,), optional
            The speakers; by default each recording counts as a speaker of its own.
        corpora : array-like of shape (n_recordings,), optional
            The corpora. All have the same weight in the calibration.
        frequencies : array-like of shape (n_recordings,), optional
            Relative frequency of the class of each; by default all classes are equally frequent.

        Raises
        ------
        CorpusError
            If only one emotion is left without a group of speakers.
        """
        recordings, labels = np.asarray(X), np.asarray(y)
        speakers = np.asarray(groups if groups is not None else range(len(labels))).astype(str)
        corpus_of = np.zeros(len(labels), int) if corpora is None else np.asarray(corpora)
        left_out, splits = left_out_splits(labels, speakers, corpus_of, n_splits=self.n_splits)
        for train, test in splits:
            if len(np.unique(labels[train])) < 2:
                raise CorpusError(
                    f"without the speakers {' and '.join(np.unique(speakers[test]).tolist())} there is one emotion "
                    "only, so confidence cannot be measured; give recordings of the others from more speakers"
                )

        def fitted(pipeline: AugmentedClassifier, which: Any) -> AugmentedClassifier:
            return fit_pipeline(
                pipeline, recordings[which], labels[which], speakers=speakers[which], corpora=corpus_of[which]
            )

        self.pipeline_ = fitted(clone(self.pipeline), slice(None))
        self.classes_ = self.pipeline_.classes_
        self.log_prior_ = np.zeros(len(self.classes_))
        if frequencies is not None:
            self.log_prior_ = np.log([np.asarray(frequencies)[labels == one].mean() for one in self.classes_])
        answers = np.full((len(labels), len(self.classes_)), _UNKNOWN_CLASS)
        for number, (train, test) in enumerate(splits, start=1):
            logger.info("calibrating: part %d of %d left out", number, len(splits))
            without = fitted(clone(self.pipeline).set_params(**(self.reduced or {})), train)
            columns = np.searchsorted(self.classes_, without.classes_)
            answers[np.ix_(test, columns)] = without.predict_log_proba(recordings[test])
        asked = np.concatenate([test for _, test in splits])
        self.calibration_ = calibrate(
            answers[asked],
            np.searchsorted(self.classes_, labels[asked]),
            weights=equal_weights(corpus_of[asked]),
            log_prior=self.log_prior_,
            left_out=left_out,
        )
        self.offset_model_ = self._offset_model()
        return self

    def predict_log_proba(self, X: Sequence[Source]) -> NDArray[np.float64]:
        """Return the logarithm of each class's calibrated probability, shape (n_recordings, n_classes)."""
        scores = self.calibration_.inverse_temperature * self.pipeline_.predict_log_proba(X) + self.log_prior_
        return np.asarray(log_softmax(scores, axis=1))

    def embeddings(self, X: Sequence[Source]) -> NDArray[np.float64]:
        """Return the embeddings of recordings for `offset_model_`, shape (n_recordings, n_dimensions)."""
        return self.pipeline_.embeddings(X)

    def _offset_model(self) -> OffsetModel | None:
        classifier = self.pipeline_.classifier_
        final = classifier[-1] if hasattr(classifier, "steps") else classifier
        model: OffsetModel | None = getattr(final, "offset_model_", None)
        if model is None:
            return None
        temperature = 1 / self.calibration_.inverse_temperature
        return replace(model, temperature=temperature, log_prior=self.log_prior_)


def left_out_splits(
    labels: NDArray[Any], speakers: NDArray[np.str_], corpora: NDArray[Any], *, n_splits: int
) -> tuple[str, Splits]:
    """Return what to leave out in turn, so that the answers about it show how reliable answers about new data are.

    With several corpora, each is left out: users' recordings differ from all of them, by more than speakers differ.
    Clips whose emotion no other corpus has are not tested. If that leaves fewer than two emotions, or if there is one
    corpus only, `n_splits` groups of speakers are left out.

    Returns
    -------
    {"corpora", "speakers"}
    list of (ndarray of int, ndarray of int)
        Indices of the clips to train on, and of those to test.
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


def equal_weights(corpus_of: NDArray[Any]) -> NDArray[np.float64]:
    """Return weights of mean 1 that give every corpus the same sum."""
    _, index, counts = np.unique(corpus_of, return_inverse=True, return_counts=True)
    return np.asarray(len(index) / (len(counts) * counts[index]))


def calibrate(
    scores: NDArray[np.float64],
    truth: NDArray[np.intp],
    *,
    weights: NDArray[np.float64] | None = None,
    log_prior: NDArray[np.float64] | float = 0.0,
    left_out: str = "speakers",
) -> Calibration:
    """Fit a temperature and a threshold to answers about data left out.

    Parameters
    ----------
    scores : ndarray of shape (n_recordings, n_classes)
        Scores, or logarithms of probabilities.
    truth : ndarray of int, shape (n_recordings,)
        The right column of each.
    weights : ndarray of shape (n_recordings,), optional
    log_prior : ndarray of shape (n_classes,), optional
        Added to the scores after they are divided by the temperature.
    left_out : {"speakers", "corpora"}
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


def _inverse_temperature(
    scores: NDArray[np.float64],
    truth: NDArray[np.intp],
    weights: NDArray[np.float64],
    log_prior: NDArray[np.float64] | float,
) -> float:
    def loss(logarithm: float) -> float:
        likelihoods = log_softmax(np.exp(logarithm) * scores + log_prior, axis=1)
        observed = np.average(likelihoods[np.arange(len(truth)), truth], weights=weights)
        # One further answer of unknown truth keeps the temperature finite if all answers are right.
        unknown = np.average(likelihoods.mean(axis=1), weights=weights)
        return -float(len(truth) * observed + unknown) / (len(truth) + 1)

    difference = np.average(np.ptp(scores, axis=1), weights=weights)
    bounds = np.log([_MIN_DIFFERENCE / max(difference, _MIN_DIFFERENCE), _MAX_INVERSE_TEMPERATURE])
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def _threshold(
    confidence: NDArray[np.float64], right: NDArray[np.float64], weights: NDArray[np.float64], *, bounded: bool
) -> float:
    """Return the lowest threshold whose answers are right often enough.

    With speakers left out, `bounded`, the exact one-sided lower bound of the precision must be high enough (Clopper and
    Pearson 1934). Approximations such as Wilson's promise too much if few answers are nearly all right. The clips of a
    left-out corpus are no independent draws of users' recordings, so there the precision itself must be high enough.
    """
    order = np.argsort(-confidence, kind="stable")
    sums = np.cumsum(weights[order])
    # The effective number of answers (Kish 1965).
    count = sums**2 / np.cumsum(weights[order] ** 2)
    n_right = count * np.cumsum((weights * right)[order]) / sums
    # The probability of so many right answers, or more, at a precision of MIN_PRECISION.
    by_chance = betainc(np.maximum(n_right, np.finfo(float).tiny), count - n_right + 1, MIN_PRECISION)
    precise = (n_right >= MIN_PRECISION * count) & (count >= _CONCLUSIVE_CASES)
    keeps = by_chance <= _SIGNIFICANCE if bounded else precise
    # Answers of equal confidence are certain together or not at all.
    last = np.append(np.diff(confidence[order]) < 0, True)
    # All higher thresholds must be reliable too. The lowest of many would often be so by chance.
    if bounded and (fails := last & ~keeps & (count >= _CONCLUSIVE_CASES)).any():
        keeps[np.flatnonzero(fails)[0] :] = False
    kept = np.flatnonzero(last & keeps)
    return float(confidence[order[kept[-1]]]) if len(kept) else UNREACHABLE

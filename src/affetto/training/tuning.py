"""Choosing hyper-parameters and calibrating probabilities, both on speakers that were left out."""

from __future__ import annotations

import warnings
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.utils.parallel import Parallel, delayed

from affetto.classifiers.estimators.temperature import TemperatureScaledClassifier, log_scores
from affetto.errors import CorpusError
from affetto.evaluation.protocols import inner_groups
from affetto.training.calibration import calibrate, equal_weights, left_out_splits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    Splits = list[tuple[NDArray[np.intp], NDArray[np.intp]]]


# So many groups of speakers are left out in turn when the best is calibrated, or as many as there are speakers: what is
# fitted without one of them is about as often right as what is fitted on everybody, so it tells how sure that may be.
_CALIBRATION_GROUPS = 20


class TunedClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):
    """Search a grid by unweighted average recall, then calibrate the best by a temperature.

    Both on speakers left out. A sigmoid for each class, as in scikit-learn's `CalibratedClassifierCV`, is fitted to one
    class against all others, which are many more, and leaves the surest answers far less sure than they could be.

    Parameters
    ----------
    estimator : Pipeline
        What is tuned. While the grid is searched, its transformers are fitted once for the same data and parameters.
    grid : mapping or sequence of mapping
        As in `sklearn.model_selection.GridSearchCV`.
    n_splits : int
        Into how many groups the training speakers are split; fewer where there are fewer speakers.
    n_jobs : int, optional
        Processes for search and calibration, as in joblib.

    Attributes
    ----------
    calibrated_ : TemperatureScaledClassifier
        Fitted on everybody with the best parameters.
    calibration_ : Calibration
        What its confidence is worth, by the answers about speakers left out.
    best_params_ : dict
    best_score_ : float
        Unweighted average recall of the best parameters over the speakers left out.
    classes_ : ndarray of shape (n_classes,)
    """

    def __init__(
        self,
        estimator: Any,
        grid: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Sequence[Any]]],
        *,
        n_splits: int = 5,
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.grid = grid
        self.n_splits = n_splits
        self.n_jobs = n_jobs

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        corpora: ArrayLike | None = None,
        copies: ArrayLike | None = None,
    ) -> Self:
        """Search, calibrate, and fit on everybody.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        groups : array-like of shape (n_samples,), optional
            Who speaks; without it each sample counts as a speaker of its own.
        corpora : array-like of shape (n_samples,), optional
            From which corpus each is. Of several the confidence is calibrated on each in turn, by the others.
        copies : array-like of int, shape (n_samples,), optional
            0 where a sample is of a recording as it is. The others are harder, and play no part in calibration.

        Raises
        ------
        ParameterError
            If there is only one speaker.
        CorpusError
            If a class is expressed by speakers alone who fall into one of the groups that are left out.
        """
        labels = np.asarray(y)
        speaker_of = np.asarray(groups if groups is not None else range(len(labels))).astype(str)
        corpus_of = np.zeros(len(labels), int) if corpora is None else np.asarray(corpora)
        speakers = speaker_of.tolist()
        splits = inner_groups(speakers, min(self.n_splits, len(set(speakers))))
        kind, left_out = left_out_splits(labels, speaker_of, corpus_of, n_splits=_CALIBRATION_GROUPS)
        for train, test in (*splits, *left_out):
            if only := set(np.unique(np.asarray(y)[test])) - set(np.unique(np.asarray(y)[train])):
                who = sorted({speakers[index] for index in test if np.asarray(y)[index] in only})
                raise CorpusError(
                    f"there is an emotion that only {' and '.join(who)} express, too few to learn it without them; "
                    "give recordings of it from more speakers, or leave it out"
                )
        # What an optimizer has reached at its last iteration is compared and calibrated like any other fit, and who
        # trains can change nothing about it.
        with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
            self._fit(np.asarray(X), labels, splits, left_out, kind, corpus_of, copies)
        return self

    def _fit(
        self,
        rows: NDArray[Any],
        labels: NDArray[Any],
        splits: Splits,
        left_out: Splits,
        kind: str,
        corpora: NDArray[Any],
        copies: ArrayLike | None,
    ) -> None:
        with TemporaryDirectory() as folder:
            search = GridSearchCV(
                clone(self.estimator).set_params(memory=folder),
                self.grid,
                scoring=make_scorer(_unweighted_average_recall),
                cv=splits,
                refit=False,
                n_jobs=self.n_jobs,
            ).fit(rows, labels)
        self.best_params_, self.best_score_ = search.best_params_, float(search.best_score_)
        best = clone(self.estimator).set_params(**self.best_params_)
        self.classes_, truth = np.unique(labels, return_inverse=True)
        scores = np.full((len(labels), len(self.classes_)), -np.inf)
        answers = Parallel(n_jobs=self.n_jobs)(
            delayed(_answers)(clone(best), rows[train], labels[train], rows[test]) for train, test in left_out
        )
        for (train, test), answered in zip(left_out, answers, strict=True):
            scores[np.ix_(test, np.searchsorted(self.classes_, np.unique(labels[train])))] = answered
        as_recorded = np.asarray(copies) == 0 if copies is not None else np.ones(len(labels), dtype=bool)
        asked = np.concatenate([test[as_recorded[test]] for _, test in left_out])
        lowest = np.where(np.isfinite(scores), scores, np.inf).min(axis=1, keepdims=True)
        self.calibration_ = calibrate(
            np.where(np.isfinite(scores), scores, lowest)[asked],
            truth[asked],
            weights=equal_weights(corpora[asked]),
            left_out=kind,
        )
        inverse_temperature = self.calibration_.inverse_temperature
        self.calibrated_ = TemperatureScaledClassifier(best, inverse_temperature=inverse_temperature).fit(rows, labels)

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the calibrated probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        return np.exp(self.predict_log_proba(X))

    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the logarithm of `predict_proba`, also where that is too small for a number."""
        return np.asarray(self.calibrated_.predict_log_proba(X))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return np.asarray(self.calibrated_.predict(X))


def _unweighted_average_recall(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Mean recall of the classes that occur: speakers of one corpus may lack what those of another express."""
    labels, found = np.asarray(truth), np.asarray(predicted)
    return float(np.mean([np.mean(found[labels == label] == label) for label in np.unique(labels)]))


def _answers(estimator: Any, known: NDArray[Any], labels: NDArray[Any], unknown: NDArray[Any]) -> NDArray[np.float64]:
    return log_scores(estimator.fit(known, labels), unknown)

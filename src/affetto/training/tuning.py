"""Search hyper-parameters and calibrate probabilities, both with speakers left out."""

from __future__ import annotations

import warnings
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import MetaEstimatorMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.utils.parallel import Parallel, delayed

from affetto.classifiers.estimators.base import LogProbabilityClassifier
from affetto.classifiers.estimators.temperature import TemperatureScaledClassifier, log_scores
from affetto.errors import CorpusError
from affetto.training.calibration import calibrate, equal_weights, left_out_splits
from affetto.training.inner_splits import inner_groups

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from sklearn.pipeline import Pipeline

    from affetto.classifiers.recipe import Grid
    from affetto.training.calibration import Splits

_CALIBRATION_GROUPS = 20
"""Groups of speakers for calibration; fewer if there are fewer speakers.

A model that lacks a twentieth of the speakers is about as accurate as the final one.
"""


class TunedClassifier(MetaEstimatorMixin, LogProbabilityClassifier):
    """Search a grid by unweighted average recall, then calibrate the best by a temperature.

    Unlike scikit-learn's `CalibratedClassifierCV`, it gives every corpus the same weight.

    Parameters
    ----------
    estimator : Pipeline
        The classifier to tune. Its transformers are cached while the grid is searched.
    grid : mapping or sequence of mapping
        As in `sklearn.model_selection.GridSearchCV`.
    n_splits : int
        Groups of speakers for the search; fewer if there are fewer speakers.
    n_jobs : int, optional
        Processes for search and calibration, as in joblib.

    Attributes
    ----------
    calibrated_ : TemperatureScaledClassifier
        Fitted on all samples with the best parameters.
    calibration_ : Calibration
        Measured on speakers or corpora left out.
    best_params_ : dict
    best_score_ : float
        Unweighted average recall of the best parameters over the speakers left out.
    classes_ : ndarray of shape (n_classes,)

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.pipeline import make_pipeline
    >>> X, y = load_iris(return_X_y=True)
    >>> tuned = TunedClassifier(make_pipeline(GaussianNB()), {"gaussiannb__var_smoothing": [1e-9, 1.0]})
    >>> tuned.fit(X, y, groups=np.arange(150) % 10).best_params_
    {'gaussiannb__var_smoothing': 1e-09}
    """

    def __init__(self, estimator: Pipeline, grid: Grid, *, n_splits: int = 5, n_jobs: int | None = None) -> None:
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
        augmented: ArrayLike | None = None,
    ) -> Self:
        """Search, calibrate, and fit on all samples.

        Parameters
        ----------
        X, y : array-like of shape (n_samples, n_features) and (n_samples,)
        groups : array-like of shape (n_samples,), optional
            The speakers; by default each sample counts as a speaker of its own.
        corpora : array-like of shape (n_samples,), optional
            The corpora. If there are several, each is left out once for calibration.
        augmented : array-like of bool, shape (n_samples,), optional
            Which samples are augmented copies. They are harder, so calibration is measured on the others.

        Raises
        ------
        ParameterError
            If there is only one speaker.
        CorpusError
            If all speakers who express some emotion are left out together.
        """
        rows, labels = np.asarray(X), np.asarray(y)
        speakers = np.asarray(groups if groups is not None else range(len(labels))).astype(str)
        corpus_of = np.zeros(len(labels), int) if corpora is None else np.asarray(corpora)
        is_plain = np.ones(len(labels), bool) if augmented is None else ~np.asarray(augmented, dtype=bool)
        splits = inner_groups(speakers.tolist(), min(self.n_splits, len(set(speakers.tolist()))))
        kind, left_out = left_out_splits(labels, speakers, corpus_of, n_splits=_CALIBRATION_GROUPS)
        for train, test in (*splits, *left_out):
            lost = np.setdiff1d(labels[test], labels[train])
            if len(lost):
                names = " and ".join(np.unique(speakers[test[np.isin(labels[test], lost)]]).tolist())
                raise CorpusError(
                    f"an emotion is expressed only by {names}, who are left out together to measure confidence; give "
                    "recordings of it from more speakers, or leave the emotion out"
                )
        self.classes_, truth = np.unique(labels, return_inverse=True)
        # A fit that stopped at its last iteration is compared like any other. Users can do nothing about it.
        with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
            best = self._search(rows, labels, splits)
            scores = self._left_out_scores(best, rows, labels, left_out)
            asked = np.concatenate([test[is_plain[test]] for _, test in left_out])
            self.calibration_ = calibrate(
                scores[asked], truth[asked], weights=equal_weights(corpus_of[asked]), left_out=kind
            )
            self.calibrated_ = TemperatureScaledClassifier(
                best, inverse_temperature=self.calibration_.inverse_temperature
            ).fit(rows, labels)
        return self

    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the logarithm of each class's calibrated probability, shape (n_samples, n_classes)."""
        return self.calibrated_.predict_log_proba(X)

    def _search(self, rows: NDArray[Any], labels: NDArray[Any], splits: Splits) -> Pipeline:
        """Return an unfitted estimator with the best parameters."""
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
        return clone(self.estimator).set_params(**self.best_params_)

    def _left_out_scores(
        self, best: Pipeline, rows: NDArray[Any], labels: NDArray[Any], left_out: Splits
    ) -> NDArray[np.float64]:
        """Return the scores of samples that the estimator was fitted without; unknown classes get the lowest score."""
        scores = np.full((len(labels), len(self.classes_)), -np.inf)
        answers = Parallel(n_jobs=self.n_jobs)(
            delayed(_scores)(clone(best), rows[train], labels[train], rows[test]) for train, test in left_out
        )
        for (train, test), answered in zip(left_out, answers, strict=True):
            scores[np.ix_(test, np.searchsorted(self.classes_, np.unique(labels[train])))] = answered
        lowest = np.where(np.isfinite(scores), scores, np.inf).min(axis=1, keepdims=True)
        return np.where(np.isfinite(scores), scores, lowest)


def _unweighted_average_recall(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return the mean recall of the classes that occur in a part; speakers of one corpus may lack some emotions."""
    labels, found = np.asarray(truth), np.asarray(predicted)
    return float(np.mean([np.mean(found[labels == label] == label) for label in np.unique(labels)]))


def _scores(estimator: Any, known: NDArray[Any], labels: NDArray[Any], unknown: NDArray[Any]) -> NDArray[np.float64]:
    return log_scores(estimator.fit(known, labels), unknown)

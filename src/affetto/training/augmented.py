"""Training on augmented copies of each recording."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from zlib import crc32

import numpy as np
from sklearn.base import MetaEstimatorMixin, clone

from affetto.classifiers.estimators.base import LogProbabilityClassifier, log_probabilities
from affetto.training.fit import fit_pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from affetto.classifiers.estimators.base import ProbabilisticClassifier
    from affetto.speech import Source


class AugmentedClassifier(MetaEstimatorMixin, LogProbabilityClassifier):
    """A front end and a classifier, fitted on each recording and on augmented copies of it.

    A scikit-learn pipeline cannot do that: its steps keep the number of rows. As in a pipeline, the parameters of both
    parts have names such as ``classifier__C``.

    Parameters
    ----------
    front_end : transformer
        From recordings to rows of features.
    classifier : estimator
        From rows of features to probabilities.
    augmentations : sequence of mapping
        For each augmented copy, the parameters of the front end that make it. Prediction never uses them.
    balanced : bool
        Whether no corpus has more recordings augmented than the smallest corpus has recordings: further copies would
        cost time and add no speakers. Otherwise all recordings are augmented.

    Attributes
    ----------
    classifier_ : estimator
        The classifier, fitted.
    classes_ : ndarray of shape (n_classes,)

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.preprocessing import PolynomialFeatures
    >>> front_end = PolynomialFeatures().fit([[0.0]])
    >>> classifier = AugmentedClassifier(front_end, GaussianNB()).fit(np.arange(4.0)[:, None], [0, 0, 1, 1])
    >>> classifier.predict(np.array([[2.1]]))
    array([1])
    """

    def __init__(
        self,
        front_end: Any,
        classifier: ProbabilisticClassifier,
        *,
        augmentations: Sequence[Mapping[str, Any]] = (),
        balanced: bool = True,
    ) -> None:
        self.front_end = front_end
        self.classifier = classifier
        self.augmentations = augmentations
        self.balanced = balanced

    def fit(
        self,
        X: Sequence[Source],
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        corpora: ArrayLike | None = None,
    ) -> Self:
        """Fit the classifier on recordings `X`, labels `y`, speakers `groups`, and the recordings' corpora."""
        front_ends = [self.front_end, *(clone(self.front_end).set_params(**a) for a in self.augmentations)]
        chosen = _augmented(X, len(self.augmentations), corpora if self.balanced else None)
        recordings: Any = X
        if not isinstance(X, np.ndarray):
            recordings = np.empty(len(X), dtype=object)
            recordings[:] = list(X)
        rows = np.concatenate(
            [front_end.transform(recordings[which]) for front_end, which in zip(front_ends, chosen, strict=True)]
        )
        source = np.concatenate(chosen)
        speakers, corpus_of = (None if values is None else np.asarray(values)[source] for values in (groups, corpora))
        self.classifier_: Any = fit_pipeline(
            clone(self.classifier),
            rows,
            np.asarray(y)[source],
            speakers=speakers,
            corpora=corpus_of,
            augmented=np.arange(len(source)) >= len(X),
            recordings=source,
        )
        self.classes_ = self.classifier_.classes_
        return self

    def predict_log_proba(self, X: Sequence[Source] | NDArray[Any]) -> NDArray[np.float64]:
        """Return the logarithm of each class's probability, shape (n_recordings, n_classes)."""
        return log_probabilities(self.classifier_, self.front_end.transform(X))

    def embeddings(self, X: Sequence[Source] | NDArray[Any]) -> NDArray[np.float64]:
        """Return the embeddings of recordings, shape (n_recordings, n_dimensions), if the classifier transforms."""
        return np.asarray(self.classifier_.transform(self.front_end.transform(X)))


def _augmented(X: Sequence[Source], n_augmentations: int, corpora: ArrayLike | None) -> list[NDArray[np.intp]]:
    """Return the indices of all recordings, then for each augmentation those of the recordings to augment.

    All recordings of the smallest corpus are augmented in all ways. Larger corpora give about as many copies each.
    """
    _, corpus_of, sizes = np.unique(
        np.zeros(len(X)) if corpora is None else np.asarray(corpora), return_inverse=True, return_counts=True
    )
    # By the file's name, so that neither other recordings nor the folder change the choice.
    place = np.array([_place(source, index) for index, source in enumerate(X)])
    share = sizes.min() / sizes
    masks = [(place // (number + 1) % 1000) / 1000 < share[corpus_of] for number in range(1, n_augmentations + 1)]
    return [np.arange(len(X)), *map(np.flatnonzero, masks)]


def _place(source: Source, index: int) -> int:
    return crc32(Path(source).name.encode()) if isinstance(source, str | os.PathLike) else index

"""A linear classifier that treats the differences between speakers and between corpora as noise.

Every row of features is modelled as

    row = mean of its emotion + offset of its speaker + residual

An ordinary discriminant analysis knows the residual only: the variation within one speaker and emotion. New speakers
and new corpora differ by more than that. Here the covariances of the offsets, multiplied by weights, are added to the
noise.

References
----------
P. Kenny: Bayesian speaker verification with heavy-tailed priors. Odyssey, 2010 (speaker offset plus noise).
J. H. Friedman: Regularized discriminant analysis. Journal of the American Statistical Association 84, 1989 (shrinkage).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
import scipy.linalg
import scipy.sparse
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from affetto.adaptation.offset_model import OffsetModel
from affetto.classifiers.estimators.base import LogProbabilityClassifier

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_ROUNDS = 6
"""Alternations between estimating the means of emotions and the offsets of speakers."""

_NEGLIGIBLE = 1e-6
"""Directions with a smaller share of the largest variance are rounding errors."""


class AdditiveDiscriminant(ClassNamePrefixFeaturesOutMixin, TransformerMixin, LogProbabilityClassifier):
    """Discriminant analysis with speakers and corpora as noise, in closed form.

    Parameters
    ----------
    shrinkage : float
        Share of the noise's mean variance that is added to the noise of every feature. The fewer speakers there are
        for so many features, the larger it should be.
    speaker_weight, corpus_weight : float
        Factors of the two offset covariances in the noise: of speakers within their corpora, and of the corpora's
        means. Above 1, because a few dozen speakers and a few corpora show only a part of how others differ.
    distortion_weight : float
        Factor of the covariance of the differences between recordings and their augmented copies.
    few : float
        The offset of a speaker with n rows is shrunk by n / (n + few).

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    mean_ : ndarray of shape (n_features,)
        Subtracted first.
    components_ : ndarray of shape (n_dimensions, n_features)
        From features to embeddings. There the noise has variance 1 in every dimension, and offsets are uncorrelated.
        The dimensions span the directions that separate emotions if the offset is unknown, and if it is known.
    offset_model_ : OffsetModel
        Emotions and offsets among the embeddings.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = AdditiveDiscriminant().fit(X, y)
    >>> classifier.predict(X[:1]), classifier.transform(X[:1]).shape
    (array([0]), (1, 2))
    """

    def __init__(
        self,
        *,
        shrinkage: float = 0.5,
        speaker_weight: float = 3.0,
        corpus_weight: float = 10.0,
        distortion_weight: float = 1.0,
        few: float = 2.0,
    ) -> None:
        self.shrinkage = shrinkage
        self.speaker_weight = speaker_weight
        self.corpus_weight = corpus_weight
        self.distortion_weight = distortion_weight
        self.few = few

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        corpora: ArrayLike | None = None,
        augmented: ArrayLike | None = None,
        recordings: ArrayLike | None = None,
    ) -> Self:
        """Estimate means, offsets and noise.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Standardized features.
        y : array-like of shape (n_samples,)
        groups : array-like of shape (n_samples,), optional
            The speakers; by default all samples are of one speaker.
        corpora : array-like of shape (n_samples,), optional
            The corpora. Each is weighted by the square root of its size, so that neither the largest decides alone
            nor the smallest counts as much.
        augmented : array-like of bool, shape (n_samples,), optional
            Which samples are augmented copies. They serve only to learn the effect of distortion.
        recordings : array-like of shape (n_samples,), optional
            The recording of each sample, the same for its copies; needed with `augmented`.

        Raises
        ------
        ValueError
            If there is only one class, if no feature separates the classes, or if a parameter is out of its range.
        """
        for name, value in self.get_params().items():
            if not value >= 0:
                raise ValueError(f"{name} is {value!r}; it must be 0 or more")
        samples, targets = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(targets)
        is_plain = np.ones(len(targets), bool) if augmented is None else ~np.asarray(augmented, dtype=bool)
        self.classes_, emotion = np.unique(targets[is_plain], return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"all samples are of one class, {self.classes_[0]!r}; at least two are needed")
        corpus_of_all = _codes(corpora, len(targets))
        corpus, rows = corpus_of_all[is_plain], samples[is_plain]
        # Two corpora may use the same name for two speakers.
        speaker = _codes(np.stack([corpus, _codes(groups, len(targets))[is_plain]], axis=1), len(rows))
        weight_of = 1 / np.sqrt(np.bincount(corpus_of_all[is_plain], minlength=corpus_of_all.max() + 1).clip(1))
        weights = weight_of[corpus]
        means, offsets = self._estimate_means(rows, emotion, speaker, weights)
        if not np.ptp(means, axis=0).any():
            raise ValueError("the means of all classes are the same; no feature tells them apart")
        within = _covariance(rows - means[emotion] - offsets[speaker], weights)
        if not is_plain.all():
            if recordings is None:
                raise ValueError("augmented copies need `recordings`, which names the recording of each sample")
            changes = _changes(samples, np.asarray(recordings), is_plain)
            within += self.distortion_weight * _covariance(changes, weight_of[corpus_of_all[~is_plain]])
        # At least a little: with more features than samples the noise has directions without variance.
        shrinkage = max(self.shrinkage, _NEGLIGIBLE)
        within[np.diag_indices_from(within)] += shrinkage * max(np.trace(within) / len(within), _NEGLIGIBLE)
        speakers, by_corpus = _offset_covariances(offsets, speaker, corpus, weights)
        between = self.speaker_weight * speakers + self.corpus_weight * by_corpus
        self.mean_ = means.mean(axis=0)
        self._project(means - self.mean_, within, between, speakers)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return embeddings, shape (n_samples, n_dimensions), of features of shape (n_samples, n_features)."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return np.asarray((rows - self.mean_) @ self.components_.T)

    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the logarithm of each class's probability for an unknown speaker, shape (n_samples, n_classes)."""
        embeddings = self.transform(X)
        return self.offset_model_.log_probabilities(embeddings)

    def _estimate_means(
        self,
        rows: NDArray[np.float64],
        emotion: NDArray[np.intp],
        speaker: NDArray[np.intp],
        weights: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the means of emotions and the offsets of speakers; each estimate subtracts the other."""
        counts = np.bincount(speaker)
        shrunk = (counts / (counts + self.few))[:, None]
        offsets = np.zeros((len(counts), rows.shape[1]))
        means = _grouped(rows, emotion, weights)
        for _ in range(_ROUNDS):
            offsets = shrunk * _grouped(rows - means[emotion], speaker, np.ones(len(rows)))
            means = _grouped(rows - offsets[speaker], emotion, weights)
        return means, offsets

    def _project(
        self,
        means: NDArray[np.float64],
        within: NDArray[np.float64],
        between: NDArray[np.float64],
        speakers: NDArray[np.float64],
    ) -> None:
        """Set the directions, and the model of emotions and offsets along them."""
        directions = np.concatenate(
            [scipy.linalg.solve(noise, means.T, assume_a="pos") for noise in (within + between, within)], axis=1
        )
        directions /= np.sqrt(np.einsum("ij,ij->j", directions, within @ directions).clip(np.finfo(float).tiny))
        variances, basis = np.linalg.eigh(directions.T @ within @ directions)
        kept = variances > _NEGLIGIBLE * variances.max()
        whitened = directions @ (basis[:, kept] / np.sqrt(variances[kept]))
        # Along their own axes offsets are uncorrelated, so variances describe them.
        offset_variance, axes = np.linalg.eigh(whitened.T @ between @ whitened)
        components = whitened @ axes
        self.components_ = np.ascontiguousarray(components.T)
        self.offset_model_ = OffsetModel(
            means=means @ components,
            offset_variance=offset_variance.clip(0),
            speaker_variance=np.einsum("ij,ij->j", components, speakers @ components).clip(0),
        )

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def _codes(values: ArrayLike | None, count: int) -> NDArray[np.intp]:
    """Return the number of each sample's group, from 0; without groups all are 0."""
    if values is None:
        return np.zeros(count, dtype=np.intp)
    return np.asarray(np.unique(np.asarray(values), axis=0, return_inverse=True)[1].reshape(-1))


def _changes(rows: NDArray[np.float64], recordings: NDArray[Any], is_plain: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the difference between each augmented copy and its original."""
    order = np.argsort(recordings[is_plain], kind="stable")
    place = order[np.searchsorted(recordings[is_plain], recordings[~is_plain], sorter=order).clip(max=len(order) - 1)]
    if not np.array_equal(recordings[is_plain][place], recordings[~is_plain]):
        raise ValueError("some augmented copies lack their original among the samples")
    return np.asarray(rows[~is_plain] - rows[is_plain][place])


def _grouped(rows: NDArray[np.float64], group: NDArray[np.intp], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted mean of each group's rows."""
    indicator = scipy.sparse.csr_array((weights, (group, np.arange(len(rows)))))
    return np.asarray((indicator @ rows) / np.asarray(indicator.sum(axis=1)).reshape(-1, 1))


def _offset_covariances(
    offsets: NDArray[np.float64], speaker: NDArray[np.intp], corpus: NDArray[np.intp], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the covariance of speakers' offsets within their corpora, and that of the corpora's mean offsets."""
    corpus_of = np.zeros(len(offsets), dtype=np.intp)
    corpus_of[speaker] = corpus
    centres = _grouped(offsets, corpus_of, np.ones(len(offsets)))
    mass = np.bincount(corpus, weights)
    speakers = _covariance(offsets - centres[corpus_of], np.bincount(speaker, weights))
    return speakers, _covariance(centres - np.average(centres, axis=0, weights=mass), mass)


def _covariance(rows: NDArray[np.float64], weights: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray((rows * weights[:, None]).T @ rows / weights.sum())

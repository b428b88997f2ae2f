"""A linear classifier that counts the differences between speakers and between corpora as noise.

Every row of features is modelled as

    row = mean of its emotion + offset of its speaker + rest

An ordinary discriminant analysis knows only the rest: how one speaker's utterances of one emotion vary. What separates
new speakers and new corpora from those of training is larger. Here the covariances of the offsets, several times over,
are part of the noise that emotions must stand out from.

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
from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from affetto.adaptation.offset_model import OffsetModel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_ROUNDS = 6
"""Means of emotions and offsets of speakers are estimated in turn so often."""

_NEGLIGIBLE = 1e-6
"""Directions with less than this share of the largest variance are rounding errors."""


class AdditiveDiscriminant(ClassNamePrefixFeaturesOutMixin, ClassifierMixin, TransformerMixin, BaseEstimator):
    """Discriminant analysis with speakers and corpora as noise, in closed form.

    Parameters
    ----------
    shrinkage : float
        How much of the mean variance of the rest, and of what distortion changes, is added to every feature's noise:
        the fewer independent voices there are beside features, the more.
    speaker_weight, corpus_weight : float
        How often the covariance of the speakers' offsets within their corpora, and that of the corpora's mean offsets,
        count as noise. More than once: a few dozen speakers and a few corpora show only a part of how others differ.
    distortion_weight : float
        How often the covariance of what distortion changes counts as noise: the differences between recordings and
        their altered copies, where there are such.
    few : float
        The offset of a speaker with n rows is shrunken by n / (n + few).

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    mean_ : ndarray of shape (n_features,)
        Subtracted first.
    components_ : ndarray of shape (n_dimensions, n_features)
        From features to embeddings, in which noise has variance 1 in every dimension, and offsets are uncorrelated.
        They span the directions that tell emotions apart where the offset is unknown, and where it is known.
    offset_model_ : OffsetModel
        Emotions and offsets among the embeddings.
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
        copies: ArrayLike | None = None,
        recordings: ArrayLike | None = None,
    ) -> Self:
        """Estimate means, offsets and noise.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Standardized features.
        y : array-like of shape (n_samples,)
        groups : array-like of shape (n_samples,), optional
            Who speaks. Without it all samples are of one speaker.
        corpora : array-like of shape (n_samples,), optional
            From which corpus each is. A corpus counts by the root of its size: neither does the largest decide alone,
            nor does the smallest count as much.
        copies : array-like of int, shape (n_samples,), optional
            0 where a sample is of a recording as it is. From the others only the effect of distortion is learned.
        recordings : array-like of shape (n_samples,), optional
            The recording of each sample, the same for its copies; needed where there are copies.

        Raises
        ------
        ValueError
            If there is only one class, nothing tells classes apart, or a parameter makes no sense.
        """
        for name in ("shrinkage", "speaker_weight", "corpus_weight", "distortion_weight", "few"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be 0 or more")
        samples, targets = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(targets)
        is_plain = np.ones(len(targets), dtype=bool) if copies is None else np.asarray(copies) == 0
        self.classes_, emotion = np.unique(targets[is_plain], return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"all samples are of one class, {self.classes_[0]!r}; at least two are needed")
        corpus_of_all = _codes(corpora, len(targets))
        corpus, rows = corpus_of_all[is_plain], samples[is_plain]
        # The same name may be used in two corpora.
        speaker = _codes(np.stack([corpus, _codes(groups, len(targets))[is_plain]], axis=1), len(rows))
        weight_of = 1 / np.sqrt(np.bincount(corpus_of_all[is_plain], minlength=corpus_of_all.max() + 1).clip(1))
        weights = weight_of[corpus]
        means, offsets = self._additive(rows, emotion, speaker, weights)
        within, between, speakers = self._covariances(
            rows - means[emotion] - offsets[speaker], offsets, speaker, corpus, weights
        )
        if not is_plain.all():
            if recordings is None:
                raise ValueError("there are copies, and recordings does not say of what")
            changes = _changes(samples, np.asarray(recordings), is_plain)
            within += self.distortion_weight * _covariance(changes, weight_of[corpus_of_all[~is_plain]])
        # A little at least: with more features than samples the noise has directions without variance.
        shrinkage = max(self.shrinkage, _NEGLIGIBLE)
        within[np.diag_indices_from(within)] += shrinkage * max(np.trace(within) / len(within), _NEGLIGIBLE)
        self.mean_ = means.mean(axis=0)
        if not np.ptp(means, axis=0).any():
            raise ValueError("the means of all classes are the same; no feature tells them apart")
        self._project(means - self.mean_, within, between, speakers)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return embeddings.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_dimensions)
        """
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return np.asarray((rows - self.mean_) @ self.components_.T)

    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the logarithm of `predict_proba`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        embeddings = self.transform(X)
        return self.offset_model_.log_probabilities(embeddings)

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of each class for a speaker of whom nothing is known.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        return np.exp(self.predict_log_proba(X))

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        best = self.predict_log_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def _additive(
        self,
        rows: NDArray[np.float64],
        emotion: NDArray[np.intp],
        speaker: NDArray[np.intp],
        weights: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the means of emotions and the offsets of speakers, each estimated with the others taken off."""
        counts = np.bincount(speaker)
        shrunken = (counts / (counts + self.few))[:, None]
        offsets = np.zeros((len(counts), rows.shape[1]))
        for step in range(_ROUNDS + 1):
            means = _grouped(rows - offsets[speaker], emotion, weights)
            if step < _ROUNDS:
                offsets = shrunken * _grouped(rows - means[emotion], speaker, np.ones(len(rows)))
        return means, offsets

    def _covariances(
        self,
        rest: NDArray[np.float64],
        offsets: NDArray[np.float64],
        speaker: NDArray[np.intp],
        corpus: NDArray[np.intp],
        weights: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the noise, the covariance of offsets as it counts, and that of speakers within their corpora."""
        within = _covariance(rest, weights)
        corpus_of = np.zeros(len(offsets), dtype=np.intp)
        corpus_of[speaker] = corpus
        mass = np.bincount(speaker, weights)
        centres = _grouped(offsets, corpus_of, np.ones(len(offsets)))
        speakers = _covariance(offsets - centres[corpus_of], mass)
        corpora = _covariance(
            centres - np.average(centres, axis=0, weights=np.bincount(corpus, weights)), np.bincount(corpus, weights)
        )
        return within, self.speaker_weight * speakers + self.corpus_weight * corpora, speakers

    def _project(
        self,
        means: NDArray[np.float64],
        within: NDArray[np.float64],
        between: NDArray[np.float64],
        speakers: NDArray[np.float64],
    ) -> None:
        """Choose the directions, and describe emotions and offsets among them."""
        directions = np.concatenate(
            [scipy.linalg.solve(noise, means.T, assume_a="pos") for noise in (within + between, within)], axis=1
        )
        directions /= np.sqrt(np.einsum("ij,ij->j", directions, within @ directions).clip(np.finfo(float).tiny))
        variances, basis = np.linalg.eigh(directions.T @ within @ directions)
        kept = variances > _NEGLIGIBLE * variances.max()
        whitened = directions @ (basis[:, kept] / np.sqrt(variances[kept]))
        # Offsets along their own axes: variances say all.
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
    """Return the number of each sample's group, from 0; all are 0 where there are no groups."""
    if values is None:
        return np.zeros(count, dtype=np.intp)
    return np.asarray(np.unique(np.asarray(values), axis=0, return_inverse=True)[1].reshape(-1))


def _changes(rows: NDArray[np.float64], recordings: NDArray[Any], is_plain: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the difference between each copy and its recording as it is."""
    order = np.argsort(recordings[is_plain], kind="stable")
    place = order[np.searchsorted(recordings[is_plain], recordings[~is_plain], sorter=order).clip(max=len(order) - 1)]
    if not np.array_equal(recordings[is_plain][place], recordings[~is_plain]):
        raise ValueError("there are copies of recordings that are not there themselves")
    return np.asarray(rows[~is_plain] - rows[is_plain][place])


def _grouped(rows: NDArray[np.float64], group: NDArray[np.intp], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weighted mean of each group's rows."""
    indicator = scipy.sparse.csr_array((weights, (group, np.arange(len(rows)))))
    return np.asarray((indicator @ rows) / np.asarray(indicator.sum(axis=1)).reshape(-1, 1))


def _covariance(rows: NDArray[np.float64], weights: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray((rows * weights[:, None]).T @ rows / weights.sum())

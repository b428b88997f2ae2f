"""Emotion plus offset plus noise: how a model adapts to the speaker, room, line and language of some recordings.

Every segment has an embedding z, a point in a space of a few dimensions:

    z = mean of its emotion + offset + noise

The noise has variance 1 in every dimension. The offset is shared by all segments of one speaker or one recording.
Before anything is known of it, it is normally distributed with variance b around 0, and emotions are classified under
the variance 1 + b. Unlabelled segments narrow it by expectation maximization: each belongs to every emotion with the
probability that it has under the current offset, and the offset is the mean of the residuals. After n segments its
variance is b / (1 + n b) in each dimension: one segment already helps, many make it exact.

References
----------
S. J. D. Prince, J. H. Elder: Probabilistic linear discriminant analysis for inferences about identity. ICCV, 2007.
A. P. Dempster, N. M. Laird, D. B. Rubin: Maximum likelihood from incomplete data via the EM algorithm. Journal of the
Royal Statistical Society B 39, 1977.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

SpeakerCount = Literal["one", "several", "unknown"]

_N_ITERATIONS = 8
"""Rounds of expectation maximization; the offset hardly moves after that."""

_UNSEEN = 0.05
"""Additional variance of offsets, also in directions in which the speakers of training do not differ."""

_FEWEST_TO_COUNT = 10
"""Segments below which the number of speakers is unknown."""

_ONE_SPEAKER, _SEVERAL_SPEAKERS = 0.6, 0.5
"""Thresholds of the mean log-likelihood ratio of one speaker against several, as a share of its largest value. On
left-out corpora each is wrong for at most one in twenty sets of 20 segments."""


@dataclass(frozen=True, eq=False)
class Offset:
    """The normal distribution of an offset.

    Attributes
    ----------
    mean, variance : ndarray of shape (n_dimensions,)
    count : int
        The number of segments that it was learned from.
    """

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    count: int


@dataclass(frozen=True, eq=False)
class OffsetModel:
    """The distributions of emotions and offsets in the space of embeddings.

    Attributes
    ----------
    means : ndarray of shape (n_classes, n_dimensions)
        The mean of each emotion.
    offset_variance : ndarray of shape (n_dimensions,)
        The variance of the offsets of new speakers and corpora.
    speaker_variance : ndarray of shape (n_dimensions,)
        The variance between speakers of one corpus, to distinguish one speaker from several.
    temperature : float
        Divides the log-likelihoods: new speakers also express emotions differently.
    log_prior : ndarray of shape (n_classes,) or float
        The logarithm of each emotion's relative frequency in training; 0 if all are equal.

    Examples
    --------
    >>> import numpy as np
    >>> model = OffsetModel(np.array([[-1.0], [1.0]]), offset_variance=np.ones(1), speaker_variance=np.ones(1))
    >>> np.exp(model.log_probabilities([[1.0]])).round(2).tolist()
    [[0.27, 0.73]]

    The other segments of the speaker lie around 2, so that 1 is low for this speaker:

    >>> offset = model.learn([[1.0], [3.0], [1.0], [3.0]])
    >>> np.exp(model.log_probabilities([[1.0]], offset)).round(2).tolist()
    [[0.66, 0.34]]
    """

    means: NDArray[np.float64]
    offset_variance: NDArray[np.float64]
    speaker_variance: NDArray[np.float64]
    temperature: float = 1.0
    log_prior: NDArray[np.float64] | float = 0.0

    @property
    def n_dimensions(self) -> int:
        """The number of dimensions of an embedding."""
        return int(self.means.shape[1])

    @property
    def initial_offset(self) -> Offset:
        """The offset before any segment."""
        return Offset(np.zeros(self.n_dimensions), self.offset_variance, 0)

    def log_probabilities(self, embeddings: ArrayLike, offset: Offset | None = None) -> NDArray[np.float64]:
        """Return the logarithm of each emotion's probability.

        Parameters
        ----------
        embeddings : array-like of shape (n_segments, n_dimensions)
        offset : Offset, optional
            By default `initial_offset`.

        Returns
        -------
        ndarray of shape (n_segments, n_classes)
        """
        known = self.initial_offset if offset is None else offset
        # The determinant of the variance is the same for all emotions, and cancels.
        return _log_softmax(self._log_densities(embeddings, known, known.variance) / self.temperature + self.log_prior)

    def learn(self, embeddings: ArrayLike) -> Offset:
        """Estimate the offset that some segments share.

        For several speakers the temperature is 1. Their common offset is smaller, and many segments of one emotion
        would otherwise be mistaken for an offset.

        Parameters
        ----------
        embeddings : array-like of shape (n_segments, n_dimensions)
        """
        rows = np.asarray(embeddings, dtype=np.float64).reshape(-1, self.n_dimensions)
        offset = self._learn(rows)
        several = self._speaker_count(rows, offset) == "several"
        return replace(self, temperature=1.0)._learn(rows) if several else offset

    def speaker_count(self, embeddings: ArrayLike) -> SpeakerCount:
        """Return whether one person or several speak, by a log-likelihood ratio.

        Parameters
        ----------
        embeddings : array-like of shape (n_segments, n_dimensions)

        Returns
        -------
        {"one", "several", "unknown"}
            Unknown for fewer than ten segments, and if both are about equally likely, as often with two speakers.
        """
        rows = np.asarray(embeddings, dtype=np.float64).reshape(-1, self.n_dimensions)
        return self._speaker_count(rows, self._learn(rows))

    def _learn(self, rows: NDArray[np.float64]) -> Offset:
        offset, total = self.initial_offset, rows.sum(axis=0)
        reach = self.offset_variance + _UNSEEN
        variance = reach / (1 + len(rows) * reach)
        for _ in range(_N_ITERATIONS if len(rows) else 0):
            share = np.exp(self.log_probabilities(rows, offset)).sum(axis=0)
            offset = Offset(variance * (total - share @ self.means), variance, len(rows))
        return offset

    def _speaker_count(self, rows: NDArray[np.float64], offset: Offset) -> SpeakerCount:
        if len(rows) < _FEWEST_TO_COUNT:
            return "unknown"
        one, several = (
            np.logaddexp.reduce(self._log_densities(rows, offset, spread), axis=1) - 0.5 * np.log1p(spread).sum()
            for spread in (offset.variance, offset.variance + self.speaker_variance)
        )
        largest = 0.5 * np.log1p(self.speaker_variance / (1 + offset.variance)).sum()
        if not largest > 0:  # with one training speaker the variance between speakers is unknown
            return "unknown"
        ratio = float(np.mean(one - several)) / largest
        return "one" if ratio >= _ONE_SPEAKER else "several" if ratio <= _SEVERAL_SPEAKERS else "unknown"

    def _log_densities(self, embeddings: ArrayLike, offset: Offset, spread: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return log-densities around each emotion's mean, without the terms that all share."""
        centred = np.asarray(embeddings, dtype=np.float64).reshape(-1, self.n_dimensions) - offset.mean
        return np.asarray(-0.5 * ((centred[:, None] - self.means) ** 2 / (1 + spread)).sum(axis=2))

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers for a bundle's manifest; `log_prior` is not among them."""
        return {
            "means": self.means.round(5).tolist(),
            "offset_variance": self.offset_variance.round(5).tolist(),
            "speaker_variance": self.speaker_variance.round(5).tolist(),
            "temperature": round(self.temperature, 4),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Return the model that `to_dict` described.

        Raises
        ------
        KeyError, TypeError, ValueError
            If a value is missing, out of range, or does not fit the others.
        """
        means, offset, speaker = (
            np.asarray(content[name], dtype=np.float64) for name in ("means", "offset_variance", "speaker_variance")
        )
        temperature = float(content["temperature"])
        if means.ndim != 2 or {offset.shape, speaker.shape} != {means.shape[1:]}:
            raise ValueError(f"means {means.shape} and variances {offset.shape}, {speaker.shape} do not fit together")
        if not (np.isfinite(means).all() and (offset >= 0).all() and (speaker >= 0).all()):
            raise ValueError("means or variances are out of range")
        if not (np.isfinite(offset).all() and np.isfinite(speaker).all() and 0 < temperature < np.inf):
            raise ValueError(f"variances or the temperature ({temperature}) are out of range")
        return cls(means, offset, speaker, temperature)


def _log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))

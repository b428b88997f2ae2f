"""Emotion plus offset plus noise: how a model adapts to the voice, room, line and language of some recordings.

Every utterance is a point z in a space of a few dimensions:

    z = mean of its emotion + offset + noise

The noise has variance 1 in every dimension. The offset is the same for all utterances of one speaker, or of one
recording. Before anything is known of it, it is normally distributed with variance b around 0, and emotions are told
apart under the variance 1 + b. Utterances without labels narrow it: each belongs to every emotion with the probability
that it has under the current offset, and the offset is what is left over (expectation maximization). After n utterances
its variance is b / (1 + n b) in each dimension, so that one utterance already helps, and many make it exact.

Only numpy is needed: recognition uses this.

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

Voices = Literal["one", "several", "unknown"]

_STEPS = 8
"""Rounds of expectation maximization; the offset hardly moves after that."""

_UNSEEN = 0.05
"""Variance of offsets in directions in which the speakers of training do not differ: others do, a little."""

_FEWEST_FOR_VOICES = 10
_ONE_VOICE, _SEVERAL_VOICES = 0.6, 0.5
"""From which mean log-likelihood ratio on, as a share of the largest possible one, a set of recordings is of one voice,
and up to which of several. On corpora left out each is wrong of at most one in twenty sets of 20 recordings."""


@dataclass(frozen=True, eq=False)
class Offset:
    """What is known of an offset.

    Attributes
    ----------
    mean, variance : ndarray of shape (n_dimensions,)
        Of its distribution.
    count : int
        How many utterances it was learned from.
    """

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    count: int


@dataclass(frozen=True, eq=False)
class OffsetModel:
    """Where emotions lie, and how far offsets reach.

    Attributes
    ----------
    means : ndarray of shape (n_classes, n_dimensions)
        Of each emotion.
    offset_variance : ndarray of shape (n_dimensions,)
        Of the offsets of speakers and corpora that are not known yet.
    speaker_variance : ndarray of shape (n_dimensions,)
        By how much speakers of one corpus differ, for telling one voice from several.
    temperature : float
        By which log-likelihoods are divided: new voices differ from those of training also in how they express
        emotions.
    log_prior : ndarray of shape (n_classes,) or float
        Logarithms of how frequent the emotions are taken to be beside one another; 0 where all are alike.
    """

    means: NDArray[np.float64]
    offset_variance: NDArray[np.float64]
    speaker_variance: NDArray[np.float64]
    temperature: float = 1.0
    log_prior: NDArray[np.float64] | float = 0.0

    @property
    def n_dimensions(self) -> int:
        """How many numbers an embedding has."""
        return int(self.means.shape[1])

    @property
    def unknown(self) -> Offset:
        """The offset before any utterance."""
        return Offset(np.zeros(self.n_dimensions), self.offset_variance, 0)

    def log_probabilities(self, embeddings: ArrayLike, offset: Offset | None = None) -> NDArray[np.float64]:
        """Return the logarithm of each emotion's probability.

        Parameters
        ----------
        embeddings : array-like of shape (n_utterances, n_dimensions)
        offset : Offset, optional
            By default it is unknown.

        Returns
        -------
        ndarray of shape (n_utterances, n_classes)
        """
        known = self.unknown if offset is None else offset
        # All emotions have one variance, whose determinant cancels.
        return _log_softmax(self._log_densities(embeddings, known, known.variance) / self.temperature + self.log_prior)

    def learn(self, embeddings: ArrayLike) -> Offset:
        """Estimate the offset that some utterances share.

        Of several voices emotions are assigned without the temperature. What they share is smaller, and many utterances
        of one emotion would otherwise pass for it.

        Parameters
        ----------
        embeddings : array-like of shape (n_utterances, n_dimensions)

        Returns
        -------
        Offset
        """
        rows = np.asarray(embeddings, dtype=np.float64).reshape(-1, self.n_dimensions)
        offset = self._learn(rows)
        return replace(self, temperature=1.0)._learn(rows) if self._voices(rows, offset) == "several" else offset

    def voices(self, embeddings: ArrayLike) -> Voices:
        """Tell whether utterances are of one voice, by how far they are spread beside the spread between speakers.

        Parameters
        ----------
        embeddings : array-like of shape (n_utterances, n_dimensions)

        Returns
        -------
        {"one", "several", "unknown"}
            Unknown of fewer than ten utterances, and where both are about as likely: two voices often are.
        """
        rows = np.asarray(embeddings, dtype=np.float64).reshape(-1, self.n_dimensions)
        return self._voices(rows, self._learn(rows))

    def _learn(self, rows: NDArray[np.float64]) -> Offset:
        offset, total = self.unknown, rows.sum(axis=0)
        reach = self.offset_variance + _UNSEEN
        variance = reach / (1 + len(rows) * reach)
        for _ in range(_STEPS if len(rows) else 0):
            share = np.exp(self.log_probabilities(rows, offset)).sum(axis=0)
            offset = Offset(variance * (total - share @ self.means), variance, len(rows))
        return offset

    def _voices(self, rows: NDArray[np.float64], offset: Offset) -> Voices:
        if len(rows) < _FEWEST_FOR_VOICES:
            return "unknown"
        one, several = (
            np.logaddexp.reduce(self._log_densities(rows, offset, spread), axis=1) - 0.5 * np.log1p(spread).sum()
            for spread in (offset.variance, offset.variance + self.speaker_variance)
        )
        largest = 0.5 * np.log1p(self.speaker_variance / (1 + offset.variance)).sum()
        if not largest > 0:  # of one training speaker nobody knows how others differ
            return "unknown"
        ratio = float(np.mean(one - several)) / largest
        return "one" if ratio >= _ONE_VOICE else "several" if ratio <= _SEVERAL_VOICES else "unknown"

    def _log_densities(self, embeddings: ArrayLike, offset: Offset, spread: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return log-densities around each emotion's mean, but for what all share."""
        centred = np.asarray(embeddings, dtype=np.float64).reshape(-1, self.n_dimensions) - offset.mean
        return np.asarray(-0.5 * ((centred[:, None] - self.means) ** 2 / (1 + spread)).sum(axis=2))

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers, for the manifest of a bundle, which has the prior in a place of its own."""
        return {
            "means": self.means.round(5).tolist(),
            "offset_variance": self.offset_variance.round(5).tolist(),
            "speaker_variance": self.speaker_variance.round(5).tolist(),
            "temperature": round(self.temperature, 4),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Return what `to_dict` gave.

        Raises
        ------
        KeyError, TypeError, ValueError
            If something is missing or does not fit together.
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

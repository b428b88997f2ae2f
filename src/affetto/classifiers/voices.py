"""One person's voice: how far it lies from the average, learned from utterances that nobody labelled.

In a small space of embeddings every utterance is its emotion's mean, plus what is peculiar to the voice (and to its
microphone and language), plus chance. The peculiarity of a new voice is estimated from its utterances, whose emotions
are not known either. Each corpus has a space of its own, in which its emotions lie where its speakers put them; a voice
counts among the corpora by how near it lies to their voices. Only numpy is needed: recognition uses this too.

References
----------
P. Kenny: Bayesian speaker verification with heavy-tailed priors. Odyssey, 2010 (the model: a normal distribution of
voices, and one around each of them).
J.-L. Gauvain, C.-H. Lee: Maximum a posteriori estimation for multivariate Gaussian mixture observations of Markov
chains. IEEE Transactions on Speech and Audio Processing 2, 1994 (the means of the emotions).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

LEAST_PROBABILITY = 1e-6
"""So much is left to every class: one that a classifier rules out may still be right."""

_SOFTNESS = 2.5  # embeddings know less than their dimensions say: log-likelihoods are divided by it
_STEPS = 5

# Between these shares of the emotions in what was heard of a voice, counted by their entropy, belief turns from "each
# utterance is what it sounds like" to "the voice expressed all emotions about as often". The first alone would take a
# voice that sounds angry by nature for an angry one; the second alone, a person who is always calm for the average.
_FEW, _MANY = 3 / 8, 5 / 8

# Emotions' means move halfway towards what was heard of them when so many utterances of each were.
_RELEVANCE = 1.5
_RELEVANCE_STEPS = 3
_PRIOR_TRUST = 0.3  # in the unadapted probabilities, when utterances are told apart to move these means

# Adapted and unadapted answers weigh the same after so many utterances.
_HALF = 3.0

# A voice counts among corpora as if theirs were spread around their centres by this share of the smallest distance
# between two: one that lies as the voices of a corpus do counts there alone, one halfway counts as much in both. Where
# corpora are no further apart than utterances are spread, a voice counts in all of them.
_SPREAD, _LEAST_SPREAD = 0.25, 1.0


@dataclass(frozen=True, eq=False)
class VoiceSpace:
    """How emotions and voices are spread among embeddings.

    Attributes
    ----------
    means : ndarray of shape (n_classes, n_dimensions)
        Of each emotion, over all voices.
    within : ndarray of shape (n_dimensions, n_dimensions)
        Covariance of one voice's utterances of one emotion.
    between : ndarray of shape (n_dimensions, n_dimensions)
        Covariance of the voices' peculiarities.
    sharpness : float
        Log-likelihoods of adapted answers are multiplied by it.
    trust : float
        So much the unadapted log-probabilities weigh within adapted answers.
    """

    means: NDArray[np.float64]
    within: NDArray[np.float64]
    between: NDArray[np.float64]
    sharpness: float = 1 / _SOFTNESS
    trust: float = _PRIOR_TRUST

    def voice(self, embeddings: ArrayLike, probabilities: ArrayLike) -> Voice:
        """Estimate what is peculiar to a voice.

        Parameters
        ----------
        embeddings : array-like of shape (n_utterances, n_dimensions)
            Utterances of one voice.
        probabilities : array-like of shape (n_utterances, n_classes)
            What each sounds like without adaptation.

        Returns
        -------
        Voice
        """
        rows = np.asarray(embeddings, dtype=np.float64).reshape(-1, self.means.shape[1])
        heard = np.asarray(probabilities, dtype=np.float64).reshape(-1, len(self.means))
        count = len(rows)
        # How far the estimate of the peculiarity may be off, which widens what is expected of the next utterance.
        doubt = np.linalg.inv(self._precision_between + count * self._precision_within)
        precision = np.linalg.inv(self.within + doubt)
        if not count:
            return Voice(self, self.means, precision, 0)
        gain, total = doubt @ self._precision_within, rows.sum(axis=0)

        def peculiarity(share: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray(gain @ (total - share.sum(axis=0) @ self.means))

        # As if each utterance was what it sounds like, once the voice is taken into account.
        offset = np.zeros(len(gain))
        share = np.empty_like(heard)
        for _ in range(_STEPS):
            share = _softmax(_log_likelihoods(rows, self.means + offset, self._precision_within) / _SOFTNESS)
            offset = peculiarity(share)
        # As if all emotions were expressed about as often.
        everything = peculiarity(np.full_like(share, 1 / share.shape[1]))
        occurring = _effective_number(share.mean(axis=0)) / len(self.means)
        belief = np.clip((occurring - _FEW) / (_MANY - _FEW), 0, 1)
        start = self.means + belief * everything + (1 - belief) * offset

        means, known = start, _PRIOR_TRUST * np.log(heard + 1e-3)
        for _ in range(_RELEVANCE_STEPS):
            share = _softmax(_log_likelihoods(rows, means, precision) / _SOFTNESS + known)
            means = (_RELEVANCE * start + share.T @ rows) / (_RELEVANCE + share.sum(axis=0)[:, None])
        return Voice(self, means, precision, count)

    @cached_property
    def _precision_within(self) -> NDArray[np.float64]:
        return np.asarray(np.linalg.inv(self.within))

    @cached_property
    def _precision_between(self) -> NDArray[np.float64]:
        return np.asarray(np.linalg.inv(self.between))

    @cached_property
    def _precision_of_all(self) -> NDArray[np.float64]:
        return np.asarray(np.linalg.inv(self.within + self.between))

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers, for the manifest of a bundle."""
        return {
            "means": self.means.round(5).tolist(),
            "within": self.within.round(5).tolist(),
            "between": self.between.round(5).tolist(),
            "sharpness": round(self.sharpness, 4),
            "trust": round(self.trust, 4),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Return what `to_dict` gave.

        Raises
        ------
        KeyError, TypeError, ValueError
            If something is missing or does not fit together.
        """
        means, within, between = (
            np.asarray(content[name], dtype=np.float64) for name in ("means", "within", "between")
        )
        if means.ndim != 2 or within.shape != between.shape or within.shape != (means.shape[1],) * 2:
            raise ValueError(f"means {means.shape}, within {within.shape} and between {between.shape} do not fit")
        for name, covariance in (("within", within), ("between", between)):
            # Not a number either, where it holds such.
            if not (np.allclose(covariance, covariance.T) and np.linalg.eigvalsh(covariance).min() > 0):
                raise ValueError(f"{name} is no covariance")
        sharpness, trust = float(content["sharpness"]), float(content["trust"])
        if not (np.isfinite(means).all() and 0 <= sharpness < np.inf and 0 <= trust < np.inf):
            raise ValueError(f"means, sharpness ({sharpness}) or trust ({trust}) are out of range")
        return cls(means, within, between, sharpness, trust)


@dataclass(frozen=True, eq=False)
class Voice:
    """What is known of one voice; made by `VoiceSpace.voice`.

    Attributes
    ----------
    space : VoiceSpace
    means : ndarray of shape (n_classes, n_dimensions)
        Where this voice's emotions lie.
    precision : ndarray of shape (n_dimensions, n_dimensions)
        Inverse of the covariance of its utterances around these.
    count : int
        How many utterances were heard.
    """

    space: VoiceSpace
    means: NDArray[np.float64]
    precision: NDArray[np.float64]
    count: int

    @property
    def weight(self) -> float:
        """How much the adapted answer counts beside the unadapted one, from 0 to 1."""
        return self.count / (self.count + _HALF)

    def log_likelihoods(self, embeddings: ArrayLike) -> NDArray[np.float64]:
        """Return the log-likelihood of each emotion, but for what is the same for all emotions.

        Parameters
        ----------
        embeddings : array-like of shape (n_utterances, n_dimensions)

        Returns
        -------
        ndarray of shape (n_utterances, n_classes)
        """
        return _log_likelihoods(np.asarray(embeddings, dtype=np.float64), self.means, self.precision)

    def evidence(self, embedding: ArrayLike) -> float:
        """Tell how much better an utterance is foretold by this voice than by anybody's, whatever it expresses.

        Parameters
        ----------
        embedding : array-like of shape (n_dimensions,)

        Returns
        -------
        float
            The logarithm of the ratio of densities.
        """
        row = np.asarray(embedding, dtype=np.float64)
        anybody = _log_density(row, self.space.means, self.space._precision_of_all)
        return _log_density(row, self.means, self.precision) - anybody

    def probabilities(
        self, embedding: ArrayLike, probabilities: ArrayLike, *, belief: float = 1.0
    ) -> NDArray[np.float64]:
        """Return the probabilities of one utterance, adapted to this voice.

        Parameters
        ----------
        embedding : array-like of shape (n_dimensions,)
        probabilities : array-like of shape (n_classes,)
            Unadapted.
        belief : float
            How sure it is that the utterance is of this voice, from 0 to 1.

        Returns
        -------
        ndarray of shape (n_classes,)
        """
        likelihoods = self.log_likelihoods(np.asarray(embedding)[None])[0]
        unadapted = np.log(np.asarray(probabilities, dtype=np.float64) + LEAST_PROBABILITY)
        weight = belief * self.weight
        return np.exp(adapted_logarithms(likelihoods, unadapted, weight, self.space.sharpness, self.space.trust))


@dataclass(frozen=True, eq=False)
class VoiceSpaces:
    """The spaces of all corpora side by side, and where among the corpora voices lie.

    An embedding is its place in the first space, in the second and so on, then the place among the corpora.

    Attributes
    ----------
    corpora : tuple of str
        Their names.
    spaces : tuple of VoiceSpace
        One for each corpus, each with all emotions.
    centres : ndarray of shape (n_corpora, n_corpora - 1)
        Where each corpus lies among the corpora.
    """

    corpora: tuple[str, ...]
    spaces: tuple[VoiceSpace, ...]
    centres: NDArray[np.float64]

    @property
    def n_classes(self) -> int:
        """How many emotions there are."""
        return len(self.spaces[0].means)

    @property
    def n_dimensions(self) -> int:
        """How many numbers an embedding has."""
        own = sum(int(space.means.shape[1]) for space in self.spaces)
        return own + len(self.spaces) - 1

    def split(self, embeddings: ArrayLike) -> list[NDArray[np.float64]]:
        """Return the places in each space, and then those among the corpora.

        Parameters
        ----------
        embeddings : array-like of shape (n_utterances, n_dimensions)

        Returns
        -------
        list of ndarray, shape (n_utterances, ...)
            One more than there are spaces.
        """
        rows = np.asarray(embeddings, dtype=np.float64).reshape(-1, self.n_dimensions)
        return np.split(rows, np.cumsum([space.means.shape[1] for space in self.spaces]), axis=1)

    def voice(self, embeddings: ArrayLike, probabilities: ArrayLike) -> KnownVoice:
        """Estimate what is peculiar to a voice, in every space.

        Parameters
        ----------
        embeddings : array-like of shape (n_utterances, n_dimensions)
            Utterances of one voice.
        probabilities : array-like of shape (n_utterances, n_classes)
            What each sounds like without adaptation.

        Returns
        -------
        KnownVoice
        """
        *parts, places = self.split(embeddings)
        voices = tuple(space.voice(rows, probabilities) for space, rows in zip(self.spaces, parts, strict=True))
        n_corpora = len(self.spaces)
        shares = self._shares(places.mean(axis=0)[None])[0] if len(places) else np.full(n_corpora, 1 / n_corpora)
        return KnownVoice(self, voices, shares)

    def shares(self, embeddings: ArrayLike) -> NDArray[np.float64]:
        """Tell how near each utterance lies to the voices of each corpus.

        Parameters
        ----------
        embeddings : array-like of shape (n_utterances, n_dimensions)

        Returns
        -------
        ndarray of shape (n_utterances, n_corpora)
            Those of an utterance add up to 1.
        """
        return self._shares(self.split(embeddings)[-1])

    @property
    def variance(self) -> float:
        """By how much voices count as spread around the centre of their corpus."""
        n_corpora = len(self.spaces)
        if n_corpora == 1:
            return _LEAST_SPREAD**2
        apart = np.square(self.centres[:, None] - self.centres).sum(axis=2)
        return float(max(_SPREAD**2 * apart[~np.eye(n_corpora, dtype=bool)].min(), _LEAST_SPREAD**2))

    def _shares(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        return _softmax(-0.5 * np.square(places[:, None] - self.centres).sum(axis=2) / self.variance)

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and numbers, for the manifest of a bundle."""
        return {
            "spaces": [
                {"corpus": corpus, **space.to_dict()} for corpus, space in zip(self.corpora, self.spaces, strict=True)
            ],
            "centres": self.centres.round(5).tolist(),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Return what `to_dict` gave.

        Raises
        ------
        KeyError, TypeError, ValueError
            If something is missing or does not fit together.
        """
        corpora = tuple(str(space["corpus"]) for space in content["spaces"])
        spaces = tuple(VoiceSpace.from_dict(space) for space in content["spaces"])
        centres = np.asarray(content["centres"], dtype=np.float64)
        if not spaces or len({len(space.means) for space in spaces}) > 1:
            raise ValueError(f"{len(spaces)} spaces of {[len(space.means) for space in spaces]} emotions do not fit")
        if centres.shape != (len(spaces), len(spaces) - 1):
            raise ValueError(f"centres {centres.shape} and {len(spaces)} spaces do not fit")
        if not np.isfinite(centres).all():
            raise ValueError("a centre is no number")
        return cls(corpora, spaces, centres)


@dataclass(frozen=True, eq=False)
class KnownVoice:
    """What is known of one voice in all spaces; made by `VoiceSpaces.voice`.

    Attributes
    ----------
    spaces : VoiceSpaces
    voices : tuple of Voice
        In each space.
    shares : ndarray of shape (n_corpora,)
        How much each counts: the nearer the voice lies to the corpus's voices, the more. They add up to 1.
    """

    spaces: VoiceSpaces
    voices: tuple[Voice, ...]
    shares: NDArray[np.float64]

    def evidence(self, embedding: ArrayLike) -> float:
        """Tell how much better an utterance is foretold by this voice than by anybody's; see `Voice.evidence`.

        Parameters
        ----------
        embedding : array-like of shape (n_dimensions,)

        Returns
        -------
        float
            The mean over the spaces, as the voice counts in each.
        """
        parts = self.spaces.split(embedding)[:-1]
        found = [voice.evidence(part[0]) for voice, part in zip(self.voices, parts, strict=True)]
        return float(self.shares @ np.array(found))

    def probabilities(
        self, embedding: ArrayLike, probabilities: ArrayLike, *, belief: float = 1.0
    ) -> NDArray[np.float64]:
        """Return the probabilities of one utterance, adapted to this voice.

        Parameters
        ----------
        embedding : array-like of shape (n_dimensions,)
        probabilities : array-like of shape (n_classes,)
            Unadapted.
        belief : float
            How sure it is that the utterance is of this voice, from 0 to 1.

        Returns
        -------
        ndarray of shape (n_classes,)
        """
        parts = self.spaces.split(embedding)[:-1]
        adapted = [
            voice.probabilities(part[0], probabilities, belief=belief)
            for voice, part in zip(self.voices, parts, strict=True)
        ]
        return np.asarray(self.shares @ np.stack(adapted))


def adapted_logarithms(
    likelihoods: NDArray[np.float64],
    unadapted: NDArray[np.float64],
    weight: float | NDArray[np.float64],
    sharpness: float,
    trust: float,
) -> NDArray[np.float64]:
    """Return adapted log-probabilities.

    Parameters
    ----------
    likelihoods : ndarray of shape (..., n_classes)
        Log-likelihoods of the emotions in the voice's space.
    unadapted : ndarray of shape (..., n_classes)
        Unadapted log-probabilities.
    weight : float, or ndarray of shape (..., 1)
        How much the voice's answer counts beside the unadapted one; see `Voice.weight`.
    sharpness, trust : float
        As in `VoiceSpace`.

    Returns
    -------
    ndarray of shape (..., n_classes)
    """
    adapted = _log_softmax(sharpness * likelihoods + trust * unadapted)
    # Both are log-probabilities, so that neither outweighs the other by a constant.
    return _log_softmax(weight * adapted + (1 - weight) * unadapted)


def _log_likelihoods(
    rows: NDArray[np.float64], means: NDArray[np.float64], precision: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compare rows with normal distributions of one covariance, in which their own length makes no difference."""
    weighted = means @ precision
    return np.asarray(rows @ weighted.T - 0.5 * (weighted * means).sum(axis=1))


def _log_density(row: NDArray[np.float64], means: NDArray[np.float64], precision: NDArray[np.float64]) -> float:
    """Return the log-density of a mixture, but for a constant; its parts have one covariance and equal weights."""
    apart = row - means
    exponents = -0.5 * np.einsum("ij,jk,ik->i", apart, precision, apart)
    largest = exponents.max()
    return float(largest + np.log(np.exp(exponents - largest).sum()) + 0.5 * np.linalg.slogdet(precision)[1])


def _effective_number(shares: NDArray[np.float64]) -> float:
    """Return how many equally frequent emotions have the same entropy."""
    return float(np.exp(-(shares * np.log(shares + 1e-12)).sum()))


def _log_softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.exp(_log_softmax(scores))

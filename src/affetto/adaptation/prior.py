"""Priors: how frequent each emotion is in the recordings, and how that changes a model's probabilities.

Training and calibration weight all emotions equally, or calm less, which few corpora distinguish from neutral. Most
everyday speech is neutral. Bayes' rule converts the probabilities, without training again.

References
----------
M. Saerens, P. Latinne, C. Decaestecker: Adjusting the outputs of a classifier to new a priori probabilities. Neural
Computation 14, 2002, equation 2.4.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

Prior: TypeAlias = Literal["everyday", "balanced"] | Mapping[str, float]

BALANCED: Prior = "balanced"
"""The default prior of a model."""

_EVERYDAY: Mapping[str, float] = {"neutral": 0.7}
_TOLERANCE = 1e-6
"""For sums of shares: ten times 0.1 is not exactly 1."""


def resolve_prior(prior: Prior, labels: Sequence[str], frequencies: ArrayLike | None = None) -> NDArray[np.float64]:
    """Return the share of each emotion under a prior.

    Parameters
    ----------
    prior : {"balanced", "everyday"} or mapping of str to float
        "balanced": the shares of training. "everyday": neutral has the share 0.7. A mapping gives emotions their
        shares; the others divide the rest in the proportions of training.
    labels : sequence of str, length n_labels
        The model's emotions.
    frequencies : array-like of shape (n_labels,), optional
        The relative frequency of each emotion in training; by default all are equal.

    Returns
    -------
    ndarray of shape (n_labels,)
        From 0 to 1; their sum is 1.

    Raises
    ------
    ParameterError
        If the prior names an emotion that the model does not know ("neutral" in the case of "everyday"), or if the
        shares are not numbers from 0 to 1 that can add up to 1.

    Examples
    --------
    >>> resolve_prior("everyday", ["neutral", "happy", "sad", "angry"]).round(3).tolist()
    [0.7, 0.1, 0.1, 0.1]
    >>> resolve_prior({"angry": 0.4}, ["neutral", "happy", "sad", "angry"]).round(3).tolist()
    [0.2, 0.2, 0.2, 0.4]
    """
    if isinstance(prior, str):
        if prior not in ("everyday", "balanced"):
            raise ParameterError(f"prior is {prior!r}; choose 'everyday', 'balanced', or shares of emotions")
        if prior == "everyday" and not set(_EVERYDAY) <= set(labels):
            raise ParameterError(
                f"prior is 'everyday' and the model has no emotion 'neutral'; give shares of {', '.join(labels)}"
            )
        prior = _EVERYDAY if prior == "everyday" else {}
    if not isinstance(prior, Mapping):
        raise ParameterError(f"prior is {prior!r}; choose 'everyday', 'balanced', or shares of emotions")
    for emotion, share in prior.items():
        if emotion not in labels:
            raise ParameterError(f"prior names the emotion {emotion!r}; the model knows {', '.join(labels)}")
        if isinstance(share, bool) or not isinstance(share, Real) or not 0 <= share <= 1 + _TOLERANCE:
            raise ParameterError(f"prior gives {emotion!r} the share {share!r}; give a number from 0 to 1")
    total = math.fsum(prior.values())
    left_out = [label for label in labels if label not in prior]
    if total > 1 + _TOLERANCE or (not left_out and total < 1 - _TOLERANCE):
        raise ParameterError(f"the shares of prior add up to {total:g}; make them add up to 1")
    rest = max(1 - total, 0.0)
    trained = dict(zip(labels, trained_shares(labels, frequencies).tolist(), strict=True))
    unnamed = math.fsum(trained[label] for label in left_out)
    shares = np.array([float(prior[label]) if label in prior else rest * trained[label] / unnamed for label in labels])
    return np.asarray(shares / shares.sum())


def trained_shares(labels: Sequence[str], frequencies: ArrayLike | None = None) -> NDArray[np.float64]:
    """Return the share of each emotion in training.

    Parameters
    ----------
    labels : sequence of str, length n_labels
    frequencies : array-like of shape (n_labels,), optional
        As in `resolve_prior`.

    Returns
    -------
    ndarray of shape (n_labels,)
    """
    values = np.ones(len(labels)) if frequencies is None else np.asarray(frequencies, dtype=np.float64)
    return np.asarray(values / values.sum())


def apply_prior(
    probabilities: ArrayLike, shares: NDArray[np.float64], trained: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    r"""Convert probabilities from the shares of training to others.

    By Bayes' rule :math:`p'_i = p_i \pi_i / \tau_i / \sum_j p_j \pi_j / \tau_j`, with the model's probabilities
    :math:`p`, the shares :math:`\pi`, and those of training :math:`\tau`.

    Parameters
    ----------
    probabilities : array-like of shape (n_labels,)
        Under the shares of training.
    shares : ndarray of shape (n_labels,)
        From `resolve_prior`.
    trained : ndarray of shape (n_labels,), optional
        From `trained_shares`; by default all are equal.

    Returns
    -------
    ndarray of shape (n_labels,)
        With the sum of `probabilities`; the shares themselves if only emotions without a share were probable.

    Examples
    --------
    Sad was twice as probable as neutral. If neutral speech is seven times as frequent, the odds reverse:

    >>> shares = resolve_prior({"neutral": 0.7, "sad": 0.1}, ["neutral", "sad", "angry"])
    >>> apply_prior([0.3, 0.6, 0.1], shares).round(3).tolist()
    [0.724, 0.207, 0.069]
    """
    balanced = np.asarray(probabilities, dtype=np.float64)
    weighted = balanced * (shares * len(shares) if trained is None else shares / trained)
    total = weighted.sum()
    return weighted * (balanced.sum() / total) if total > 0 else shares


def describe_prior(prior: Prior) -> str:
    """Return a prior in the syntax of the command line.

    Examples
    --------
    >>> describe_prior("everyday"), describe_prior({"neutral": 0.6, "angry": 0.1})
    ('everyday', 'neutral=0.6,angry=0.1')
    """
    return prior if isinstance(prior, str) else ",".join(f"{emotion}={share:g}" for emotion, share in prior.items())


def parse_prior(text: str) -> Prior:
    """Return the prior that `describe_prior` wrote.

    Raises
    ------
    ParameterError
        If it is neither the name of a prior nor shares of emotions.

    Examples
    --------
    >>> parse_prior("neutral=0.6, angry=0.1")
    {'neutral': 0.6, 'angry': 0.1}
    """
    match text:
        case "everyday" | "balanced":
            return text
    shares: dict[str, float] = {}
    for part in text.split(","):
        emotion, _, number = (piece.strip() for piece in part.rpartition("="))
        try:
            share = float(number)
        except ValueError:
            share = math.nan
        if not emotion or math.isnan(share):
            raise ParameterError(
                f"the prior {text!r} is not valid; use everyday, balanced, or shares: neutral=0.6,sad=0.1"
            )
        if emotion in shares:
            raise ParameterError(f"the prior {text!r} gives {emotion!r} two shares; give one")
        shares[emotion] = share
    return shares

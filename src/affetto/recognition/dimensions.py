"""Arousal and valence from the probabilities of emotions.

Most emotions have a side on each dimension: anger is high in arousal and negative, sadness low and negative. The side
on which the probability lies generalizes to new speakers and languages better than the name of the emotion.

References
----------
J. A. Russell: A circumplex model of affect. Journal of Personality and Social Psychology 39, 1980.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

AROUSAL: Mapping[str, int] = {
    **dict.fromkeys(("angry", "happy", "fearful", "surprised"), 1),
    **dict.fromkeys(("neutral", "calm", "sad"), -1),
}
"""The side of each emotion on the dimension from calm to excited; other emotions have none."""

VALENCE: Mapping[str, int] = {"happy": 1, **dict.fromkeys(("angry", "sad", "fearful", "disgust"), -1)}
"""The side of each emotion on the dimension from unpleasant to pleasant; other emotions have none."""

_REST = 0.3
"""The weight of emotions without a side. With 1 the value would be the expected side, which a probable neutral would
hide; with 0 it would be extreme whenever both sides are improbable."""


class Dimensions(NamedTuple):
    """Arousal and valence, each from -1 to 1."""

    arousal: NDArray[np.float64]
    valence: NDArray[np.float64]


def dimensions(labels: Sequence[str], probabilities: ArrayLike) -> Dimensions:
    """Return arousal and valence.

    Parameters
    ----------
    labels : sequence of str, length n_labels
        Emotions.
    probabilities : array-like of shape (..., n_labels)
        Of each emotion, without a prior: one that favours neutral speech would change both dimensions.

    Returns
    -------
    Dimensions
        Arrays of shape (...); 0 for a dimension on which no label has a side.

    Examples
    --------
    >>> arousal, valence = dimensions(["angry", "happy", "sad"], [0.8, 0.1, 0.1])
    >>> round(float(arousal), 2), round(float(valence), 2)
    (0.8, -0.8)
    """
    rows = np.asarray(probabilities, dtype=np.float64)
    return Dimensions(*(_contrast(rows, [sides.get(label, 0) for label in labels]) for sides in (AROUSAL, VALENCE)))


def _contrast(rows: NDArray[np.float64], sides: Sequence[int]) -> NDArray[np.float64]:
    side = np.array(sides)
    positive, negative = rows[..., side > 0].sum(axis=-1), rows[..., side < 0].sum(axis=-1)
    if not side.any():
        return np.zeros(rows.shape[:-1])
    return np.asarray((positive - negative) / (positive + negative + _REST * rows[..., side == 0].sum(axis=-1)))

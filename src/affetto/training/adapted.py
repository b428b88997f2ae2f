"""Speaker adaptation within an evaluation: how the test clips of a fold are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

PredictFunction: TypeAlias = "Callable[[Any, NDArray[Any], NDArray[np.str_]], NDArray[np.float64]]"
"""Predicts the test clips of a fold: `predict(fitted, X, speakers)`.

It takes the fitted pipeline, all test clips of the fold in the corpus's order, and the speaker of each. Where a whole
corpus is left out, X has its clips of all emotions. It returns probabilities of shape (n_clips, len(fitted.classes_)).
It may adapt to a speaker or a corpus by other clips of X; their emotions are never passed.
"""

AdaptedTo = Literal["speaker", "corpus"]

_SEED = 0


def unadapted(fitted: Any, X: NDArray[Any], speakers: NDArray[np.str_]) -> NDArray[np.float64]:  # noqa: ARG001
    """Predict each clip by itself; a `PredictFunction`."""
    return np.asarray(fitted.predict_proba(X))


def adapted(count: int, *, to: AdaptedTo = "speaker") -> PredictFunction:
    """Return a `PredictFunction` that adapts to other test clips, without their labels.

    Parameters
    ----------
    count : int
        Number of other clips, at least 1; fewer if the fold has fewer.
    to : {"speaker", "corpus"}
        Whether these clips are of the same speaker, or of any speaker in the fold.

    Returns
    -------
    callable
        It draws the other clips for each clip anew, from a fixed seed.

    Raises
    ------
    ParameterError
        If `count` is below 1; when called, if the pipeline cannot be adapted.
    """
    if count < 1:
        raise ParameterError(f"answers cannot be adapted to {count} recordings; give 1 or more")

    def predict(fitted: Any, X: NDArray[Any], speakers: NDArray[np.str_]) -> NDArray[np.float64]:
        model = getattr(fitted, "offset_model_", None)
        if model is None:
            raise ParameterError("this classifier cannot be adapted; evaluate the transformer")
        embeddings = fitted.embeddings(X)
        group_of = speakers if to == "speaker" else np.zeros(len(X), dtype=int)
        random = np.random.default_rng(_SEED)
        probabilities = np.empty((len(X), len(model.means)))
        for index, embedding in enumerate(embeddings):
            others = np.flatnonzero(group_of == group_of[index])
            others = random.permutation(others[others != index])[:count]
            probabilities[index] = np.exp(model.log_probabilities(embedding, model.learn(embeddings[others]))[0])
        return probabilities

    return predict

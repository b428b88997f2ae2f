"""How test clips are answered: each by itself, or adapted to other recordings of the same speaker or corpus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

AnswerFunction: TypeAlias = "Callable[[Any, NDArray[Any], NDArray[np.str_]], NDArray[np.float64]]"
"""How the test clips of a fold are answered: `answers(fitted, X, speakers)`.

It takes the fitted chain, all test clips of the fold (in the corpus's order; where a whole corpus is left out, those of
all its emotions), and who speaks in each. It returns the probabilities, of shape (n_clips, len(fitted.classes_)). This
is the place to adapt answers to a speaker or to a corpus by other clips of `X`; their emotions are never passed.
"""

AdaptedTo = Literal["speaker", "corpus"]

_SEED = 0


def unadapted(fitted: Any, X: NDArray[Any], speakers: NDArray[np.str_]) -> NDArray[np.float64]:  # noqa: ARG001
    """Answer each clip by itself; an `AnswerFunction`."""
    return np.asarray(fitted.predict_proba(X))


def adapted(count: int, *, to: AdaptedTo = "speaker") -> AnswerFunction:
    """Return how to answer each test clip after adapting to others of its fold, without their labels.

    Parameters
    ----------
    count : int
        To how many other clips, at least 1; to all others where there are fewer.
    to : {"speaker", "corpus"}
        Whether they are of the same speaker, or of anybody in the corpus, as far as the fold tests it.

    Returns
    -------
    callable
        For `cross_validate` of `affetto.training`. For each clip the others are drawn anew, from a fixed
        seed.

    Raises
    ------
    ParameterError
        If `count` is below 1, or the chain that answers cannot be adapted.
    """
    if count < 1:
        raise ParameterError(f"answers cannot be adapted to {count} recordings; give 1 or more")

    def answers(fitted: Any, X: NDArray[Any], speakers: NDArray[np.str_]) -> NDArray[np.float64]:
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

    return answers

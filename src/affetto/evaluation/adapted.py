"""Answers that are adapted to other recordings of the same speaker or corpus, for evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from affetto.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from affetto.evaluation.corpora import AnswerFunction

AdaptedTo = Literal["speaker", "corpus"]

_SEED = 0


def adapted(count: int, *, to: AdaptedTo = "speaker") -> AnswerFunction:
    """Return how to answer each recording after adapting to others, without their labels.

    Parameters
    ----------
    count : int
        To how many other recordings, at least 1; to all others where there are fewer.
    to : {"speaker", "corpus"}
        Whether they are of the same speaker, or of anybody in the corpus.

    Returns
    -------
    callable
        For `affetto.evaluation.evaluate_corpora`. For each recording the others are drawn anew, from a fixed seed.

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

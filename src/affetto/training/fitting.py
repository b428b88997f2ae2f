"""Fitting a chain so that whatever it chooses on the way, it chooses on speakers that it was not fitted on."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.corpora.base import Utterance


def require_trainable(utterances: Sequence[Utterance], *, name: str) -> None:
    """Refuse utterances on which nothing can be chosen with speakers left out.

    Parameters
    ----------
    utterances : sequence of Utterance
        What is to be fitted on.
    name : str
        What messages call them.

    Raises
    ------
    CorpusError
        If there are fewer than two emotions, or an emotion is expressed by fewer than two speakers.
    """
    speakers: dict[str, set[str]] = {}
    for utterance in utterances:
        speakers.setdefault(utterance.emotion, set()).add(utterance.speaker)
    if len(speakers) < 2:
        raise CorpusError(f"{name} holds {len(speakers)} emotion(s); at least two are needed to tell them apart")
    for emotion, who in speakers.items():
        if len(who) < 2:
            raise CorpusError(
                f"{name} has {emotion!r} from one speaker only, {min(who)!r}; two or more are needed for each emotion, "
                "to choose and calibrate on speakers left out"
            )


def fit_chain(chain: Any, X: NDArray[Any], y: NDArray[Any], *, speakers: Sequence[str] | NDArray[Any] | None) -> Any:
    """Fit a chain, and tell whoever chooses anything within it who speaks.

    The speakers arrive as `groups`, by scikit-learn's metadata routing: at every splitter within the chain that takes
    groups (`GroupKFold`, `StratifiedGroupKFold`, as `cv` of a search), and at every estimator whose `fit` has a
    parameter `groups`.

    Parameters
    ----------
    chain : estimator
        Fitted in place.
    X : ndarray, shape (n_clips,) or (n_clips, n_features)
        Recordings or features.
    y : ndarray, shape (n_clips,)
        Their labels.
    speakers : sequence of str, length n_clips, optional
        Their speakers.

    Returns
    -------
    estimator
        The same chain, fitted.
    """
    import sklearn
    from sklearn.utils.metadata_routing import get_routing_for_object

    if speakers is None:
        return chain.fit(X, y)
    with sklearn.config_context(enable_metadata_routing=True):
        for part in [chain, *chain.get_params(deep=True).values()]:
            if hasattr(part, "set_fit_request") and "groups" in signature(part.fit).parameters:
                part.set_fit_request(groups=True)
        if get_routing_for_object(chain).consumes("fit", ["groups"]):
            return chain.fit(X, y, groups=np.asarray(speakers))
        return chain.fit(X, y)

"""Fitting a chain so that whatever it chooses on the way, it chooses on speakers that it was not fitted on."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


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

"""Fitting a chain so that whatever it chooses on the way, it chooses on speakers that it was not fitted on."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def fit_pipeline(
    chain: Any,
    X: NDArray[Any],
    y: NDArray[Any],
    *,
    speakers: Sequence[str] | NDArray[Any] | None = None,
    corpora: Sequence[str] | NDArray[Any] | None = None,
    frequencies: NDArray[np.float64] | None = None,
    copies: NDArray[np.intp] | None = None,
    recordings: NDArray[np.intp] | None = None,
) -> Any:
    """Fit a chain, and tell whoever asks within it who speaks, from which corpus each clip is, and what else is known.

    All travel by scikit-learn's metadata routing. The speakers arrive as `groups`, at every splitter within the chain
    that takes groups (`GroupKFold`, `StratifiedGroupKFold`, as `cv` of a search) and at every estimator whose `fit` has
    a parameter of that name; the others by their own names.

    Parameters
    ----------
    chain : estimator
        Fitted in place.
    X : ndarray, shape (n_clips, ...)
        Recordings, features, or sequences of frames.
    y : ndarray, shape (n_clips,)
        Their labels.
    speakers : sequence of str, length n_clips, optional
        Their speakers.
    corpora : sequence of str, length n_clips, optional
        Their corpora.
    frequencies : sequence of float, length n_clips, optional
        How frequent the emotion of each is taken to be beside the others; by default all are equally frequent.
    copies : ndarray of int, length n_clips, optional
        0 where a clip is as it was recorded, else how it was altered.
    recordings : ndarray of int, length n_clips, optional
        Which recording each clip is of.

    Returns
    -------
    estimator
        The same chain, fitted.
    """
    import sklearn
    from sklearn.utils.metadata_routing import get_routing_for_object

    named = {
        "groups": speakers,
        "corpora": corpora,
        "frequencies": frequencies,
        "copies": copies,
        "recordings": recordings,
    }
    given = {name: values for name, values in named.items() if values is not None}
    with sklearn.config_context(enable_metadata_routing=True):
        for part in [chain, *chain.get_params(deep=True).values()]:
            if hasattr(part, "set_fit_request"):
                wanted = signature(part.fit).parameters
                part.set_fit_request(**{name: True for name in given if name in wanted})
        consumed = get_routing_for_object(chain).consumes("fit", given)
        return chain.fit(X, y, **{name: np.asarray(given[name]) for name in consumed})

"""Fit a pipeline and pass metadata, such as the speakers, to the parts that use it."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from affetto.classifiers.estimators.base import ProbabilisticClassifier

    ClassifierT = TypeVar("ClassifierT", bound=ProbabilisticClassifier)


def fit_pipeline(
    pipeline: ClassifierT,
    X: NDArray[Any],
    y: NDArray[Any],
    *,
    speakers: ArrayLike | None = None,
    corpora: ArrayLike | None = None,
    frequencies: ArrayLike | None = None,
    augmented: ArrayLike | None = None,
    recordings: ArrayLike | None = None,
) -> ClassifierT:
    """Fit a pipeline with what is known of each clip, by scikit-learn's metadata routing.

    The speakers arrive as `groups` at every splitter that takes groups and at every estimator whose `fit` has a
    parameter of that name. All other metadata keep their names.

    Parameters
    ----------
    pipeline : estimator
        Fitted in place, and returned.
    X, y : ndarray, shape (n_clips, ...) and (n_clips,)
        Recordings, features or sequences of frames, and their labels.
    speakers, corpora, recordings : array-like of shape (n_clips,), optional
        Speaker, corpus and recording of each clip.
    frequencies : array-like of float, shape (n_clips,), optional
        Relative frequency of the emotion of each; by default all are equally frequent.
    augmented : array-like of bool, shape (n_clips,), optional
        Which clips are augmented copies.
    """
    import sklearn
    from sklearn.utils.metadata_routing import get_routing_for_object

    metadata = {"groups": speakers, "corpora": corpora, "frequencies": frequencies}
    metadata |= {"augmented": augmented, "recordings": recordings}
    given = {name: np.asarray(values) for name, values in metadata.items() if values is not None}
    with sklearn.config_context(enable_metadata_routing=True):
        for part in [pipeline, *pipeline.get_params(deep=True).values()]:
            if hasattr(part, "set_fit_request"):
                known = signature(part.fit).parameters
                part.set_fit_request(**{name: True for name in given if name in known})
        consumed = get_routing_for_object(pipeline).consumes("fit", given)
        return pipeline.fit(X, y, **{name: given[name] for name in consumed})

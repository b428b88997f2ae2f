"""The recipe of a classifier.

A new classifier is a module of `affetto.classifiers` that defines `RECIPE`, and its name in `CLASSIFIERS`. The command
line, cross-validation, export and model cards then know it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sklearn.base import BaseEstimator
    from sklearn.pipeline import Pipeline

    Grid = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Sequence[Any]]]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How one classifier is trained; see `affetto.training.pipelines.build_pipeline`.

    Attributes
    ----------
    front_end : callable
        Returns the steps from recordings to features. It takes the encoders' checkpoints if the recipe has encoders.
    classifier : callable
        Returns the steps from features to probabilities.
    input : {"features", "waveform"}
        Input of the exported model: features for the classifier alone, or the waveform for pre-processing, features and
        classifier. A classifier of features has a grid, one of the waveform has none.
    augmentations : sequence of mapping
        For each augmented copy of a recording, the parameters of the front end that make it.
    balanced : bool
        Whether no corpus has more recordings augmented than the smallest has recordings.
    grid : mapping or sequence of mapping, optional
        Parameters of the classifier to search, with speakers left out.
    reduced : mapping
        Parameters of the pipeline that make it cheaper for calibration, which fits it once for each group left out.
    encoders : tuple of str
        Default checkpoints of the pretrained encoders.
    min_recordings : int
        The fewest recordings that it can be trained on.
    """

    front_end: Callable[..., Pipeline]
    classifier: Callable[[], BaseEstimator]
    input: Literal["features", "waveform"]
    augmentations: Sequence[Mapping[str, Any]] = ()
    balanced: bool = True
    grid: Grid | None = None
    reduced: Mapping[str, Any] = field(default_factory=dict)
    encoders: tuple[str, ...] = ()
    min_recordings: int

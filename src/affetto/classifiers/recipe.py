"""What a recipe consists of."""

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
    """How one classifier is trained. `affetto.training.pipelines.build_pipeline` makes a pipeline of it.

    Attributes
    ----------
    front_end : callable
        Returns the steps from recordings to features. It takes the checkpoints of the encoders if there are any.
    classifier : callable
        Returns the steps from features to probabilities.
    input : {"features", "waveform"}
        What the exported model takes. Of "features" it holds the classifier alone; of "waveform" it holds all.
    augmentations : sequence of mapping
        For each augmented copy of a recording, the parameters of the front end that make it.
    balanced : bool
        Whether no corpus has more recordings augmented than the smallest has recordings.
    grid : mapping or sequence of mapping, optional
        Parameters of the classifier to search, with speakers left out. Without one, nothing is searched.
    reduced : mapping
        Parameters of the pipeline that make it cheaper. Calibration fits it once for each group left out.
    encoders : tuple of str
        The pretrained checkpoints under it, unless others are named.
    min_recordings : int
        How many recordings it needs at least.
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

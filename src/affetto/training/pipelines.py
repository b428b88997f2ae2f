"""From a classifier's recipe to the pipeline that is trained: recordings in, probabilities out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from affetto.classifiers import CLASSIFIERS, find_recipe
from affetto.errors import CorpusError, ParameterError
from affetto.features import CachedTransformer
from affetto.training.augmented import AugmentedClassifier
from affetto.training.calibration import CalibratedPipeline
from affetto.training.tuning import TunedClassifier

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from sklearn.pipeline import Pipeline

TrainingPipeline: TypeAlias = AugmentedClassifier | CalibratedPipeline
"""Calibrated by its classifier, or as a whole."""


def build_pipeline(
    classifier: str,
    *,
    front_end: Pipeline | None = None,
    encoders: Sequence[str | os.PathLike[str]] | None = None,
    n_jobs: int | None = -1,
) -> TrainingPipeline:
    """Return an unfitted pipeline: recordings in, calibrated probabilities out.

    It searches and calibrates with speakers left out: fit it by `affetto.training.fit.fit_pipeline`.

    Parameters
    ----------
    classifier : str
        One of `affetto.classifiers.CLASSIFIERS`.
    front_end : Pipeline, optional
        For classifiers of acoustic features: other steps from recordings to features, the last called "features".
    encoders : sequence of str or path, optional
        For the transformer: Whisper checkpoints, folders or names on the Hugging Face hub.
    n_jobs : int, optional
        Processes for features and search, as in joblib; all cores by default.

    Raises
    ------
    ParameterError
        If there is no classifier of that name, or if it takes no such front end or encoders.

    Examples
    --------
    >>> pipeline = build_pipeline("svm")
    >>> pipeline.classifier.grid["classify__C"]
    [0.03, 0.1, 0.5]
    """
    recipe = find_recipe(classifier)
    if encoders is not None and not recipe.encoders:
        raise ParameterError(f"the {classifier} takes no encoders; choose the transformer to use them")
    if front_end is not None and recipe.input == "waveform":
        raise ParameterError(f"the {classifier} takes the waveform, so its front end cannot be replaced")
    if front_end is None:
        front_end = recipe.front_end(encoders or recipe.encoders) if recipe.encoders else recipe.front_end()
    model = recipe.classifier()
    if recipe.grid is not None:
        model = TunedClassifier(model, recipe.grid, n_jobs=n_jobs)
    pipeline = AugmentedClassifier(
        CachedTransformer(front_end, n_jobs=n_jobs),
        model,
        augmentations=recipe.augmentations,
        balanced=recipe.balanced,
    )
    return pipeline if recipe.grid is not None else CalibratedPipeline(pipeline, reduced=recipe.reduced)


def require_enough(count: int, classifier: str, *, name: str) -> None:
    """Refuse to train on fewer recordings than a classifier needs, and name the classifiers that need no more.

    Raises
    ------
    CorpusError
        If there are fewer than the recipe's `min_recordings`.
    """
    least = find_recipe(classifier).min_recordings
    if count >= least:
        return
    others = [other for other in CLASSIFIERS if find_recipe(other).min_recordings <= count]
    instead = f", or train another classifier: {', '.join(others)}" if others else ""
    raise CorpusError(f"{name} has {count} recordings, too few for the {classifier}; give {least} or more{instead}")

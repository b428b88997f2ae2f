"""From a classifier's recipe to the pipeline that is trained: recordings in, probabilities out."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def build_pipeline(
    classifier: str,
    *,
    front_end: Pipeline | None = None,
    encoders: Sequence[str | os.PathLike[str]] | None = None,
    n_jobs: int | None = -1,
) -> AugmentedClassifier | CalibratedPipeline:
    """Return an unfitted pipeline: recordings in, probabilities out.

    Whatever it chooses or calibrates while it is fitted, it does on speakers left out. Pass the speakers as `groups`
    to its `fit`, as `affetto.training.fit.fit_pipeline` does.

    Parameters
    ----------
    classifier : {"mlp", "svm", "gmm", "cnn", "transformer"}
        The classifier.
    front_end : Pipeline, optional
        For classifiers of acoustic features: other steps from recordings to features, the last called "features".
    encoders : sequence of str or path, optional
        For the transformer: Whisper checkpoints, folders or names on the Hugging Face hub.
    n_jobs : int, optional
        Processes for features and search, as in joblib; all cores by default.

    Returns
    -------
    AugmentedClassifier or CalibratedPipeline
        The latter if the recipe searches nothing; a search calibrates by itself.

    Raises
    ------
    ParameterError
        If there is no classifier of that name, or it does not take what is given.
    """
    recipe = find_recipe(classifier)
    if encoders is not None and not recipe.encoders:
        raise ParameterError(f"encoders are for the transformer; the {classifier} has none")
    if front_end is not None and recipe.input == "waveform":
        raise ParameterError(f"the {classifier} takes the waveform; it has no other front end")
    if front_end is None:
        front_end = recipe.front_end(encoders or recipe.encoders) if recipe.encoders else recipe.front_end()
    model = recipe.classifier()
    if recipe.grid is not None:
        model = TunedClassifier(model, recipe.grid, n_jobs=n_jobs)
    pipeline = AugmentedClassifier(
        CachedTransformer(front_end, n_jobs=n_jobs),
        model,
        copies=recipe.augmentations,
        balanced=recipe.balanced,
    )
    return pipeline if recipe.grid is not None else CalibratedPipeline(pipeline, reduced=recipe.reduced)


def require_enough(count: int, classifier: str, *, name: str) -> None:
    """Refuse so few recordings that a kind of classifier learns nothing of them, and name those that do.

    Parameters
    ----------
    count : int
        How many recordings there are.
    classifier : str
    name : str
        What the message calls them.

    Raises
    ------
    CorpusError
        If there are fewer than its recipe needs.
    """
    least = find_recipe(classifier).min_recordings
    if count >= least:
        return
    others = [kind for kind in CLASSIFIERS if find_recipe(kind).min_recordings <= count]
    instead = f", or train another classifier: {', '.join(others)}" if others else ""
    raise CorpusError(f"{name} has {count} recordings, too few for the {classifier}; give {least} or more{instead}")

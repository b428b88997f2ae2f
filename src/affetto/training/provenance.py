"""What a manifest records about how a model was made."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from affetto import __version__
from affetto._provenance import commit, today, versions
from affetto.classifiers.estimators.checkpoints import without_checkpoints
from affetto.training.calibration import CalibratedPipeline

if TYPE_CHECKING:
    from affetto.corpora.base import Corpus
    from affetto.training.augmented import AugmentedClassifier
    from affetto.training.calibration import Calibration
    from affetto.training.pipelines import TrainingPipeline

_SIZES = ("tiny", "base", "small", "medium")
_LARGE = ("large", "large-v2", "large-v3", "large-v3-turbo")
_WHISPERS = {f"whisper-{size}" for size in (*_SIZES, *(f"{size}.en" for size in _SIZES), *_LARGE)}
"""Published by OpenAI under MIT. Models derived from them may have another licence."""


def describe_corpus(corpus: Corpus) -> dict[str, Any]:
    """Return the record of a training corpus."""
    return {
        "name": corpus.name,
        "licence": corpus.licence,
        "citation": corpus.citation,
        **({"speech": corpus.speech} if corpus.speech else {}),
        "utterances": len(corpus.utterances),
        "speakers": len({utterance.speaker for utterance in corpus.utterances}),
        # Two folds may have as many clips of as many speakers, but not the same ones.
        "clips_sha256": corpus.clips_sha256,
    }


def describe_encoders(pipeline: TrainingPipeline) -> dict[str, Any] | None:
    """Return the record of a pipeline's pretrained encoders: names, layers and licence; None if it has none."""
    frames = _augmented(pipeline).front_end.transformer.steps[-1][1]
    if not hasattr(frames, "encoders"):
        return None
    from affetto.features.neural.encoder import N_LAYERS
    from affetto.features.neural.whisper import checkpoint_name

    names = [checkpoint_name(encoder) for encoder in frames.encoders]
    licence = "MIT (OpenAI Whisper)" if set(names) <= _WHISPERS else "unknown; see the checkpoint"
    return {"names": names, "layers": N_LAYERS, "licence": licence}


def describe_recipe(pipeline: TrainingPipeline) -> dict[str, Any]:
    """Return the record of how a pipeline, fitted or not, is trained: enough to train the same again.

    It includes default values, because another version may have others.
    """
    import sklearn
    from sklearn.base import clone

    augmented = _augmented(pipeline)
    classifier = clone(without_checkpoints(augmented.classifier))
    # The number of processes changes nothing.
    classifier.set_params(**dict.fromkeys(name for name in classifier.get_params() if name.endswith("n_jobs")))
    with sklearn.config_context(print_changed_only=False):
        # By default, a long representation is cut in the middle.
        text = classifier.__repr__(N_CHAR_MAX=100_000)
    recipe = {
        "classifier": " ".join(text.split()),
        "augmentations": [dict(augmentation) for augmentation in augmented.augmentations],
        "balanced": augmented.balanced,
    }
    if isinstance(pipeline, CalibratedPipeline):
        recipe["calibration"] = {"n_splits": pipeline.n_splits, "reduced": dict(pipeline.reduced or {})}
    return recipe


def describe_calibration(calibration: Calibration) -> dict[str, Any]:
    """Return the record of a calibration."""
    figures = dataclasses.asdict(calibration)
    left_out, inverse_temperature = figures.pop("left_out"), figures.pop("inverse_temperature")
    return {
        "method": f"temperature, fitted on {left_out} left out",
        "inverse_temperature": [float(f"{inverse_temperature:.4g}")],
        **{name: round(value, 4) for name, value in figures.items()},
        # Rounded down, since answers at the threshold itself are certain.
        "threshold": math.floor(1e4 * calibration.threshold) / 1e4,
    }


def describe_training(pipeline: TrainingPipeline) -> dict[str, Any]:
    """Return the record of a training: recipe, searched parameters, commit, date and libraries."""
    augmented = pipeline.pipeline_ if isinstance(pipeline, CalibratedPipeline) else pipeline
    recipe, classifier = describe_recipe(pipeline), augmented.classifier_
    if hasattr(classifier, "best_params_"):
        recipe |= {"chosen": classifier.best_params_, "uar_of_choice": round(classifier.best_score_, 4)}
    return {
        "recipe": recipe,
        "affetto": __version__,
        "commit": commit(),
        "date": today(),
        "libraries": versions(),
    }


def _augmented(pipeline: TrainingPipeline) -> AugmentedClassifier:
    return pipeline.pipeline if isinstance(pipeline, CalibratedPipeline) else pipeline

"""The recipes of the networks: what they hear, and how they are trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.pipeline import Pipeline

from affetto.classifiers.discriminant import AdditiveDiscriminant
from affetto.classifiers.networks import ConvolutionalNetwork
from affetto.classifiers.neural import SequenceClassifier
from affetto.classifiers.projection import ClippedScaler
from affetto.classifiers.sequences import SequenceScaler
from affetto.features import BandFrames, EncoderMeans

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

_LEAST_STEPS = 15
"""Of an epoch: enough to learn a dozen clips, and less than what a hundred make with their copies."""


def transformer(encoders: Sequence[str | os.PathLike[str]]) -> tuple[EncoderMeans, Pipeline]:
    """Return features and classifier of the transformer: a linear classifier on the means of frozen layers.

    Parameters
    ----------
    encoders : sequence of str or path
        Whisper checkpoints.
    """
    # Of the two pooled layers the upper one tells more, the lower one less and something else.
    scale = ClippedScaler(limit=5.0, block_weights=(0.5, 1.0))
    classifier = Pipeline([("scale", scale), ("discriminant", AdditiveDiscriminant())])
    return EncoderMeans(encoders=encoders), classifier


def cnn() -> tuple[BandFrames, Any, dict[str, Any]]:
    """Return frames, classifier and draft of the convolutional network, which is trained from scratch."""
    network = SequenceClassifier(
        ConvolutionalNetwork,
        n_networks=2,
        epochs=4,
        least_steps=_LEAST_STEPS,
        learning_rate=3e-3,
        weight_decay=0.02,
        label_smoothing=0.1,
    )
    classifier = Pipeline([("scale", SequenceScaler()), ("network", network)])
    return BandFrames(), classifier, {"classifier__network__n_networks": 1}

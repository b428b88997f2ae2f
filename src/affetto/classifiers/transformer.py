"""Transformer: a linear classifier on the mean activations of a frozen Whisper encoder. It is the default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.pipeline import Pipeline

from affetto.classifiers.estimators.discriminant import AdditiveDiscriminant
from affetto.classifiers.estimators.projection import ClippedScaler
from affetto.classifiers.front_ends import waveform_front_end
from affetto.classifiers.recipe import Recipe
from affetto.features import EncoderMeans

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

_DEGRADED_MARGIN_S = 0.1
"""Sound around the speech in a degraded copy. In noise, voice activity detection keeps some too."""


def _front_end(encoders: Sequence[str | os.PathLike[str]]) -> Pipeline:
    frames = EncoderMeans(encoders=encoders)
    frames.module()  # loads it now, so that an error does not show after hours
    return waveform_front_end(frames)


def _classifier() -> Pipeline:
    # Of the two pooled layers the upper one tells more.
    scale = ClippedScaler(limit=5.0, block_weights=(0.5, 1.0))
    return Pipeline([("scale", scale), ("discriminant", AdditiveDiscriminant())])


RECIPE = Recipe(
    front_end=_front_end,
    classifier=_classifier,
    input="waveform",
    # One degraded copy, and one that is cut by voice activity detection as recognition does in noise.
    augmentations=(
        {"transformer__trim__margin_s": _DEGRADED_MARGIN_S, "transformer__degradation__seed": 0},
        {"transformer__utterance__active": True},
    ),
    # The effect of distortion has as many directions as there are features, so it takes all recordings to learn it.
    balanced=False,
    encoders=("openai/whisper-base",),
    min_recordings=8,
)

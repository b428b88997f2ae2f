"""Convolutional network on band energies, trained from scratch."""

from __future__ import annotations

from sklearn.pipeline import Pipeline

from affetto.classifiers.estimators.convolutional import ConvolutionalNetwork
from affetto.classifiers.estimators.neural import SequenceClassifier
from affetto.classifiers.estimators.sequences import SequenceScaler
from affetto.classifiers.front_ends import waveform_front_end
from affetto.classifiers.recipe import Recipe
from affetto.features import BandFrames

_SPEEDS = (0.84, 0.92, 1.09, 1.19)
"""Speed perturbation. Without it the network learns the training speakers."""

_MIN_STEPS = 15
"""In an epoch: enough for a dozen clips. A hundred clips with their augmented copies make more."""


def _front_end() -> Pipeline:
    return waveform_front_end(BandFrames())


def _classifier() -> Pipeline:
    network = SequenceClassifier(
        ConvolutionalNetwork,
        n_networks=2,
        epochs=4,
        least_steps=_MIN_STEPS,
        learning_rate=3e-3,
        weight_decay=0.02,
        label_smoothing=0.1,
    )
    return Pipeline([("scale", SequenceScaler()), ("network", network)])


RECIPE = Recipe(
    front_end=_front_end,
    classifier=_classifier,
    input="waveform",
    augmentations=tuple({"transformer__speed__factor": factor} for factor in _SPEEDS),
    reduced={"classifier__network__n_networks": 1},
    # With fewer, a network without one of the speakers learns nothing that calibration could measure.
    min_recordings=8,
)

"""Multilayer perceptron on acoustic features: scikit-learn's `MLPClassifier`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.neural_network import MLPClassifier

from affetto.classifiers.front_ends import SHRINKAGES, VOCAL_TRACT_AUGMENTATIONS, acoustic_front_end, projected
from affetto.classifiers.recipe import Recipe

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def _classifier() -> Pipeline:
    # After the projection there is little to learn and much to overfit, so the weight decay is strong. L-BFGS finds the
    # optimum without a number of epochs, from sixty clips as from thousands.
    return projected(MLPClassifier((32,), solver="lbfgs", max_iter=1000, random_state=0))


RECIPE = Recipe(
    front_end=acoustic_front_end,
    classifier=_classifier,
    input="features",
    augmentations=VOCAL_TRACT_AUGMENTATIONS,
    grid={"project__shrinkage": SHRINKAGES, "classify__alpha": [10.0, 100.0]},
    min_recordings=4,
)

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression

from affetto.training.augmented import AugmentedClassifier
from affetto.training.fit import fit_pipeline


class Shifted(TransformerMixin, BaseEstimator):
    """A front end over numbers, whose augmentation shifts them."""

    def __init__(self, shift: float = 0.0) -> None:
        self.shift = shift

    def transform(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(X) + self.shift


def test_speakers_reach_the_classifier_within_a_pipeline() -> None:
    generator = np.random.default_rng(0)
    X, y = generator.normal(size=(40, 2)), np.tile([0, 1], 20)
    speakers = np.repeat(["a", "b", "c", "d"], 10)

    class Watching(LogisticRegression):
        def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray) -> Watching:
            self.groups_ = groups
            return super().fit(X, y)  # type: ignore[no-any-return]

    pipeline = AugmentedClassifier(Shifted(), Watching(), augmentations=[{"shift": 0.1}, {"shift": -0.1}])
    fit_pipeline(pipeline, X, y, speakers=speakers)
    assert pipeline.classifier_.groups_.tolist() == [*speakers] * 3

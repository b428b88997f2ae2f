"""Front ends that several classifiers share: the steps from recordings to features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.pipeline import Pipeline

from affetto.augmentation.pipeline import SpeechCut, SpeedChange
from affetto.augmentation.random_degradation import RandomDegradation
from affetto.classifiers.estimators.projection import ClippedScaler, DiscriminantProjection
from affetto.features import AcousticFeatures
from affetto.preprocessing import DCRemoval, LevelNormalization, PreEmphasis, ReadSpeech, SilenceTrimming

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

SHRINKAGES = [0.2, 0.5]
"""Values to search. Without shrinkage, the projection follows the training speakers."""

MAX_VARIANCES = [64.0]
"""Value to search: twice the variance of the clips of RAVDESS.

Fewer than about 300 clips reach it. If clips lie further apart, the kernels between a new clip and all others are zero,
so that all new clips look alike, and a mixture is far too confident.
"""

VOCAL_TRACT_AUGMENTATIONS = tuple({"transformer__features__warp": factor} for factor in (0.9, 1.1))
"""Augmentation by a shorter and a longer vocal tract (VTLP), for classifiers of acoustic features."""


def acoustic_front_end() -> Pipeline:
    """Return the steps from recordings to acoustic features.

    ``benchmarks/ablation.py`` decided which steps are in it.
    """
    return Pipeline(
        [
            ("speech", ReadSpeech()),
            ("dc", DCRemoval()),
            ("trim", SilenceTrimming()),
            ("emphasis", PreEmphasis()),
            ("level", LevelNormalization()),
            ("features", AcousticFeatures()),
        ]
    )


def waveform_front_end(frames: Any) -> Pipeline:
    """Return the steps from recordings to the features of a network; augmentations switch some of them on.

    Parameters
    ----------
    frames : transformer
        From waveforms to features.
    """
    return Pipeline(
        [
            ("speech", ReadSpeech()),
            ("utterance", SpeechCut()),
            ("dc", DCRemoval()),
            ("trim", SilenceTrimming()),
            ("degradation", RandomDegradation()),
            ("level", LevelNormalization()),
            ("speed", SpeedChange()),
            ("frames", frames),
        ]
    )


def projected(classifier: BaseEstimator) -> Pipeline:
    """Return a classifier behind a discriminant projection of standardized features."""
    return Pipeline([("scale", ClippedScaler()), ("project", DiscriminantProjection()), ("classify", classifier)])

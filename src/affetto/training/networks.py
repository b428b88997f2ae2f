"""The recipes of the networks: what they hear, and how they are trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.pipeline import Pipeline

from affetto.classifiers.corpora import CorpusMarginalClassifier
from affetto.classifiers.gmm import GaussianMixtureClassifier
from affetto.classifiers.networks import AttentiveHead, ConvolutionalNetwork
from affetto.classifiers.neural import SequenceClassifier
from affetto.classifiers.pool import LogarithmicPool
from affetto.classifiers.projection import ClippedScaler, DiscriminantProjection
from affetto.classifiers.sequences import SequenceComponents, SequenceScaler, SequenceStatistics
from affetto.features import BandFrames, EncoderFrames

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

_LEAST_STEPS = 15
"""Of an epoch: enough to learn a dozen clips, and less than what a hundred make with their copies."""


def transformer(encoders: Sequence[str | os.PathLike[str]]) -> tuple[EncoderFrames, Any, dict[str, Any]]:
    """Return frames, classifier and draft of the transformer: two heads on frozen encoders, pooled.

    The one projects statistics of the whole clip and compares them with Gaussians: it is fitted in closed form, and
    hardly overfits. The other are small networks that choose where to listen. Each is right where the other is not.

    Parameters
    ----------
    encoders : sequence of str or path
        Whisper checkpoints.
    """
    statistics = Pipeline(
        [
            ("statistics", SequenceStatistics()),
            ("scale", ClippedScaler(limit=6.0)),
            ("project", DiscriminantProjection(shrinkage=0.6, priors="uniform")),
            (
                "classify",
                GaussianMixtureClassifier(covariance_type="diag", reg_covar=1.0, temperature=6.0, random_state=0),
            ),
        ]
    )
    attention = Pipeline(
        [
            ("components", SequenceComponents(n_components=320)),
            ("network", SequenceClassifier(AttentiveHead, n_networks=4, epochs=6, least_steps=_LEAST_STEPS)),
        ]
    )
    # The first is far less sure of itself than it could be, the other a little too sure.
    classifier = LogarithmicPool(
        [("statistics", CorpusMarginalClassifier(statistics)), ("attention", attention)], weights=[1.2, 0.5]
    )
    return EncoderFrames(encoders=encoders), classifier, {"classifier__attention__network__n_networks": 2}


def cnn() -> tuple[BandFrames, Any, dict[str, Any]]:
    """Return frames, classifier and draft of the convolutional network, which is trained from scratch."""
    network = SequenceClassifier(
        ConvolutionalNetwork,
        n_networks=2,
        epochs=4,
        least_steps=_LEAST_STEPS,
        learning_rate=3e-3,
        weight_decay=0.02,
        mixup=0.0,
        label_smoothing=0.1,
    )
    classifier = Pipeline([("scale", SequenceScaler()), ("network", network)])
    return BandFrames(), classifier, {"classifier__network__n_networks": 1}

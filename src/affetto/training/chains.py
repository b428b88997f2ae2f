"""The chains that Affetto trains: from recordings to probabilities, for each kind of classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from affetto.classifiers.gmm import GaussianMixtureClassifier
from affetto.classifiers.projection import ClippedScaler, DiscriminantProjection
from affetto.degradation.chance import Degradation
from affetto.errors import ParameterError
from affetto.features import AcousticFeatures, CachedTransformer
from affetto.preprocessing import (
    DCRemoval,
    LevelNormalization,
    PreEmphasis,
    ReadSpeech,
    SilenceTrimming,
    SpeedChange,
    UtteranceCut,
)
from affetto.training.augmentation import AugmentedClassifier
from affetto.training.calibration import CalibratedChain
from affetto.training.tuning import TunedClassifier

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from sklearn.base import BaseEstimator

    Grid = Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Sequence[Any]]]

CLASSIC = ("mlp", "svm", "gmm")
"""Classifiers of named features."""

DEEP = ("cnn", "transformer")
"""Networks, which hear the waveform itself."""

CLASSIFIERS = (*CLASSIC, *DEEP)
"""The kinds of classifier that `make_chain` makes."""

ENCODERS = ("openai/whisper-base",)
"""The checkpoints under the transformer, unless others are named."""

VIRTUAL_SPEAKERS: tuple[float, ...] = (0.9, 1.1)
"""Factors by which each training clip is also heard: of the vocal tract's length, or of the speed."""

DEGRADED_MARGIN_S = 0.1
"""How much of the sound around speech is kept in a degraded copy: in noise, voice activity detection keeps some."""

CNN_SPEEDS: tuple[float, ...] = (0.84, 0.92, 1.09, 1.19)
"""The same for the convolutional network, which has heard no other voices before."""


def make_front_end() -> Pipeline:
    """Return what comes before every classifier: from recordings to features.

    The steps that are there, and those that are not, are what the ablation in ``benchmarks/ablation.py`` decided.
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


def make_chain(
    classifier: str,
    *,
    front_end: Pipeline | None = None,
    encoders: Sequence[str | os.PathLike[str]] | None = None,
    n_jobs: int | None = -1,
) -> AugmentedClassifier | CalibratedChain:
    """Return an unfitted chain: recordings in, probabilities out.

    Everything that it chooses or calibrates while it is fitted, it does on speakers that were left out: pass the
    speakers as `groups` to its `fit`, as `affetto.training.fitting.fit_chain` does.

    Parameters
    ----------
    classifier : {"mlp", "svm", "gmm", "cnn", "transformer"}
        The kind of classifier.
    front_end : Pipeline, optional
        Steps from recordings to features, the last called "features", for the first three; by default
        `make_front_end()`.
    encoders : sequence of str or path, optional
        For the transformer: Whisper checkpoints, folders or names on the Hugging Face hub; by default `ENCODERS`.
    n_jobs : int, optional
        Processes for features and search, as in joblib; all cores by default.

    Returns
    -------
    AugmentedClassifier or CalibratedChain
        The latter for the networks; the others calibrate within.

    Raises
    ------
    ParameterError
        If there is no classifier of that name, or it does not take what is given.
    """
    if classifier not in CLASSIFIERS:
        raise ParameterError(f"there is no classifier {classifier!r}; choose one of {', '.join(CLASSIFIERS)}")
    if encoders is not None and classifier != "transformer":
        raise ParameterError(f"encoders are for the transformer; the {classifier} has none")
    if front_end is not None and classifier not in CLASSIC:
        raise ParameterError(f"the {classifier} hears the waveform; it takes no front end")
    if classifier in DEEP:
        from affetto.training import networks

        copies: list[dict[str, Any]]
        if classifier == "cnn":
            frames, network, draft = networks.cnn()
            copies = [{"transformer__speed__factor": factor} for factor in CNN_SPEEDS]
        else:
            frames, network = networks.transformer(encoders or ENCODERS)
            draft = {}
            frames.module()  # what is wrong with a checkpoint shows now, not after hours
            # As others might have recorded it, and as recognition cuts it out in noise.
            copies = [
                {"transformer__trim__margin_s": DEGRADED_MARGIN_S, "transformer__degradation__seed": 0},
                {"transformer__utterance__active": True},
            ]
        steps = [
            ("speech", ReadSpeech()),
            ("utterance", UtteranceCut()),
            ("dc", DCRemoval()),
            ("trim", SilenceTrimming()),
            ("degradation", Degradation()),
            ("level", LevelNormalization()),
            ("speed", SpeedChange()),
            ("frames", frames),
        ]
        front = CachedTransformer(Pipeline(steps), n_jobs=n_jobs)
        # What such copies change has as many directions as there are features: it takes all recordings to learn.
        chain = AugmentedClassifier(front, network, copies=copies, balanced=classifier == "cnn")
        return CalibratedChain(chain, draft=draft)
    final, grid = {"mlp": _mlp, "svm": _svm, "gmm": _gmm}[classifier]()
    projected = Pipeline([("scale", ClippedScaler()), ("project", DiscriminantProjection()), ("classify", final)])
    return AugmentedClassifier(
        CachedTransformer(front_end or make_front_end(), n_jobs=n_jobs),
        TunedClassifier(projected, grid, n_jobs=n_jobs),
        copies=[{"transformer__features__warp": factor} for factor in VIRTUAL_SPEAKERS],
    )


# The shrinkage of the projection is searched for all of them. It is the parameter that matters most: unshrunk, the
# directions are those of the training speakers.
_SHRINKAGES = [0.2, 0.5]

# Twice the variance that the clips of RAVDESS have, reached below about 300 clips: where clips lie further apart, the
# kernel between a new one and all others is zero, so that all new ones are alike, and a mixture is absurdly sure.
_PROJECTION: dict[str, list[Any]] = {"project__shrinkage": _SHRINKAGES, "project__max_variance": [64.0]}


def _svm() -> tuple[BaseEstimator, Grid]:
    # Margins of pairs can be summed; the votes that they are counted as otherwise hardly tell how sure an answer is.
    svm = SVC(decision_function_shape="ovo")
    return svm, {
        **_PROJECTION,
        "classify__C": [0.03, 0.1, 0.5],
        "classify__gamma": [0.01, 0.03],
    }


def _gmm() -> tuple[BaseEstimator, Grid]:
    mixtures: list[dict[str, list[Any]]] = [
        {"classify__n_components": [1], "classify__covariance_type": ["diag"], "classify__reg_covar": [1.0]},
        {"classify__n_components": [2], "classify__covariance_type": ["diag"], "classify__reg_covar": [0.3]},
        {"classify__n_components": [2], "classify__covariance_type": ["full"], "classify__reg_covar": [1.0]},
    ]
    return GaussianMixtureClassifier(random_state=0), [m | _PROJECTION for m in mixtures]


def _mlp() -> tuple[BaseEstimator, Grid]:
    # After the projection little is left to learn and much to overfit to: strong decay, fitted to its optimum by
    # L-BFGS, which needs no number of epochs and so does for sixty clips as for thousands.
    network = MLPClassifier((32,), solver="lbfgs", max_iter=1000, random_state=0)
    return network, {"project__shrinkage": _SHRINKAGES, "classify__alpha": [10.0, 100.0]}

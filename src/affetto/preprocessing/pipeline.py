"""The pre-processing steps as scikit-learn transformers, which can be switched off and searched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from affetto.preprocessing.steps import STEPS
from affetto.speech import Source, Waveform, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class StatelessTransformer(TransformerMixin, BaseEstimator):
    """Base class of transformers that learn nothing from data."""

    def fit(self, X: Sequence[Any], y: object = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Return the transformer unchanged."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True


def stack_sequences(sequences: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return sequences of any lengths as an array of objects, shape (n_sequences,)."""
    stacked = np.empty(len(sequences), dtype=object)
    stacked[:] = sequences
    return stacked


class ReadSpeech(StatelessTransformer):
    """Read recordings as waveforms of one sample rate: the first step of a pipeline.

    Parameters
    ----------
    sample_rate_hz : int
        The sample rate of all waveforms.
    """

    def __init__(self, *, sample_rate_hz: int = 16_000) -> None:
        self.sample_rate_hz = sample_rate_hz

    def transform(self, X: Sequence[Source]) -> list[Waveform]:
        """Return the waveforms of recordings, as `affetto.read` takes them."""
        return [read(source, sample_rate_hz=self.sample_rate_hz) for source in X]


class PreprocessingStep(StatelessTransformer):
    """Base class of transformers that apply one of `affetto.preprocessing.steps` with their parameters."""

    step: ClassVar[str]

    def transform(self, X: Sequence[Waveform]) -> list[Waveform]:
        """Return waveforms after the step."""
        function, parameters = STEPS[self.step], self.get_params()
        return [
            waveform.with_samples(function(waveform.samples, waveform.sample_rate_hz, **parameters)) for waveform in X
        ]

    def recorded(self) -> tuple[str, dict[str, Any]]:
        """Return the name and the parameters of the step for the manifest of a bundle."""
        return self.step, self.get_params()


class DCRemoval(PreprocessingStep):
    """Subtract the mean; see `affetto.preprocessing.steps.remove_dc`."""

    step = "remove_dc"


class NoiseRemoval(PreprocessingStep):
    """Remove background noise; see `affetto.preprocessing.steps.remove_noise`."""

    step = "remove_noise"

    def __init__(self, *, reduction: float = 1.0, stationary: bool = True) -> None:
        self.reduction = reduction
        self.stationary = stationary


class SilenceTrimming(PreprocessingStep):
    """Cut leading and trailing silence; see `affetto.preprocessing.steps.trim_silence`."""

    step = "trim_silence"

    def __init__(self, *, threshold_db: float = 30.0, margin_s: float = 0.0) -> None:
        self.threshold_db = threshold_db
        self.margin_s = margin_s


class PreEmphasis(PreprocessingStep):
    """Raise the high frequencies; see `affetto.preprocessing.steps.pre_emphasize`."""

    step = "pre_emphasize"

    def __init__(self, *, coefficient: float = 0.97) -> None:
        self.coefficient = coefficient


class LevelNormalization(PreprocessingStep):
    """Bring the speech to one level; see `affetto.preprocessing.steps.normalize_level`."""

    step = "normalize_level"

    def __init__(self, *, level_dbfs: float = -26.0) -> None:
        self.level_dbfs = level_dbfs

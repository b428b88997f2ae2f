"""The pre-processing steps as scikit-learn transformers: each can be switched, tuned and searched on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from sklearn.base import BaseEstimator, TransformerMixin

from affetto.preprocessing.steps import STEPS
from affetto.speech import Source, Waveform, read

if TYPE_CHECKING:
    from collections.abc import Sequence


class StatelessTransformer(TransformerMixin, BaseEstimator):
    """A transformer that learns nothing from data."""

    def fit(self, X: Sequence[Any], y: object = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Do nothing: there is nothing to learn."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True


class ReadSpeech(StatelessTransformer):
    """The door as the first step of a chain: recordings of every kind become waveforms of one rate.

    Parameters
    ----------
    sample_rate_hz : int
        The rate of all that follows.
    """

    def __init__(self, *, sample_rate_hz: int = 16_000) -> None:
        self.sample_rate_hz = sample_rate_hz

    def transform(self, X: Sequence[Source]) -> list[Waveform]:
        """Read recordings.

        Parameters
        ----------
        X : sequence of path, bytes, file object, (samples, sample rate) or Waveform

        Returns
        -------
        list of Waveform
        """
        return [read(source, sample_rate_hz=self.sample_rate_hz) for source in X]


class PreprocessingStep(StatelessTransformer):
    """One of `affetto.preprocessing.steps` over a sequence of waveforms."""

    step: ClassVar[str]

    def transform(self, X: Sequence[Waveform]) -> list[Waveform]:
        """Apply the step to each waveform.

        Parameters
        ----------
        X : sequence of Waveform

        Returns
        -------
        list of Waveform
        """
        function, parameters = STEPS[self.step], self.get_params()
        return [
            waveform.with_samples(function(waveform.samples, waveform.sample_rate_hz, **parameters)) for waveform in X
        ]

    def recorded(self) -> tuple[str, dict[str, Any]]:
        """Return name and parameters, as a bundle's manifest records them."""
        return self.step, self.get_params()


class DCRemoval(PreprocessingStep):
    """Subtract the mean; see `affetto.preprocessing.steps.remove_dc`."""

    step = "remove_dc"


class NoiseRemoval(PreprocessingStep):
    """Remove background noise by spectral gating; see `affetto.preprocessing.steps.remove_noise`.

    Parameters
    ----------
    reduction : float
        How much of what lies under the gate is taken away, from 0 to 1.
    stationary : bool
        Whether one noise profile serves the whole recording.
    """

    step = "remove_noise"

    def __init__(self, *, reduction: float = 1.0, stationary: bool = True) -> None:
        self.reduction = reduction
        self.stationary = stationary


class SilenceTrimming(PreprocessingStep):
    """Cut leading and trailing silence; see `affetto.preprocessing.steps.trim_silence`.

    Parameters
    ----------
    threshold_db : float
        A frame is silent when its energy is this far below the loudest frame's.
    margin_s : float
        Silence kept on both sides, in seconds.
    """

    step = "trim_silence"

    def __init__(self, *, threshold_db: float = 30.0, margin_s: float = 0.0) -> None:
        self.threshold_db = threshold_db
        self.margin_s = margin_s


class PreEmphasis(PreprocessingStep):
    """Raise the high frequencies; see `affetto.preprocessing.steps.pre_emphasize`.

    Parameters
    ----------
    coefficient : float
        From 0 (off) to below 1.
    """

    step = "pre_emphasize"

    def __init__(self, *, coefficient: float = 0.97) -> None:
        self.coefficient = coefficient


class LevelNormalization(PreprocessingStep):
    """Bring the speech to one level; see `affetto.preprocessing.steps.normalize_level`.

    Parameters
    ----------
    level_dbfs : float
        The wanted level in decibels relative to full scale.
    """

    step = "normalize_level"

    def __init__(self, *, level_dbfs: float = -26.0) -> None:
        self.level_dbfs = level_dbfs

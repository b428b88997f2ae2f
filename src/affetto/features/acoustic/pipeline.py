"""Features as a scikit-learn transformer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from affetto.features.acoustic.extraction import describe, feature_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.speech import Waveform


class AcousticFeatures(TransformerMixin, BaseEstimator):
    """Describe each utterance by acoustic features; see `affetto.features.describe`.

    Parameters
    ----------
    warp : float
        Moves spectrum and pitch by this factor: 1 for recognition, others for virtual speakers in training.
    """

    def __init__(self, *, warp: float = 1.0) -> None:
        self.warp = warp

    def fit(self, X: Sequence[Waveform], y: object = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Do nothing: there is nothing to learn."""
        return self

    def transform(self, X: Sequence[Waveform]) -> NDArray[np.float32]:
        """Describe waveforms.

        Parameters
        ----------
        X : sequence of Waveform
            At 16 kHz.

        Returns
        -------
        ndarray of float32, shape (n_waveforms, n_features)
        """
        return np.stack([describe(waveform.samples, waveform.sample_rate_hz, warp=self.warp) for waveform in X])

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.str_]:  # noqa: ARG002 (scikit-learn's signature)
        """Return the names of the features.

        Parameters
        ----------
        input_features : ignored

        Returns
        -------
        ndarray of str, shape (n_features,)
        """
        return np.asarray(feature_names())

    def __sklearn_is_fitted__(self) -> bool:
        return True

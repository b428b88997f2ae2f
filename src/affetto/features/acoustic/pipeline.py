"""Acoustic features as a scikit-learn transformer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from affetto.features.acoustic.extraction import describe, feature_names
from affetto.preprocessing.pipeline import StatelessTransformer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.speech import Waveform


class AcousticFeatures(StatelessTransformer):
    """Describe each utterance by acoustic features; see `affetto.features.describe`.

    Parameters
    ----------
    warp : float
        Factor on all frequencies; other values than 1 simulate other speakers for training.
    """

    def __init__(self, *, warp: float = 1.0) -> None:
        self.warp = warp

    def transform(self, X: Sequence[Waveform]) -> NDArray[np.float32]:
        """Return the features of waveforms at 16 kHz, shape (n_waveforms, n_features)."""
        return np.stack([describe(waveform.samples, waveform.sample_rate_hz, warp=self.warp) for waveform in X])

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.str_]:  # noqa: ARG002 (scikit-learn's signature)
        """Return the names of the features."""
        return np.asarray(feature_names())

"""Augmentations of training recordings as scikit-learn transformers.

By default each of them returns the recordings unchanged. `RandomDegradation` lies in a module of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from affetto.augmentation.duration import change_speed
from affetto.preprocessing.pipeline import StatelessTransformer
from affetto.preprocessing.vad import SpeechSegmenter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affetto.speech import Waveform


class SpeechCut(StatelessTransformer):
    """Keep the longest segment of speech of each recording, cut by voice activity as recognition cuts it in noise.

    Trimming by energy keeps breaths and sobs beside the speech; recognition keeps them only where the background is
    quiet. A recording without speech is kept whole.

    Parameters
    ----------
    active : bool
        Whether anything is cut.
    """

    def __init__(self, *, active: bool = False) -> None:
        self.active = active

    def transform(self, X: Sequence[Waveform]) -> list[Waveform]:
        """Return the longest segment of each waveform."""
        return [_longest_segment(waveform) for waveform in X] if self.active else list(X)


def _longest_segment(waveform: Waveform) -> Waveform:
    segmenter = SpeechSegmenter(waveform.sample_rate_hz)
    segments = [*segmenter.push(waveform.samples), *segmenter.end()]
    return waveform.with_samples(max((s.samples for s in segments), key=len)) if segments else waveform


class SpeedChange(StatelessTransformer):
    """Play the speech faster or slower; see `affetto.augmentation.change_speed`.

    Parameters
    ----------
    factor : float
        Above 1 is faster and higher.
    """

    def __init__(self, *, factor: float = 1.0) -> None:
        self.factor = factor

    def transform(self, X: Sequence[Waveform]) -> list[Waveform]:
        """Return waveforms of another speed."""
        return [waveform.with_samples(change_speed(waveform.samples, factor=self.factor)) for waveform in X]

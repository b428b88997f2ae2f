"""Augmentations of training recordings as scikit-learn transformers."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from affetto.preprocessing.pipeline import PreprocessingStep, StatelessTransformer
from affetto.preprocessing.vad import SpeechSegmenter
from affetto.preprocessing.vad.detector import MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affetto.speech import Waveform


class SpeechCut(StatelessTransformer):
    """Keep of each recording its longest utterance, cut out by voice activity as recognition cuts it in noise.

    What is trimmed by energy begins with a breath and ends with a sob; what recognition hears does not always. A
    recording in which nobody is found to speak stays whole.

    Parameters
    ----------
    active : bool
        Without it everything stays as it is.
    """

    def __init__(self, *, active: bool = False) -> None:
        self.active = active

    def transform(self, X: Sequence[Waveform]) -> list[Waveform]:
        """Cut each waveform.

        Parameters
        ----------
        X : sequence of Waveform

        Returns
        -------
        list of Waveform
        """
        return [_longest_segment(waveform) for waveform in X] if self.active else list(X)

    def fingerprint(self) -> str:
        """Return what says whether two transformers cut alike: which network finds the voice."""
        return sha256(MODEL.read_bytes()).hexdigest() if self.active else ""


def _longest_segment(waveform: Waveform) -> Waveform:
    segmenter = SpeechSegmenter(waveform.sample_rate_hz)
    segments = [*segmenter.push(waveform.samples), *segmenter.end()]
    return waveform.with_samples(max((s.samples for s in segments), key=len)) if segments else waveform


class SpeedChange(PreprocessingStep):
    """Play faster or slower; see `affetto.preprocessing.steps.change_speed`.

    Parameters
    ----------
    factor : float
        Above 1 is faster and higher.
    """

    step = "change_speed"

    def __init__(self, *, factor: float = 1.0) -> None:
        self.factor = factor

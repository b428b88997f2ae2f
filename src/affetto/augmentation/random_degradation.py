"""Recordings that somebody else might have made of the same speech: for training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from affetto.augmentation.channel import clip_samples, telephone, tilt
from affetto.augmentation.codecs import CODECS, encode
from affetto.augmentation.noise import add_noise
from affetto.augmentation.rooms import reverberate, room_response
from affetto.augmentation.synthesis import synthetic_noise
from affetto.preprocessing.steps import trim_silence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.speech import Waveform

# How often each befalls a recording, and how badly.
_ROOM, _RT60_S = 0.5, (0.2, 0.9)
_TILT, _DB_PER_OCTAVE = 0.35, (-5.0, 5.0)
_NOISE, _SNR_DB = 0.7, (0.0, 25.0)
_TELEPHONE = 0.2
_CLIPPING, _CLIPPED_SHARE = 0.1, (0.005, 0.1)
_CODEC = 0.35
_CODEC_BIT_RATES = {
    "opus": (6_000, 8_000, 10_000, 12_000),
    "amr": CODECS["amr"].bit_rates,
    "mp3": (16_000, 24_000),
}


class RandomDegradation(TransformerMixin, BaseEstimator):
    """Put each recording into another room, before another microphone, into noise, or through a line, by chance.

    What silence is left around it is trimmed, as recognition does with what it is given. The same recording and seed
    always give the same.

    Parameters
    ----------
    seed : int, optional
        Without one everything stays as it is.
    """

    def __init__(self, *, seed: int | None = None) -> None:
        self.seed = seed

    def fit(self, X: Sequence[Waveform], y: object = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Do nothing: there is nothing to learn."""
        return self

    def transform(self, X: Sequence[Waveform]) -> list[Waveform]:
        """Degrade each recording.

        Parameters
        ----------
        X : sequence of Waveform

        Returns
        -------
        list of Waveform
        """
        if self.seed is None:
            return list(X)
        return [
            waveform.with_samples(
                trim_silence(
                    degrade(
                        waveform.samples,
                        waveform.sample_rate_hz,
                        np.random.default_rng([self.seed, int(waveform.digest, 16)]),
                    ),
                    waveform.sample_rate_hz,
                )
            )
            for waveform in X
        ]

    def __sklearn_is_fitted__(self) -> bool:
        return True


def degrade(samples: NDArray[np.float32], sample_rate_hz: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Let one or more of what may befall a recording befall it, in the order in which sound meets them.

    Parameters
    ----------
    samples : ndarray, shape (n_samples,)
    sample_rate_hz : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n_samples,)
    """
    changed = samples
    while changed is samples:
        if rng.random() < _ROOM:
            changed = reverberate(changed, room_response(rng.uniform(*_RT60_S), sample_rate_hz, rng))
        if rng.random() < _NOISE:
            noise = synthetic_noise(len(changed), sample_rate_hz, rng)
            changed = add_noise(changed, noise, snr_db=rng.uniform(*_SNR_DB), sample_rate_hz=sample_rate_hz)
        if rng.random() < _TILT:
            changed = tilt(changed, sample_rate_hz, db_per_octave=rng.uniform(*_DB_PER_OCTAVE))
        line = rng.random()
        # A line carries no more than full scale.
        level = max(1.0, float(np.abs(changed).max(initial=0.0)))
        if line < _TELEPHONE:
            changed = telephone(changed / level, sample_rate_hz)
        elif line < _TELEPHONE + _CLIPPING:
            changed = clip_samples(changed, share=rng.uniform(*_CLIPPED_SHARE), sample_rate_hz=sample_rate_hz)
        elif line < _TELEPHONE + _CLIPPING + _CODEC:
            codec = list(_CODEC_BIT_RATES)[rng.integers(len(_CODEC_BIT_RATES))]
            bit_rate = int(rng.choice(_CODEC_BIT_RATES[codec]))
            changed = encode(changed / level, sample_rate_hz, codec=codec, bit_rate=bit_rate)
    return changed

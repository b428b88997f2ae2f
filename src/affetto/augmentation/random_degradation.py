"""Random degradations of recordings: rooms, noise, microphones, telephones and codecs, for training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from affetto.augmentation.channel import clip_samples, telephone, tilt
from affetto.augmentation.codecs import CODECS, encode
from affetto.augmentation.noise import add_noise
from affetto.augmentation.rooms import reverberate, room_response
from affetto.augmentation.synthesis import synthetic_noise
from affetto.preprocessing.pipeline import StatelessTransformer
from affetto.preprocessing.steps import trim_silence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.speech import Waveform

# Probability and range of each degradation.
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


class RandomDegradation(StatelessTransformer):
    """Degrade each recording at random, then trim silence; see `degrade`.

    The result depends only on the recording and the seed.

    Parameters
    ----------
    seed : int, optional
        By default nothing is degraded.
    """

    def __init__(self, *, seed: int | None = None) -> None:
        self.seed = seed

    def transform(self, X: Sequence[Waveform]) -> list[Waveform]:
        """Return degraded waveforms."""
        return list(X) if self.seed is None else [self._degrade(waveform, self.seed) for waveform in X]

    @staticmethod
    def _degrade(waveform: Waveform, seed: int) -> Waveform:
        rng = np.random.default_rng([seed, int(waveform.digest, 16)])
        degraded = degrade(waveform.samples, waveform.sample_rate_hz, rng)
        return waveform.with_samples(trim_silence(degraded, waveform.sample_rate_hz))


def degrade(samples: NDArray[np.float32], sample_rate_hz: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Apply one or more random degradations, in the order in which they occur on the way of the sound."""
    degraded = samples
    while degraded is samples:
        if rng.random() < _ROOM:
            degraded = reverberate(degraded, room_response(rng.uniform(*_RT60_S), sample_rate_hz, rng))
        if rng.random() < _NOISE:
            noise = synthetic_noise(len(degraded), sample_rate_hz, rng)
            degraded = add_noise(degraded, noise, snr_db=rng.uniform(*_SNR_DB), sample_rate_hz=sample_rate_hz)
        if rng.random() < _TILT:
            degraded = tilt(degraded, sample_rate_hz, db_per_octave=rng.uniform(*_DB_PER_OCTAVE))
        line = rng.random()
        level = max(1.0, float(np.abs(degraded).max(initial=0.0)))  # telephones and codecs clip beyond full scale
        if line < _TELEPHONE:
            degraded = telephone(degraded / level, sample_rate_hz)
        elif line < _TELEPHONE + _CLIPPING:
            degraded = clip_samples(degraded, share=rng.uniform(*_CLIPPED_SHARE), sample_rate_hz=sample_rate_hz)
        elif line < _TELEPHONE + _CLIPPING + _CODEC:
            codec = list(_CODEC_BIT_RATES)[rng.integers(len(_CODEC_BIT_RATES))]
            bit_rate = int(rng.choice(_CODEC_BIT_RATES[codec]))
            degraded = encode(degraded / level, sample_rate_hz, codec=codec, bit_rate=bit_rate)
    return degraded

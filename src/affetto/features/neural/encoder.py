"""Embeddings of speech from Whisper's encoder, as a scikit-learn transformer."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from affetto.errors import ParameterError
from affetto.features.neural.log_mel import LogMel
from affetto.features.neural.whisper import CONFIG_FILE, find_checkpoint, load_encoder, weight_files
from affetto.preprocessing.pipeline import StatelessTransformer

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.speech import Waveform

MIN_SAMPLES = 3_200
"""Shorter clips are padded with silence: 0.2 s at 16 kHz."""

N_LAYERS = 3
"""Layers of an encoder that are computed."""

N_POOLED = 2
"""Layers that are pooled, the last of `N_LAYERS`: the middle layers of Whisper carry emotion, the upper ones words."""


class SpeechEncoder(nn.Module):
    """One row of features for each clip: the means over time of the middle layers of all encoders.

    Parameters
    ----------
    encoders : sequence of str or path
        Whisper checkpoints, as in `load_encoder`.
    """

    def __init__(self, encoders: Sequence[str | os.PathLike[str]]) -> None:
        super().__init__()
        loaded = [load_encoder(name, n_layers=N_LAYERS) for name in encoders]
        self.encoders = nn.ModuleList(loaded)
        self.log_mel = LogMel(loaded[0].n_mels)
        if any(encoder.n_mels != self.log_mel.n_mels for encoder in loaded):
            raise ParameterError("the encoders need different numbers of mel bands; choose one of the encoders")
        self.eval().requires_grad_(False)

    def forward(self, samples: Tensor) -> Tensor:
        """Return the features, shape (n_clips, n_features), of at least `MIN_SAMPLES` samples at 16 kHz.

        First comes the lower layer of every encoder, then the upper layer of every encoder.
        """
        log_mel = self.log_mel(samples)
        by_layer = zip(*(one(log_mel)[-N_POOLED:] for one in self.encoders), strict=True)
        return torch.cat([output.mean(1) for layer in by_layer for output in layer], dim=-1)


class EncoderMeans(StatelessTransformer):
    """Means over time of the middle layers of Whisper's encoder; see `SpeechEncoder`.

    Parameters
    ----------
    encoders : sequence of str or path
        Checkpoints: folders, or names on the Hugging Face hub.
    """

    def __init__(self, *, encoders: Sequence[str | os.PathLike[str]] = ("openai/whisper-base",)) -> None:
        self.encoders = encoders

    def transform(self, X: Sequence[Waveform]) -> NDArray[np.float32]:
        """Return the features of waveforms at 16 kHz, shape (n_waveforms, n_features)."""
        module = self.module()
        with torch.inference_mode():
            return np.stack([module(as_tensor(waveform))[0].numpy() for waveform in X])

    def module(self) -> SpeechEncoder:
        """Return the encoders as a module, which is loaded once in each process."""
        return _load(self._names())

    def fingerprint(self) -> str:
        """Return a digest of the checkpoints for the key of a cache."""
        digest = blake2b(digest_size=16)
        for folder in map(find_checkpoint, self._names()):
            for file in (folder / CONFIG_FILE, *weight_files(folder)):
                digest.update(file.read_bytes() if file.is_file() else b"")
        return digest.hexdigest()

    def _names(self) -> tuple[str, ...]:
        if isinstance(self.encoders, str) or not self.encoders:
            raise ParameterError(f"encoders is {self.encoders!r}; it must be a list of one or more checkpoints")
        return tuple(map(str, self.encoders))


def as_tensor(waveform: Waveform) -> Tensor:
    """Return samples as a batch of one clip, padded with silence to `MIN_SAMPLES`."""
    samples = np.pad(waveform.samples, (0, max(0, MIN_SAMPLES - len(waveform.samples))))
    return torch.tensor(samples)[None]


@lru_cache(maxsize=2)
def _load(names: tuple[str, ...]) -> SpeechEncoder:
    return SpeechEncoder(names)

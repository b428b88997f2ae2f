"""Frames of speech as the networks hear it: sequences, one for each recording, as scikit-learn transformers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, TransformerMixin
from torch import Tensor, nn

from affetto.errors import ParameterError
from affetto.features.log_mel import LogMel
from affetto.features.whisper import CONFIG_FILE, find_checkpoint, load_encoder, weight_files

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from affetto.speech import Waveform

MIN_SAMPLES = 3_200
"""Shorter clips are filled up with silence: 0.2 s at 16 kHz."""


POOLING = 4
"""How many frames of 20 ms are averaged into one."""


def average_neighbours(frames: Tensor, pooling: int = POOLING) -> Tensor:
    """Average neighbouring frames; what is left over at the end is dropped.

    Parameters
    ----------
    frames : Tensor, shape (n_clips, n_frames, width)
    pooling : int
        How many become one.

    Returns
    -------
    Tensor, shape (n_clips, n_frames // pooling, width)
    """
    count = frames.shape[1] // pooling
    return frames[:, : count * pooling].reshape(len(frames), count, pooling, -1).mean(2)


class SpeechEncoder(nn.Module):
    """From samples to one sequence of frames: the layers of all encoders side by side, averaged over neighbours.

    Parameters
    ----------
    encoders : sequence of str or path
        Whisper checkpoints, as in `load_encoder`.
    n_layers : int
        Layers of each.
    pooling : int
        How many frames of 20 ms are averaged into one.
    """

    def __init__(self, encoders: Sequence[str | os.PathLike[str]], *, n_layers: int, pooling: int) -> None:
        super().__init__()
        if pooling < 1:
            raise ParameterError(f"pooling is {pooling}; it must be at least 1")
        self.pooling = pooling
        loaded = [load_encoder(name, n_layers=n_layers) for name in encoders]
        self.encoders = nn.ModuleList(loaded)
        self.log_mel = LogMel(loaded[0].n_mels)
        if any(encoder.n_mels != self.log_mel.n_mels for encoder in loaded):
            raise ParameterError("the encoders need spectrograms with different numbers of mel bands; take one of them")
        self.eval().requires_grad_(False)

    def forward(self, samples: Tensor) -> Tensor:
        """Return the frames.

        Parameters
        ----------
        samples : Tensor, shape (n_clips, n_samples)
            At 16 kHz, `MIN_SAMPLES` or more.

        Returns
        -------
        Tensor, shape (n_clips, n_frames, width)
        """
        log_mel = self.log_mel(samples)
        frames = torch.cat([layer for encoder in self.encoders for layer in encoder(log_mel)], dim=-1)
        return average_neighbours(frames, self.pooling)


class ModuleFrames(ABC, TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn is untyped
    """Runs a torch module over waveforms; what the module is, a subclass says."""

    def fit(self, X: Sequence[Waveform], y: object = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Do nothing: there is nothing to learn."""
        return self

    def transform(self, X: Sequence[Waveform]) -> NDArray[Any]:
        """Return the frames of each recording.

        Parameters
        ----------
        X : sequence of Waveform
            At 16 kHz.

        Returns
        -------
        ndarray of shape (n_recordings,)
            Of ndarrays of float16, shape (n_frames, width).
        """
        module = self.module()
        sequences = np.empty(len(X), dtype=object)
        with torch.inference_mode():
            for index, waveform in enumerate(X):
                samples = np.pad(waveform.samples, (0, max(0, MIN_SAMPLES - len(waveform.samples))))
                frames = module(torch.tensor(samples)[None])[0]
                # Half the memory, and far finer than what a frame is worth. Its range is not that of float32.
                sequences[index] = frames.clamp(-6e4, 6e4).half().numpy()
        return sequences

    @abstractmethod
    def module(self) -> nn.Module:
        """Return the module that makes frames of samples, for the saved model."""

    def __sklearn_is_fitted__(self) -> bool:
        return True


class EncoderFrames(ModuleFrames):
    """What the lower layers of Whisper's encoder make of speech; see `SpeechEncoder`.

    Parameters
    ----------
    encoders : sequence of str or path
        Checkpoints: folders, or names on the Hugging Face hub.
    n_layers : int
        Layers of each.
    pooling : int
        How many frames of 20 ms are averaged into one.
    """

    def __init__(
        self,
        *,
        encoders: Sequence[str | os.PathLike[str]] = ("openai/whisper-base",),
        n_layers: int = 3,
        pooling: int = POOLING,
    ) -> None:
        self.encoders = encoders
        self.n_layers = n_layers
        self.pooling = pooling

    def module(self) -> SpeechEncoder:
        """Return the encoders as a module; loaded once for each process."""
        return _load(self._names(), self.n_layers, self.pooling, tuple(map(_stamp, self._files())))

    def fingerprint(self) -> str:
        """Return a digest of the checkpoints: what a cache must know beside the parameters."""
        digest = blake2b(digest_size=16)
        for file in self._files():
            digest.update(file.read_bytes() if file.is_file() else b"")
        return digest.hexdigest()

    def _names(self) -> tuple[str, ...]:
        if isinstance(self.encoders, str) or not self.encoders:
            raise ParameterError(f"encoders is {self.encoders!r}; it must be a list of one or more checkpoints")
        return tuple(map(str, self.encoders))

    def _files(self) -> list[Path]:
        folders = [find_checkpoint(name) for name in self._names()]
        return [file for folder in folders for file in (folder / CONFIG_FILE, *weight_files(folder))]


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None  # whoever reads it says so
    return status.st_size, status.st_mtime_ns


@lru_cache(maxsize=2)
def _load(names: tuple[str, ...], n_layers: int, pooling: int, stamps: tuple[object, ...]) -> SpeechEncoder:  # noqa: ARG001 (part of the key: other files make another module)
    return SpeechEncoder(names, n_layers=n_layers, pooling=pooling)

"""The probability of speech in each frame, by Silero's network."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from affetto._onnx import OnnxModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
FRAME_SAMPLES = 512
"""Samples of one frame: 32 ms."""

MODEL = Path(__file__).with_name("silero.onnx")
LICENCE = Path(__file__).with_name("LICENSE")

_CONTEXT_SAMPLES = 64
_BATCH_FRAMES = 32  # larger batches are not faster, and need more memory
# The network misses speech below this power. Until a louder frame comes, amplified frames are processed, too. After
# that they are not, because amplified noise, such as that of saws, may resemble speech.
_QUIET_POWER = 10 ** (-45 / 10)
_QUIET_GAIN = np.float32(10)


class VoiceActivity:
    """Compute the probability of speech in each frame of a stream. Use one instance for each recording.

    Attributes
    ----------
    greatest_power : float
        The greatest variance of a frame so far.

    References
    ----------
    Silero Team: Silero VAD: pre-trained enterprise-grade voice activity detector. 2024.
    https://github.com/snakers4/silero-vad
    """

    def __init__(self) -> None:
        self._network, self._network_for_quiet = _Network(), _Network()
        # The context of the next frame, then samples that do not fill a frame yet.
        self._pending = np.zeros(_CONTEXT_SAMPLES, np.float32)
        self.greatest_power = 0.0

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Process more samples at 16 kHz, and return the probability of speech in each complete frame."""
        samples = np.concatenate([self._pending, samples])
        n_frames = (len(samples) - _CONTEXT_SAMPLES) // FRAME_SAMPLES
        probabilities = [np.empty(0, np.float32)]
        for first in range(0, n_frames, _BATCH_FRAMES):
            last = min(n_frames, first + _BATCH_FRAMES)
            batch = samples[first * FRAME_SAMPLES : last * FRAME_SAMPLES + _CONTEXT_SAMPLES]
            frames = np.lib.stride_tricks.sliding_window_view(batch, _CONTEXT_SAMPLES + FRAME_SAMPLES)[::FRAME_SAMPLES]
            probabilities.append(self._predict(frames))
        self._pending = samples[n_frames * FRAME_SAMPLES :].copy()
        return np.concatenate(probabilities)

    def end(self) -> NDArray[np.float32]:
        """Process the remaining samples, padded with silence, and return the probability of at most one frame."""
        n_left = len(self._pending) - _CONTEXT_SAMPLES
        return self.push(np.zeros(FRAME_SAMPLES - n_left, np.float32)) if n_left else np.empty(0, np.float32)

    def _predict(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        powers = np.maximum.accumulate([self.greatest_power, *frames.var(axis=1)])
        self.greatest_power = float(powers[-1])
        probabilities = self._network.run(frames)
        if n_quiet := int((powers[1:] < _QUIET_POWER).sum()):
            amplified = self._network_for_quiet.run(_QUIET_GAIN * frames[:n_quiet])
            probabilities[:n_quiet] = np.maximum(probabilities[:n_quiet], amplified)
        return probabilities


class _Network:
    """The recurrent network with its state."""

    def __init__(self) -> None:
        self._model = _load_model()
        self._state = np.zeros((2, 1, 1, 128), np.float32)

    def run(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability of speech in each frame."""
        inputs = {"input": frames, "h": self._state[0], "c": self._state[1]}
        probabilities, *state = self._model.run(["speech_probs", "hn", "cn"], inputs)
        self._state = np.stack(state)
        return np.asarray(probabilities)


@cache
def _load_model() -> OnnxModel:
    return OnnxModel(MODEL, few_lengths=True)  # there are at most `_BATCH_FRAMES` lengths

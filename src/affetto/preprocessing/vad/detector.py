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
"""32 ms: what one probability stands for."""

_CONTEXT_SAMPLES = 64
# More at once gain no time, and would cost memory.
_FRAMES_AT_ONCE = 32
# The network takes speech as quiet as this for silence. Until something louder comes, it hears everything once more,
# louder. From then on it does not: amplified, the noise of saws sounds like speech.
_QUIET_POWER = 10 ** (-45 / 10)
_QUIET_GAIN = np.float32(10)
MODEL = Path(__file__).with_name("silero.onnx")


class VoiceActivity:
    """Hears sound that comes in pieces, and tells how probably each frame is speech.

    It keeps what it has heard so far: take one for each recording.

    Attributes
    ----------
    greatest_power : float
        The greatest mean power of a frame so far, without its mean.

    References
    ----------
    Silero Team: Silero VAD: pre-trained enterprise-grade voice activity detector. 2024.
    https://github.com/snakers4/silero-vad
    """

    def __init__(self) -> None:
        self._as_it_is, self._louder = _Network(), _Network()
        # The end of the last frame, which the network hears once more, then what does not fill a frame yet.
        self._heard = np.zeros(_CONTEXT_SAMPLES, np.float32)
        self.greatest_power = 0.0

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take more sound.

        Parameters
        ----------
        samples : ndarray of float32, shape (n_samples,)
            At 16 kHz.

        Returns
        -------
        ndarray of float32, shape (n_frames,)
            The probability of speech in each frame that has become complete.
        """
        heard = np.concatenate([self._heard, samples])
        n_frames = (len(heard) - _CONTEXT_SAMPLES) // FRAME_SAMPLES
        probabilities = [np.empty(0, np.float32)]
        for first in range(0, n_frames, _FRAMES_AT_ONCE):
            last = min(n_frames, first + _FRAMES_AT_ONCE)
            segment = heard[first * FRAME_SAMPLES : last * FRAME_SAMPLES + _CONTEXT_SAMPLES]
            frames = np.lib.stride_tricks.sliding_window_view(segment, _CONTEXT_SAMPLES + FRAME_SAMPLES)
            frames = frames[::FRAME_SAMPLES]
            powers = np.maximum.accumulate([self.greatest_power, *frames.var(axis=1)])
            self.greatest_power = float(powers[-1])
            found = self._as_it_is.run(frames)
            quiet = int((powers[1:] < _QUIET_POWER).sum())
            if quiet:
                found[:quiet] = np.maximum(found[:quiet], self._louder.run(_QUIET_GAIN * frames[:quiet]))
            probabilities.append(found)
        self._heard = heard[n_frames * FRAME_SAMPLES :].copy()
        return np.concatenate(probabilities)

    def end(self) -> NDArray[np.float32]:
        """Tell about what is left over at the end, filled up with silence.

        Returns
        -------
        ndarray of float32, shape (n_frames,)
            One probability, or none where nothing is left.
        """
        left = len(self._heard) - _CONTEXT_SAMPLES
        return self.push(np.zeros(FRAME_SAMPLES - left, np.float32)) if left else np.empty(0, np.float32)


class _Network:
    """The network, and what it remembers."""

    def __init__(self) -> None:
        self._model = _model()
        self._state = np.zeros((2, 1, 1, 128), np.float32)

    def run(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability of each frame."""
        inputs = {"input": frames, "h": self._state[0], "c": self._state[1]}
        found, *state = self._model.run(["speech_probs", "hn", "cn"], inputs)
        self._state = np.stack(state)
        return np.asarray(found)


@cache
def _model() -> OnnxModel:
    return OnnxModel(MODEL, few_lengths=True)  # at most as many as there are frames at once

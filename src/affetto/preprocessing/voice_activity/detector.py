"""The probability of speech in each frame, by Silero's network."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
FRAME_SAMPLES = 512
"""32 ms: what one probability stands for."""

_CONTEXT_SAMPLES = 64
# More at once gain no time, and would cost memory.
_FRAMES_AT_ONCE = 32
_MODEL = Path(__file__).with_name("silero.onnx")


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
        self._session = _open_session()
        self._hidden = np.zeros((1, 1, 128), np.float32)
        self._cell = np.zeros((1, 1, 128), np.float32)
        # The end of the last frame, which the network hears once more, then what does not fill a frame yet.
        self._heard = np.zeros(_CONTEXT_SAMPLES, np.float32)
        self.greatest_power = 0.0

    def hear(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
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
            stretch = heard[first * FRAME_SAMPLES : last * FRAME_SAMPLES + _CONTEXT_SAMPLES]
            frames = np.lib.stride_tricks.sliding_window_view(stretch, _CONTEXT_SAMPLES + FRAME_SAMPLES)
            frames = frames[::FRAME_SAMPLES]
            self.greatest_power = max(self.greatest_power, float(frames.var(axis=1).max()))
            inputs = {"input": frames, "h": self._hidden, "c": self._cell}
            found, self._hidden, self._cell = self._session.run(["speech_probs", "hn", "cn"], inputs)
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
        return self.hear(np.zeros(FRAME_SAMPLES - left, np.float32)) if left else np.empty(0, np.float32)


@cache
def _open_session() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # A tiny network, frame after frame: threads would only wait for one another.
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(_MODEL), options, providers=["CPUExecutionProvider"])

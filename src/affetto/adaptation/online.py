"""Adaptation of each segment to a profile, or to the segments before it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from affetto.adaptation.offset_model import Offset, OffsetModel
    from affetto.classifiers.onnx_model import ModelOutput
    from affetto.recognition.result import AdaptedTo

REMEMBERED = 60
"""The number of last segments to adapt to: earlier ones may be of another speaker, and would add little."""


class OnlineAdapter:
    """Adapts the model's outputs for the segments of one recording.

    Parameters
    ----------
    model : OffsetModel, optional
        Without it nothing is adapted.
    profile_offset : Offset, optional
        The offset of a profile. All segments are adapted to it, and nothing is learned from them.
    """

    def __init__(self, model: OffsetModel | None, profile_offset: Offset | None = None) -> None:
        self._model = model
        self._profile_offset = profile_offset
        self._before: deque[NDArray[np.floating]] = deque(maxlen=REMEMBERED)
        self._has_adapted = False

    @property
    def adapted_to(self) -> AdaptedTo | None:
        """Either "profile", or "recording" from the second segment on."""
        if self._profile_offset is not None:
            return "profile"
        return "recording" if self._has_adapted else None

    def probabilities(self, output: ModelOutput) -> NDArray[np.floating]:
        """Return the adapted probabilities of a segment, of shape (n_labels,)."""
        if self._model is None or (self._profile_offset is None and not self._before):
            return output.probabilities
        offset = self._profile_offset or self._model.learn(np.array(self._before))
        return np.asarray(np.exp(self._model.log_probabilities(output.embedding, offset)[0]))

    def add(self, output: ModelOutput) -> None:
        """Remember a segment for those after it."""
        if self._model is None or self._profile_offset is not None:
            return
        self._has_adapted = bool(self._before)
        self._before.append(output.embedding)

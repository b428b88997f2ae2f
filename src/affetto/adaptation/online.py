"""Adaptation of a recording to itself, while it goes on."""

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
"""So many of the last utterances are adapted to: earlier ones may be of somebody else, and would add little."""


class OnlineAdapter:
    """Adapts each answer to a profile, or to the utterances before it in the same recording.

    Parameters
    ----------
    model : OffsetModel, optional
        Without it nothing is adapted.
    known : Offset, optional
        Of a profile. All answers are adapted to it, and nothing is learned.
    """

    def __init__(self, model: OffsetModel | None, known: Offset | None = None) -> None:
        self._model = model
        self._known = known
        self._before: deque[NDArray[np.floating]] = deque(maxlen=REMEMBERED)
        self._has_adapted = False

    @property
    def adapted_to(self) -> AdaptedTo | None:
        """What the answers were adapted to: a profile, or the recording itself from its second utterance on."""
        if self._known is not None:
            return "profile"
        return "recording" if self._has_adapted else None

    def probabilities(self, heard: ModelOutput) -> NDArray[np.floating]:
        """Return the adapted probabilities of an utterance.

        Parameters
        ----------
        heard : ModelOutput
            What the model makes of it.

        Returns
        -------
        ndarray of shape (n_labels,)
        """
        if self._model is None or (self._known is None and not self._before):
            return heard.probabilities
        offset = self._known or self._model.learn(np.array(self._before))
        return np.asarray(np.exp(self._model.log_probabilities(heard.embedding, offset)[0]))

    def add(self, heard: ModelOutput) -> None:
        """Remember an utterance for those after it.

        Parameters
        ----------
        heard : ModelOutput
        """
        if self._model is None or self._known is not None:
            return
        self._has_adapted = bool(self._before)
        self._before.append(heard.embedding)

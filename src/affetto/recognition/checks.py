"""Checks of arguments that several methods of `Recognizer` take."""

from __future__ import annotations

import os
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from affetto.errors import ParameterError
from affetto.speech import Waveform, check_channels

if TYPE_CHECKING:
    from affetto.speech import Channels


def checked_channel(channels: object) -> Channels:
    """Return a choice of channels that gives a single result.

    Raises
    ------
    ParameterError
        If it is neither "mix" nor a channel's number.
    """
    if isinstance(channels, str) and channels == "each":
        raise ParameterError("channels is 'each'; choose 'mix' or a channel's number, or call recognize_channels")
    return check_channels(channels, each=False)


def require_several(sources: object, name: str) -> None:
    """Refuse a single recording: iterating over it would yield letters, lines or samples.

    Raises
    ------
    ParameterError
        If `sources` is one recording, or a whole table.
    """
    is_samples = isinstance(sources, tuple) and len(sources) == 2 and isinstance(sources[1], Real)
    is_samples |= isinstance(sources, np.ndarray) and sources.dtype.kind in "biufc"
    single = (str, bytes, bytearray, memoryview, os.PathLike, Waveform)
    if isinstance(sources, single) or hasattr(sources, "read") or is_samples:
        raise ParameterError(f"{name} takes several recordings; put a single one into a list")
    if hasattr(sources, "columns"):
        raise ParameterError(f"{name} takes several recordings; give the column of the table that holds them")

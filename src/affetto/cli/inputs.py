"""The recordings and the model that the options name."""

from __future__ import annotations

import glob
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affetto.conversations import Turn
    from affetto.recognition.recognizer import Recognizer
    from affetto.speech import Channels


def make_recognizer(model: str | None, profile: Path | None, no_self_adaptation: bool, prior: str | None) -> Recognizer:
    """Return the recognizer that the options describe."""
    from affetto.adaptation.prior import parse_prior
    from affetto.recognition.recognizer import Recognizer

    parsed = None if prior is None else parse_prior(prior)
    return Recognizer(model, profile=profile, self_adaptation=not no_self_adaptation, prior=parsed)


def model_files(model: str | None) -> list[Path]:
    """Return the files of a model that is given as a folder, which must not be overwritten."""
    from affetto.bundles.bundle import MANIFEST_FILE, MODEL_FILE

    return [] if model is None else [Path(model, name) for name in (MANIFEST_FILE, MODEL_FILE)]


def parsed_channels(text: str, *, each: bool) -> Channels:
    """Return the value of ``--channels``; "each" is not always possible."""
    from affetto.speech import check_channels

    return check_channels(int(text) if text.isdecimal() else text, each=each)


def turns(
    transcript: Path | None, speakers: Path | None, *, n_recordings: int, channels: Channels
) -> tuple[Turn, ...] | None:
    """Return the turns of ``--transcript`` and ``--speakers``, which belong to one recording; None without them."""
    if transcript is None and speakers is None:
        return None
    from affetto.conversations import read_turns

    option = "--transcript" if speakers is None else "--speakers"
    if n_recordings != 1:
        raise ParameterError(f"{option} belongs to one recording, not to {n_recordings}; call it once for each")
    if channels == "each":
        raise ParameterError(f"{option} names who speaks in one channel; choose it with --channels N, or mix them")
    return read_turns(transcript, speakers)


def recordings(names: Sequence[str]) -> list[str | BinaryIO]:
    """Return the recordings of these names, with wildcards expanded that the shell left, as on Windows."""
    if "" in names:
        raise ParameterError("a recording's name is empty; name a file")
    if names.count("-") > 1:
        raise ParameterError("standard input holds one recording; give - once")
    expanded: list[str] = []
    for name in names:
        # Path.glob takes no absolute pattern, and Path.exists raises in a locked folder.
        matches = [] if os.path.exists(name) else sorted(glob.glob(name))  # noqa: PTH110, PTH207
        expanded += matches or [name]
    return [sys.stdin.buffer if name == "-" else name for name in expanded]


def rewindable(source: str | BinaryIO) -> str | BinaryIO:
    """Return a recording that can be read twice: standard input and pipes are kept in memory."""
    try:
        if isinstance(source, str) and not Path(source).is_fifo():
            return source
        with open(source, "rb") if isinstance(source, str) else source as file:  # noqa: PTH123 (the name as given)
            buffer = io.BytesIO(file.read())
    except OSError:  # recognition reports it
        return source
    buffer.name = source if isinstance(source, str) else source.name
    return buffer

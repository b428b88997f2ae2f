"""Emozionalmente: emotional speech of 431 amateurs, in Italian."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.corpora.base import Corpus, Utterance
from affetto.corpora.label_files import column
from affetto.corpora.naming import MisnamedError, NamedCorpus
from affetto.corpora.terms import ATTRIBUTION

if TYPE_CHECKING:
    import os

_EMOTIONS = {
    "anger": "angry",
    "disgust": "disgust",
    "fear": "fearful",
    "joy": "happy",
    "neutrality": "neutral",
    "sadness": "sad",
    "surprise": "surprised",
}
_GENDERS = {"f": "female", "female": "female", "m": "male", "male": "male"}
_NAME = re.compile(r"[0-9]{10,}")


def _parse(path: Path) -> Utterance:
    metadata = path.parent.parent / "metadata"
    samples = metadata / "samples.csv"
    # A number alone may be anybody's recording.
    if not _NAME.fullmatch(path.stem) or not samples.is_file():
        raise MisnamedError(f"{path.stem!r} is not a number like 1612872848291 beside a folder metadata")
    published = f"{path.stem}.wav"
    emotion = column(samples, "file_name", "emotion_expressed").get(published)
    if emotion not in _EMOTIONS:
        what = "no recording" if emotion is None else f"one of the emotion {emotion!r}"
        raise MisnamedError(f"{path.stem!r} is {what} in {samples}")
    speaker = column(samples, "file_name", "actor")[published]
    users = metadata / "users.csv"
    gender = column(users, "username", "gender").get(speaker, "") if users.is_file() else ""
    return Utterance(path, _EMOTIONS[emotion], speaker, gender=_GENDERS.get(gender.casefold()))


EMOZIONALMENTE = NamedCorpus(
    name="emozionalmente",
    title="Emozionalmente",
    licence="CC-BY-4.0",
    weights=ATTRIBUTION,
    citation=(
        "Catania, F., Wilke, J. W., & Garzotto, F. (2025). Emozionalmente: a crowdsourced corpus of simulated "
        "emotional speech in Italian. IEEE Transactions on Audio, Speech and Language Processing 33, 1142-1155. "
        "https://doi.org/10.1109/TASLPRO.2025.3540662"
    ),
    speech="acted, by amateurs, Italian",
    suffixes=(".wav", ".flac", ".opus"),
    example="audio/1612872848291.wav",
    parse=_parse,
)
"""How Emozionalmente is recognized and cited."""


def load_emozionalmente(folder: str | os.PathLike[str]) -> Corpus:
    """Load Emozionalmente (Catania et al. 2025): 431 Italian amateurs, seven emotions.

    Parameters
    ----------
    folder : path
        The corpus as published: the clips in ``audio``, and beside it ``metadata`` with ``samples.csv``, which says
        who speaks and what was to be expressed, and ``users.csv``, which says of what gender the speakers are.

    Returns
    -------
    Corpus
        Joy is "happy", neutrality "neutral". Of other genders than two nothing is said.

    Raises
    ------
    CorpusError
        If there is no such folder, no clip that ``samples.csv`` lists anywhere below it, or a table that cannot be
        read.
    """
    return EMOZIONALMENTE.load(Path(folder))

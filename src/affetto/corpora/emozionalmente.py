"""Emozionalmente: emotional speech of 431 amateurs, in Italian."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affetto.corpora.base import Utterance
from affetto.corpora.label_files import read_once
from affetto.corpora.naming import MisnamedError
from affetto.corpora.spreadsheet import read_column

if TYPE_CHECKING:
    from pathlib import Path

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


def parse(path: Path) -> Utterance:
    """Make an utterance of a clip, with the labels in the folder ``metadata`` beside the clip's folder.

    ``samples.csv`` has the emotion and the speaker, ``users.csv`` the speaker's gender.

    Raises
    ------
    MisnamedError
        If the file is not named by a number, there is no ``samples.csv``, or the clip is not in it.
    CorpusError
        If one of the tables cannot be read.
    """
    metadata = path.parent.parent / "metadata"
    samples = metadata / "samples.csv"
    # A number alone may be anybody's recording.
    if not _NAME.fullmatch(path.stem) or not samples.is_file():
        raise MisnamedError(f"{path.stem!r} is not a number like 1612872848291 beside a folder metadata")
    emotion, speaker = _samples(samples).get(f"{path.stem}.wav", ("", ""))
    if emotion not in _EMOTIONS:
        raise MisnamedError(f"{path.stem!r} has no known emotion in {samples}, but {emotion!r}")
    users = metadata / "users.csv"
    gender = _users(users).get(speaker, "") if users.is_file() else ""
    return Utterance(path, _EMOTIONS[emotion], speaker, gender=_GENDERS.get(gender.casefold()))


@read_once
def _samples(table: Path) -> dict[str, tuple[str, str]]:
    emotions, speakers = (read_column(table, "file_name", name) for name in ("emotion_expressed", "actor"))
    return {name: (emotions[name], speakers[name]) for name in emotions}


@read_once
def _users(table: Path) -> dict[str, str]:
    return read_column(table, "username", "gender")

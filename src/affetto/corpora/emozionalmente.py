"""Emozionalmente: emotional speech of 431 amateurs, in Italian."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affetto.corpora.base import Utterance
from affetto.corpora.labels import EMOTION_OF
from affetto.corpora.naming import MisnamedError
from affetto.corpora.spreadsheet import read_column_once

if TYPE_CHECKING:
    from pathlib import Path

_EMOTIONS = {
    **{word: EMOTION_OF[word] for word in ("anger", "disgust", "fear", "sadness", "surprise")},
    "joy": "happy",
    "neutrality": "neutral",
}
_GENDERS = {"f": "female", "female": "female", "m": "male", "male": "male"}
_NAME = re.compile(r"[0-9]{10,}")


def parse(path: Path) -> Utterance:
    """Make an utterance of a clip, as `NamedCorpus.parse`, with the labels in ``metadata`` beside the clip's folder.

    ``samples.csv`` has the emotion and the speaker, ``users.csv`` the speaker's gender.
    """
    metadata = path.parent.parent / "metadata"
    samples = metadata / "samples.csv"
    # A number alone may be anybody's recording.
    if not _NAME.fullmatch(path.stem) or not samples.is_file():
        raise MisnamedError(f"{path.stem!r} is not a number like 1612872848291 beside a folder metadata")
    name = f"{path.stem}.wav"
    emotion = read_column_once(samples, "file_name", "emotion_expressed").get(name, "")
    if emotion not in _EMOTIONS:
        raise MisnamedError(f"{path.stem!r} has no known emotion in {samples}, but {emotion!r}")
    speaker = read_column_once(samples, "file_name", "actor")[name]
    users = metadata / "users.csv"
    gender = read_column_once(users, "username", "gender").get(speaker, "") if users.is_file() else ""
    return Utterance(path, _EMOTIONS[emotion], speaker, gender=_GENDERS.get(gender.casefold()))

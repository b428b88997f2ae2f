"""EMO-DB: the Berlin database of emotional speech, in German."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.corpora.base import Corpus, Utterance
from affetto.corpora.naming import MisnamedError, NamedCorpus
from affetto.corpora.terms import ANY_USE

if TYPE_CHECKING:
    import os

_EMOTIONS = {
    "W": "angry",  # Wut
    "N": "neutral",
    "F": "happy",  # Freude
    "T": "sad",  # Trauer
    "L": "bored",  # Langeweile; RAVDESS has no such emotion
    "E": "disgust",  # Ekel
    "A": "fearful",  # Angst
}
_GENDERS = {
    **dict.fromkeys(("08", "09", "13", "14", "16"), "female"),
    **dict.fromkeys(("03", "10", "11", "12", "15"), "male"),
}
_NAME = re.compile(rf"({'|'.join(_GENDERS)})([ab][0-9]{{2}})([{''.join(_EMOTIONS)}])([a-z])")


def _parse(path: Path) -> Utterance:
    if not (match := _NAME.fullmatch(path.stem)):
        raise MisnamedError(f"{path.stem!r} is not speaker, text, emotion and version like 03a01Fa")
    speaker, text, emotion, _version = match.groups()
    return Utterance(path, _EMOTIONS[emotion], speaker, gender=_GENDERS[speaker], text=text)


EMODB = NamedCorpus(
    name="emodb",
    title="EMO-DB",
    licence="CC0-1.0",
    weights=ANY_USE,
    citation=(
        "Burkhardt, F., Paeschke, A., Rolfes, M., Sendlmeier, W., & Weiss, B. (2005). A database of German emotional "
        "speech. Interspeech 2005, 1517-1520."
    ),
    speech="acted, German",
    suffixes=(".wav", ".flac", ".opus"),
    example="03a01Fa.wav",
    parse=_parse,
)
"""How EMO-DB is recognized and cited."""


def load_emodb(folder: str | os.PathLike[str]) -> Corpus:
    """Load EMO-DB (Burkhardt et al. 2005): ten German speakers, seven emotions.

    Parameters
    ----------
    folder : path
        The clips, wav, flac or opus, may lie anywhere below it.

    Returns
    -------
    Corpus
        Emotions bear Affetto's names where there is one; boredom is "bored".

    Raises
    ------
    CorpusError
        If there is no such folder, or no clip anywhere below it.
    """
    return EMODB.load(Path(folder))

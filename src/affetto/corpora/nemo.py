"""nEMO: emotional speech in Polish."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.corpora.base import Corpus, Utterance
from affetto.corpora.naming import MisnamedError, NamedCorpus
from affetto.corpora.terms import NON_COMMERCIAL

if TYPE_CHECKING:
    import os

_EMOTIONS = {
    "anger": "angry",
    "fear": "fearful",
    "happiness": "happy",
    "neutral": "neutral",
    "sadness": "sad",
    "surprised": "surprised",
}
# As published in the data set's table (data.tsv).
_GENDERS = {
    **dict.fromkeys(("EB", "IC", "KD", "MK"), "female"),
    **dict.fromkeys(("KS", "MP", "SM", "TP", "WR"), "male"),
}
_NAME = re.compile(rf"([A-Z]{{2}})0_({'|'.join(_EMOTIONS)})_([0-9]{{1,2}})")


def _parse(path: Path) -> Utterance:
    if not (match := _NAME.fullmatch(path.stem)):
        raise MisnamedError(f"{path.stem!r} is not speaker, emotion and sentence like AO0_anger_1")
    speaker, emotion, sentence = match.groups()
    return Utterance(path, _EMOTIONS[emotion], speaker, gender=_GENDERS.get(speaker), text=sentence)


NEMO = NamedCorpus(
    name="nemo",
    title="nEMO",
    licence="CC-BY-NC-SA-4.0",
    weights=NON_COMMERCIAL,
    citation=(
        "Christop, I. (2024). nEMO: Dataset of Emotional Speech in Polish. LREC-COLING 2024. "
        "https://arxiv.org/abs/2404.06292"
    ),
    speech="acted, Polish",
    suffixes=(".wav", ".flac", ".opus"),
    example="AO0_anger_1.wav",
    parse=_parse,
)
"""How nEMO is recognized and cited."""


def load_nemo(folder: str | os.PathLike[str]) -> Corpus:
    """Load nEMO (Christop 2024): 4481 clips, nine Polish speakers, six emotions.

    Parameters
    ----------
    folder : path
        The clips, wav, flac or opus, may lie anywhere below it.

    Returns
    -------
    Corpus
        Emotions bear Affetto's names: anger is "angry", fear "fearful", happiness "happy", sadness "sad".

    Raises
    ------
    CorpusError
        If there is no such folder, or no clip anywhere below it.
    """
    return NEMO.load(Path(folder))

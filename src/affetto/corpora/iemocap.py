"""IEMOCAP: the Interactive Emotional Dyadic Motion Capture database, in American English."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.corpora.base import Corpus, Utterance
from affetto.corpora.label_files import text_of
from affetto.corpora.naming import ForeignFileError, MisnamedError, NamedCorpus
from affetto.corpora.terms import BY_AGREEMENT

if TYPE_CHECKING:
    import os

_EMOTIONS = {
    "ang": "angry",
    "hap": "happy",
    "exc": "happy",  # excited, as in most studies
    "sad": "sad",
    "neu": "neutral",
    "fea": "fearful",
    "sur": "surprised",
    "dis": "disgust",
    "fru": "frustrated",
}
_LEFT_OUT = {"xxx": "its raters did not agree", "oth": "its raters named an emotion that has no name in the corpus"}
_NAME = re.compile(
    r"(?P<dialog>(?P<session>Ses0[1-5])[FM]_(?:impro|script)[0-9]{2}[ab]?(?:_[0-9][ab]?)?)_(?P<turn>[FM])[X0-9]{2}[0-9]"
)
_TURN = re.compile(r"^\[[^\]]*\]\s+(\S+)\s+([a-z]{3})\s+\[", re.MULTILINE)
_FOLDERS = ("dialog", "EmoEvaluation")


def _parse(path: Path) -> Utterance:
    if not (match := _NAME.fullmatch(path.stem)):
        raise MisnamedError(f"{path.stem!r} is no turn of a dialog like Ses01F_impro01_F000")
    labels = Path(*path.parts[:-4], *_FOLDERS, f"{match['dialog']}.txt")
    if not labels.is_file():
        raise MisnamedError(f"{path.stem!r} has no label: there is no {labels}")
    code = _labels(text_of(labels)).get(path.stem)
    if code is None:
        raise MisnamedError(f"{path.stem!r} has no label in {labels}")
    if code in _LEFT_OUT:
        raise ForeignFileError(f"left out: {_LEFT_OUT[code]} ({code})")
    if code not in _EMOTIONS:
        raise MisnamedError(f"{path.stem!r} has the label {code!r} in {labels}, which is none of IEMOCAP's")
    gender = "female" if match["turn"] == "F" else "male"
    return Utterance(path, _EMOTIONS[code], f"{match['session']}{match['turn']}", gender=gender)


@lru_cache(maxsize=8)  # a dialog has dozens of turns
def _labels(evaluation: str) -> dict[str, str]:
    return dict(_TURN.findall(evaluation))


IEMOCAP = NamedCorpus(
    name="iemocap",
    title="IEMOCAP",
    licence="for research use by agreement",
    weights=BY_AGREEMENT,
    citation=(
        "Busso, C., Bulut, M., Lee, C.-C., Kazemzadeh, A., Mower, E., Kim, S., Chang, J. N., Lee, S., & Narayanan, "
        "S. S. (2008). IEMOCAP: interactive emotional dyadic motion capture database. Language Resources and "
        "Evaluation 42(4), 335-359."
    ),
    speech="acted, by script and improvised, American English",
    suffixes=(".wav", ".flac", ".opus"),
    example="Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav",
    parse=_parse,
)
"""How IEMOCAP is recognized and cited."""


def load_iemocap(folder: str | os.PathLike[str]) -> Corpus:
    """Load IEMOCAP (Busso et al. 2008): five sessions of dialogs, of a woman and a man each.

    Parameters
    ----------
    folder : path
        Its sessions, as published: the turns in ``Session1/sentences/wav``, their labels in
        ``Session1/dialog/EmoEvaluation``.

    Returns
    -------
    Corpus
        What most raters named: "excited" counts as "happy", frustration is "frustrated". Turns on which the raters did
        not agree (``xxx``), and those of another emotion (``oth``), are left out. Speakers are called by session and
        gender, "Ses01F".

    Raises
    ------
    CorpusError
        If there is no such folder, no turn with a label anywhere below it, or labels that cannot be read.
    """
    return IEMOCAP.load(Path(folder))

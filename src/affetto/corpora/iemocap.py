"""IEMOCAP: the Interactive Emotional Dyadic Motion Capture database, in American English."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from affetto.corpora.base import Utterance
from affetto.corpora.naming import ForeignFileError, MisnamedError
from affetto.errors import CorpusError

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
_LEFT_OUT = {"xxx": "its raters did not agree", "oth": "its raters named an emotion that the corpus has no name for"}
_NAME = re.compile(
    r"(?P<dialog>(?P<session>Ses0[1-5])[FM]_(?:impro|script)[0-9]{2}[ab]?(?:_[0-9][ab]?)?)_(?P<turn>[FM])[X0-9]{2}[0-9]"
)
_TURN = re.compile(r"^\[[^\]]*\]\s+(\S+)\s+([a-z]{3})\s+\[", re.MULTILINE)


def parse(path: Path) -> Utterance:
    """Make an utterance of a turn, as `NamedCorpus.parse`, with the label in ``dialog/EmoEvaluation`` of its session.

    Turns without agreement of the raters (``xxx``) or with another emotion (``oth``) are left out. Speakers are named
    by session and gender, such as "Ses01F".
    """
    if not (match := _NAME.fullmatch(path.stem)):
        raise MisnamedError(f"{path.stem!r} is not a turn of a dialog like Ses01F_impro01_F000")
    # The turns of a session are in sentences/wav/DIALOG.
    evaluation = Path(*path.parts[:-4], "dialog", "EmoEvaluation", f"{match['dialog']}.txt")
    code = _labels(evaluation, evaluation.stat().st_mtime_ns).get(path.stem) if evaluation.is_file() else None
    if code in _LEFT_OUT:
        raise ForeignFileError(f"left out: {_LEFT_OUT[code]} ({code})")
    if code not in _EMOTIONS:
        raise MisnamedError(f"{path.stem!r} has no known label in {evaluation}, but {code!r}")
    gender = "female" if match["turn"] == "F" else "male"
    return Utterance(path, _EMOTIONS[code], f"{match['session']}{match['turn']}", gender=gender)


@lru_cache(maxsize=8)  # a dialog has dozens of turns
def _labels(evaluation: Path, _modified_ns: int) -> dict[str, str]:
    try:
        return dict(_TURN.findall(evaluation.read_text(encoding="utf-8", errors="replace")))
    except OSError as error:
        raise CorpusError(f"{evaluation} cannot be read: {error.strerror}; it holds the labels of the turns") from None

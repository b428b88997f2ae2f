"""CREMA-D: the Crowd-sourced Emotional Multimodal Actors Dataset, in American English."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.corpora.base import EMOTIONS, TABLE_NAME
from affetto.corpora.naming import Layout
from affetto.corpora.spreadsheet import read_column_once
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from affetto.corpora.base import Utterance

_SUMMARY = Path("processedResults", "summaryTable.csv")
_VOTES = {"A": "angry", "D": "disgust", "F": "fearful", "H": "happy", "N": "neutral", "S": "sad"}

# VideoDemographics.csv
# fmt: off
_WOMEN = (
    1002, 1003, 1004, 1006, 1007, 1008, 1009, 1010, 1012, 1013, 1018, 1020, 1021, 1024, 1025, 1028, 1029, 1030, 1037,
    1043, 1046, 1047, 1049, 1052, 1053, 1054, 1055, 1056, 1058, 1060, 1061, 1063, 1072, 1073, 1074, 1075, 1076, 1078,
    1079, 1082, 1084, 1089, 1091,
)
# fmt: on
_SENTENCES = ("IEO", "TIE", "IOM", "IWW", "TAI", "MTI", "IWL", "ITH", "DFA", "ITS", "TSI", "WSI")
_RENAMED = {"1040_ITH_SAD_X": "1040_ITH_SAD_XX"}  # in copies from before October 2022

_LAYOUT = Layout(
    ("{speaker:4}_{text:3}_{emotion:3}_{intensity}",),
    {"ang": "angry", "dis": "disgust", "fea": "fearful", "hap": "happy", "neu": "neutral", "sad": "sad"},
    women=[str(actor) for actor in _WOMEN],
    men=[str(actor) for actor in range(1001, 1092) if actor not in _WOMEN],
    intensities={"lo": "low", "md": "medium", "hi": "high", "xx": None, "x": None},
    texts={sentence.lower(): sentence for sentence in _SENTENCES},
    left_out={
        "1076_MTI_SAD_XX": "it is silent as published",
        "1064_IEO_DIS_MD": "as published it is a minute in which the sentence is said in every emotion",
    },
)


def parse(path: Path) -> Utterance:
    """Make an utterance of a path, as `NamedCorpus.parse`.

    `Utterance.heard` comes from the column ``heard`` of a ``corpus.csv`` beside the clip. Otherwise it is the
    ``VoiceVote`` of the published ``processedResults/summaryTable.csv`` in a folder above the clip. The files of
    ``AudioMP3`` are not used: they were made for the listeners, and several are blank.
    """
    utterance = replace(_LAYOUT.parse(path), name=_RENAMED.get(path.stem))
    return replace(utterance, heard=_heard(utterance))


def _heard(utterance: Utterance) -> str | None:
    folder = utterance.path.parent
    with suppress(CorpusError, FileNotFoundError):  # no table, or one of other columns
        emotion = read_column_once(folder / TABLE_NAME, "path", "heard").get(utterance.path.name, "").casefold()
        return emotion if emotion in EMOTIONS else None
    home = folder.resolve()
    for place in (home, *home.parents):
        for table in (place / _SUMMARY, place / _SUMMARY.name):
            if table.is_file():
                # A tie is written like A:N, and has no emotion.
                return _VOTES.get(read_column_once(table, "filename", "voicevote").get(utterance.clip, ""))
    return None

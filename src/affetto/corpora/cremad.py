"""CREMA-D: the Crowd-sourced Emotional Multimodal Actors Dataset, in American English."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.corpora.base import EMOTIONS, TABLE_NAME, Corpus, Utterance
from affetto.corpora.label_files import column, has_columns
from affetto.corpora.naming import NamedCorpus
from affetto.corpora.patterns import Layout
from affetto.corpora.published import by_names
from affetto.corpora.terms import DATABASE

if TYPE_CHECKING:
    import os

_EXAMPLE = "1001_DFA_ANG_XX.wav"
_SUMMARY = Path("processedResults", "summaryTable.csv")

# VideoDemographics.csv
# fmt: off
_WOMEN = (
    1002, 1003, 1004, 1006, 1007, 1008, 1009, 1010, 1012, 1013, 1018, 1020, 1021, 1024, 1025, 1028, 1029, 1030, 1037,
    1043, 1046, 1047, 1049, 1052, 1053, 1054, 1055, 1056, 1058, 1060, 1061, 1063, 1072, 1073, 1074, 1075, 1076, 1078,
    1079, 1082, 1084, 1089, 1091,
)
# fmt: on
_ACTORS = [str(actor) for actor in range(1001, 1092)]
_SENTENCES = ("IEO", "TIE", "IOM", "IWW", "TAI", "MTI", "IWL", "ITH", "DFA", "ITS", "TSI", "WSI")
_VOTES = {"A": "angry", "D": "disgust", "F": "fearful", "H": "happy", "N": "neutral", "S": "sad"}

_LAYOUT = Layout(
    "CREMA-D",
    ("{speaker:4}_{text:3}_{emotion:3}_{intensity}",),
    {"ang": "angry", "dis": "disgust", "fea": "fearful", "hap": "happy", "neu": "neutral", "sad": "sad"},
    {actor: actor for actor in _ACTORS},
    intensities={"lo": "low", "md": "medium", "hi": "high", "xx": None, "x": None},
    texts={sentence.lower(): sentence for sentence in _SENTENCES},
    genders={actor: "female" if int(actor) in _WOMEN else "male" for actor in _ACTORS},
)
_LEFT_OUT = {
    "1076_MTI_SAD_XX": "it is silent as published",
    "1064_IEO_DIS_MD": "as published it is a minute in which the sentence is said in every emotion",
}
_RENAMED = {"1040_ITH_SAD_X": "1040_ITH_SAD_XX"}
_by_name = by_names(_LAYOUT, _EXAMPLE, left_out=_LEFT_OUT)


def _parse(path: Path) -> Utterance:
    utterance = replace(_by_name(path), name=_RENAMED.get(path.stem))
    return replace(utterance, heard=_heard(utterance))


def _heard(utterance: Utterance) -> str | None:
    """Return what most listeners heard, by a table beside the clip or by the published one above it."""
    folder = utterance.path.parent
    if has_columns(table := folder / TABLE_NAME, "path", "heard"):
        heard = column(table, "path", "heard").get(utterance.path.name, "").casefold()
        return heard if heard in EMOTIONS else None
    home = folder.resolve()
    for place in (home, *home.parents):
        for table in (place / _SUMMARY, place / _SUMMARY.name):
            if table.is_file():
                # Where two were named equally often, the vote is written like A:N.
                return _VOTES.get(column(table, "filename", "voicevote").get(utterance.clip, ""))
    return None


CREMA_D = NamedCorpus(
    name="crema-d",
    title="CREMA-D",
    licence="ODbL-1.0 AND DbCL-1.0",
    weights=DATABASE,
    citation=(
        "Cao, H., Cooper, D. G., Keutmann, M. K., Gur, R. C., Nenkova, A., & Verma, R. (2014). CREMA-D: Crowd-sourced "
        "Emotional Multimodal Actors Dataset. IEEE Transactions on Affective Computing 5(4), 377-390. "
        "https://doi.org/10.1109/TAFFC.2014.2336244"
    ),
    speech="acted, American English",
    # Not mp3: these are what the listeners were played, of which several are blank.
    suffixes=(".wav", ".flac", ".opus"),
    example=_EXAMPLE,
    parse=_parse,
)
"""How CREMA-D is recognized and cited."""


def is_supplement(table: Path) -> bool:
    """Whether a ``corpus.csv`` only adds what was heard: it lists all clips beside it, as their names label them."""
    if not has_columns(table, "path", "emotion", "heard"):
        return False
    listed = column(table, "path", "emotion")
    if any((said := _LAYOUT.match(Path(path))) is None or said.emotion != listed[path] for path in listed):
        return False
    clips = [utterance.path for utterance in CREMA_D.scan(table.parent).utterances]
    return all(clip.parent == table.parent and clip.name in listed for clip in clips)


def load_crema_d(folder: str | os.PathLike[str]) -> Corpus:
    """Load CREMA-D (Cao et al. 2014): 91 American actors, six emotions.

    Three of its files are odd as published. ``1076_MTI_SAD_XX`` is silent, and ``1064_IEO_DIS_MD`` is a minute in which
    the sentence is said in every emotion: both are left out. ``1040_ITH_SAD_XX`` is called ``1040_ITH_SAD_X`` in copies
    from before October 2022, and bears its right name here. The videos of ``1076_MTI_NEU_XX`` and ``1064_TIE_SAD_XX``
    are cut off; their sound is used, and a check tells where it is too short. The files of ``AudioMP3`` are not used:
    they are what the listeners were played, and several are blank.

    Parameters
    ----------
    folder : path
        The clips, wav, flac or opus, may lie anywhere below it.

    Returns
    -------
    Corpus
        Texts are the sentences' codes, such as "DFA"; intensities "low", "medium" and "high", where one was asked for.
        `Utterance.heard` is what most listeners heard in the voice alone, by the column ``heard`` of a ``corpus.csv``
        beside the clips, else by ``VoiceVote`` in the published ``processedResults/summaryTable.csv``, searched for in
        the folders above them.

    Raises
    ------
    CorpusError
        If there is no such folder, no clip anywhere below it, or one of these tables cannot be read.
    """
    return CREMA_D.load(Path(folder))

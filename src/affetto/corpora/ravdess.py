"""RAVDESS: Ryerson Audio-Visual Database of Emotional Speech and Song; here its audio-only speech."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from affetto.corpora.base import EMOTIONS, Corpus, Utterance
from affetto.corpora.naming import ForeignFileError, MisnamedError, NamedCorpus
from affetto.corpora.terms import NON_COMMERCIAL

if TYPE_CHECKING:
    import os

_MODALITIES = {1: "video with sound", 2: "video without sound", 3: "audio-only"}
_CHANNELS = {1: "speech", 2: "song"}
_INTENSITIES = {1: "normal", 2: "strong"}
_STATEMENTS = {1: "kids", 2: "dogs"}  # "Kids are talking by the door", "Dogs are sitting by the door"
_FIELDS = {
    "modality": len(_MODALITIES),
    "vocal channel": len(_CHANNELS),
    "emotion": len(EMOTIONS),
    "intensity": len(_INTENSITIES),
    "statement": len(_STATEMENTS),
    "repetition": 2,
    "actor": 24,
}


class Take(NamedTuple):
    """The seven numbers of a file name ``MM-VC-EE-II-SS-RR-AA``."""

    modality: int
    channel: int
    emotion: int
    intensity: int
    statement: int
    repetition: int
    actor: int

    @property
    def stem(self) -> str:
        """The file name, without its type."""
        return "-".join(f"{number:02d}" for number in self)


def parse_name(stem: str) -> Take:
    """Read a RAVDESS file name, be it speech, song or video.

    Raises
    ------
    MisnamedError
        If it does not follow the scheme, or a number is out of range.
    """
    parts = stem.split("-")
    if len(parts) != len(_FIELDS) or not all(len(p) == 2 and p.isascii() and p.isdigit() for p in parts):
        raise MisnamedError(f"{stem!r} is not seven two-digit numbers like 03-01-06-01-02-01-12")
    for (field, highest), part in zip(_FIELDS.items(), parts, strict=True):
        if not 1 <= int(part) <= highest:
            raise MisnamedError(f"{stem!r} has the {field} {part}; it must be 01 to {highest:02d}")
    take = Take(*map(int, parts))
    if EMOTIONS[take.emotion - 1] == "neutral" and _INTENSITIES[take.intensity] == "strong":
        raise MisnamedError(f"{stem!r} would be strongly neutral; neutral (01) has the intensity 01 only")
    return take


def _parse(path: Path) -> Utterance:
    take = parse_name(path.stem)
    if _MODALITIES[take.modality] != "audio-only" or _CHANNELS[take.channel] != "speech":
        raise ForeignFileError(
            f"{_CHANNELS[take.channel]}, {_MODALITIES[take.modality]}; only audio-only speech (03-01-...) is used"
        )
    return Utterance(
        path=path,
        emotion=EMOTIONS[take.emotion - 1],
        speaker=str(take.actor),
        gender="male" if take.actor % 2 else "female",
        intensity=_INTENSITIES[take.intensity],
        text=_STATEMENTS[take.statement],
    )


RAVDESS = NamedCorpus(
    name="ravdess",
    title="RAVDESS",
    licence="CC-BY-NC-SA-4.0",
    weights=NON_COMMERCIAL,
    citation=(
        "Livingstone, S. R., & Russo, F. A. (2018). The Ryerson Audio-Visual Database of Emotional Speech and Song "
        "(RAVDESS). PLoS ONE 13(5): e0196391. https://doi.org/10.1371/journal.pone.0196391"
    ),
    speech="acted, North American English",
    suffixes=(".wav", ".flac"),
    example="03-01-06-01-02-01-12.wav",
    parse=_parse,
)
"""How RAVDESS's audio-only speech is recognized and cited."""


def expected_clips() -> list[str]:
    """Return the names of all 1440 clips of audio-only speech, sorted."""
    return [
        Take(3, 1, emotion, intensity, statement, repetition, actor).stem
        for emotion in range(1, len(EMOTIONS) + 1)
        for intensity in _INTENSITIES
        if (emotion, intensity) != (1, 2)  # neutral has no strong intensity
        for statement in _STATEMENTS
        for repetition in (1, 2)
        for actor in range(1, 25)
    ]


def load_ravdess(folder: str | os.PathLike[str]) -> Corpus:
    """Load the audio-only speech of RAVDESS (Livingstone & Russo 2018).

    Parameters
    ----------
    folder : path
        The clips, wav or flac, may lie anywhere below it. A clip that lies there twice, as in Kaggle's archive, counts
        once; videos and songs carry the same voices and are left out.

    Returns
    -------
    Corpus
        Up to 1440 utterances. Speakers are the actors' numbers, texts "kids" and "dogs".

    Raises
    ------
    CorpusError
        If there is no such folder, or no clip anywhere below it.
    """
    return RAVDESS.load(Path(folder))

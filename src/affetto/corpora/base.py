"""Corpora of labelled speech, wherever they come from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.errors import ParameterError

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Sequence

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
"""The eight emotions of RAVDESS, in its order. Other corpora map theirs onto these names where they can."""

TABLE_NAME = "corpus.csv"
"""A folder with a file of this name is a corpus described by a table."""

RECORDINGS = (
    *(".wav", ".flac", ".aiff", ".aif", ".caf", ".au", ".sph"),  # lossless formats are preferred
    *(".opus", ".ogg", ".oga", ".mp3", ".m4a", ".aac", ".wma", ".webm", ".amr", ".mp4", ".3gp"),
)
"""Suffixes of recordings, in the order in which one of several files of the same name is preferred."""

TERMS_FOR_WEIGHTS = {
    "CC0-1.0": "any use",
    "CC-BY-4.0": "any use, with attribution",
    "ODbL-1.0 AND DbCL-1.0": "any use, with attribution; databases made of it, share alike",
    "CC-BY-NC-SA-4.0": "non-commercial, share alike, with attribution",
    "CC-BY-NC-ND-4.0": "non-commercial, not to be passed on (no derivatives)",
    "free for research use": "research only",
    "free for academic use": "research only",
    "for research use by agreement": "research only, by agreement",
    "not stated": "not stated; research only unless its makers allow more",
}
"""Terms for the weights of trained models, by the licence of the recordings: read strictly, not legal advice."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One labelled recording.

    Attributes
    ----------
    path : Path
        The audio file.
    emotion : str
        The emotion that the speaker was asked to express.
    speaker : str
        The speaker, unique within the corpus. RAVDESS: the actor's number without leading zero ("1" .. "24").
    gender : str or None
        "female" or "male", if the corpus has it.
    intensity : str or None
        "normal" or "strong", or "low", "medium" or "high", if the corpus has it.
    text : str or None
        Identifier of the sentence, not its words, if the corpus has it.
    name : str or None
        Name of the clip in reports, if the stem of the file is not unique (``DC/a01.wav`` and ``JE/a01.wav``).
    heard : str or None
        The emotion that most listeners perceived in the voice alone, if the corpus has it and there was no tie.
    """

    path: Path
    emotion: str
    speaker: str
    gender: str | None = None
    intensity: str | None = None
    text: str | None = None
    name: str | None = None
    heard: str | None = None

    @property
    def clip(self) -> str:
        """Name of the clip in every report, unique within the corpus: `name`, or the stem of the file."""
        return self.name or self.path.stem


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled utterances and their origin.

    Attributes
    ----------
    name : str
        Short name, for example "ravdess".
    licence : str
        Licence of the recordings, as an SPDX identifier if there is one; weights trained on them must name it.
    citation : str
        The publication to cite.
    utterances : sequence of Utterance
        Sorted by clip name, each sound once.
    speech : str or None
        Kind of speech and language, for example "acted, German"; models trained on the corpus must name it.
    """

    name: str
    licence: str
    citation: str
    utterances: Sequence[Utterance]
    speech: str | None = None

    @property
    def weights(self) -> str | None:
        """Terms of `licence` for the weights of models trained on the corpus; None if it is unknown."""
        return TERMS_FOR_WEIGHTS.get(self.licence)

    @property
    def emotions(self) -> tuple[str, ...]:
        """The emotions that occur, as `in_order` sorts them."""
        return in_order({utterance.emotion for utterance in self.utterances})

    @property
    def clips_sha256(self) -> str:
        """Checksum of the clip names, which identifies the utterances independently of the name of the corpus."""
        return sha256("\n".join(sorted(utterance.clip for utterance in self.utterances)).encode()).hexdigest()


def in_order(emotions: Collection[str]) -> tuple[str, ...]:
    """Sort emotions as in every report: those of RAVDESS in its order, then any others alphabetically."""
    return (*(e for e in EMOTIONS if e in emotions), *sorted(set(emotions).difference(EMOTIONS)))


def choose_emotions(corpora: Sequence[Corpus], emotions: Collection[str]) -> list[Corpus]:
    """Keep only the clips of some emotions.

    A model cannot tell an emotion that only one corpus has from the sound of that corpus.

    Raises
    ------
    ParameterError
        If none of the corpora has one of the emotions.
    """
    found = in_order({emotion for corpus in corpora for emotion in corpus.emotions})
    if unknown := sorted(set(emotions).difference(found)):
        raise ParameterError(f"no corpus has the emotion {unknown[0]!r}; choose from {', '.join(found)}")
    return [
        replace(corpus, utterances=tuple(u for u in corpus.utterances if u.emotion in emotions)) for corpus in corpora
    ]


def require_outside(output: str | os.PathLike[str], corpus: str | os.PathLike[str]) -> None:
    """Check that an output is not written into a corpus.

    Parameters
    ----------
    output : path
        The file or folder to write.
    corpus : path
        Folder or table of a corpus. Beside a table of another name than ``corpus.csv``, only folders with recordings
        and those below them belong to the corpus.

    Raises
    ------
    ParameterError
        If the output is inside the corpus.
    """
    path, place = Path(corpus).resolve(), Path(output).resolve()
    folder = path.parent if path.is_file() else path
    inside = place.is_relative_to(folder)
    if path.is_file() and path.name.lower() != TABLE_NAME:
        inside = inside and any(_has_recordings(parent) for parent in place.parents if parent.is_relative_to(folder))
    if inside:
        raise ParameterError(f"{output} is inside the corpus {corpus}; choose a folder outside of it")


def _has_recordings(folder: Path) -> bool:
    return folder.is_dir() and any(path.suffix.lower() in RECORDINGS for path in folder.iterdir())


def relative_name(path: Path, folder: Path) -> str:
    """Return a path relative to a folder, or as it is if it is not below it, with forward slashes."""
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()

"""What every corpus of labelled speech looks like, wherever it comes from."""

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
"""The eight emotions of RAVDESS, in its own order. Other corpora map theirs onto these names where they can."""

TABLE_NAME = "corpus.csv"
"""A folder with a file of this name is a corpus by table."""

RECORDINGS = (
    *(".wav", ".flac", ".aiff", ".aif", ".caf", ".au", ".sph"),  # lossless first: of two formats the better is taken
    *(".opus", ".ogg", ".oga", ".mp3", ".m4a", ".aac", ".wma", ".webm", ".amr", ".mp4", ".3gp"),
)
"""Endings of what may be a recording, in the order in which one of the same name is preferred."""


def in_order(emotions: Collection[str]) -> tuple[str, ...]:
    """Return emotions in the order of every report: RAVDESS's own in its order, then any others alphabetically."""
    return (*(e for e in EMOTIONS if e in emotions), *sorted(set(emotions).difference(EMOTIONS)))


@dataclass(frozen=True, slots=True)
class Utterance:
    """One labelled recording.

    Attributes
    ----------
    path : Path
        The audio file.
    emotion : str
        What the speaker was asked to express.
    speaker : str
        Who speaks; unique within the corpus. RAVDESS: the actor's number without leading zero ("1" .. "24").
    gender : str or None
        "female" or "male", where the corpus says so.
    intensity : str or None
        "normal" or "strong", or "low", "medium" or "high", where the corpus says so.
    text : str or None
        Which sentence is spoken (an identifier, not the words), where the corpus says so.
    name : str or None
        The clip's name in reports where the file's stem would not be unique (``DC/a01.wav`` and ``JE/a01.wav``).
    heard : str or None
        What most listeners heard in the voice alone, where the corpus says so; None where none was named most often.
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
        """The clip's name in every report, unique within the corpus: the file's stem, unless it is named otherwise."""
        return self.name or self.path.stem


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled utterances and where they come from.

    Attributes
    ----------
    name : str
        Short name, for example "ravdess".
    licence : str
        Licence of the recordings, as an SPDX identifier where there is one; weights trained on them must name it.
    citation : str
        Who to cite.
    utterances : sequence of Utterance
        Sorted by clip name, each sound once.
    speech : str or None
        Acted or not, and in which language, where that is known; models trained on it must say so.
    weights : str or None
        What the licence allows with the weights of models that are trained on it, in a few plain words, taken
        strictly; no legal advice. None where the licence is not known.
    """

    name: str
    licence: str
    citation: str
    utterances: Sequence[Utterance]
    speech: str | None = None
    weights: str | None = None

    @property
    def emotions(self) -> tuple[str, ...]:
        """The emotions that occur: RAVDESS's own in its order, then any others alphabetically."""
        return in_order({utterance.emotion for utterance in self.utterances})

    @property
    def clips_sha256(self) -> str:
        """Checksum of the clips' names: which utterances they are, whatever the corpus is called."""
        return sha256("\n".join(sorted(utterance.clip for utterance in self.utterances)).encode()).hexdigest()


def choose_emotions(corpora: Sequence[Corpus], emotions: Collection[str]) -> list[Corpus]:
    """Keep only the clips of some emotions.

    An emotion that one corpus alone has cannot be told from that corpus: elsewhere it is found where there is none.

    Parameters
    ----------
    corpora : sequence of Corpus
    emotions : collection of str
        Each must be in one of the corpora or more.

    Returns
    -------
    list of Corpus

    Raises
    ------
    ParameterError
        If none of the corpora has one of the emotions.
    """
    found = in_order({emotion for corpus in corpora for emotion in corpus.emotions})
    if unknown := sorted(set(emotions).difference(found)):
        raise ParameterError(f"no corpus has the emotion {unknown[0]!r}; there are {', '.join(found)}")
    return [
        replace(corpus, utterances=tuple(u for u in corpus.utterances if u.emotion in emotions)) for corpus in corpora
    ]


def require_outside(output: str | os.PathLike[str], corpus: str | os.PathLike[str]) -> None:
    """Refuse to write into a corpus.

    Parameters
    ----------
    output : path
        Where something is to be written.
    corpus : path
        A corpus's folder, or its table. The folder of a ``corpus.csv`` counts whole, that of another table as far as
        there are recordings: tables lie where the work is done.

    Raises
    ------
    ParameterError
        If the one is inside the other.
    """
    path, place = Path(corpus).resolve(), Path(output).resolve()
    folder = path.parent if path.is_file() else path
    inside = place.is_relative_to(folder)
    if path.is_file() and path.name.lower() != TABLE_NAME:
        inside = inside and any(_holds_recordings(parent) for parent in place.parents if parent.is_relative_to(folder))
    if inside:
        raise ParameterError(f"{output} is inside the corpus {corpus}; choose a folder outside of it")


def _holds_recordings(folder: Path) -> bool:
    return folder.is_dir() and any(path.suffix.lower() in RECORDINGS for path in folder.iterdir())

"""Corpora that are known by their file names: who speaks, what is felt, which sentence."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from affetto.corpora.base import Corpus, Utterance
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class MisnamedError(CorpusError):
    """A file name does not follow the corpus's scheme."""


class ForeignFileError(CorpusError):
    """A file name follows the scheme but is not used: a video, a song, a clip that is broken as published."""


class Rejected(NamedTuple):
    """A file that is no clip of the corpus, and why."""

    path: Path
    kind: Literal["misnamed", "foreign"]
    reason: str


class Scan(NamedTuple):
    """What lies below a folder, judged by the names alone.

    Attributes
    ----------
    utterances : tuple of Utterance
        One for each clip, sorted by clip name.
    copies : mapping of str to tuple of Path
        For each clip that lies there more than once, the further files.
    rejected : tuple of Rejected
        Every other file.
    """

    utterances: tuple[Utterance, ...]
    copies: Mapping[str, tuple[Path, ...]]
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class NamedCorpus:
    """A corpus that is recognized and labelled by its file names.

    Attributes
    ----------
    name, licence, weights, citation, speech : str
        As in `Corpus`.
    title : str
        How messages call it.
    suffixes : tuple of str
        File types that it comes in, the preferred one first.
    example : str
        A file name as published.
    parse : callable
        Makes an utterance of a path; raises `MisnamedError` or `ForeignFileError`.
    """

    name: str
    title: str
    licence: str
    weights: str
    citation: str
    speech: str
    suffixes: tuple[str, ...]
    example: str
    parse: Callable[[Path], Utterance]

    def scan(self, folder: Path) -> Scan:
        """Sort all files below a folder into clips, copies of clips, and others.

        A clip that lies there twice counts once: the file nearest to the folder is taken, then the preferred type.

        Raises
        ------
        CorpusError
            If there is no such folder, or it cannot be listed.
        """
        found: dict[str, list[Utterance]] = {}
        rejected = []
        for path in files_below(folder):
            verdict = self._judge(path)
            if isinstance(verdict, Utterance):
                found.setdefault(verdict.clip, []).append(verdict)
            else:
                rejected.append(verdict)
        for same in found.values():
            same.sort(key=lambda u: (len(u.path.parts), self.suffixes.index(u.path.suffix.lower()), u.path))
        return Scan(
            utterances=tuple(found[clip][0] for clip in sorted(found)),
            copies={clip: tuple(u.path for u in found[clip][1:]) for clip in sorted(found) if found[clip][1:]},
            rejected=tuple(rejected),
        )

    def load(self, folder: Path) -> Corpus:
        """Load the corpus from a folder.

        Raises
        ------
        CorpusError
            If there is no such folder, or no clip of this corpus anywhere below it.
        """
        scan = self.scan(folder)
        if not scan.utterances:
            raise CorpusError(f"{folder} holds no clip of {self.title}; looked below it for {self.looks_like}")
        return Corpus(self.name, self.licence, self.citation, scan.utterances, self.speech, self.weights)

    @property
    def looks_like(self) -> str:
        """Which files this corpus consists of, for messages."""
        return f"{' or '.join(s.removeprefix('.') for s in self.suffixes)} files named like {self.example}"

    def claims(self, path: Path) -> bool:
        """Whether a file is a clip of this corpus, by its name."""
        return isinstance(self._judge(path), Utterance)

    def _judge(self, path: Path) -> Utterance | Rejected:
        is_audio = path.suffix.lower() in self.suffixes
        try:
            utterance = self.parse(path)
        except ForeignFileError as error:
            return Rejected(path, "foreign", str(error))
        except MisnamedError as error:
            if is_audio:
                return Rejected(path, "misnamed", str(error))
            return Rejected(path, "foreign", f"no recording of {self.title}")
        if is_audio:
            return utterance
        return Rejected(path, "foreign", f"the clips come as {self.looks_like}, not as {path.suffix or 'this'}")


def files_below(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder, sorted; what is hidden (``.DS_Store``, ``__MACOSX``) is left out.

    Raises
    ------
    CorpusError
        If there is no such folder, or it cannot be listed.
    """
    if not folder.exists():
        raise CorpusError(f"{folder}: there is no such folder; check the name")
    if not folder.is_dir():
        raise CorpusError(f"{folder} is a file; give the folder that holds the corpus")
    seen = set()
    # Links are followed, because corpora are often linked into place; `seen` ends the round trips this allows.
    for parent, folders, names in os.walk(folder, followlinks=True, onerror=_cannot_list):
        if (real := os.path.realpath(parent)) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _cannot_list(error: OSError) -> None:
    raise CorpusError(f"{error.filename} cannot be listed: {error.strerror}; check its permissions") from None

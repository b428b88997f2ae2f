"""Corpora that are recognized and labelled by the names of their files."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from affetto.corpora.base import Corpus, Utterance
from affetto.corpora.patterns import Labels, Pattern
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from pathlib import PurePath

SUFFIXES = (".wav", ".flac", ".aiff", ".aif", ".opus")
"""Formats in which the clips come, the preferred one first: published lossless, or encoded since."""


class MisnamedError(CorpusError):
    """A file name does not follow the corpus's scheme, or the file has no label."""


class ForeignFileError(CorpusError):
    """A file belongs to the corpus but is not used: a video, a song, a clip that is broken as published."""


@dataclass(frozen=True)
class Layout:
    """How the files of a corpus are named, and the meaning of the codes in their names.

    Attributes
    ----------
    patterns : tuple of str
        As for `Pattern`; the first that matches counts.
    emotions, speakers, intensities, texts : mapping of str to str
        Meaning of each code, by the code in lower case. A path with another code is not of this corpus. `speakers`
        defaults to the codes of `women` and `men`. Without a mapping, any value is taken as it is.
    women, men : collection of str
        The speakers whose gender is known.
    left_out : mapping of str to str
        Reasons for clips that are not used, by a shell pattern of their stems.
    name_speaker : bool
        Whether clips of several speakers have the same stem, so that clip names need the speaker.
    """

    patterns: tuple[str, ...]
    emotions: Mapping[str, str]
    speakers: Mapping[str, str] | None = None
    women: Collection[str] = ()
    men: Collection[str] = ()
    intensities: Mapping[str, str | None] | None = None
    texts: Mapping[str, str] | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    name_speaker: bool = False

    @cached_property
    def _patterns(self) -> tuple[Pattern, ...]:
        return tuple(map(Pattern, self.patterns))

    @cached_property
    def _genders(self) -> dict[str, str]:
        return dict.fromkeys(self.women, "female") | dict.fromkeys(self.men, "male")

    @cached_property
    def _speakers(self) -> Mapping[str, str] | None:
        return self.speakers or {speaker.casefold(): speaker for speaker in self._genders} or None

    def match(self, path: PurePath) -> Labels | None:
        """Return the labels in a path; None if the path is not of this corpus."""
        for pattern in self._patterns:
            if (codes := pattern.match(path)) is None:
                continue
            try:
                speaker = _meaning(codes.speaker, self._speakers)
                return Labels(
                    emotion=self.emotions[codes.emotion.casefold()],
                    speaker=speaker,
                    gender=self._genders.get(speaker or "", codes.gender),
                    intensity=_meaning(codes.intensity, self.intensities),
                    text=_meaning(codes.text, self.texts),
                )
            except KeyError:  # a code of another corpus
                continue
        return None

    def parse(self, path: Path) -> Utterance:
        """Make an utterance of a path, as `NamedCorpus.parse`."""
        for stems, reason in self.left_out.items():
            if fnmatchcase(path.stem, stems):
                raise ForeignFileError(f"left out: {reason}")
        labels = self.match(path)
        if labels is None or labels.speaker is None:
            raise MisnamedError(f"{path.stem!r} does not follow the pattern {' or '.join(self.patterns)}")
        if labels.emotion == "neutral" and labels.intensity != "normal":
            labels = labels._replace(intensity=None)  # names number it like the lowest intensity of the others
        start = f"{labels.speaker}_"
        named = self.name_speaker and not path.stem.startswith(start)
        return Utterance(path, **labels._asdict(), name=f"{start}{path.stem}" if named else None)


def _meaning(code: str | None, meanings: Mapping[str, str] | Mapping[str, str | None] | None) -> str | None:
    return code if code is None or meanings is None else meanings[code.casefold()]


class Rejected(NamedTuple):
    """A file that is not a clip of the corpus, and the reason."""

    path: Path
    kind: Literal["misnamed", "foreign"]
    reason: str


class Scan(NamedTuple):
    """The files below a folder, judged by their names alone.

    Attributes
    ----------
    utterances : tuple of Utterance
        One for each clip, sorted by clip name.
    copies : mapping of str to tuple of Path
        Further files of the clips that are there more than once.
    rejected : tuple of Rejected
        Every other file.
    """

    utterances: tuple[Utterance, ...]
    copies: Mapping[str, tuple[Path, ...]]
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True)
class NamedCorpus:
    """A published corpus that is recognized and labelled by its file names.

    Attributes
    ----------
    name, licence, citation, speech : str
        As in `Corpus`.
    title : str
        Name of the corpus in messages.
    example : str
        A file name as published.
    parse : callable
        Makes an utterance of a path. Raises `MisnamedError` or `ForeignFileError` for other files, and `CorpusError` if
        labels beside the file cannot be read.
    clips : tuple of str
        Names of all published clips, where they are known.
    duplicates : tuple of set of str
        Pairs of clips that have the same samples as published.
    """

    name: str
    title: str
    licence: str
    speech: str
    citation: str
    example: str
    parse: Callable[[Path], Utterance]
    clips: tuple[str, ...] = ()
    duplicates: tuple[set[str], ...] = ()

    def scan(self, folder: Path) -> Scan:
        """Sort all files below a folder into clips, copies of clips, and others.

        A clip that is there twice counts once: the file nearest to the folder is taken, then the preferred format.

        Raises
        ------
        CorpusError
            If there is no such folder, or it cannot be listed.
        """
        found: dict[str, list[Utterance]] = {}
        rejected = []
        for path in find_files(folder):
            verdict = self._judge(path)
            if isinstance(verdict, Utterance):
                found.setdefault(verdict.clip, []).append(verdict)
            else:
                rejected.append(verdict)
        for same in found.values():
            same.sort(key=lambda u: (len(u.path.parts), SUFFIXES.index(u.path.suffix.lower()), u.path))
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
            If there is no such folder, or it contains no clip of this corpus.
        """
        utterances = self.scan(folder).utterances
        if not utterances:
            raise CorpusError(f"{folder} contains no clip of {self.title}; its files are named like {self.example}")
        return Corpus(self.name, self.licence, self.citation, utterances, self.speech)

    def claims(self, path: Path) -> bool:
        """Whether a file is a clip of this corpus."""
        return isinstance(self._judge(path), Utterance)

    def _judge(self, path: Path) -> Utterance | Rejected:
        is_audio = path.suffix.lower() in SUFFIXES
        try:
            utterance = self.parse(path)
        except ForeignFileError as error:
            return Rejected(path, "foreign", str(error))
        except MisnamedError as error:
            return Rejected(path, "misnamed" if is_audio else "foreign", str(error))
        return utterance if is_audio else Rejected(path, "foreign", f"not in a format of {self.title}")


def find_files(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder, sorted; hidden ones (``.DS_Store``, ``__MACOSX``) are skipped.

    Raises
    ------
    CorpusError
        If there is no such folder, or it cannot be listed.
    """
    if not folder.is_dir():
        problem = "is a file" if folder.exists() else "does not exist"
        raise CorpusError(f"{folder} {problem}; give the folder of the corpus")
    seen = set()
    # Links are followed, because corpora are often linked into place. `seen` ends circles of links.
    for parent, folders, names in os.walk(folder, followlinks=True, onerror=_cannot_list):
        if (real := os.path.realpath(parent)) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _cannot_list(error: OSError) -> None:
    raise CorpusError(f"{error.filename} cannot be listed: {error.strerror}; check its permissions") from None

"""Drafts of tables for corpora that have none, from the names of folders and files."""

from __future__ import annotations

import csv
import filecmp
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.corpora.base import EMOTIONS, RECORDINGS, Utterance, in_order, relative_name
from affetto.corpora.labels import EMOTION_OF, some
from affetto.corpora.naming import Layout, find_files
from affetto.corpora.patterns import Labels, Pattern
from affetto.corpora.published import PUBLISHED, corpora_of
from affetto.corpora.report import format_counts
from affetto.corpora.table import OPTIONAL_COLUMNS, REQUIRED_COLUMNS
from affetto.errors import CorpusError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BY_EMOTION = Layout(("{emotion}/{}",), EMOTION_OF)


@dataclass(frozen=True, slots=True)
class Draft:
    """Labels from the names below a folder.

    Attributes
    ----------
    pattern : str
        The pattern of the names.
    utterances : tuple of Utterance
        Sorted by path. The speaker is empty if the names do not contain it.
    unmatched : tuple of Path
        Recordings whose names do not follow the pattern.
    repeated : tuple of Path
        Recordings that are copies of another one of the same name, or the same in another format.
    """

    pattern: str
    utterances: tuple[Utterance, ...]
    unmatched: tuple[Path, ...]
    repeated: tuple[Path, ...]

    @property
    def emotions(self) -> dict[str, int]:
        """Number of recordings by emotion, as `in_order` sorts them."""
        counts = Counter(utterance.emotion for utterance in self.utterances)
        return {emotion: counts[emotion] for emotion in in_order(counts)}

    @property
    def speakers(self) -> dict[str, int]:
        """Number of recordings by speaker; empty if the names do not contain it."""
        return dict(sorted(Counter(u.speaker for u in self.utterances if u.speaker).items()))

    def to_text(self) -> str:
        """Return the counts, and the recordings that were left out, as text."""
        rows = {
            f"{len(self.utterances)} recordings": f"named like {self.pattern}",
            "emotions": format_counts(self.emotions),
            "speakers": format_counts(self.speakers),
            f"{len(self.unmatched)} named otherwise": some(map(str, self.unmatched)),
            f"{len(self.repeated)} copies left out": some(map(str, self.repeated)),
        }
        return "\n".join(f"{name}: {text}" for name, text in rows.items() if text)


def draft_table(
    folder: str | os.PathLike[str], *, pattern: str | None = None, labels: Mapping[str, str] | None = None
) -> Draft:
    """Read emotions, speakers and other labels from the names below a folder.

    Parameters
    ----------
    folder : path
        Recordings may be anywhere below it.
    pattern : str, optional
        As for `affetto.corpora.patterns.Pattern`. By default the folders of the recordings are named by emotions.
    labels : mapping of str to str, optional
        Emotions by their codes in the names: ``{"ANG": "angry"}``. Others are taken as they are.

    Raises
    ------
    CorpusError
        If there is no such folder, no recording below it, or none whose name follows the pattern. If it is a published
        corpus, which needs no table.
    ParameterError
        If the pattern is malformed, or a code of `labels` does not occur.
    """
    folder = Path(folder)
    recordings = [path for path in find_files(folder) if path.suffix.lower() in RECORDINGS]
    if not recordings:
        raise CorpusError(f"{folder} contains no recording; looked for {', '.join(RECORDINGS)}")
    if pattern is None:
        _require_named_by_emotions(folder, recordings)
    reader = _BY_EMOTION if pattern is None else Pattern(pattern)
    matches = {path: reader.match(path.relative_to(folder)) for path in recordings}
    found = {path: match for path, match in matches.items() if match is not None}
    if not found:
        first = relative_name(recordings[0], folder)
        raise CorpusError(f"no name below {folder} follows the pattern {pattern!r}; the first recording is {first}")
    codes = {match.emotion for match in found.values()}
    if unknown := sorted({*(labels or {})} - codes):
        raise ParameterError(f"the code {unknown[0]!r} occurs in no name; these do: {some(sorted(codes))}")
    found = {path: match._replace(emotion=_emotion(match.emotion, labels or {})) for path, match in found.items()}
    repeated = _find_copies(found)
    return Draft(
        pattern="{emotion}/{}" if pattern is None else pattern,
        utterances=tuple(
            Utterance(path, **{**match._asdict(), "speaker": match.speaker or ""})
            for path, match in found.items()
            if path not in repeated
        ),
        unmatched=tuple(path for path, match in matches.items() if match is None),
        repeated=tuple(path for path in found if path in repeated),
    )


def write_table(draft: Draft, output: str | os.PathLike[str]) -> None:
    """Write a draft as a table for `load_corpus`.

    Parameters
    ----------
    draft : Draft
        From `draft_table`.
    output : path
        A new file. Recordings below its folder are named relative to it, others by their absolute path.

    Raises
    ------
    ParameterError
        If the file exists, or cannot be written.
    CorpusError
        If the name of a recording is not valid Unicode.
    """
    home = Path(os.path.abspath(output)).parent  # noqa: PTH100 (keeps links, as the user named them)
    optional = [name for name in OPTIONAL_COLUMNS if any(getattr(one, name) for one in draft.utterances)]
    rows: list[list[str]] = [[*REQUIRED_COLUMNS, *optional]]
    for utterance in draft.utterances:
        path = relative_name(Path(os.path.abspath(utterance.path)), home)  # noqa: PTH100 (as above)
        try:
            path.encode()
        except UnicodeEncodeError:
            raise CorpusError(f"the name {path!r} is not valid Unicode; rename the file") from None
        rows.append([path, utterance.emotion, utterance.speaker, *(getattr(utterance, name) for name in optional)])
    try:
        with Path(output).open("x", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    except FileExistsError:
        raise ParameterError(f"{output} exists and is not replaced; remove it, or name another file") from None
    except OSError as error:
        raise ParameterError(f"{output} cannot be written: {error.strerror}; name another file") from None


def _require_named_by_emotions(folder: Path, recordings: Sequence[Path]) -> None:
    if known := sorted(corpora_of(recordings)):
        titles = " and ".join(PUBLISHED[name].title for name in known)
        raise CorpusError(
            f"{folder} contains clips of {titles}, which needs no table: give the folder itself to other commands, or "
            "a pattern (--pattern) to write a table nevertheless"
        )
    named = sum(_BY_EMOTION.match(path.relative_to(folder)) is not None for path in recordings)
    if 2 * named < len(recordings):
        raise CorpusError(
            f"the folders below {folder} are not named by emotions (the first recording is "
            f"{relative_name(recordings[0], folder)}); give a pattern (--pattern) such as "
            "'{speaker}_{}_{emotion}_{}'"
        )


def _emotion(code: str, labels: Mapping[str, str]) -> str:
    """Return the emotion of a code; those of `EMOTIONS` in lower case."""
    emotion = labels.get(code, code)
    return emotion.casefold() if emotion.casefold() in EMOTIONS else emotion


def _find_copies(found: Mapping[Path, Labels]) -> set[Path]:
    """Return the recordings that repeat another one: of the same name and labels, in another format or byte for byte.

    Of several files, the one in the preferred format and nearest to the folder is kept.
    """
    groups: dict[tuple[str, Labels], list[Path]] = {}
    for path, labels in found.items():
        groups.setdefault((path.stem, labels), []).append(path)
    copies: set[Path] = set()
    for paths in groups.values():
        kept: list[Path] = []
        for path in sorted(paths, key=lambda p: (RECORDINGS.index(p.suffix.lower()), len(p.parts), p)):
            if any(path.suffix.lower() != one.suffix.lower() or filecmp.cmp(path, one, shallow=False) for one in kept):
                copies.add(path)
            else:
                kept.append(path)
    return copies

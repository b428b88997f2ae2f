"""A table for a corpus that has none, made of the names of its folders and files, to be looked through."""

from __future__ import annotations

import csv
import filecmp
import io
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from affetto._files import require_writable
from affetto.corpora.base import EMOTIONS, RECORDINGS, Utterance
from affetto.corpora.known import NAMED_CORPORA, corpora_of
from affetto.corpora.labels import some
from affetto.corpora.naming import files_below
from affetto.corpora.patterns import FOLDERS_BY_EMOTION, Labels, Layout, Pattern
from affetto.corpora.table import OPTIONAL_COLUMNS, REQUIRED_COLUMNS
from affetto.errors import CorpusError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_LEAST_PART = 0.5
"""How much of a folder must follow a layout to be read by it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the names below a folder say.

    Attributes
    ----------
    follows : str
        The pattern, or what the folder was recognized as.
    utterances : tuple of Utterance
        Sorted by path. The speaker is empty where the names do not say who speaks.
    unmatched : tuple of Path
        Recordings whose names do not follow it.
    repeated : tuple of Path
        Recordings that are listed already: copies of the same name, or the same in another format.
    """

    follows: str
    utterances: tuple[Utterance, ...]
    unmatched: tuple[Path, ...]
    repeated: tuple[Path, ...]

    @property
    def emotions(self) -> dict[str, int]:
        """Recordings by emotion, RAVDESS's own in its order, then any others alphabetically."""
        counts = Counter(utterance.emotion for utterance in self.utterances)
        return {
            emotion: counts[emotion]
            for emotion in (*EMOTIONS, *sorted({*counts}.difference(EMOTIONS)))
            if counts[emotion]
        }

    @property
    def speakers(self) -> dict[str, int]:
        """Recordings by speaker, empty where the names do not say who speaks."""
        return dict(sorted(Counter(u.speaker for u in self.utterances if u.speaker).items()))


def draft_table(
    folder: str | os.PathLike[str], *, pattern: str | None = None, labels: Mapping[str, str] | None = None
) -> Draft:
    """Read emotions, speakers and more from the names below a folder.

    Parameters
    ----------
    folder : path
        Recordings may lie anywhere below it.
    pattern : str, optional
        Where in the path the emotion and the speaker stand, as in `affetto.corpora.patterns.Pattern`. By default
        folders that are named by emotions are recognized.
    labels : mapping of str to str, optional
        What codes of emotions in the names mean: ``{"ANG": "angry"}``. Others are taken as they are.

    Returns
    -------
    Draft
        To be written by `write_table`.

    Raises
    ------
    CorpusError
        If there is no such folder, no recording below it, or none whose name follows the pattern. If the names are
        those of a corpus that needs no table.
    ParameterError
        If the pattern is none, or a code of `labels` does not occur.
    """
    folder = Path(folder)
    recordings = [path for path in files_below(folder) if path.suffix.lower() in RECORDINGS]
    if not recordings:
        raise CorpusError(f"{folder} holds no recording; looked below it for {', '.join(RECORDINGS)}")
    if pattern is None:
        if known := sorted(corpora_of(recordings)):
            titles = " and ".join(NAMED_CORPORA[name].title for name in known)
            raise CorpusError(
                f"{folder} holds clips of {titles}, which needs no table: give the folder itself to check, train or "
                "evaluate, or a --pattern to have a table of it all the same"
            )
        layout = recognize_layout(folder, recordings)
        if layout is None:
            raise CorpusError(
                f"the names below {folder} are none that a table is made of without a pattern (the first is "
                f"{_below(recordings[0], folder)}); say where the emotion and the speaker stand, such as by --pattern "
                "'{speaker}_{}_{emotion}_{}' or '{speaker}/{emotion}/{}'"
            )
        reader: Pattern | Layout = layout
        follows = layout.title
    else:
        reader, follows = Pattern(pattern), pattern
    said = {path: reader.match(path.relative_to(folder)) for path in recordings}
    found = {path: _named(names, labels or {}) for path, names in said.items() if names is not None}
    if not found:
        raise CorpusError(
            f"no name below {folder} follows the pattern {follows!r}; the first is {_below(recordings[0], folder)}, "
            "of which the ending does not count"
        )
    _require_known(labels or {}, (names.emotion for names in said.values() if names is not None))
    kept, repeated = _once(found)
    return Draft(
        follows=follows,
        utterances=tuple(
            Utterance(path, **{**found[path]._asdict(), "speaker": found[path].speaker or ""}) for path in kept
        ),
        unmatched=tuple(path for path, names in said.items() if names is None),
        repeated=tuple(repeated),
    )


def recognize_layout(folder: Path, files: Iterable[Path]) -> Layout | None:
    """Return the layout that most recordings below a folder follow, None where fewer than half follow any."""
    recordings = [path.relative_to(folder) for path in files if path.suffix.lower() in RECORDINGS]
    follow = sum(FOLDERS_BY_EMOTION.match(path) is not None for path in recordings)
    return FOLDERS_BY_EMOTION if follow and follow >= _LEAST_PART * len(recordings) else None


def write_table(draft: Draft, output: str | os.PathLike[str]) -> None:
    """Write a draft as a table for `load_corpus`.

    Parameters
    ----------
    draft : Draft
        From `draft_table`.
    output : path
        The file. Recordings below its folder are named relative to it, others by their whole path.

    Raises
    ------
    ParameterError
        If there is such a file already, or it cannot be written.
    CorpusError
        If a file's name is no Unicode text.
    """
    output = Path(output)
    if os.path.lexists(output):
        raise ParameterError(f"{output} is there already and is not replaced; remove it, or name another file")
    require_writable(output, sources=())
    home = Path(os.path.abspath(output)).parent  # noqa: PTH100 (links are kept: they are what the user named)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    more = [name for name in OPTIONAL_COLUMNS if any(getattr(one, name) for one in draft.utterances)]
    rows.writerow((*REQUIRED_COLUMNS, *more))
    for utterance in draft.utterances:
        path = Path(os.path.abspath(utterance.path))  # noqa: PTH100 (as above)
        labels = (getattr(utterance, name) for name in more)
        rows.writerow((_below(path, home), utterance.emotion, utterance.speaker, *labels))
    try:
        content = text.getvalue().encode()
    except UnicodeEncodeError as error:
        row = error.object[error.object.rfind("\n", 0, error.start) + 1 :].partition("\n")[0]
        raise CorpusError(f"the name of {row!r} is no Unicode text; rename the file") from None
    try:
        with output.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise ParameterError(f"{output} cannot be written: {error.strerror}; name another file") from None


def _named(said: Labels, labels: Mapping[str, str]) -> Labels:
    """Return what names say, with codes in words, and the emotions that have a name here under it."""
    emotion = labels.get(said.emotion, said.emotion)
    known = emotion.casefold()
    return said._replace(emotion=known if known in EMOTIONS else emotion)


def _require_known(labels: Mapping[str, str], said: Iterable[str]) -> None:
    occurring = set(said)
    if unknown := [code for code in labels if code not in occurring]:
        raise ParameterError(f"the code {unknown[0]!r} occurs in no name; those that do are {some(sorted(occurring))}")


def _once(found: Mapping[Path, Labels]) -> tuple[list[Path], list[Path]]:
    """Part recordings from those that are there already: in another format, or byte for byte, under the same name."""
    alike: dict[tuple[str, Labels], list[Path]] = {}
    for path, names in found.items():
        alike.setdefault((path.stem, names), []).append(path)
    repeated = {copy for paths in alike.values() if len(paths) > 1 for copy in _copies(paths)}
    return [path for path in found if path not in repeated], [path for path in found if path in repeated]


def _copies(paths: Sequence[Path]) -> list[Path]:
    """Return which of recordings of one name are there already: the nearest to the folder is kept, and the best."""
    kept: list[Path] = []
    copies = []
    for path in sorted(paths, key=lambda p: (RECORDINGS.index(p.suffix.lower()), len(p.parts), p)):
        if any(path.suffix.lower() != one.suffix.lower() or filecmp.cmp(path, one, shallow=False) for one in kept):
            copies.append(path)
        else:
            kept.append(path)
    return copies


def _below(path: Path, folder: Path) -> str:
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()

"""Any corpus at all: a CSV table that says for each recording who speaks and what is expressed."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from affetto.corpora.base import TABLE_NAME, Corpus, Utterance
from affetto.corpora.labels import is_missing, label_problems
from affetto.corpora.spreadsheet import read_sheet, without_odd_blanks
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from affetto.corpora.spreadsheet import Row, Sheet

REQUIRED_COLUMNS = ("path", "emotion", "speaker")
OPTIONAL_COLUMNS = ("gender", "intensity", "text", "heard")
_GENDERS = ("female", "male")
_MAX_NAMED = 3
_MAX_SHOWN = 200
# What others call the columns: named in the message, since such a column may hold something else.
_OTHER_NAMES = {
    "path": ("file", "filename", "file_name", "file name", "filepath", "file_path", "wav", "audio", "clip"),
    "emotion": ("label", "emotions", "emotion_label", "class", "category"),
    "speaker": ("speaker_id", "speakerid", "speaker id", "spk", "spk_id", "actor", "actor_id", "subject"),
}


def load_table(table: str | os.PathLike[str]) -> Corpus:
    """Load a corpus that a CSV table describes.

    Parameters
    ----------
    table : path
        With the columns ``path``, ``emotion`` and ``speaker``, and optionally ``gender`` ("female" or "male"),
        ``intensity``, ``text`` and ``heard`` (as in `Utterance`), in any order and case; others are ignored. Separated
        by commas, semicolons or tabs, in UTF-8 or UTF-16. Relative paths count from the table's own folder. Emotions
        are taken as they are, but for odd blanks; for RAVDESS's eight use the names of `EMOTIONS`.

    Returns
    -------
    Corpus
        Named after the file, or after its folder where the file is called ``corpus.csv``. Where two files share a
        stem, clips are named by their path below the table's folder.

    Raises
    ------
    CorpusError
        If the table cannot be read, lacks a column, is empty, or has wrong rows: the first are named by their line and
        what is wrong with them. If two emotions or two speakers differ only in case or in how a number is written.
    """
    table = Path(table)
    sheet = read_sheet(table)
    _check_columns(table, sheet)
    utterances, problems = _read(sheet, _Folder(table.parent))
    if problems:
        more = len(problems) - _MAX_NAMED
        listed = problems[:_MAX_NAMED] + ([f"and {more} more"] if more > 0 else [])
        home = "" if utterances else f"; relative paths count from the table's folder, {table.parent}"
        raise CorpusError(f"{table}: {len(problems)} of {len(sheet.rows)} rows are wrong: {'; '.join(listed)}{home}")
    if not utterances:
        raise CorpusError(f"{table} has no rows below its header; list the recordings there")
    if doubts := label_problems(utterances):
        raise CorpusError(f"{table}: {'; '.join(doubts)}")
    return Corpus(
        name=table.resolve().parent.name if table.name.lower() == TABLE_NAME else table.stem,
        licence="unknown",
        citation="",
        utterances=tuple(sorted(_with_unique_names(utterances, table.parent), key=lambda u: u.clip)),
    )


def _read(sheet: Sheet, folder: _Folder) -> tuple[list[Utterance], list[str]]:
    """Return the good rows, and what is wrong with the others."""
    utterances: list[Utterance] = []
    problems: list[str] = []
    line_of: dict[str, int] = {}
    for row in sheet.rows:
        try:
            utterance = _utterance(row, folder)
            first = line_of.setdefault(os.path.realpath(utterance.path), row.line)
            if first != row.line:
                raise ValueError(f"{row.values['path']!r} is listed in line {first} already")
        except ValueError as error:
            problems.append(f"line {row.line}: {error}")
        else:
            utterances.append(utterance)
    return utterances, problems


def _check_columns(table: Path, sheet: Sheet) -> None:
    found = [without_odd_blanks(name).casefold() for name in sheet.columns]
    if missing := [name for name in REQUIRED_COLUMNS if name not in found]:
        renamed = [
            f"{column!r} to {name}"
            for name in missing
            for column in sheet.columns
            if without_odd_blanks(column).casefold() in _OTHER_NAMES[name]
        ]
        advice = f"rename {' and '.join(renamed)}" if renamed else "write them into its first line"
        raise CorpusError(
            f"{table} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)} (its first line says: "
            f"{', '.join(map(repr, sheet.columns)) or 'nothing'}); needed are path,emotion,speaker: {advice}"
        )


def _utterance(row: Row, folder: _Folder) -> Utterance:
    """Make an utterance of a row, or raise ValueError with what is wrong."""
    if row.surplus:
        raise ValueError("there are more values than columns; put values that contain the separator in quotes")
    values = {name: without_odd_blanks(row.values.get(name, "")) for name in REQUIRED_COLUMNS + OPTIONAL_COLUMNS}
    for name in REQUIRED_COLUMNS:
        if not values[name]:
            raise ValueError(f"the {name} is empty")
        if is_missing(values[name]):
            raise ValueError(f"the {name} is {values[name]!r}, which stands for a missing one; fill it in")
    optional = {name: None if is_missing(values[name]) else values[name] for name in OPTIONAL_COLUMNS}
    path = folder.find(row.values["path"])
    if (gender := optional["gender"]) is not None:
        optional["gender"] = gender.casefold()
        if optional["gender"] not in _GENDERS:
            raise ValueError(f"the gender is {gender!r}; it must be female, male or empty")
    return Utterance(path, values["emotion"], values["speaker"], **optional)


class _Folder:
    """Finds the files that a table in a folder names, as the system that it was written on would."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[Path, Mapping[str, list[str]]] = {}

    def find(self, value: str) -> Path:
        """Return the file of a name, or raise ValueError with what is wrong."""
        name = value.strip()
        if name.lower().startswith("file:"):
            address = urlsplit(name)
            name = url2pathname(address.netloc.replace("localhost", "") + address.path)
        elif re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", name):
            raise ValueError(f"{_shown(name)} is an address; download the recording and name the file")
        # Tables written on Windows separate folders by backslashes.
        for written in dict.fromkeys((value, name, name.replace("\\", "/"))):
            if (path := self._existing(written)) is not None:
                return path
        if os.name != "nt" and re.match(r"[A-Za-z]:[\\/]|\\\\", name):
            raise ValueError(f"there is no file {_shown(name)}, a path of Windows; write it relative to the table")
        raise ValueError(f"there is no file {_shown(name)}")

    def _existing(self, name: str) -> Path | None:
        """Return the file of a name; where there is none, the one whose name differs in case or Unicode form only."""
        path = self._folder / name
        if os.path.isfile(path):  # noqa: PTH113 (Path.is_file raises for names that are too long)
            return path
        here = Path(path.anchor) if Path(name).is_absolute() else self._folder
        for part in Path(name).parts[Path(name).is_absolute() :]:
            exact = here / part
            if not os.path.lexists(exact):
                alike = self._listing(here).get(_caseless(part), [])
                if len(alike) != 1:
                    return None
                exact = here / alike[0]
            here = exact
        return here if os.path.isfile(here) else None  # noqa: PTH113 (as above)

    def _listing(self, folder: Path) -> Mapping[str, list[str]]:
        if folder not in self._names:
            names: dict[str, list[str]] = {}
            try:
                for name in os.listdir(folder):  # noqa: PTH208 (names, not paths)
                    names.setdefault(_caseless(name), []).append(name)
            except OSError:
                pass  # not there, or locked: holds nothing that could be found
            self._names[folder] = names
        return self._names[folder]


def _shown(name: str) -> str:
    return repr(name if len(name) <= _MAX_SHOWN else f"{name[:_MAX_SHOWN]}…")


def _caseless(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _with_unique_names(utterances: list[Utterance], folder: Path) -> list[Utterance]:
    """Name the clips whose stem occurs twice by their path below the folder."""
    stems = Counter(utterance.path.stem for utterance in utterances)
    return [
        utterance if stems[utterance.path.stem] == 1 else replace(utterance, name=_relative(utterance.path, folder))
        for utterance in utterances
    ]


def _relative(path: Path, folder: Path) -> str:
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()

"""Corpora that a CSV table describes: the emotion and the speaker of each recording."""

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

from affetto.corpora.base import TABLE_NAME, Corpus, Utterance, relative_name
from affetto.corpora.labels import find_label_problems, is_missing
from affetto.corpora.spreadsheet import clean, read_sheet, require_columns
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from affetto.corpora.spreadsheet import Row, Sheet

REQUIRED_COLUMNS = ("path", "emotion", "speaker")
OPTIONAL_COLUMNS = ("gender", "intensity", "text", "heard")
_GENDERS = ("female", "male")
_MAX_NAMED = 3
_MAX_SHOWN = 200


def load_table(table: str | os.PathLike[str]) -> Corpus:
    """Load a corpus from a CSV table.

    Parameters
    ----------
    table : path
        With the columns ``path``, ``emotion`` and ``speaker``, and optionally ``gender`` ("female" or "male"),
        ``intensity``, ``text`` and ``heard`` (as in `Utterance`), in any order and case; others are ignored. Separated
        by commas, semicolons, tabs or vertical bars, in UTF-8 or UTF-16. Relative paths start from the folder of the
        table. For RAVDESS's eight emotions use the names in `EMOTIONS`.

    Returns
    -------
    Corpus
        Named like the file, or like its folder if the file is called ``corpus.csv``. If two files have the same stem,
        clips are named by their path below the folder of the table.

    Raises
    ------
    CorpusError
        If the table cannot be read, lacks a column, is empty, or has wrong rows: the first are named by their line. If
        two emotions or two speakers differ only in case or in how a number is written.
    """
    table = Path(table)
    sheet = read_sheet(table)
    require_columns(table, sheet, REQUIRED_COLUMNS)
    utterances, problems = _read_rows(sheet, _Folder(table.parent))
    if problems:
        more = len(problems) - _MAX_NAMED
        listed = problems[:_MAX_NAMED] + ([f"and {more} more"] if more > 0 else [])
        home = "" if utterances else f"; relative paths start from the folder of the table, {table.parent}"
        raise CorpusError(f"{table}: {len(problems)} of {len(sheet.rows)} rows are wrong: {'; '.join(listed)}{home}")
    if not utterances:
        raise CorpusError(f"{table} has no rows below its header; list the recordings there")
    if problems := find_label_problems(utterances):
        raise CorpusError(f"{table}: {'; '.join(problems)}")
    return Corpus(
        name=table.resolve().parent.name if table.name.lower() == TABLE_NAME else table.stem,
        licence="unknown",
        citation="",
        utterances=tuple(sorted(_with_unique_names(utterances, table.parent), key=lambda u: u.clip)),
    )


def _read_rows(sheet: Sheet, folder: _Folder) -> tuple[list[Utterance], list[str]]:
    """Return the utterances of the good rows, and the problems of the others."""
    utterances: list[Utterance] = []
    problems: list[str] = []
    line_of: dict[str, int] = {}
    for row in sheet.rows:
        try:
            utterance = _utterance(row, folder)
            first = line_of.setdefault(os.path.realpath(utterance.path), row.line)
            if first != row.line:
                raise ValueError(f"{row.values['path']!r} is in line {first} already")
        except ValueError as error:
            problems.append(f"line {row.line}: {error}")
        else:
            utterances.append(utterance)
    return utterances, problems


def _utterance(row: Row, folder: _Folder) -> Utterance:
    """Make an utterance of a row, or raise ValueError with the problem."""
    if row.surplus:
        raise ValueError("it has more values than columns; quote values that contain the separator")
    values = {name: clean(row.values.get(name, "")) for name in REQUIRED_COLUMNS + OPTIONAL_COLUMNS}
    for name in REQUIRED_COLUMNS:
        if is_missing(values[name]):
            raise ValueError(f"the {name} is missing ({values[name]!r})")
    optional = {name: None if is_missing(values[name]) else values[name] for name in OPTIONAL_COLUMNS}
    path = folder.find(row.values["path"])
    if (gender := optional["gender"]) is not None:
        optional["gender"] = gender.casefold()
        if optional["gender"] not in _GENDERS:
            raise ValueError(f"the gender is {gender!r}; it must be female, male or empty")
    return Utterance(path, values["emotion"], values["speaker"], **optional)


class _Folder:
    """Finds the files that a table names, as the system on which the table was written would.

    Case, the Unicode form and the separator of folders may differ.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[Path, Mapping[str, list[str]]] = {}

    def find(self, value: str) -> Path:
        """Return the file of a name, or raise ValueError with the problem."""
        name = value.strip()
        shown = repr(name if len(name) <= _MAX_SHOWN else f"{name[:_MAX_SHOWN]}…")
        if name.lower().startswith("file:"):
            address = urlsplit(name)
            name = url2pathname(address.netloc.replace("localhost", "") + address.path)
        elif re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", name):
            raise ValueError(f"{shown} is an address; download the recording and name the file")
        for written in (value, name, name.replace("\\", "/")):
            if (path := self._existing(written)) is not None:
                return path
        raise ValueError(f"there is no file {shown}")

    def _existing(self, name: str) -> Path | None:
        """Return the file of a name, or the only one whose name differs in case or Unicode form; None otherwise."""
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
            if folder.is_dir():
                for path in folder.iterdir():
                    names.setdefault(_caseless(path.name), []).append(path.name)
            self._names[folder] = names
        return self._names[folder]


def _caseless(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _with_unique_names(utterances: list[Utterance], folder: Path) -> list[Utterance]:
    """Name clips that share their stem by their path below the folder."""
    stems = Counter(utterance.path.stem for utterance in utterances)
    return [
        utterance if stems[utterance.path.stem] == 1 else replace(utterance, name=relative_name(utterance.path, folder))
        for utterance in utterances
    ]

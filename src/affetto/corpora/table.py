"""Any corpus at all: a CSV table that says for each recording who speaks and what is expressed."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.corpora.base import Corpus, Utterance
from affetto.errors import CorpusError

if TYPE_CHECKING:
    import os

REQUIRED_COLUMNS = ("path", "emotion", "speaker")
OPTIONAL_COLUMNS = ("gender", "intensity", "text")
DEFAULT_NAME = "corpus.csv"
"""A folder with a file of this name is a corpus by table."""

_GENDERS = ("female", "male")
_MAX_NAMED = 20


def load_table(table: str | os.PathLike[str]) -> Corpus:
    """Load a corpus that a CSV table describes.

    Parameters
    ----------
    table : path
        Comma-separated, UTF-8, with the columns ``path``, ``emotion`` and ``speaker``, and optionally ``gender``
        ("female" or "male"), ``intensity`` and ``text``. Relative paths count from the table's own folder. Emotions
        are taken as they are; for RAVDESS's eight use the names of `EMOTIONS`.

    Returns
    -------
    Corpus
        Named after the file, or after its folder where the file is called ``corpus.csv``. Where two files share a
        stem, clips are named by their path below the table's folder.

    Raises
    ------
    CorpusError
        If the table cannot be read, lacks a column, is empty, or has wrong rows: each is named by its line and what
        is wrong with it.
    """
    table = Path(table)
    utterances, problems, n_rows = _read(table)
    if problems:
        more = len(problems) - _MAX_NAMED
        listed = problems[:_MAX_NAMED] + ([f"and {more} more"] if more > 0 else [])
        raise CorpusError(f"{table}: {len(problems)} of {n_rows} rows are wrong:\n  " + "\n  ".join(listed))
    if not utterances:
        raise CorpusError(f"{table} has no rows below its header; list the recordings there")
    return Corpus(
        name=table.resolve().parent.name if table.name == DEFAULT_NAME else table.stem,
        licence="unknown",
        citation="",
        utterances=tuple(sorted(_with_unique_names(utterances, table.parent), key=lambda u: u.clip)),
    )


def _read(table: Path) -> tuple[list[Utterance], list[str], int]:
    """Return the good rows, what is wrong with the others, and how many rows there are."""
    utterances: list[Utterance] = []
    problems: list[str] = []
    line_of: dict[Path, int] = {}
    n_rows = 0
    try:
        # utf-8-sig: Excel begins its UTF-8 tables with a byte order mark
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            _check_columns(table, rows.fieldnames)
            for row in rows:
                n_rows += 1
                try:
                    utterance = _utterance(row, table.parent)
                    first = line_of.setdefault(utterance.path.resolve(), rows.line_num)
                    if first != rows.line_num:
                        raise ValueError(f"{row['path']!r} is listed in line {first} already")
                except ValueError as error:
                    problems.append(f"line {rows.line_num}: {error}")
                else:
                    utterances.append(utterance)
    except FileNotFoundError:
        raise CorpusError(f"{table}: there is no such file; check the name") from None
    except UnicodeDecodeError:
        raise CorpusError(f"{table} is not UTF-8 text; save it as CSV with UTF-8 encoding") from None
    except csv.Error as error:
        raise CorpusError(f"{table}, line {rows.reader.line_num}: this is no valid CSV: {error}") from None
    except OSError as error:
        raise CorpusError(f"{table} cannot be read: {error.strerror}; give a CSV file") from None
    return utterances, problems, n_rows


def _check_columns(table: Path, columns: object) -> None:
    found = list(columns) if isinstance(columns, list | tuple) else []
    if missing := [name for name in REQUIRED_COLUMNS if name not in found]:
        raise CorpusError(
            f"{table} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)} (its first line says: "
            f"{', '.join(found) or 'nothing'}); needed are path,emotion,speaker, separated by commas"
        )


def _utterance(row: dict[str | None, str | None], folder: Path) -> Utterance:
    """Make an utterance of a row, or raise ValueError with what is wrong."""
    if None in row:
        raise ValueError("there are more values than columns; put values that contain commas in quotes")
    values = {name: (row.get(name) or "").strip() for name in REQUIRED_COLUMNS + OPTIONAL_COLUMNS}
    for name in REQUIRED_COLUMNS:
        if not values[name]:
            raise ValueError(f"the {name} is empty")
    # Tables written on Windows separate folders by backslashes
    path = folder / values["path"].replace("\\", "/")
    if not path.is_file():
        raise ValueError(f"there is no file {values['path']!r}")
    if values["gender"] and values["gender"] not in _GENDERS:
        raise ValueError(f"the gender is {values['gender']!r}; it must be female, male or empty")
    return Utterance(
        path,
        values["emotion"],
        values["speaker"],
        **{name: values[name] or None for name in OPTIONAL_COLUMNS},
    )


def _with_unique_names(utterances: list[Utterance], folder: Path) -> list[Utterance]:
    """Name the clips whose stem occurs twice by their path below the folder."""
    stems = Counter(utterance.path.stem for utterance in utterances)
    return [
        utterance if stems[utterance.path.stem] == 1 else replace(utterance, name=_relative(utterance.path, folder))
        for utterance in utterances
    ]


def _relative(path: Path, folder: Path) -> str:
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()

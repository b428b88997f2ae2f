"""The files beside the recordings that say of them what their names do not."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from affetto.corpora.spreadsheet import Sheet, read_sheet
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def column(table: Path, key: str, value: str) -> Mapping[str, str]:
    """Return one column of a CSV table by another.

    Asking for every recording costs little: a file is read once as long as it does not change.

    Parameters
    ----------
    table : Path
        The file.
    key, value : str
        The columns' names, in lower case.

    Raises
    ------
    CorpusError
        If it cannot be read, is no table, or lacks one of the columns.
    """
    return _column(table, key, value, *_version(table))


def has_columns(table: Path, *names: str) -> bool:
    """Whether a file is a CSV table with these columns, named in lower case."""
    try:
        return table.is_file() and {*names} <= _names(_sheet(table, *_version(table)))
    except CorpusError:
        return False


def text_of(file: Path) -> str:
    """Return what a text file says; it is read once as long as it does not change.

    Raises
    ------
    CorpusError
        If it cannot be read.
    """
    return _text(file, *_version(file))


def _version(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError as error:
        raise _unreadable(file, error) from None
    return found.st_mtime_ns, found.st_size


# Recordings of one folder follow each other, and few files belong to them.
@lru_cache(maxsize=8)
def _sheet(table: Path, _modified: int, _size: int) -> Sheet:
    return read_sheet(table)


@lru_cache(maxsize=8)
def _column(table: Path, key: str, value: str, modified: int, size: int) -> Mapping[str, str]:
    sheet = _sheet(table, modified, size)
    if missing := sorted({key, value} - _names(sheet)):
        raise CorpusError(f"{table} lacks the column {missing[0]}; take the file as it is published")
    return {row.values[key]: row.values.get(value, "") for row in sheet.rows if key in row.values}


@lru_cache(maxsize=8)
def _text(file: Path, _modified: int, _size: int) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise _unreadable(file, error) from None


def _names(sheet: Sheet) -> set[str]:
    return {name.casefold() for name in sheet.columns}


def _unreadable(file: Path, error: OSError) -> CorpusError:
    return CorpusError(f"{file} cannot be read: {error.strerror}; it holds labels of the recordings beside it")

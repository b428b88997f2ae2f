"""Tables of separated values, as spreadsheets and other programs save them."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from affetto.errors import CorpusError

if TYPE_CHECKING:
    from pathlib import Path

_INVISIBLE = dict.fromkeys((0x00AD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF))
_SEPARATORS = ",;\t|"
_OTHER_FILES = {
    b"PK\x03\x04": "a spreadsheet (.xlsx, .ods) or zip archive",
    b"\xd0\xcf\x11\xe0": "a spreadsheet (.xls)",
    b"RIFF": "a recording",
    b"fLaC": "a recording",
    b"<": "a web page or XML",
    b"{": "JSON",
    b"[": "JSON",
}
"""Other files that are found under the name of a table, by their first bytes."""


class Row(NamedTuple):
    """A row below the header: the number of its last line, its values by column, and values without a column.

    The names of the columns are in lower case.
    """

    line: int
    values: dict[str, str]
    surplus: list[str]


class Sheet(NamedTuple):
    """A table: its columns as they are written, and its rows. Rows without any value are left out."""

    columns: list[str]
    rows: list[Row]


def read_sheet(path: Path) -> Sheet:
    """Read a table of values that are separated by commas, semicolons, tabs or vertical bars.

    Parameters
    ----------
    path : Path
        UTF-8, or UTF-16 with a byte order mark.

    Raises
    ------
    CorpusError
        If it cannot be read, is not such text, or has two columns of the same name.
    """
    text = _read_text(path)
    separator = None
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) <= len("sep=;"):  # Excel's own note
        separator, text = first.rstrip("\r\n")[len("sep=") :][:1] or None, "\n" + rest  # lines count as in the file
    header = next((line for line in io.StringIO(text, newline="") if line.strip()), "")
    separator = separator or max(_SEPARATORS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    try:
        lines = [(reader.line_num, values) for values in reader if any(map(str.strip, values))]
    except csv.Error as error:
        raise CorpusError(f"{path}, line {reader.line_num}: invalid CSV: {error}; correct it") from None
    columns = lines[0][1] if lines else []
    names = [clean(name).casefold() for name in columns]
    if repeated := [name for name in names if name and names.count(name) > 1]:
        raise CorpusError(f"{path} has the column {repeated[0]} twice; remove one of them")
    rows = [
        Row(
            line,
            {name: value for name, value in zip(names, values, strict=False) if name},
            [value for value in values[len(names) :] if value.strip()],
        )
        for line, values in lines[1:]
    ]
    return Sheet([name.strip() for name in columns if name.strip()], rows)


def read_column_once(path: Path, key: str, value: str) -> dict[str, str]:
    """Read a column of a table, by the values of another one, unless it was read and has not changed since.

    Parameters
    ----------
    path : Path
        An existing file, as for `read_sheet`.
    key, value : str
        Names of the columns, in lower case.

    Raises
    ------
    CorpusError
        If the table cannot be read, or lacks one of the columns.
    """
    return _read_column(path, key, value, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read_column(path: Path, key: str, value: str, _modified_ns: int) -> dict[str, str]:
    sheet = read_sheet(path)
    require_columns(path, sheet, (key, value))
    return {row.values[key]: row.values.get(value, "") for row in sheet.rows if key in row.values}


def require_columns(path: Path, sheet: Sheet, names: tuple[str, ...]) -> None:
    """Check that a table has some columns, named in lower case.

    Raises
    ------
    CorpusError
        If it lacks one.
    """
    present = {clean(column).casefold() for column in sheet.columns}
    if missing := [name for name in names if name not in present]:
        raise CorpusError(
            f"{path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; its first line has "
            f"{', '.join(map(repr, sheet.columns)) or 'no column'}: rename the right ones, or add them"
        )


def clean(text: str) -> str:
    r"""Return a text with single blanks between its words, composed letters and no invisible characters.

    Examples
    --------
    >>> clean("  very   happy\u200b ")
    'very happy'
    """
    return unicodedata.normalize("NFC", " ".join(text.translate(_INVISIBLE).split()))


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}; give a CSV file") from None
    start = data[:64].removeprefix(codecs.BOM_UTF8).lstrip()
    if others := [name for mark, name in _OTHER_FILES.items() if start.startswith(mark)]:
        raise CorpusError(f"{path} is {others[0]}, not CSV; save the table as CSV (UTF-8)")
    is_utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if is_utf_16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise CorpusError(f"{path} is not UTF-8 text; save it as CSV with UTF-8 encoding") from None
    if "\0" in text:
        raise CorpusError(f"{path} is not text; save it as CSV with UTF-8 encoding")
    return text

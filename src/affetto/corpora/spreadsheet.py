"""The rows of a CSV table, whichever program wrote it: its encoding, its separator, its header."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
import zipfile
from typing import TYPE_CHECKING, NamedTuple

from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_INVISIBLE = dict.fromkeys((0x00AD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF))
_SEPARATORS = ",;\t|"
_BYTE_ORDER_MARKS = (  # that of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ENCODING_NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
_SAVE = "open it in the program that made it and save it as CSV (UTF-8)"
_ARCHIVE = "a zip archive"
_BEGINNINGS = (
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (.xls)", _SAVE),
    (b"\x1f\x8b", "compressed by gzip", "unpack it"),
    (b"PAR1", "a Parquet file", "save it as CSV, for example by pandas"),
    (b"SQLite format 3", "a database", "export the table as CSV"),
    (b"version https://git-lfs", "a pointer of Git LFS", "fetch the file itself by git lfs pull"),
    (b"RIFF", "a recording", "give the table that names the recordings"),
    (b"fLaC", "a recording", "give the table that names the recordings"),
    (b"%PDF", "a PDF", "save the table as CSV"),
    (b"<", "a web page or XML", "download the table itself, or save it as CSV"),
    (b"{", "JSON", "save it as CSV"),
    (b"[", "JSON", "save it as CSV"),
)


class Row(NamedTuple):
    """A row below the header: the line on which it ends, and its values by the column's name.

    Values that stand below no column are in `surplus`.
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

    Columns are known by their names without regard to case and to blanks around them.

    Parameters
    ----------
    path : Path
        UTF-8, with or without byte order mark, or UTF-16.

    Raises
    ------
    CorpusError
        If it cannot be read, is no such text, or two of its columns have the same name.
    """
    text = _text(path)
    separator = None
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) <= len("sep=;"):  # Excel's own note
        separator, text = first.rstrip("\r\n")[len("sep=") :][:1] or None, "\n" + rest  # lines count as in the file
    lines = _lines(path, text, separator)
    columns = next(lines, (0, []))[1]
    names = [_plain(name) for name in columns]
    if repeated := [name for name in names if name and names.count(name) > 1]:
        raise CorpusError(f"{path} has the column {repeated[0]} twice; leave one of them out")
    rows = [
        Row(line, {name: value for name, value in zip(names, values, strict=False) if name}, _surplus(names, values))
        for line, values in lines
    ]
    return Sheet([name.strip() for name in columns if name.strip()], rows)


def without_odd_blanks(text: str) -> str:
    r"""Return a text with single blanks between its words, composed letters and nothing that is invisible.

    Examples
    --------
    >>> without_odd_blanks("  very   happy\u200b ")
    'very happy'
    """
    return unicodedata.normalize("NFC", " ".join(text.translate(_INVISIBLE).split()))


def _plain(name: str) -> str:
    return without_odd_blanks(name).casefold()


def _surplus(names: list[str], values: list[str]) -> list[str]:
    """Return what stands in columns without a name, and beyond the last: nothing, where a spreadsheet ended rows so."""
    return [value for value in values[len(names) :] if value.strip()]


def _lines(path: Path, text: str, separator: str | None) -> Iterator[tuple[int, list[str]]]:
    """Yield each line that holds something: its number, and its values."""
    header = next((line for line in io.StringIO(text, newline="") if line.strip()), "")
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=separator or max(_SEPARATORS, key=header.count),
        skipinitialspace=True,
        strict=True,
    )
    try:
        yield from ((reader.line_num, values) for values in reader if any(map(str.strip, values)))
    except csv.Error as error:
        raise CorpusError(f"{path}, line {reader.line_num}: this is no valid CSV: {error}") from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            _require_text(path, file.read(64))
        data = path.read_bytes()
    except FileNotFoundError:
        raise CorpusError(f"{path}: there is no such file; check the name") from None
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}; give a CSV file") from None
    encoding, data = _encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        name = _ENCODING_NAMES.get(encoding, "UTF-32")
        raise CorpusError(f"{path} is not {name} text; save it as CSV with UTF-8 encoding") from None
    if "\0" in text:
        raise CorpusError(f"{path} is not text; give a CSV file")
    return text


def _require_text(path: Path, beginning: bytes) -> None:
    """Refuse what is known by its first bytes to be no CSV, whatever its name says."""
    if beginning.startswith(b"PK\x03\x04"):
        what = _zipped(path)
        raise CorpusError(f"{path} is {what}, not CSV; {_SAVE if what != _ARCHIVE else 'unpack it'}")
    for mark, what, advice in _BEGINNINGS:
        if beginning.removeprefix(codecs.BOM_UTF8).lstrip().startswith(mark):
            raise CorpusError(f"{path} is {what}, not CSV; {advice}")


def _zipped(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        names = []
    if any(name.startswith("xl/") for name in names):
        return "an Excel workbook (.xlsx)"
    return "an OpenDocument spreadsheet (.ods)" if "content.xml" in names else _ARCHIVE


def _encoding(data: bytes) -> tuple[str, bytes]:
    """Return the encoding, and the data without its byte order mark."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return encoding, data[len(mark) :]
    # UTF-16 without a mark: every other byte of a header in Latin letters is zero.
    if data[1:64:2] and not any(data[1:64:2]):
        return "utf-16-le", data
    if data[0:64:2] and not any(data[0:64:2]):
        return "utf-16-be", data
    return "utf-8", data

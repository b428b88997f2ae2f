"""JSON, JSON lines and CSV: formats that hold any number of recordings."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from affetto.recognition.rows import COLUMNS, flat, rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from affetto.recognition.result import Failure, Recognition

# Spreadsheets take a text that begins with one of these for a formula, which may send data elsewhere. Anybody may have
# named the recording.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def json_array(outcomes: Iterable[Recognition | Failure]) -> Iterator[str]:
    """Yield one JSON array, an object for each recording as soon as it is recognized."""
    separator = "[\n"
    for outcome in outcomes:
        yield separator + json.dumps(outcome.to_dict(), ensure_ascii=False)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def json_lines(outcomes: Iterable[Recognition | Failure]) -> Iterator[str]:
    """Yield one JSON object for each segment, each on a line of its own."""
    for row in rows(outcomes):
        yield json.dumps(row, ensure_ascii=False) + "\n"


def csv_rows(outcomes: Iterable[Recognition | Failure], numbers: Sequence[str]) -> Iterator[str]:
    """Yield a header and a row for each segment, with the columns from `number_columns`."""
    columns = [*COLUMNS, *numbers, "error"]
    yield _csv_line(columns)
    for row in rows(outcomes):
        cells = flat(row)
        yield _csv_line([cells.get(column) for column in columns])


def _csv_line(cells: Sequence[object]) -> str:
    line = io.StringIO(newline="")
    # An apostrophe marks text in spreadsheets.
    cells = [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_SIGNS) else cell for cell in cells]
    # Python 3.11 quotes a carriage return only if it is part of the line terminator.
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n") + "\n"

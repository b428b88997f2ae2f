"""JSON, JSON lines and CSV: formats that hold any number of recordings."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from affetto.recognition.rows import COLUMNS, MEASURES, flat, rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from affetto.recognition.result import Failure, Recognition


# What a text begins with that spreadsheets take for a formula. A recording's name may come from anybody, and a formula
# may send elsewhere what stands beside it.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def json_array(
    outcomes: Iterable[Recognition | Failure],
    labels: Sequence[str],  # noqa: ARG001 (as every table)
    *,
    acoustics: bool = False,  # noqa: ARG001 (as every table)
) -> Iterator[str]:
    """Yield one JSON array, an object for each recording, so that nothing is held back until the end."""
    separator = "[\n"
    for outcome in outcomes:
        yield separator + json.dumps(outcome.to_dict(), ensure_ascii=False)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def json_lines(
    outcomes: Iterable[Recognition | Failure],
    labels: Sequence[str],  # noqa: ARG001 (as every table)
    *,
    acoustics: bool = False,  # noqa: ARG001 (as every table)
) -> Iterator[str]:
    """Yield one JSON object for each segment, each on a line of its own."""
    for row in rows(outcomes):
        yield json.dumps(row, ensure_ascii=False) + "\n"


def csv_rows(
    outcomes: Iterable[Recognition | Failure], labels: Sequence[str], *, acoustics: bool = False
) -> Iterator[str]:
    """Yield a header and a row for each segment, with a column for each of the labels and, if asked for, measures."""
    columns = [*COLUMNS, *labels, *(MEASURES if acoustics else ()), "error"]
    yield _csv_line(columns)
    for row in rows(outcomes):
        cells = flat(row)
        yield _csv_line([cells.get(column) for column in columns])


def _csv_line(cells: Sequence[object]) -> str:
    line = io.StringIO(newline="")
    # As spreadsheets mark text that looks like something else.
    cells = [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_SIGNS) else cell for cell in cells]
    # Python 3.11 only quotes a carriage return where it is part of the line's end.
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n") + "\n"

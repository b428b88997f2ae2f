"""Where and how commands print."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH_OF_A_PIPE = 160


class ReportFormat(StrEnum):
    """How a report is printed."""

    table = "table"
    json = "json"


def make_console() -> Console:
    """Return the console of standard output; a pipe or a file has no width, so nothing is cut to 80 columns there."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE)

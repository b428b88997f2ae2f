"""Where and how commands print."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@contextmanager
def working(message: str) -> Iterator[None]:
    """Show on stderr that something is going on, and what it logs about its progress."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            console.print(record.getMessage(), markup=False)

    logger, handler = logging.getLogger("affetto"), Lines()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        with console.status(message):
            yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)

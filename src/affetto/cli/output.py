"""Printing and writing of results, shared by the commands."""

from __future__ import annotations

import atexit
import logging
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from enum import StrEnum
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.errors import ParameterError
from affetto.recognition.result import Failure, Recognition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console

    from affetto.exports import Format

_WIDTH_OF_A_PIPE = 160


class ReportFormat(StrEnum):
    """How a report is printed."""

    table = "table"
    json = "json"


class OutputFormat(StrEnum):
    """How results are written: a table to look at, or one of `affetto.exports.FORMATS`."""

    table = "table"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"
    vtt = "vtt"
    srt = "srt"
    audacity = "audacity"
    textgrid = "textgrid"


def make_console(*, stderr: bool = False) -> Console:
    """Return a console; pipes and files, which have no width, get a wide one."""
    from rich.console import Console

    is_terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, highlight=False, width=None if is_terminal else _WIDTH_OF_A_PIPE)


def find_export(
    output: Path | None, output_format: OutputFormat | None, *, sources: Sequence[str | int], n_results: int
) -> Format | None:
    """Return the format to write, None for the table; check the options before anything is recognized."""
    from affetto._files import require_writable
    from affetto.exports import find_format

    if output_format is OutputFormat.table:
        if output is not None:
            raise ParameterError("--format table is for the terminal; omit it, or choose another for --output")
        return None
    if output is not None:
        require_writable(output, sources=sources)
    elif output_format is None:
        return None
    found = find_format(output or "", output_format)
    found.require_room(n_results)
    return found


def require_apart(*files: tuple[str, Path | None]) -> None:
    """Refuse one file for two options; each file is given with its option."""
    from affetto._files import is_same_file

    named = [(option, path) for option, path in files if path is not None]
    for (first, one), (second, other) in combinations(named, 2):
        if is_same_file(one, other):
            raise ParameterError(f"{first} and {second} both name {one}; give each a file of its own")


def files_of_model(model: str | None) -> list[tuple[str, Path]]:
    """Return the files of a model that is given as a folder, for `require_apart`."""
    from affetto.bundles.bundle import MANIFEST_FILE, MODEL_FILE

    return [] if model is None else [("--model", Path(model, name)) for name in (MANIFEST_FILE, MODEL_FILE)]


def quoted(text: str | os.PathLike[str]) -> str:
    """Return an argument as the shell of this system takes it."""
    return subprocess.list2cmdline([str(text)]) if os.name == "nt" else shlex.quote(str(text))


def print_export(
    export: Format, outcomes: Iterable[Recognition | Failure], labels: Sequence[str], *, acoustics: bool = False
) -> None:
    """Print results in an export format, each as soon as it is there."""
    from affetto.recognition.rows import number_columns

    if not export.holds_several:
        outcomes = [outcome for outcome in outcomes if isinstance(outcome, Recognition)]
        if not outcomes:
            return
    for piece in export.text(outcomes, number_columns(labels, acoustics=acoustics)):
        print(piece, end="", flush=True)


def print_problems(outcome: Recognition | Failure) -> None:
    """Print the error or the warnings of a result on stderr."""
    if isinstance(outcome, Failure):
        print_message(outcome.error)
    else:
        for warning in outcome.warnings:
            print_message(f"warning: {warning}")


def print_message(sentence: str) -> None:
    """Print a sentence on stderr, on one line whatever names it contains."""
    from affetto.exports.text import one_line

    print(f"affetto: {one_line(sentence)}", file=sys.stderr)


@contextmanager
def working(message: str) -> Iterator[None]:
    """Show a message on stderr during some work, and the work's log messages."""
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


def use_private_matplotlib() -> None:
    """Give matplotlib a temporary settings folder, so that pictures look the same for all users and none is written."""
    if "matplotlib" not in sys.modules and "MPLCONFIGDIR" not in os.environ:
        with suppress(OSError):  # matplotlib also works without a folder
            folder = tempfile.mkdtemp(prefix="affetto-matplotlib-")
            os.environ["MPLCONFIGDIR"] = folder
            atexit.register(shutil.rmtree, folder, ignore_errors=True)

"""Where and how commands print."""

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
from typing import TYPE_CHECKING, Annotated

import typer

from affetto.errors import ParameterError
from affetto.recognition.result import Failure, Recognition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console

    from affetto.exports import Format

_WIDTH_OF_A_PIPE = 160


def use_private_matplotlib() -> None:
    """Let matplotlib keep its fonts and settings in a temporary folder, unless the user names one.

    A picture then looks the same for everybody, nothing is written into the user's home, and no message appears where
    there is none.
    """
    if "matplotlib" not in sys.modules and "MPLCONFIGDIR" not in os.environ:
        with suppress(OSError):  # no folder can be written: matplotlib will do without
            folder = tempfile.mkdtemp(prefix="affetto-matplotlib-")
            os.environ["MPLCONFIGDIR"] = folder
            atexit.register(shutil.rmtree, folder, ignore_errors=True)


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


ModelOption = Annotated[
    str | None,
    typer.Option("--model", metavar="BUNDLE", help="A bundle's folder, or a name from `affetto models`."),
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", metavar="FILE", help="Write the results to a file, in the format that its ending says."),
]
FormatOption = Annotated[
    OutputFormat | None,
    typer.Option("--format", help="How to write the results. [default: table, or what --output's ending says]"),
]

ProfileOption = Annotated[
    Path | None,
    typer.Option("--profile", metavar="FILE", help="Adapt to a profile from `affetto adapt`."),
]
NoSelfAdaptationOption = Annotated[
    bool,
    typer.Option("--no-self-adaptation", help="Adapt no utterance to those before it."),
]


def make_console(*, stderr: bool = False) -> Console:
    """Return the console of an output; a pipe or a file has no width, so nothing is cut to 80 columns there."""
    from rich.console import Console

    is_terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, highlight=False, width=None if is_terminal else _WIDTH_OF_A_PIPE)


def find_export(
    output: Path | None, output_format: OutputFormat | None, *, sources: Sequence[str | int], n_results: int
) -> Format | None:
    """Return the format to write, None for what is only shown; tell wrong usage before anything is recognized."""
    from affetto._files import require_writable
    from affetto.exports import find_format

    if output_format is OutputFormat.table:
        if output is not None:
            raise ParameterError("--format table is only for the terminal; leave it out, or name another for --output")
        return None
    if output is not None:
        require_writable(output, sources=sources)
    elif output_format is None:
        return None
    found = find_format(output or "", output_format)
    found.require_room(n_results)
    return found


def require_apart(*files: tuple[str, Path | None]) -> None:
    """Refuse one file for two options, each given with its name: what is written would replace the other."""
    from affetto._files import is_same_file

    named = [(option, path) for option, path in files if path is not None]
    for (first, one), (second, other) in combinations(named, 2):
        if is_same_file(one, other):
            raise ParameterError(f"{first} and {second} both name {one}; give each a file of its own")


def files_of_model(model: str | None) -> list[tuple[str, Path]]:
    """Return the files of a model that is given as a folder, each with the option, for `require_apart`."""
    from affetto.bundles.bundle import MANIFEST_FILE, MODEL_FILE

    return [] if model is None else [("--model", Path(model, name)) for name in (MANIFEST_FILE, MODEL_FILE)]


def quoted(text: str | os.PathLike[str]) -> str:
    """Write an argument as the shell of this system takes it, for commands to copy."""
    return subprocess.list2cmdline([str(text)]) if os.name == "nt" else shlex.quote(str(text))


def print_export(
    export: Format, outcomes: Iterable[Recognition | Failure], labels: Sequence[str], *, acoustics: bool = False
) -> None:
    """Print piece by piece, so that nothing is held back until the end."""
    if not export.holds_several:
        outcomes = [outcome for outcome in outcomes if isinstance(outcome, Recognition)]
        if not outcomes:
            return
    for piece in export.text(outcomes, labels, acoustics=acoustics):
        print(piece, end="", flush=True)


def print_warnings(recognition: Recognition) -> None:
    """Print on stderr what is worth knowing about a recording."""
    for warning in recognition.warnings:
        print_message(f"warning: {warning}")


def print_message(sentence: str) -> None:
    """Print a sentence on stderr, on one line whatever the names in it hold."""
    from affetto.exports.text import one_line

    print(f"affetto: {one_line(sentence)}", file=sys.stderr)


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

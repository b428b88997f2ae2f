"""Printing and writing of results, shared by the commands."""

from __future__ import annotations

import logging
import os
import shlex
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from affetto.errors import ParameterError
from affetto.recognition.result import Failure, Recognition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from rich.console import Console

    from affetto.cli.options import OutputFormat
    from affetto.exports import Format

_WIDTH_OF_A_PIPE = 160


@contextmanager
def private_matplotlib() -> Iterator[None]:
    """Keep matplotlib's fonts and settings out of the user's home: all users get the same picture."""
    with tempfile.TemporaryDirectory(prefix="affetto-matplotlib-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("MPLCONFIGDIR", folder)
        yield


def make_console(*, stderr: bool = False) -> Console:
    """Return a console; pipes and files, which have no width, get a wide one."""
    from rich.console import Console

    is_terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(stderr=stderr, highlight=False, width=None if is_terminal else _WIDTH_OF_A_PIPE)


def find_export(
    output: Path | None, output_format: OutputFormat | None, *, sources: Iterable[object], n_results: int
) -> Format | None:
    """Return the format to write, None for the table; check the options before anything is recognized."""
    from affetto._files import require_writable
    from affetto.exports import find_format

    if output_format == "table":
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


def print_export(
    export: Format, outcomes: Iterable[Recognition | Failure], labels: Sequence[str], *, acoustics: bool = False
) -> None:
    """Print results in an export format, each as soon as it is there."""
    from affetto.recognition.rows import number_columns

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


def quoted(text: str | os.PathLike[str]) -> str:
    """Return an argument as the shell of this system takes it."""
    return subprocess.list2cmdline([str(text)]) if os.name == "nt" else shlex.quote(str(text))


@contextmanager
def working(message: str) -> Iterator[None]:
    """Show a message on stderr during some work, and the work's log messages."""
    logger = logging.getLogger("affetto")
    logger.setLevel(logging.INFO)
    with make_console(stderr=True).status(message):
        logger.addHandler(logging.StreamHandler())  # to the stderr of now, which prints above the message
        yield


def progress_bar(description: str) -> Callable[[Sequence[Any]], Iterable[Any]]:
    """Return a function that passes things on, and shows on a terminal's stderr how many are done."""
    from rich.progress import track

    return partial(track, description=description, console=make_console(stderr=True), transient=True)

"""The `affetto` command: a thin skin over the rooms."""

from __future__ import annotations

import os
import sys
import warnings
from contextlib import suppress
from typing import TextIO

from affetto.errors import AffettoError, ParameterError

_INTERRUPTED = 130  # by Ctrl-C


def main() -> None:
    """Run the command line; every error on purpose becomes one sentence on stderr.

    Exit codes: 1 for what is wrong with files, 2 for what is wrong with the command.
    """
    _open_what_is_closed()
    # Names and results are Unicode. What reads a pipe or a file expects UTF-8; a terminal that cannot show a character
    # must not end the run.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")
    warnings.showwarning = _show_warning
    try:
        from affetto.cli.app import app

        app()
    except ParameterError as error:
        _fail(str(error), code=2)
    except AffettoError as error:
        _fail(str(error))
    except BrokenPipeError:
        # The reader of our output has gone, for example `affetto ... | head`; Python would complain at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        _end_interrupted()
    except SystemExit as ending:
        if ending.code != _INTERRUPTED:  # what typer makes of Ctrl-C
            raise
        _end_interrupted()


def _end_interrupted() -> None:
    """Say so and end at once: the threads that are at work on recordings, be it for minutes, would be waited for."""
    from affetto.cli.output import print_message

    with suppress(OSError):
        print_message("interrupted")
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(_INTERRUPTED)


def _open_what_is_closed() -> None:
    """Let nothing be read or written where a program is started without such a stream, as some schedulers do."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115 (for as long as the program runs)


def _show_warning(  # the signature is that of warnings.showwarning
    message: Warning | str,
    category: type[Warning],  # noqa: ARG001
    filename: str,  # noqa: ARG001
    lineno: int,  # noqa: ARG001
    file: TextIO | None = None,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> None:
    from affetto.cli.output import print_message

    print_message(f"warning: {message}")


def _fail(message: str, *, code: int = 1) -> None:
    from affetto.cli.output import print_message

    print_message(message)
    sys.exit(code)

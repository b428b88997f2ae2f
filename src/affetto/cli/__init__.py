"""The `affetto` command."""

from __future__ import annotations

import os
import sys
import warnings
from contextlib import suppress

from affetto.errors import AffettoError, ParameterError

_INTERRUPTED = 130  # by Ctrl-C


def main() -> None:
    """Run the command line; every error of Affetto becomes one sentence on stderr.

    Exit codes: 1 for errors of files, 2 for errors of the command.
    """
    _prepare_streams()
    warnings.showwarning = lambda message, *_, **__: _print_message(f"warning: {message}")
    try:
        from affetto.cli.app import app

        app()
    except AffettoError as error:
        _print_message(str(error))
        sys.exit(2 if isinstance(error, ParameterError) else 1)
    except BrokenPipeError:
        # The reader of the output has gone, as in `affetto ... | head`; Python would complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _print_message(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        sys.exit(1)
    except (KeyboardInterrupt, SystemExit) as end:
        if isinstance(end, SystemExit) and end.code != _INTERRUPTED:  # typer's code for Ctrl-C
            raise
        _exit_interrupted()


def _prepare_streams() -> None:
    """Open streams that a scheduler has closed, and let all text be printed: pipes and files get UTF-8."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115 (as long as the program runs)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def _exit_interrupted() -> None:
    """Exit without waiting for threads that still recognize, perhaps for minutes."""
    with suppress(OSError):
        _print_message("interrupted")
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(_INTERRUPTED)


def _print_message(sentence: str) -> None:
    from affetto.cli.output import print_message

    print_message(sentence)

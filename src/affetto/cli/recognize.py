"""`affetto recognize`: recordings in, emotions out."""

from __future__ import annotations

import csv
import glob
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from affetto.cli.output import make_console
from affetto.recognition.result import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from affetto.recognition.result import Recognition


class Format(StrEnum):
    """How results are written."""

    table = "table"
    json = "json"
    csv = "csv"


def recognize(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Recordings; - reads one from standard input.")],
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="BUNDLE", help="A bundle's folder, or a name from `affetto models`."),
    ] = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to write the results.")] = Format.table,
) -> None:
    """Recognize the emotion that each recording's voice expresses.

    Exit code: 0 when all were recognized, 1 when some failed (each is named on stderr), 2 for wrong usage.
    """
    from affetto.recognition.recognizer import DEFAULT_MODEL, Recognizer

    recognizer = Recognizer(model or DEFAULT_MODEL)
    sources = [sys.stdin.buffer.read() if name == "-" else name for name in _expanded(files)]
    failures = []

    def reported() -> Iterable[Recognition | Failure]:
        for outcome in recognizer.recognize_each(sources, jobs=1 if len(sources) == 1 else None):
            if isinstance(outcome, Failure):
                failures.append(outcome)
                print(f"affetto: {outcome.error}", file=sys.stderr)
            else:
                for warning in outcome.warnings:
                    print(f"affetto: warning: {warning}", file=sys.stderr)
            yield outcome

    match output_format:
        case Format.table:
            _print_table(list(reported()))
        case Format.json:
            _print_json(reported())
        case Format.csv:
            _print_csv(reported(), recognizer.labels)
    if failures:
        raise typer.Exit(1)


def _expanded(names: Sequence[str]) -> list[str]:
    """Expand wildcards that the shell left alone, as on Windows."""
    expanded: list[str] = []
    for name in names:
        matches = sorted(glob.glob(name)) if glob.has_magic(name) and not Path(name).exists() else []  # noqa: PTH207 (Path.glob takes no absolute pattern)
        expanded.extend(matches or [name])
    return expanded


def _print_table(outcomes: Sequence[Recognition | Failure]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("recording", "length", "emotion", "confidence", "next", box=None, pad_edge=False, header_style="bold")
    for outcome in outcomes:
        name = Text(outcome.source, overflow="fold")
        if isinstance(outcome, Failure):
            table.add_row(name, "", Text("failed", style="red"))
        elif outcome.emotion is None or outcome.confidence is None:
            table.add_row(name, f"{outcome.duration_s:.1f} s", Text("no speech", style="dim"))
        else:
            second = sorted(outcome.probabilities.items(), key=lambda item: -item[1])[1:2]
            bar = "█" * round(10 * outcome.confidence)
            table.add_row(
                name,
                f"{outcome.duration_s:.1f} s",
                Text(outcome.emotion, style="bold"),
                f"{outcome.confidence:4.0%} {bar}",
                Text(", ".join(f"{label} {p:.0%}" for label, p in second), style="dim"),
            )
    make_console().print(table)


def _print_json(outcomes: Iterable[Recognition | Failure]) -> None:
    """Print one JSON array, element by element, so that nothing is held back until the end."""
    separator = "[\n"
    for outcome in outcomes:
        print(separator + json.dumps(outcome.to_dict(), ensure_ascii=False), end="", flush=True)
        separator = ",\n"
    print("[]" if separator == "[\n" else "\n]")


def _print_csv(outcomes: Iterable[Recognition | Failure], labels: Sequence[str]) -> None:
    columns = ["source", "status", "duration_s", "emotion", "confidence", *labels, "error"]
    writer = csv.DictWriter(sys.stdout, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for outcome in outcomes:
        row: dict[str, Any] = outcome.to_dict()
        writer.writerow(
            {key: "" if value is None else value for key, value in (row | row.get("probabilities", {})).items()}
        )
        sys.stdout.flush()

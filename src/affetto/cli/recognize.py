"""`affetto recognize`: recordings in, emotions out."""

from __future__ import annotations

import glob
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from affetto.cli.output import make_console
from affetto.errors import ParameterError
from affetto.recognition.result import Failure, Recognition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from affetto.exports import Format


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


def recognize(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Recordings; - reads one from standard input.")],
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="BUNDLE", help="A bundle's folder, or a name from `affetto models`."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FILE", help="Write the results to a file, in the format that its ending says."
        ),
    ] = None,
    output_format: Annotated[
        OutputFormat | None,
        typer.Option("--format", help="How to write the results. [default: table, or what --output's ending says]"),
    ] = None,
    timeline: Annotated[
        bool, typer.Option("--timeline", help="Draw each recording's emotions over time instead of the table.")
    ] = False,
    picture: Annotated[
        Path | None,
        typer.Option("--plot", metavar="PNG", help="Draw waveform, segments and probabilities of one recording."),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Tell too how each voice sounds: pitch, loudness, tempo, pauses, brightness."),
    ] = False,
) -> None:
    """Recognize the emotion that each recording's voice expresses.

    Exit code: 0 when all were recognized, 1 when some failed (each is named on stderr), 2 for wrong usage.
    """
    names = _expanded(files)
    export = _find_export(names, output, output_format, timeline=timeline)
    if picture is not None:
        _require_picture(names, picture, output)

    from affetto.recognition.recognizer import DEFAULT_MODEL, Recognizer

    recognizer = Recognizer(model or DEFAULT_MODEL)
    sources = [sys.stdin.buffer.read() if name == "-" else name for name in names]
    jobs = 1 if len(sources) == 1 else None
    outcomes: list[Recognition | Failure] = []

    def reported() -> Iterator[Recognition | Failure]:
        for outcome in recognizer.recognize_each(sources, jobs=jobs, explain=explain):
            if isinstance(outcome, Failure):
                print(f"affetto: {outcome.error}", file=sys.stderr)
            else:
                for warning in outcome.warnings:
                    print(f"affetto: warning: {warning}", file=sys.stderr)
            outcomes.append(outcome)
            yield outcome

    if export is not None and output is None:
        _print_export(export, reported(), recognizer.labels, explained=explain)
    elif timeline:
        _print_timelines(reported())
    else:
        _print_table(list(reported()))
        _print_explanations(outcomes)
    recognized = [outcome for outcome in outcomes if isinstance(outcome, Recognition)]
    if export is not None and output is not None and (recognized or export.holds_several):
        from affetto.exports import write

        write(outcomes, output, format=export.name, labels=recognizer.labels, explained=explain)
    if picture is not None and recognized:
        from affetto.exports import plot

        plot(recognized[0], sources[0], picture)
    if len(recognized) < len(outcomes):
        raise typer.Exit(1)


def _expanded(names: Sequence[str]) -> list[str]:
    """Expand wildcards that the shell left alone, as on Windows."""
    expanded: list[str] = []
    for name in names:
        matches = sorted(glob.glob(name)) if glob.has_magic(name) and not Path(name).exists() else []  # noqa: PTH207 (Path.glob takes no absolute pattern)
        expanded.extend(matches or [name])
    return expanded


def _find_export(
    names: Sequence[str], output: Path | None, output_format: OutputFormat | None, *, timeline: bool
) -> Format | None:
    """Return the format to write, None for what is only shown; tell wrong usage before anything is recognized."""
    from affetto.exports import find_format
    from affetto.exports.files import require_writable

    if output_format is OutputFormat.table:
        if output is not None:
            raise ParameterError("--format table is only for the terminal; leave it out, or name another for --output")
        return None
    if output is None:
        if output_format is None:
            return None
        if timeline:
            raise ParameterError(
                f"--timeline and --format {output_format} would be mixed in one output; give the latter an --output"
            )
    else:
        require_writable(output, sources=_read_from(names))
    found = find_format(output or "", output_format)
    found.require_room(len(names))
    return found


def _require_picture(names: Sequence[str], picture: Path, output: Path | None) -> None:
    """Tell what stands in the way of the picture, before anything is recognized."""
    from affetto.exports.picture import require_drawable

    if len(names) != 1:
        raise ParameterError(f"--plot draws one recording, not {len(names)}; call it once for each")
    if output is not None and output.resolve() == picture.resolve():
        raise ParameterError(f"--output and --plot both name {picture}; give each a file of its own")
    require_drawable(picture, sources=_read_from(names))


def _read_from(names: Sequence[str]) -> list[str | int]:
    """Return what the recordings are read from: paths, and the descriptor of standard input."""
    return [sys.stdin.fileno() if name == "-" else name for name in names]


def _print_export(
    export: Format, outcomes: Iterable[Recognition | Failure], labels: Sequence[str], *, explained: bool
) -> None:
    """Print piece by piece, so that nothing is held back until the end."""
    if not export.holds_several:
        outcomes = [outcome for outcome in outcomes if isinstance(outcome, Recognition)]
        if not outcomes:
            return
    for piece in export.text(outcomes, labels, explained=explained):
        print(piece, end="", flush=True)


def _print_timelines(outcomes: Iterable[Recognition | Failure]) -> None:
    from affetto.exports.timeline import Timeline

    console = make_console()
    for outcome in outcomes:
        if isinstance(outcome, Recognition):
            console.print(Timeline(outcome))


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


def _print_explanations(outcomes: Sequence[Recognition | Failure]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from affetto.exports.text import caption, clock, one_line, words

    console = make_console()
    for outcome in outcomes:
        for segment in outcome.segments if isinstance(outcome, Recognition) else ():
            if explanation := words(segment):
                when = f"{clock(segment.start_s, decimals=1)} – {clock(segment.end_s, decimals=1)}"
                console.print()
                console.print(Text.assemble((one_line(outcome.source), "bold"), f"  {when}  {caption(segment)}"))
                console.print(Padding(Text(explanation), (0, 0, 0, 2)))

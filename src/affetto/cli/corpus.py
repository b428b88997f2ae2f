"""``affetto corpus``: get labelled speech, and see that it is whole."""

from __future__ import annotations

import json
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from affetto.cli.output import ReportFormat, make_console, quoted
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console
    from rich.table import Table

    from affetto.corpora.drafting import Draft
    from affetto.corpora.report import CorpusReport, Finding

app = typer.Typer(
    help="Download and check corpora of labelled speech, and write tables for others.", no_args_is_help=True
)

_SEVERITY_STYLES = {"fault": "bold red", "warning": "yellow", "note": "dim"}
_FINDINGS_OF_A_KIND = 20


class Downloadable(StrEnum):
    """Corpora that may be downloaded without asking anybody."""

    RAVDESS = "ravdess"


@app.command()
def download(
    name: Annotated[Downloadable, typer.Argument(help="Which corpus.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to put it; by default a folder of its name here.")
    ] = None,
    keep_archive: Annotated[bool, typer.Option("--keep-archive", help="Keep the archive beside the clips.")] = False,
) -> None:
    """Download a corpus, verify it and unpack it; a broken download goes on where it ended."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from affetto.corpora.download import download_ravdess
    from affetto.corpora.ravdess import RAVDESS

    folder = output or Path(name.value)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:>11}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks = {}

        def show(phase: str, done: int, total: int, /) -> None:
            if phase not in tasks:
                tasks[phase] = bars.add_task(phase)
            bars.update(tasks[phase], completed=done, total=total or None)

        download_ravdess(folder, keep_archive=keep_archive, progress=show)
    typer.echo(f"{RAVDESS.title} is in {folder}. Licence: {RAVDESS.licence}. Please cite:\n{RAVDESS.citation}")


@app.command()
def check(
    path: Annotated[Path, typer.Argument(metavar="DIR", help="The corpus's folder, or its CSV table.")],
    name: Annotated[
        str | None,
        typer.Option("--name", help="Which one, such as ravdess, crema-d or table; by default it is recognized."),
    ] = None,
    output_format: Annotated[ReportFormat, typer.Option("--format", help="How to print.")] = ReportFormat.table,
    every: Annotated[
        bool, typer.Option("--all", help=f"Name every file, not just {_FINDINGS_OF_A_KIND} of a kind.")
    ] = False,
) -> None:
    """Decode every clip; count them; name what is missing, broken, misnamed or foreign. Exit code 1 if incomplete."""
    from rich.console import Console
    from rich.progress import track

    from affetto.corpora.check import check_corpus

    errors = Console(stderr=True)

    def bar(paths: Sequence[Path]) -> Iterable[Path]:
        return track(paths, "checking", console=errors, transient=True, disable=not errors.is_terminal)

    report = check_corpus(path, name=name, track=bar)
    if output_format is ReportFormat.json:
        typer.echo(json.dumps(report.to_dict(), indent=2, ensure_ascii=False))
    else:
        _print(report, make_console(), limit=None if every else _FINDINGS_OF_A_KIND)
    raise typer.Exit(0 if report.complete else 1)


@app.command()
def table(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a corpus that has no table.")],
    pattern: Annotated[
        str | None,
        typer.Option(
            "--pattern",
            help="Where the emotion and the speaker stand in the path below DIR, without the file's ending: "
            "'{speaker}_{}_{emotion}_{}' or '{speaker}/{emotion}/{}'; {} is what is not wanted, {speaker:2} has two "
            "characters, {:#} are digits; {gender}, {intensity} and {text} become columns, too. [default: folders are "
            "named by emotions]",
        ),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", metavar="CODE=EMOTION", help="What a code means, as in ANG=angry; several times."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="The table. [default: NAME-OF-DIR.csv here]")
    ] = None,
) -> None:
    """Write a table of emotions and speakers from the names of folders and files, to be looked through."""
    from affetto.corpora.drafting import draft_table, write_table

    file = output or Path(f"{folder.resolve().name or 'corpus'}.csv")
    draft = draft_table(folder, pattern=pattern, labels=_codes(label or ()))
    write_table(draft, file)
    _print_draft(draft, folder)
    if draft.speakers:
        typer.echo(f"Wrote {file}. Look it through, then: affetto corpus check {quoted(file)}")
    else:
        typer.echo(f"Wrote {file}. The names do not say who speaks; fill in its column speaker, or give a --pattern.")


def _codes(given: Iterable[str]) -> dict[str, str]:
    """Return what `--label` says."""
    codes: dict[str, str] = {}
    for text in given:
        code, equals, emotion = (part.strip() for part in text.partition("="))
        if not (code and equals and emotion):
            raise ParameterError(f"--label {text!r} is no code and its emotion; write it like ANG=angry")
        if codes.setdefault(code, emotion) != emotion:
            raise ParameterError(f"--label gives {code!r} two emotions, {codes[code]!r} and {emotion!r}; give it one")
    return codes


def _print_draft(draft: Draft, folder: Path) -> None:
    """Print what a table holds, and what it leaves out."""
    from rich.table import Table
    from rich.text import Text

    from affetto.corpora.labels import some

    def left_out(paths: Sequence[Path], why: str) -> str:
        names = some(path.relative_to(folder).as_posix() for path in paths)
        return f"{len(paths)} {why}: {names}" if paths else ""

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    for row, text in {
        "recordings": str(len(draft.utterances)),
        "named like": draft.follows,
        "emotions": _counts(draft.emotions),
        "speakers": _counts(draft.speakers),
        "left out": left_out(draft.unmatched, "named otherwise"),
        "": left_out(draft.repeated, "listed already under the same name"),
    }.items():
        if text:
            grid.add_row(row, Text(text))
    make_console().print(grid)


def _print(report: CorpusReport, console: Console, *, limit: int | None) -> None:
    """Print a report for people."""
    from rich.table import Table
    from rich.text import Text

    of_expected = f" of {report.expected}" if report.expected else ""
    n_speakers = len(report.speakers)
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    for row, text in {
        "corpus": f"{report.name} in {report.path}",
        "licence": report.licence,
        "weights": report.weights or "",
        "clips": f"{report.clips}{of_expected} by {n_speakers} speaker{'s' * (n_speakers != 1)}",
        "length": f"{_clock(report.total_s)} in all; {report.shortest_s:.2f} to {report.longest_s:.2f} s a clip, "
        f"median {report.median_s:.2f} s",
        "sound": "; ".join(
            _counts(counts)
            for counts in (
                report.formats,
                {f"{rate} Hz": count for rate, count in report.sample_rates_hz.items()},
                {_channels(number): count for number, count in report.channels.items()},
            )
        ),
        "emotions": _counts(report.emotions),
        "intensities": _counts(report.intensities),
        "genders": _counts(report.genders),
        "speakers": _counts(report.speakers),
    }.items():
        if text:
            table.add_row(row, Text(text))
    console.print(table)
    order = list(_SEVERITY_STYLES)
    findings = sorted(report.findings, key=lambda f: (order.index(f.severity), f.kind))
    for (severity, kind), group in groupby(findings, key=lambda f: (f.severity, f.kind)):
        console.print()
        console.print(_section(severity, kind, list(group), limit=limit))
    faults = [finding.kind for finding in findings if finding.severity == "fault"]
    if report.complete:
        whole = f"all {report.clips} clips are there and whole" if report.expected else "every clip can be read"
        console.print(Text(f"\ncomplete: {whole}", style="bold green"))
    else:
        counts = ", ".join(f"{faults.count(kind)} {kind}" for kind in dict.fromkeys(faults))
        console.print(Text(f"\nincomplete: {counts}", style="bold red"))


def _section(severity: str, kind: str, findings: Sequence[Finding], *, limit: int | None) -> Table:
    """Return all findings of a kind as a table."""
    from rich.table import Table
    from rich.text import Text

    style = _SEVERITY_STYLES[severity]
    title = Text(f"{severity}: {kind} × {len(findings)}", style=style)
    table = Table(title=title, title_justify="left", box=None, show_header=False, padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for finding in findings[:limit]:
        table.add_row(Text(finding.subject), Text(finding.detail))
    if limit is not None and len(findings) > limit:
        table.add_row(Text(f"and {len(findings) - limit} more"), Text("--all names them"))
    return table


def _counts(counts: Mapping[str, int], unit: str = "") -> str:
    """Write counts in a line; many equal ones once."""
    if len(counts) > 2 and len(set(counts.values())) == 1:
        return f"{', '.join(counts)}: {next(iter(counts.values()))}{unit} each"
    return ", ".join(f"{name} {count}{unit}" for name, count in counts.items())


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min {rest:02d} s" if hours else f"{minutes} min {rest:02d} s"


def _channels(number: int) -> str:
    return {1: "mono", 2: "stereo"}.get(number, f"{number} channels")

"""``affetto corpus``: download and check corpora of labelled speech, and write tables for others."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from typer import Argument, Option

from affetto.cli import options  # noqa: TC001 (typer evaluates annotations)
from affetto.cli.output import make_console, progress_bar, quoted
from affetto.errors import ParameterError

app = typer.Typer(help="Download and check corpora, and write tables for others.", no_args_is_help=True)
_FINDINGS_OF_A_KIND = 20


@app.command()
def download(
    name: Annotated[Literal["ravdess"], Argument(help="Which corpus.")],
    output: Annotated[
        Path | None, Option("--output", "-o", help="The folder. [default: a folder of its name here]")
    ] = None,
    keep_archive: Annotated[bool, Option("--keep-archive", help="Keep the archive beside the clips.")] = False,
) -> None:
    """Download a corpus, verify its checksum and unpack it."""
    from affetto.corpora.download import download_ravdess
    from affetto.corpora.published import PUBLISHED

    folder = download_ravdess(output or name, keep_archive=keep_archive, progressbar=sys.stderr.isatty())
    corpus = PUBLISHED[name]
    typer.echo(f"{corpus.title} is in {folder}. Licence: {corpus.licence}. Please cite:\n{corpus.citation}")


@app.command()
def check(
    path: options.CorpusArgument,
    name: options.NameOption = None,
    output_format: Annotated[Literal["table", "json"], Option("--format", help="How to print.")] = "table",
    every: Annotated[bool, Option("--all", help=f"Name every file, not only {_FINDINGS_OF_A_KIND} of a kind.")] = False,
) -> None:
    """Decode and count the clips; name missing, damaged, misnamed and foreign ones. Exit code 1 if incomplete."""
    from rich.text import Text

    from affetto.corpora.check import check_corpus

    report = check_corpus(path, name=name, track=progress_bar("checking"))
    if output_format == "json":
        typer.echo(json.dumps(report.to_dict(), indent=2, ensure_ascii=False))
    else:
        text = Text(report.to_text(limit=None if every else _FINDINGS_OF_A_KIND))
        for words, style in (("fault|incomplete", "bold red"), ("warning", "yellow"), ("note", "dim")):
            text.highlight_regex(rf"(?m)^(?:{words}): .*$", style)
        make_console().print(text, soft_wrap=True)
    raise typer.Exit(0 if report.complete else 1)


@app.command()
def table(
    folder: Annotated[Path, Argument(metavar="DIR", help="The folder of a corpus that has no table.")],
    pattern: Annotated[
        str | None,
        Option(
            help="Fields of the path below DIR, without the suffix of the file: '{speaker}_{}_{emotion}_{}' or "
            "'{speaker}/{emotion}/{}'; {} is anything else, {speaker:2} has two characters, {:#} has digits; {gender}, "
            "{intensity} and {text} become columns, too. [default: folders are named by emotions]",
        ),
    ] = None,
    label: Annotated[
        list[str] | None, Option(metavar="CODE=EMOTION", help="Meaning of a code, as in ANG=angry; several times.")
    ] = None,
    output: Annotated[
        Path | None, Option("--output", "-o", metavar="FILE", help="The table. [default: NAME-OF-DIR.csv here]")
    ] = None,
) -> None:
    """Write a table of emotions and speakers from the names of folders and files, to be reviewed."""
    from affetto.corpora.drafting import draft_table, write_table

    file = output or Path(f"{folder.resolve().name or 'corpus'}.csv")
    labels: dict[str, str] = {}
    for text in label or ():
        code, _, emotion = (part.strip() for part in text.partition("="))
        if not (code and emotion) or labels.setdefault(code, emotion) != emotion:
            raise ParameterError(f"--label {text!r} is not a new code and its emotion; write it like ANG=angry")
    draft = draft_table(folder, pattern=pattern, labels=labels)
    write_table(draft, file)
    typer.echo(draft.to_text())
    if draft.speakers:
        typer.echo(f"Wrote {file}. Review it, then: affetto corpus check {quoted(file)}")
    else:
        typer.echo(f"Wrote {file}. The names do not contain the speaker; fill in its column, or give a --pattern.")

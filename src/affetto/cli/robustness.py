"""`affetto robustness`: what noise, rooms, telephones and codecs cost a model."""

from __future__ import annotations

import json
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path  # noqa: TC003 (typer evaluates annotations)
from typing import TYPE_CHECKING, Annotated, Any

import typer

from affetto.cli.options import CorpusArgument, NameOption  # noqa: TC001 (typer evaluates annotations)
from affetto.cli.output import files_of_model, make_console, print_message, require_apart
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from affetto.evaluation.robustness.measure import RobustnessRow


class RobustnessFormat(StrEnum):
    """How the table is written."""

    table = "table"
    csv = "csv"
    json = "json"


def robustness(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A bundle's folder, or a name from `affetto models`.")],
    corpus: CorpusArgument,
    noise: Annotated[
        Path | None, typer.Option("--noise", metavar="DIR", help="Recordings of noise. [default: noise is synthesized]")
    ] = None,
    rooms: Annotated[
        Path | None,
        typer.Option("--rooms", metavar="DIR", help="Measured impulse responses of rooms, as one more condition."),
    ] = None,
    condition: Annotated[
        list[str] | None,
        typer.Option(
            "--condition",
            metavar="NAME",
            help="Only this one and others named likewise: noise, or 'noise 10 dB'. [default: all]",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Only N clips, drawn from all.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of all random values.")] = 0,
    denoise: Annotated[
        bool, typer.Option("--denoise", help="Repeat each condition with noise removed before recognition.")
    ] = False,
    output_format: Annotated[
        RobustnessFormat | None,
        typer.Option("--format", help="How to write it. [default: table, or --output's ending]"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write it to a file too: .csv or .json.")
    ] = None,
    name: NameOption = None,
) -> None:
    """Measure what noise, rooms, telephones, codecs and speed cost a model.

    Each clip of a corpus is recognized as it is and in every condition. The table shows UAR, its loss against clean
    clips, and the part of clips that keep the emotion of the clean clip.
    """
    chosen = _file_format(output, output_format, corpus)
    require_apart(("--output", output), *files_of_model(model))
    from affetto._files import write_bytes
    from affetto.corpora import load_corpus
    from affetto.evaluation.robustness import measure
    from affetto.evaluation.robustness.conditions import choose_conditions, find_recordings, make_conditions
    from affetto.evaluation.robustness.report import known_speakers, robustness_table
    from affetto.recognition.recognizer import Recognizer

    noises, responses = ([] if folder is None else find_recordings(folder) for folder in (noise, rooms))
    conditions = choose_conditions(make_conditions(noises=noises, rooms=responses), condition)
    # Clips run in parallel, hence one thread. UAR weighs all emotions alike, hence no prior.
    recognizer = Recognizer(model, threads=1, prior="balanced")
    loaded = load_corpus(corpus, name=name)
    measure.require_known_emotions(recognizer, loaded.utterances)  # of all clips, whatever is drawn
    clips = measure.sample_utterances(loaded.utterances, limit, seed=seed)
    with _progress_bar(len(clips)) as progress:
        outcomes = measure.measure_robustness(
            recognizer, clips, conditions, seed=seed, denoise=denoise, progress=progress
        )
    rows = measure.summarize_robustness(outcomes)
    facts = {
        "model": recognizer.bundle.name,
        "version": recognizer.bundle.version,
        "corpus": loaded.name,
        "clips": len(clips),
        "speakers": len({clip.speaker for clip in clips}),
        "noise": f"{len(noises)} recordings of noise" if noises else "synthetic noise",
        "seed": seed,
        "warning": known_speakers(recognizer.bundle, loaded),
    }
    if output is not None:
        write_bytes(output, _text(chosen, rows, facts).encode())
    if output is None and chosen is not RobustnessFormat.table:
        print(_text(chosen, rows, facts), end="")
    else:
        title = "{model} on {corpus}, {clips} clips, {noise}".format_map(facts)
        make_console().print(robustness_table(rows, title=title))
    if facts["warning"] is not None:
        print_message(f"warning: {facts['warning']}")


def _text(chosen: RobustnessFormat, rows: Sequence[RobustnessRow], facts: dict[str, Any]) -> str:
    from affetto.evaluation.robustness.report import as_csv, as_dicts

    if chosen is RobustnessFormat.csv:
        return as_csv(rows)
    return json.dumps({**facts, "conditions": as_dicts(rows)}, indent=2, ensure_ascii=False) + "\n"


def _file_format(output: Path | None, output_format: RobustnessFormat | None, corpus: Path) -> RobustnessFormat:
    """Return the format of the file or of standard output, after a check of the file's place."""
    if output is None:
        return output_format or RobustnessFormat.table
    from affetto._files import require_writable
    from affetto.corpora.base import require_outside

    if output_format is RobustnessFormat.table:
        raise ParameterError("--format table is only for the terminal; leave it out, or name csv or json for --output")
    ending = output.suffix.lower().removeprefix(".")
    if output_format is None and ending not in ("csv", "json"):
        raise ParameterError(f"{output} does not say its format; let it end in .csv or .json, or give --format")
    require_writable(output, sources=[])
    require_outside(output, corpus)
    return output_format or RobustnessFormat(ending)


@contextmanager
def _progress_bar(total: int) -> Iterator[Callable[[int, int], None]]:
    """Show the number of finished clips, on a terminal's stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("clips", total=total)
        yield lambda done, _total: bars.update(task, completed=done)

"""`affetto robustness`: what noise, rooms, telephones and codecs cost a model."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from affetto.cli.output import files_of_model, make_console, require_apart
from affetto.cli.train import CorpusArgument, NameOption  # noqa: TC001 (typer evaluates annotations)
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from affetto.corpora import Utterance


class RobustnessFormat(StrEnum):
    """How the table is written."""

    table = "table"
    csv = "csv"
    json = "json"


NoiseOption = Annotated[
    Path | None, typer.Option("--noise", metavar="DIR", help="Recordings of noise. [default: noise is synthesized]")
]
RoomsOption = Annotated[
    Path | None,
    typer.Option("--rooms", metavar="DIR", help="Measured impulse responses of rooms, as one more condition."),
]
TableOption = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="Write it to a file too: .csv or .json.")
]


def robustness(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A bundle's folder, or a name from `affetto models`.")],
    corpus: CorpusArgument,
    noise: NoiseOption = None,
    rooms: RoomsOption = None,
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
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of all that is left to chance.")] = 0,
    denoise: Annotated[
        bool, typer.Option("--denoise", help="Hear each condition again with noise removed before recognition.")
    ] = False,
    output_format: Annotated[
        RobustnessFormat | None,
        typer.Option("--format", help="How to write it. [default: table, or --output's ending]"),
    ] = None,
    output: TableOption = None,
    name: NameOption = None,
) -> None:
    """Measure what noise, rooms, telephones, codecs, microphones and other voices cost a model.

    Each clip of a corpus is recognized as it is and in every condition. The table tells UAR, what is lost of it against
    clean clips, and of how many clips the same emotion is heard as when clean.
    """
    written = _file_format(output, output_format, corpus)
    require_apart(("--output", output), *files_of_model(model))
    from affetto._files import write_bytes
    from affetto.corpora import load_corpus
    from affetto.evaluation.robustness.conditions import choose_conditions, find_recordings, make_conditions
    from affetto.evaluation.robustness.measure import measure_robustness, require_known_emotions, summarize_robustness
    from affetto.evaluation.robustness.report import as_csv, as_dicts, known_speakers, robustness_table
    from affetto.recognition.recognizer import Recognizer

    noises = find_recordings(noise) if noise is not None else []
    conditions = choose_conditions(
        make_conditions(noises=noises, rooms=find_recordings(rooms) if rooms is not None else []), condition
    )
    # Several clips are heard at a time; UAR favours no emotion, so no prior may.
    recognizer = Recognizer(model, threads=1, prior="balanced")
    loaded = load_corpus(corpus, name=name)
    bundle = recognizer.bundle
    remark = known_speakers(bundle, loaded)
    require_known_emotions(recognizer, loaded.utterances)  # of all, whichever are drawn
    utterances = _sample(loaded.utterances, limit, seed)
    with _progress_bar(len(utterances)) as progress:
        rows = summarize_robustness(
            measure_robustness(recognizer, utterances, conditions, seed=seed, denoise=denoise, progress=progress)
        )
    noise_used = f"{len(noises)} recordings of noise" if noises else "synthetic noise"
    chosen = written or output_format
    text = ""
    if chosen is RobustnessFormat.csv:
        text = as_csv(rows)
    elif chosen is RobustnessFormat.json:
        facts = {
            "model": bundle.name,
            "version": bundle.version,
            "corpus": loaded.name,
            "clips": len(utterances),
            "speakers": len({utterance.speaker for utterance in utterances}),
            "noise": noise_used,
            "seed": seed,
            "warning": remark,
        }
        text = json.dumps({**facts, "conditions": as_dicts(rows)}, indent=2, ensure_ascii=False) + "\n"
    if output is None and text:
        if remark is not None:
            print(f"affetto: warning: {remark}", file=sys.stderr)
        print(text, end="")
        return
    if output is not None:
        write_bytes(output, text.encode())
    title = f"{bundle.name} on {loaded.name}, {len(utterances)} clips, {noise_used}"
    make_console().print(robustness_table(rows, title=title))
    if remark is not None:
        typer.echo(f"Note: {remark}.")


def _file_format(output: Path | None, output_format: RobustnessFormat | None, corpus: Path) -> RobustnessFormat | None:
    """Return the format of the file to write, None where there is none; tell wrong usage before the work."""
    if output is None:
        return None
    from affetto._files import require_writable
    from affetto.corpora.base import require_outside

    if output_format is RobustnessFormat.table:
        raise ParameterError("--format table is only for the terminal; leave it out, or name csv or json for --output")
    ending = output.suffix.lower().removeprefix(".")
    if output_format is None and ending not in (RobustnessFormat.csv, RobustnessFormat.json):
        raise ParameterError(f"{output} does not say its format; let it end in .csv or .json, or give --format")
    require_writable(output, sources=[])
    require_outside(output, corpus)
    return output_format or RobustnessFormat(ending)


def _sample(utterances: Sequence[Utterance], limit: int | None, seed: int) -> list[Utterance]:
    """Draw clips from all of a corpus: its first ones would be those of few speakers."""
    if limit is None or limit >= len(utterances):
        return list(utterances)
    import numpy as np

    chosen = np.random.default_rng(seed).choice(len(utterances), limit, replace=False)
    return [utterances[index] for index in sorted(chosen.tolist())]


@contextmanager
def _progress_bar(total: int) -> Iterator[Callable[[int, int], None]]:
    """Show on a terminal's stderr how many clips are done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("clips", total=total)
        yield lambda done, _total: bars.update(task, completed=done)

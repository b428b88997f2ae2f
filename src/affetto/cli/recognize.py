"""`affetto recognize`: recordings in, emotions out."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer evaluates annotations)
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from affetto.cli import inputs
from affetto.cli.output import (
    OutputFormat,
    files_of_model,
    find_export,
    make_console,
    print_export,
    print_problems,
    require_apart,
    use_private_matplotlib,
)
from affetto.errors import ParameterError
from affetto.recognition.result import Failure, Recognition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from affetto.exports import Format
    from affetto.speech import Channels


def recognize(
    files: inputs.FilesArgument,
    model: inputs.ModelOption = None,
    output: inputs.OutputOption = None,
    output_format: inputs.FormatOption = None,
    timeline: Annotated[
        bool, typer.Option("--timeline", help="Draw each recording's emotions over time instead of the table.")
    ] = False,
    picture: Annotated[
        Path | None,
        typer.Option("--plot", metavar="PNG", help="Draw waveform, segments and probabilities of one recording."),
    ] = None,
    channels: Annotated[
        str,
        typer.Option("--channels", metavar="mix|each|N", help="Use the mean of all channels, each, or only channel N."),
    ] = "mix",
    track: inputs.TrackOption = None,
    acoustics: Annotated[
        bool,
        typer.Option("--acoustics", help="Measure F0, loudness, articulation rate, pauses and spectral centroid too."),
    ] = False,
    profile: inputs.ProfileOption = None,
    no_self_adaptation: inputs.NoSelfAdaptationOption = False,
    prior: inputs.PriorOption = None,
) -> None:
    """Recognize the emotion that each recording's voice expresses.

    Exit code: 0 if all were recognized, 1 if some failed (each is named on stderr), 2 for wrong usage.
    """
    names = inputs.named_files(files)
    chosen = inputs.parsed_channels(channels, each=True)
    if timeline and output is None and output_format not in (None, OutputFormat.table):
        raise ParameterError(
            f"--timeline and --format {output_format} would be mixed in one output; give the latter an --output"
        )
    export = find_export(output, output_format, sources=inputs.read_from(names), n_results=len(names))
    _check_export(export, chosen, acoustics_printed=acoustics and output is None)
    if picture is not None:
        _check_picture(names, picture, chosen)
    require_apart(("--output", output), ("--plot", picture), ("--profile", profile), *files_of_model(model))

    recognizer = inputs.make_recognizer(model, profile, no_self_adaptation, prior)
    sources = inputs.opened(names, twice=picture is not None)
    jobs = 1 if len(sources) == 1 else None
    results = recognizer.recognize_each(sources, jobs=jobs, channels=chosen, track=track, acoustics=acoustics)
    outcomes: list[Recognition | Failure] = []
    reported = _reported(results, outcomes)
    if export is not None and output is None:
        print_export(export, reported, recognizer.labels, acoustics=acoustics)
    else:
        _show(reported, timeline=timeline)
    recognized = [outcome for outcome in outcomes if isinstance(outcome, Recognition)]
    if export is not None and output is not None and (recognized or export.holds_several):
        from affetto.exports import write

        write(outcomes, output, format=export.name, labels=recognizer.labels, acoustics=acoustics)
    if picture is not None and recognized:
        _draw(recognized[0], sources[0], picture)
    if len(recognized) < len(outcomes):
        raise typer.Exit(1)


def _check_export(export: Format | None, channels: Channels, *, acoustics_printed: bool) -> None:
    if export is None or export.holds_several:
        return
    if channels == "each":
        raise ParameterError(f"{export.name} holds one channel; choose it with --channels N")
    if acoustics_printed:
        raise ParameterError(f"{export.name} cannot hold the measures of --acoustics; use json, jsonl or csv")


def _check_picture(names: Sequence[str], picture: Path, channels: Channels) -> None:
    from affetto.exports.picture import require_drawable

    if channels == "each":
        raise ParameterError("--plot draws one channel; choose it with --channels N")
    if len(names) != 1:
        raise ParameterError(f"--plot draws one recording, not {len(names)}; call it once for each")
    require_drawable(picture, sources=inputs.read_from(names))


def _reported(
    results: Iterable[Recognition | Failure], outcomes: list[Recognition | Failure]
) -> Iterator[Recognition | Failure]:
    """Yield results, after printing their problems, and collect them in `outcomes`."""
    for outcome in results:
        print_problems(outcome)
        outcomes.append(outcome)
        yield outcome


def _show(results: Iterable[Recognition | Failure], *, timeline: bool) -> None:
    console = make_console()
    if timeline:
        from affetto.exports.timeline import Timeline

        for outcome in results:
            if isinstance(outcome, Recognition):
                console.print(Timeline(outcome))
        return
    from affetto.exports.summaries import acoustics_list, result_table

    outcomes = list(results)
    for shown in (result_table(outcomes), *acoustics_list(outcomes)):
        console.print(shown)


def _draw(recognition: Recognition, source: str | BinaryIO, picture: Path) -> None:
    from affetto.exports import plot

    use_private_matplotlib()
    if not isinstance(source, str):
        source.seek(0)
    plot(recognition, source, picture)

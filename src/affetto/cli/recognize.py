"""`affetto recognize`: recordings in, emotions out."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer evaluates annotations)
from typing import TYPE_CHECKING, Annotated

import typer

from affetto.cli.inputs import FilesArgument, TrackOption, named_files, opened, read_from
from affetto.cli.output import (
    FormatOption,
    ModelOption,
    NoSelfAdaptationOption,
    OutputFormat,
    OutputOption,
    ProfileOption,
    files_of_model,
    find_export,
    make_console,
    print_export,
    print_message,
    print_warnings,
    require_apart,
    use_private_matplotlib,
)
from affetto.cli.prior import PriorOption, parsed_prior
from affetto.errors import ParameterError
from affetto.recognition.result import Failure, Recognition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from affetto.speech import Channels


def recognize(
    files: FilesArgument,
    model: ModelOption = None,
    output: OutputOption = None,
    output_format: FormatOption = None,
    timeline: Annotated[
        bool, typer.Option("--timeline", help="Draw each recording's emotions over time instead of the table.")
    ] = False,
    picture: Annotated[
        Path | None,
        typer.Option("--plot", metavar="PNG", help="Draw waveform, segments and probabilities of one recording."),
    ] = None,
    channels: Annotated[
        str,
        typer.Option(
            "--channels", metavar="mix|each|N", help="Hear the mean of all channels, each by itself, or only channel N."
        ),
    ] = "mix",
    track: TrackOption = None,
    acoustics: Annotated[
        bool,
        typer.Option("--acoustics", help="Tell too how each voice sounds: pitch, loudness, tempo, pauses, brightness."),
    ] = False,
    profile: ProfileOption = None,
    no_self_adaptation: NoSelfAdaptationOption = False,
    prior: PriorOption = None,
) -> None:
    """Recognize the emotion that each recording's voice expresses.

    Exit code: 0 when all were recognized, 1 when some failed (each is named on stderr), 2 for wrong usage.
    """
    names = named_files(files)
    wanted = _parsed_channels(channels)
    shares = parsed_prior(prior)
    if timeline and output is None and output_format not in (None, OutputFormat.table):
        raise ParameterError(
            f"--timeline and --format {output_format} would be mixed in one output; give the latter an --output"
        )
    export = find_export(output, output_format, sources=read_from(names), n_results=len(names))
    if export is not None and not export.holds_several and wanted == "each":
        raise ParameterError(f"{export.name} holds one channel; choose it with --channels N")
    if acoustics and export is not None and output is None and not export.holds_several:
        raise ParameterError(f"{export.name} has no place for what --acoustics tells; use json, jsonl or csv")
    if picture is not None:
        if wanted == "each":
            raise ParameterError("--plot draws one channel; choose it with --channels N")
        _require_picture(names, picture)
    require_apart(("--output", output), ("--plot", picture), ("--profile", profile), *files_of_model(model))

    from affetto.recognition.recognizer import Recognizer

    recognizer = Recognizer(model, profile=profile, self_adaptation=not no_self_adaptation, prior=shares)
    sources = opened(names, again=picture is not None)
    jobs = 1 if len(sources) == 1 else None
    outcomes: list[Recognition | Failure] = []

    def reported() -> Iterator[Recognition | Failure]:
        for outcome in recognizer.recognize_each(sources, jobs=jobs, channels=wanted, track=track, acoustics=acoustics):
            if isinstance(outcome, Failure):
                print_message(outcome.error)
            else:
                print_warnings(outcome)
            outcomes.append(outcome)
            yield outcome

    if export is not None and output is None:
        print_export(export, reported(), recognizer.labels, acoustics=acoustics)
    elif timeline:
        _print_timelines(reported())
    else:
        _print_table(list(reported()))
        _print_explanations(outcomes)
    recognized = [outcome for outcome in outcomes if isinstance(outcome, Recognition)]
    if export is not None and output is not None and (recognized or export.holds_several):
        from affetto.exports import write

        write(outcomes, output, format=export.name, labels=recognizer.labels, acoustics=acoustics)
    if picture is not None and recognized:
        from affetto.exports import plot

        use_private_matplotlib()
        (source,) = sources
        if not isinstance(source, str):
            source.seek(0)
        plot(recognized[0], source, picture)
    if len(recognized) < len(outcomes):
        raise typer.Exit(1)


def _parsed_channels(text: str) -> Channels:
    match text:
        case "mix" | "each":
            return text
        case _ if text.isdecimal() and int(text) > 0:
            return int(text)
    raise ParameterError(f"--channels is {text!r}; choose mix, each, or a channel's number, from 1")


def _require_picture(names: Sequence[str], picture: Path) -> None:
    """Tell what stands in the way of the picture, before anything is recognized."""
    from affetto.exports.picture import require_drawable

    if len(names) != 1:
        raise ParameterError(f"--plot draws one recording, not {len(names)}; call it once for each")
    require_drawable(picture, sources=read_from(names))


def _print_timelines(outcomes: Iterable[Recognition | Failure]) -> None:
    from affetto.exports.timeline import Timeline

    console = make_console()
    for outcome in outcomes:
        if isinstance(outcome, Recognition):
            console.print(Timeline(outcome))


def _print_table(outcomes: Sequence[Recognition | Failure]) -> None:
    from rich.table import Table
    from rich.text import Text

    from affetto.exports.text import emotion_name, one_line, signed, title

    columns = ("recording", "length", "emotion", "confidence", "next", "arousal", "valence")
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    # Most recordings are one utterance, adapted to nothing: no column for that.
    if any(isinstance(outcome, Recognition) and outcome.adapted_to for outcome in outcomes):
        table.add_column("adapted to")
    for outcome in outcomes:
        if isinstance(outcome, Failure):
            table.add_row(Text(one_line(outcome.source), overflow="fold"), "", Text("failed", style="red"))
            continue
        name = Text(title(outcome), overflow="fold")
        if outcome.confidence is None or outcome.arousal is None or outcome.valence is None:
            why = Text((outcome.reason or "").partition(":")[0], style="dim")
            table.add_row(name, f"{outcome.duration_s:.1f} s", Text("no speech", style="dim"), "", why)
        else:
            second = sorted(outcome.probabilities.items(), key=lambda item: -item[1])[1:2]
            bar = "█" * round(10 * outcome.confidence)
            table.add_row(
                name,
                f"{outcome.duration_s:.1f} s",
                Text(emotion_name(outcome), style="bold"),
                f"{outcome.confidence:4.0%} {bar}",
                Text(", ".join(f"{one_line(label)} {p:.0%}" for label, p in second), style="dim"),
                signed(outcome.arousal),
                signed(outcome.valence),
                *([Text(outcome.adapted_to, style="dim")] if outcome.adapted_to else []),
            )
    make_console().print(table)


def _print_explanations(outcomes: Sequence[Recognition | Failure]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from affetto.exports.text import caption, clock, title, words

    console = make_console()
    for outcome in outcomes:
        if isinstance(outcome, Failure):
            continue
        for segment in outcome.segments:
            if acoustics := words(segment):
                when = f"{clock(segment.start_s, decimals=1)} – {clock(segment.end_s, decimals=1)}"
                console.print()
                console.print(Text.assemble((title(outcome), "bold"), f"  {when}  {caption(segment)}"))
                console.print(Padding(Text(acoustics), (0, 0, 0, 2)))

"""`affetto recognize`: recordings in, emotions out."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer evaluates annotations)
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer
from typer import Option

from affetto.cli import inputs, options
from affetto.cli.output import find_export, make_console, print_export, print_problems, private_matplotlib
from affetto.errors import ParameterError
from affetto.recognition.recording import recognize_many
from affetto.recognition.result import Failure, Recognition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from affetto.conversations import Turn
    from affetto.recognition.recognizer import Recognizer


def recognize(
    files: options.FilesArgument,
    model: options.ModelOption = None,
    output: options.OutputOption = None,
    output_format: options.FormatOption = None,
    timeline: Annotated[bool, Option("--timeline", help="Draw emotions over time instead of the table.")] = False,
    picture: Annotated[
        Path | None, Option("--plot", metavar="PNG", help="Draw waveform, segments and probabilities of one recording.")
    ] = None,
    channels: Annotated[str, Option(metavar="mix|each|N", help="The mean of all, each, or only channel N.")] = "mix",
    track: options.TrackOption = None,
    acoustics: Annotated[
        bool, Option("--acoustics", help="Measure F0, loudness, articulation rate, pauses and spectral centroid too.")
    ] = False,
    transcript: Annotated[
        Path | None,
        Option(metavar="FILE", help="Answer each turn of a transcript: SRT, WebVTT, JSON of Whisper or WhisperX."),
    ] = None,
    speakers: Annotated[
        Path | None, Option(metavar="FILE", help="Answer each turn of a diarization (RTTM), or name those who speak.")
    ] = None,
    profile: options.ProfileOption = None,
    no_self_adaptation: options.NoSelfAdaptationOption = False,
    prior: options.PriorOption = None,
) -> None:
    """Recognize the emotion that each recording's voice expresses.

    Exit code: 0 if all were recognized, 1 if some failed (each is named on stderr), 2 for wrong usage.
    """
    sources, chosen = inputs.recordings(files), inputs.parsed_channels(channels, each=True)
    if timeline and output is None and output_format not in (None, "table"):
        raise ParameterError(
            f"--timeline and --format {output_format} would be mixed in one output; give the latter an --output"
        )
    turns = inputs.turns(transcript, speakers, n_recordings=len(sources), channels=chosen)
    kept = [*sources, transcript, speakers, profile, *inputs.model_files(model)]
    export = find_export(output, output_format, sources=kept, n_results=len(sources))
    if export is not None:
        export.require_room(len(sources), each_channel=chosen == "each", acoustics=acoustics and output is None)
    if picture is not None:
        from affetto.exports.picture import require_drawable

        if len(sources) != 1:
            raise ParameterError(f"--plot draws one recording, not {len(sources)}; call it once for each")
        if chosen == "each":
            raise ParameterError("--plot draws one channel; choose it with --channels N")
        require_drawable(picture, sources=[*kept, output])
        sources = [inputs.rewindable(sources[0])]

    recognizer = inputs.make_recognizer(model, profile, no_self_adaptation, prior)
    arguments: dict[str, Any] = {"channels": chosen, "track": track, "acoustics": acoustics}
    results = _recognized(recognizer, sources, turns, **arguments)
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


def _recognized(
    recognizer: Recognizer, sources: Sequence[str | BinaryIO], turns: tuple[Turn, ...] | None, **arguments: Any
) -> Iterator[Recognition | Failure]:
    if turns is None:
        return recognizer.recognize_each(sources, jobs=1 if len(sources) == 1 else None, **arguments)
    return recognize_many(sources, lambda source: (recognizer.recognize(source, turns=turns, **arguments),), workers=1)


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
    from affetto.exports.summaries import acoustics_list, result_table, turn_tables

    outcomes = list(results)
    for shown in (result_table(outcomes), *turn_tables(outcomes), *acoustics_list(outcomes)):
        console.print(shown)


def _draw(recognition: Recognition, source: str | BinaryIO, picture: Path) -> None:
    from affetto.exports import plot

    if not isinstance(source, str):
        source.seek(0)
    with private_matplotlib():
        plot(recognition, source, picture)

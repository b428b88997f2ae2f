"""`affetto listen`: from the microphone, or a recording played to it, to emotions while somebody speaks."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from math import inf
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from affetto.cli.inputs import opened, read_from
from affetto.cli.output import (
    FormatOption,
    ModelOption,
    NoSelfAdaptationOption,
    OutputOption,
    ProfileOption,
    files_of_model,
    find_export,
    make_console,
    print_export,
    print_warnings,
    require_apart,
)
from affetto.cli.prior import PriorOption, parsed_prior
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from affetto.speech.microphone import Microphone
    from affetto.speech.playback import Playback


def listen(
    file: Annotated[
        str | None,
        typer.Option(
            "--file", metavar="FILE", help="Play a recording instead of using a microphone; - is standard input."
        ),
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="Play it as fast as it is recognized, not at the speed of sound.")
    ] = False,
    seconds: Annotated[
        float | None, typer.Option("--seconds", metavar="N", help="End after so many seconds of sound.")
    ] = None,
    device: Annotated[
        str | None, typer.Option("--device", metavar="NAME_OR_NUMBER", help="The microphone. [default: the system's]")
    ] = None,
    list_devices: Annotated[bool, typer.Option("--list-devices", help="List the microphones and exit.")] = False,
    model: ModelOption = None,
    output: OutputOption = None,
    output_format: FormatOption = None,
    profile: ProfileOption = None,
    no_self_adaptation: NoSelfAdaptationOption = False,
    prior: PriorOption = None,
) -> None:
    """Recognize emotions while somebody speaks, until Ctrl-C.

    Exit code: 0 at the end of the sound or after Ctrl-C, 1 when it cannot be heard, 2 for wrong usage.
    """
    if list_devices:
        _print_devices()
        return
    if seconds is not None and not 0 < seconds < inf:
        raise ParameterError(f"--seconds is {seconds:g}; it must be a number above 0")
    if fast and file is None:
        raise ParameterError("--fast is for a recording; name one with --file")
    if file is not None and device is not None:
        raise ParameterError("--file and --device are two sources of sound; give one of them")
    if file == "":
        raise ParameterError("--file is empty; name a recording")
    shares = parsed_prior(prior)
    export = find_export(output, output_format, sources=read_from([] if file is None else [file]), n_results=1)
    require_apart(("--output", output), ("--profile", profile), *files_of_model(model))

    from affetto.speech.microphone import Microphone, find_device
    from affetto.speech.playback import Playback

    # The source first: what is wrong with it is said before the model is loaded.
    source = Microphone(find_device(device)) if file is None else Playback(opened([file])[0], fast=fast)

    from affetto.cli.display import LiveDisplay
    from affetto.exports import write
    from affetto.exports.timeline import Timeline
    from affetto.recognition.recognizer import Recognizer

    recognizer = Recognizer(model, profile=profile, self_adaptation=not no_self_adaptation, prior=shares)
    live = recognizer.listen(sample_rate_hz=source.sample_rate_hz)
    is_printed = export is not None and output is None
    # Whoever reads the export from standard output finds nothing else there.
    console = make_console(stderr=is_printed)
    with _interruption() as interrupted, source, LiveDisplay(console, live, recognizer.labels) as display:
        if isinstance(source, Microphone):
            print(f"affetto: listening to {source.device.name}; Ctrl-C ends", file=sys.stderr)
        for chunk in _first(seconds, source):
            display.show(live.push(chunk))
            if interrupted.is_set():
                if isinstance(source, Playback):
                    break
                # What waits already was said before Ctrl-C.
                source.stop()
        recognition = live.end(source=source.name, warnings=source.warnings)
        display.end(recognition)
    print_warnings(recognition)
    if export is not None and output is None:
        print_export(export, [recognition], recognizer.labels)
    else:
        console.print(Timeline(recognition))
    if export is not None and output is not None:
        write(recognition, output, format=export.name, labels=recognizer.labels)


@contextmanager
def _interruption() -> Iterator[Event]:
    """Give what the first Ctrl-C sets, so that it ends the sound and not the work on it; the second is as always."""
    interrupted = Event()
    before = signal.getsignal(signal.SIGINT)

    def interrupt(_number: int, _frame: object) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _first(seconds: float | None, source: Microphone | Playback) -> Iterator[NDArray[np.float32]]:
    """Yield the first seconds of a source, or all of it."""
    if seconds is None:
        yield from source
        return
    n_left = round(seconds * source.sample_rate_hz)
    for chunk in source:
        yield chunk[:n_left]
        n_left -= len(chunk)
        if n_left <= 0:
            return


def _print_devices() -> None:
    from rich.table import Table
    from rich.text import Text

    from affetto.speech.microphone import input_devices

    table = Table("number", "name", "system", "channels", "rate", "", box=None, pad_edge=False, header_style="bold")
    for device in input_devices():
        table.add_row(
            str(device.number),
            Text(device.name, overflow="fold"),
            Text(device.system, overflow="fold"),
            str(device.n_channels),
            f"{device.sample_rate_hz} Hz",
            "default" if device.is_default else "",
        )
    make_console().print(table)

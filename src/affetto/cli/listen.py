"""`affetto listen`: emotions from a microphone, or from a recording that is played."""

from __future__ import annotations

import signal
import sys
from math import inf
from threading import Event
from typing import TYPE_CHECKING, Annotated

from typer import Option

from affetto.cli import inputs, options
from affetto.cli.output import find_export, make_console, print_export, print_problems
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from affetto.speech.microphone import Microphone
    from affetto.speech.playback import Playback


def listen(
    file: Annotated[str | None, Option(metavar="FILE", help="Play a recording instead; - is standard input.")] = None,
    fast: Annotated[bool, Option("--fast", help="Play it as fast as it is recognized.")] = False,
    seconds: Annotated[float | None, Option(metavar="N", help="End after so many seconds of sound.")] = None,
    device: Annotated[str | None, Option(metavar="NAME|NUMBER", help="Microphone. [default: the system's]")] = None,
    list_devices: Annotated[bool, Option("--list-devices", help="List the microphones and exit.")] = False,
    model: options.ModelOption = None,
    output: options.OutputOption = None,
    output_format: options.FormatOption = None,
    profile: options.ProfileOption = None,
    no_self_adaptation: options.NoSelfAdaptationOption = False,
    prior: options.PriorOption = None,
) -> None:
    """Recognize emotions while somebody speaks, until Ctrl-C.

    Exit code: 0 at the end of the sound or after Ctrl-C, 1 if the source fails, 2 for wrong usage.
    """
    from affetto.exports import write
    from affetto.exports.live_display import recognize_live
    from affetto.exports.timeline import Timeline
    from affetto.speech.microphone import Microphone

    if list_devices:
        _print_devices()
        return
    if seconds is not None and not 0 < seconds < inf:
        raise ParameterError(f"--seconds is {seconds:g}; it must be a number above 0")
    kept = [sys.stdin.buffer if file == "-" else file, profile, *inputs.model_files(model)]
    export = find_export(output, output_format, sources=kept, n_results=1)
    source = _open_source(file, fast=fast, device=device)  # before the model, to fail soon
    recognizer = inputs.make_recognizer(model, profile, no_self_adaptation, prior)
    # With an export on standard output, which it has for itself, the rest is on standard error.
    console = make_console(stderr=export is not None and output is None)
    interrupted = _interruption()
    with source:
        if isinstance(source, Microphone):
            print(f"affetto: listening to {source.device.name}; Ctrl-C ends", file=sys.stderr)
        recognition = recognize_live(source, recognizer, console, seconds=seconds, interrupted=interrupted)
    print_problems(recognition)
    if export is not None and output is None:
        print_export(export, [recognition], recognizer.labels)
        return
    console.print(Timeline(recognition))
    if export is not None and output is not None:
        write(recognition, output, format=export.name, labels=recognizer.labels)


def _open_source(file: str | None, *, fast: bool, device: str | None) -> Microphone | Playback:
    if file is not None and device is not None:
        raise ParameterError("--file and --device are two sources of sound; give one of them")
    if file is not None:
        from affetto.speech.playback import Playback

        return Playback(sys.stdin.buffer if file == "-" else file, fast=fast)
    if fast:
        raise ParameterError("--fast is for a recording; name one with --file")
    from affetto.speech.microphone import Microphone, find_device

    return Microphone(find_device(device))


def _interruption() -> Event:
    """Return an event that the first Ctrl-C sets, to end the sound; a second one interrupts the program."""
    interrupted = Event()

    def interrupt(*_: object) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, interrupt)
    return interrupted


def _print_devices() -> None:
    from rich.table import Table
    from rich.text import Text

    from affetto.speech.microphone import input_devices

    table = Table("number", "name", "system", "channels", "rate", "", box=None, pad_edge=False, header_style="bold")
    for device in input_devices():
        rate, default = f"{device.sample_rate_hz} Hz", "default" if device.is_default else ""
        cells = (device.number, device.name, device.system, device.n_channels, rate, default)
        table.add_row(*(Text(str(cell), overflow="fold") for cell in cells))
    make_console().print(table)

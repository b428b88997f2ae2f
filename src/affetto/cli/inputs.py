"""The options of recognition, and the recordings that they name."""

from __future__ import annotations

import glob
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from affetto.cli.output import OutputFormat
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affetto.recognition.recognizer import Recognizer
    from affetto.speech import Channels

FilesArgument = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Recordings; - reads one from standard input.")
]
TrackOption = Annotated[
    int | None, typer.Option("--track", metavar="N", min=1, help="Use only audio track N. [default: as players do]")
]
ModelOption = Annotated[
    str | None, typer.Option("--model", metavar="BUNDLE", help="A bundle's folder, or a name from `affetto models`.")
]
ProfileOption = Annotated[
    Path | None, typer.Option("--profile", metavar="FILE", help="Adapt to a profile from `affetto adapt`.")
]
NoSelfAdaptationOption = Annotated[
    bool, typer.Option("--no-self-adaptation", help="Do not adapt each segment to those before it.")
]
PriorOption = Annotated[
    str | None,
    typer.Option(
        "--prior",
        metavar="everyday|balanced|EMOTION=SHARE,...",
        help="How frequent each emotion is: everyday speech is mostly neutral. [default: that of the model]",
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", metavar="FILE", help="Write the results to a file, in the format of its ending."),
]
FormatOption = Annotated[
    OutputFormat | None,
    typer.Option("--format", help="The format of the results. [default: table, or that of --output's ending]"),
]


def make_recognizer(model: str | None, profile: Path | None, no_self_adaptation: bool, prior: str | None) -> Recognizer:
    """Return the recognizer that the options describe."""
    from affetto.adaptation.prior import parse_prior
    from affetto.recognition.recognizer import Recognizer

    parsed = None if prior is None else parse_prior(prior)
    return Recognizer(model, profile=profile, self_adaptation=not no_self_adaptation, prior=parsed)


def parsed_channels(text: str, *, each: bool) -> Channels:
    """Return the value of `--channels`; "each" is not always possible."""
    if text == "mix" or (each and text == "each"):
        return text  # type: ignore[return-value] # one of the two
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise ParameterError(f"--channels is {text!r}; choose mix, {'each, ' * each}or a channel's number, from 1")


def named_files(names: Sequence[str]) -> list[str]:
    """Return the names of recordings, with wildcards expanded that the shell left, as on Windows."""
    if "" in names:
        raise ParameterError("a recording's name is empty; name a file")
    expanded: list[str] = []
    for name in names:
        # Path.glob takes no absolute pattern, and Path.exists raises in a locked folder.
        matches = sorted(glob.glob(name)) if glob.has_magic(name) and not os.path.exists(name) else []  # noqa: PTH110, PTH207
        expanded.extend(matches or [name])
    if expanded.count("-") > 1:
        raise ParameterError("standard input holds one recording; give - once")
    return expanded


def read_from(names: Sequence[str]) -> list[str | int]:
    """Return the paths of recordings, and the file descriptor of standard input."""
    return [sys.stdin.fileno() if name == "-" else name for name in names]


class _Buffer(io.BytesIO):
    """A recording in memory, with its name."""

    name = ""


def opened(names: Sequence[str], *, twice: bool = False) -> list[str | BinaryIO]:
    """Return the recordings; if they are read twice, standard input and pipes in memory, to be rewound in between."""
    sources: list[str | BinaryIO] = [sys.stdin.buffer if name == "-" else name for name in names]
    return [_buffered(source) for source in sources] if twice else sources


def _buffered(source: str | BinaryIO) -> str | BinaryIO:
    name = source if isinstance(source, str) else source.name
    if isinstance(source, str) and (not os.path.exists(name) or os.path.isfile(name) or os.path.isdir(name)):  # noqa: PTH110, PTH112, PTH113 (as above)
        return source
    try:
        with open(source, "rb") if isinstance(source, str) else source as file:  # noqa: PTH123 (the name as given)
            buffer = _Buffer(file.read())
    except OSError:  # recognition reports it
        return source
    buffer.name = name
    return buffer

"""`affetto adapt`: unlabelled recordings in, an adaptation profile out."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer evaluates annotations)
from typing import Annotated

import typer
from typer import Option

from affetto.cli import inputs, options
from affetto.cli.output import quoted, working

_FEW, _MANY = 5, 20
_SPEAKERS = {"one": "one speaker", "several": "several speakers", "unknown": "one speaker or several"}


def adapt(
    files: options.FilesArgument,
    profile: Annotated[Path, Option(metavar="FILE", help="The profile to write; an existing profile is replaced.")],
    model: options.ModelOption = None,
    channels: Annotated[str, Option(metavar="mix|N", help="The mean of all channels, or only channel N.")] = "mix",
    track: options.TrackOption = None,
) -> None:
    """Learn speaker, room and line from recordings without labels, for `affetto recognize --profile`.

    A profile holds a few numbers for each segment, no sound and no words. Only its model can use it.
    """
    sources = inputs.recordings(files)
    chosen = inputs.parsed_channels(channels, each=False)

    from affetto.adaptation.profile import require_replaceable
    from affetto.recognition.recognizer import Recognizer

    require_replaceable(profile, sources=[*sources, *inputs.model_files(model)])
    recognizer = Recognizer(model)
    with working(f"Reading {_counted(len(sources), 'recording')}"):
        learned = recognizer.adapt(sources, channels=chosen, track=track)  # type: ignore[arg-type] # not "each"
    learned.save(profile)
    typer.echo(
        f"Found {_counted(len(learned), 'segment')}, {learned.speech_s:.1f} s of speech, "
        f"in {_counted(len(sources), 'recording')}, of {_SPEAKERS[learned.speaker_count]}."
    )
    if len(learned) < _FEW:
        typer.echo(f"Fewer than {_FEW} segments help a little; {_MANY} or more help most.")
    elif len(learned) < _MANY:
        typer.echo(f"{_MANY} segments or more help most.")
    option = f" --model {quoted(model)}" if model else ""
    typer.echo(f"Wrote {profile}. Try: affetto recognize FILE{option} --profile {quoted(profile)}")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

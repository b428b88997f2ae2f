"""`affetto adapt`: unlabelled recordings of one person or many in, an adaptation profile out."""

from __future__ import annotations

import warnings
from pathlib import Path  # noqa: TC003 (typer evaluates annotations)
from typing import TYPE_CHECKING, Annotated

import typer

from affetto.cli.inputs import FilesArgument, TrackOption, named_files, opened, read_from
from affetto.cli.output import ModelOption, files_of_model, print_message, quoted, require_apart, working
from affetto.errors import ParameterError, ProfileError

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEW, _MANY = 5, 20
_SPEAKERS = {"one": "one speaker", "several": "several speakers", "unknown": "one speaker or several"}


def adapt(
    files: FilesArgument,
    profile: Annotated[
        Path, typer.Option("--profile", metavar="FILE", help="Where the profile goes; one that is there is replaced.")
    ],
    model: ModelOption = None,
    channels: Annotated[
        int | None,
        typer.Option(
            "--channels", metavar="N", min=1, help="Only this channel, counted from 1. [default: the mean of all]"
        ),
    ] = None,
    track: TrackOption = None,
) -> None:
    """Learn voices, room and line from recordings without labels, for `affetto recognize --profile`.

    A profile holds a few numbers for each utterance, no sound and no words. It is of use to its model alone.
    """
    names = named_files(files)
    _require_room(profile, sources=read_from(names))
    require_apart(("--profile", profile), *files_of_model(model))

    from affetto.recognition.recognizer import Recognizer
    from affetto.speech import TruncatedAudioWarning

    recognizer = Recognizer(model)
    with working(f"Listening to {_counted(len(names), 'recording')}"), warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always", TruncatedAudioWarning)
        learned = recognizer.adapt(opened(names), channels="mix" if channels is None else channels, track=track)
    for remark in remarks:
        print_message(f"warning: {remark.message}")
    learned.save(profile)
    typer.echo(
        f"Heard {_counted(len(learned), 'utterance')}, {learned.speech_s:.1f} s of speech, "
        f"in {_counted(len(names), 'recording')}, of {_SPEAKERS[learned.speaker_count]}."
    )
    if len(learned) < _FEW:
        typer.echo(f"Fewer than {_FEW} utterances help a little; {_MANY} or more help most.")
    elif len(learned) < _MANY:
        typer.echo(f"{_MANY} utterances or more help most.")
    chosen = f" --model {quoted(model)}" if model else ""
    typer.echo(f"Wrote {profile}. Try: affetto recognize FILE{chosen} --profile {quoted(profile)}")


def _require_room(profile: Path, *, sources: Sequence[str | int]) -> None:
    """Refuse to write where something else is, before anything is heard."""
    from affetto._files import require_writable
    from affetto.adaptation.profile import AdaptationProfile

    require_writable(profile, sources=sources)
    if not profile.is_file():
        return
    try:
        AdaptationProfile.load(profile)
    except ProfileError:
        raise ParameterError(
            f"{profile} is there already and is no adaptation profile that can be read; name another file, or remove it"
        ) from None


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"

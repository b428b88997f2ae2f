"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from typer import Argument, BadParameter, Option

from affetto.classifiers import Classifier

OutputFormat: TypeAlias = Literal["table", "json", "jsonl", "csv", "vtt", "srt", "audacity", "textgrid"]
"""A table to look at, or one of `affetto.exports.FORMATS`."""

# Of recognition.
FilesArgument = Annotated[list[str], Argument(metavar="FILE...", help="Recordings; - reads one from standard input.")]
ModelOption = Annotated[
    str | None, Option(metavar="BUNDLE", help="A bundle's folder, or a name from `affetto models`.")
]
TrackOption = Annotated[int | None, Option(metavar="N", min=1, help="Use only audio track N. [default: as players do]")]
ProfileOption = Annotated[Path | None, Option(metavar="FILE", help="Adapt to a profile from `affetto adapt`.")]
NoSelfAdaptationOption = Annotated[bool, Option("--no-self-adaptation", help="Do not adapt to earlier segments.")]
PriorOption = Annotated[
    str | None,
    Option(metavar="everyday|balanced|EMOTION=SHARE,...", help="How frequent emotions are. [default: the model's]"),
]
OutputOption = Annotated[Path | None, Option(metavar="FILE", help="Write results to a file, in its ending's format.")]
FormatOption = Annotated[
    OutputFormat | None,
    Option("--format", help="The format of results. [default: table, or that of --output's ending]"),
]

# Of training and evaluation.
ClassifierOption = Annotated[Classifier, Option(help="The kind of classifier.")]
CorpusArgument = Annotated[Path, Argument(metavar="DIR", help="A corpus's folder, or a CSV table.")]
NameOption = Annotated[str | None, Option(help="Which corpus it is, such as ravdess or table. [default: recognized]")]
EmotionsOption = Annotated[str | None, Option(metavar="NAME[,NAME...]", help="Only these emotions. [default: all]")]
TrainWithOption = Annotated[list[Path] | None, Option(metavar="DIR", help="Train on this corpus too; several times.")]
EncoderOption = Annotated[
    list[str] | None,
    Option(
        metavar="PATH_OR_NAME",
        help="For the transformer: a Whisper checkpoint's folder, or its name on the Hugging Face hub; several times. "
        "[default: openai/whisper-base]",
    ),
]
FoldsOption = Annotated[str | None, Option(metavar="N[,N...]", help="Only the folds of these numbers, from 1.")]
ResumeOption = Annotated[bool, Option("--resume", help="Go on from the checkpoints of an interrupted run.")]


def split_names(text: str | None) -> list[str] | None:
    """Return the names in a list with commas."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def split_numbers(text: str | None) -> list[int] | None:
    """Return the whole numbers in a list with commas."""
    try:
        return None if text is None else [int(part) for part in text.split(",")]
    except ValueError:
        raise BadParameter(f"{text!r} must be numbers of folds, such as 1 or 2,5") from None

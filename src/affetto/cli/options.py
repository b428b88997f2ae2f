"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from affetto.classifiers import CLASSIFIERS

if TYPE_CHECKING:

    class Classifier(StrEnum):
        """The kinds of classifier; the default is the only one that code names."""

        mlp = "mlp"
else:
    Classifier = StrEnum("Classifier", CLASSIFIERS)


ClassifierOption = Annotated[Classifier, typer.Option("--classifier", help="The kind of classifier.")]
CorpusArgument = Annotated[Path, typer.Argument(metavar="DIR", help="A corpus's folder, or a CSV table.")]
NameOption = Annotated[
    str | None, typer.Option("--name", help="Which corpus it is, such as ravdess, crema-d or table, if not recognized.")
]
EmotionsOption = Annotated[
    str | None,
    typer.Option("--emotions", metavar="NAME[,NAME...]", help="Only clips of these emotions. [default: all]"),
]
TrainWithOption = Annotated[
    list[Path] | None,
    typer.Option("--train-with", metavar="DIR", help="A further corpus to train on; may be given several times."),
]
EncoderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--encoder",
        metavar="PATH_OR_NAME",
        help="For the transformer: a Whisper checkpoint, a folder or a name on the Hugging Face hub; may be given "
        "several times. [default: openai/whisper-base]",
    ),
]
FoldsOption = Annotated[
    str | None, typer.Option("--folds", metavar="N[,N...]", help="Only the folds of these numbers, counted from 1.")
]
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on from the checkpoints of an interrupted run.")]


def split_names(text: str | None) -> list[str] | None:
    """Return the names in a list with commas."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def split_numbers(text: str | None) -> list[int] | None:
    """Return the whole numbers in a list with commas."""
    try:
        return None if text is None else [int(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{text!r} must be numbers of folds, such as 1 or 2,5") from None

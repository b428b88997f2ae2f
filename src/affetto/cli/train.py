"""`affetto train`: a corpus in, a bundle out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affetto.corpora import Corpus


class Classifier(StrEnum):
    """The kinds of classifier."""

    mlp = "mlp"
    svm = "svm"
    gmm = "gmm"
    cnn = "cnn"
    transformer = "transformer"


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
ResumeOption = Annotated[bool, typer.Option("--resume", help="Go on from the checkpoints of an interrupted run.")]


def train(
    corpora: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="A corpus's folder, or a CSV table; several are joined.")
    ],
    output: Annotated[Path, typer.Option("--output", metavar="BUNDLE", help="The bundle's folder; made if missing.")],
    classifier: ClassifierOption = Classifier.mlp,
    emotions: EmotionsOption = None,
    encoder: EncoderOption = None,
    resume: ResumeOption = False,
    name: NameOption = None,
) -> None:
    """Train a classifier on one corpus or several and write it as a bundle for `affetto recognize --model`."""
    from affetto._extras import require_extra

    require_extra("train")
    from affetto.cli.output import quoted, working
    from affetto.corpora.base import require_outside
    from affetto.corpora.pooling import require_different, require_trainable
    from affetto.training.pipelines import build_pipeline, require_enough
    from affetto.training.train import require_bundle_folder
    from affetto.training.train import train as fit_and_write

    loaded, *further = load_corpora(corpora, name=name, emotions=emotions)
    for path in corpora:
        require_outside(output, path)
    require_different([loaded, *further])
    for part in (loaded, *further):
        require_trainable(part.utterances, name=part.name)
    count = sum(len(part.utterances) for part in (loaded, *further))
    require_enough(count, classifier.value, name=" and ".join(part.name for part in (loaded, *further)))
    chain = build_pipeline(classifier.value, encoders=encoder)
    require_bundle_folder(output)
    for part in (loaded, *further):
        speakers = len({u.speaker for u in part.utterances})
        typer.echo(
            f"Training {classifier.value} on {part.name}: {len(part.utterances)} utterances, {speakers} speakers, "
            f"{len(part.emotions)} emotions."
        )
    with working("Extracting features and fitting: some minutes"):
        bundle = fit_and_write(chain, loaded, output, classifier=classifier.value, train_with=further, resume=resume)
    size = bundle.manifest["model"]["bytes"] / 1e6
    typer.echo(f"Wrote {output} ({size:.1f} MB). Try: affetto recognize FILE --model {quoted(output)}")


def load_corpora(paths: Sequence[Path], *, name: str | None = None, emotions: str | None = None) -> list[Corpus]:
    """Load corpora, with the clips of `--emotions` alone where that is given."""
    from affetto.corpora import load_corpus

    if name is not None and len(paths) > 1:
        raise ParameterError(f"--name says which corpus one folder holds, and {len(paths)} are given; leave it away")
    return keep_emotions([load_corpus(path, name=name) for path in paths], emotions)


def keep_emotions(corpora: list[Corpus], emotions: str | None) -> list[Corpus]:
    """Keep only the clips of `--emotions`, where that is given."""
    from affetto.corpora.base import choose_emotions

    chosen = named_emotions(emotions)
    return corpora if chosen is None else choose_emotions(corpora, chosen)


def named_emotions(emotions: str | None) -> list[str] | None:
    """Split the value of `--emotions`; None where all are meant."""
    return None if emotions is None else [one.strip() for one in emotions.split(",") if one.strip()]


def load_further(paths: list[Path] | None) -> list[Corpus]:
    """Load the corpora of `--train-with`."""
    from affetto.corpora import load_corpus

    return [load_corpus(path) for path in paths or ()]

"""`affetto train`: a corpus in, a bundle out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Classifier(StrEnum):
    """The kinds of classifier."""

    mlp = "mlp"
    svm = "svm"
    gmm = "gmm"


ClassifierOption = Annotated[Classifier, typer.Option("--classifier", help="The kind of classifier.")]
CorpusArgument = Annotated[Path, typer.Argument(metavar="DIR", help="A corpus's folder, or a CSV table.")]
NameOption = Annotated[
    str | None, typer.Option("--name", help="Which corpus it is (ravdess, nemo, emodb, table), if not recognized.")
]


def train(
    corpus: CorpusArgument,
    output: Annotated[Path, typer.Option("--output", metavar="BUNDLE", help="The bundle's folder; made if missing.")],
    classifier: ClassifierOption = Classifier.mlp,
    name: NameOption = None,
) -> None:
    """Train a classifier on a corpus and write it as a bundle for `affetto recognize --model`."""
    from affetto.extras import require_extra

    require_extra("train")
    from rich.console import Console

    from affetto.corpora import load_corpus
    from affetto.corpora.base import require_outside
    from affetto.training.chains import make_chain
    from affetto.training.fitting import require_trainable
    from affetto.training.train import require_bundle_folder
    from affetto.training.train import train as fit_and_write

    loaded = load_corpus(corpus, name=name)
    require_outside(output, corpus)
    require_trainable(loaded.utterances, name=str(corpus))
    require_bundle_folder(output)
    typer.echo(
        f"Training {classifier.value} on {loaded.name}: {len(loaded.utterances)} utterances, "
        f"{len({u.speaker for u in loaded.utterances})} speakers, {len(loaded.emotions)} emotions."
    )
    with Console(stderr=True).status("Extracting features, searching, calibrating: some minutes"):
        bundle = fit_and_write(make_chain(classifier.value), loaded, output, classifier=classifier.value)
    size = bundle.manifest["model"]["bytes"] / 1e6
    typer.echo(f"Wrote {output} ({size:.1f} MB). Try: affetto recognize FILE --model {output}")

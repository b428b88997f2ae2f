"""`affetto train`: from corpora to a bundle."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer evaluates annotations)
from typing import Annotated

import typer

from affetto.cli.options import (
    Classifier,
    ClassifierOption,
    EmotionsOption,
    EncoderOption,
    NameOption,
    ResumeOption,
    split_names,
)


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

    require_extra("train", purpose="training")
    from affetto.cli.output import quoted, working
    from affetto.training.plan import TrainingPlan

    plan = TrainingPlan(
        corpora, output, classifier=classifier.value, emotions=split_names(emotions), encoders=encoder, name=name
    )
    for corpus in plan.corpora:
        speakers = len({utterance.speaker for utterance in corpus.utterances})
        typer.echo(
            f"Training {classifier.value} on {corpus.name}: {len(corpus.utterances)} utterances, {speakers} speakers, "
            f"{len(corpus.emotions)} emotions."
        )
    with working("Extracting features and fitting: some minutes"):
        bundle = plan.run(resume=resume)
    size = bundle.manifest["model"]["bytes"] / 1e6
    typer.echo(f"Wrote {output} ({size:.1f} MB). Try: affetto recognize FILE --model {quoted(output)}")

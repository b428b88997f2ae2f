"""`affetto train`: from corpora to a bundle."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer evaluates annotations)
from typing import Annotated

import typer
from typer import Argument, Option

from affetto._extras import require_extra
from affetto.cli import options
from affetto.cli.output import quoted, working


def train(
    corpora: Annotated[list[Path], Argument(metavar="DIR...", help="Folders or CSV tables; several are joined.")],
    output: Annotated[Path, Option(metavar="BUNDLE", help="The bundle's folder; made if missing.")],
    classifier: options.ClassifierOption = "mlp",
    emotions: options.EmotionsOption = None,
    encoder: options.EncoderOption = None,
    resume: options.ResumeOption = False,
    name: options.NameOption = None,
) -> None:
    """Train a classifier on one corpus or several and write it as a bundle for `affetto recognize --model`."""
    require_extra("train", purpose="training")
    from affetto.training.plan import TrainingPlan

    chosen = options.split_names(emotions)
    plan = TrainingPlan(corpora, output, classifier=classifier, emotions=chosen, encoders=encoder, name=name)
    for corpus in plan.corpora:
        speakers = len({utterance.speaker for utterance in corpus.utterances})
        typer.echo(
            f"Training {classifier} on {corpus.name}: {len(corpus.utterances)} utterances, {speakers} speakers, "
            f"{len(corpus.emotions)} emotions."
        )
    with working("Extracting features and fitting: some minutes"):
        bundle = plan.run(resume=resume)
    size = bundle.manifest["model"]["bytes"] / 1e6
    typer.echo(f"Wrote {output} ({size:.1f} MB). Try: affetto recognize FILE --model {quoted(output)}")

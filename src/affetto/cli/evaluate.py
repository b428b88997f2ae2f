"""`affetto evaluate` and `affetto compare`: figures for unknown speakers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path  # noqa: TC003 (typer evaluates annotations)
from typing import TYPE_CHECKING, Annotated

import typer

from affetto.cli.options import (
    Classifier,
    ClassifierOption,
    CorpusArgument,
    EmotionsOption,
    EncoderOption,
    FoldsOption,
    NameOption,
    ResumeOption,
    TrainWithOption,
    split_names,
    split_numbers,
)
from affetto.cli.output import make_console, use_private_matplotlib, working
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from affetto.training.plan import CorpusSplit, SpeakerSplit


class AdaptedTo(StrEnum):
    """Whose recordings answers are adapted to."""

    speaker = "speaker"
    corpus = "corpus"


def evaluate(
    corpora: Annotated[
        list[Path],
        typer.Argument(metavar="DIR", help="A corpus's folder, or a CSV table; for the protocol corpora two or more."),
    ],
    classifier: ClassifierOption = Classifier.mlp,
    protocol: Annotated[
        str,
        typer.Option(
            "--protocol",
            help="emobox, luna-jimenez (RAVDESS); loso, speakers, random (any); corpora (leaves each of several out).",
        ),
    ] = "emobox",
    folds: FoldsOption = None,
    train_with: TrainWithOption = None,
    emotions: EmotionsOption = None,
    adapted: Annotated[
        int | None,
        typer.Option("--adapted", metavar="N", min=1, help="Adapt to N other test recordings before each answer."),
    ] = None,
    adapted_to: Annotated[
        AdaptedTo, typer.Option("--adapted-to", help="Whose recordings these are: of the same speaker, or of anybody.")
    ] = AdaptedTo.speaker,
    encoder: EncoderOption = None,
    resume: ResumeOption = False,
    name: NameOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="DIR",
            help="The report's folder. [default: CLASSIFIER-PROTOCOL, with --train-with CLASSIFIER+CORPUS-PROTOCOL]",
        ),
    ] = None,
    models: Annotated[
        Path | None, typer.Option("--models", metavar="DIR", help="Keep each fold's model there, as the bundle fold-N.")
    ] = None,
) -> None:
    """Measure a classifier on unknown speakers, and write a report."""
    split = _load_split(corpora, protocol, folds, train_with=train_with, emotions=emotions, name=name)
    from affetto.training.plan import EvaluationPlan

    plan = EvaluationPlan(
        split,
        classifier.value,
        output,
        encoders=encoder,
        adapted=adapted,
        adapted_to=adapted_to.value,
        models=models,
    )
    use_private_matplotlib()
    with working(f"{classifier.value}, {len(split.folds)} folds"):
        _, metrics = plan.run(resume=resume)
    make_console().print(plan.split.table(classifier.value, metrics))
    typer.echo(f"Report in {plan.folder}: {', '.join(split.report_files)}")


def compare(
    corpus: CorpusArgument,
    protocol: Annotated[
        str, typer.Option("--protocol", help="emobox, luna-jimenez (RAVDESS); loso, speakers, random (any corpus).")
    ] = "emobox",
    folds: FoldsOption = None,
    classifier: Annotated[
        list[Classifier] | None,
        typer.Option("--classifier", help="Only this one, and others that are named likewise. [default: all]"),
    ] = None,
    train_with: TrainWithOption = None,
    encoder: EncoderOption = None,
    resume: ResumeOption = False,
    name: NameOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="DIR", help="Where each classifier's report goes. [default: comparison-PROTOCOL]"
        ),
    ] = None,
) -> None:
    """Measure classifiers on the same clips: one table, and paired tests."""
    from affetto._extras import require_extra

    require_extra("train", purpose="evaluating")
    from affetto.evaluation.tables import comparison_table
    from affetto.training.plan import ComparisonPlan, SpeakerSplit

    split = SpeakerSplit(corpus, protocol, folds=split_numbers(folds), train_with=train_with or (), name=name)
    plan = ComparisonPlan(split, [kind.value for kind in classifier or Classifier], output, encoders=encoder)
    use_private_matplotlib()
    with working(f"{', '.join(plan.evaluations)}, {len(split.folds)} folds"):
        comparison = plan.run(resume=resume)
    console, leaks = make_console(), split.protocol.leaks_speakers
    for kind, metrics in comparison.metrics.items():
        console.print(split.table(kind, metrics))
    title = f"{split.corpus.name}, {protocol}, {next(iter(comparison.metrics.values())).clips} clips"
    console.print(comparison_table(comparison, title=title, leaks_speakers=leaks))
    typer.echo(f"Reports in {plan.folder}: one folder for each classifier")


def _load_split(
    datasets: list[Path],
    protocol: str,
    folds: str | None,
    *,
    train_with: list[Path] | None,
    emotions: str | None,
    name: str | None,
) -> SpeakerSplit | CorpusSplit:
    from affetto._extras import require_extra

    require_extra("train", purpose="evaluating")
    from affetto.evaluation.protocols import CORPORA
    from affetto.training.plan import CorpusSplit, SpeakerSplit

    numbers, chosen = split_numbers(folds), split_names(emotions)
    if protocol == CORPORA:
        if train_with or name is not None:
            option = "--train-with" if train_with else "--name"
            raise ParameterError(f"{option} is not for the protocol {CORPORA!r}: give every corpus as an argument")
        return CorpusSplit(datasets, folds=numbers, emotions=chosen)
    if len(datasets) > 1:
        raise ParameterError(
            f"protocol {protocol!r} splits one corpus, and {len(datasets)} were given: train on the others with "
            f"--train-with, or leave each out in turn with --protocol {CORPORA}"
        )
    return SpeakerSplit(datasets[0], protocol, folds=numbers, train_with=train_with or (), emotions=chosen, name=name)

"""`affetto evaluate` and `affetto compare`: figures for unknown speakers."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 (typer evaluates annotations)
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer import Argument, Option

from affetto._extras import require_extra
from affetto.classifiers import CLASSIFIERS
from affetto.cli import options
from affetto.cli.output import make_console, private_matplotlib, working
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from affetto.training.plan import CorpusSplit, SpeakerSplit


def evaluate(
    corpora: Annotated[
        list[Path], Argument(metavar="DIR", help="A folder or a CSV table; for the protocol corpora two or more.")
    ],
    classifier: options.ClassifierOption = "mlp",
    protocol: Annotated[
        str, Option(help="emobox, luna-jimenez (RAVDESS); loso, speakers, random (any); corpora (leaves each out).")
    ] = "emobox",
    folds: options.FoldsOption = None,
    train_with: options.TrainWithOption = None,
    emotions: options.EmotionsOption = None,
    adapted: Annotated[int | None, Option(metavar="N", min=1, help="Adapt to N other test recordings first.")] = None,
    adapted_to: Annotated[Literal["speaker", "corpus"], Option(help="Of the same speaker, or of any.")] = "speaker",
    encoder: options.EncoderOption = None,
    resume: options.ResumeOption = False,
    name: options.NameOption = None,
    output: Annotated[
        Path | None, Option(metavar="DIR", help="The report's folder. [default: CLASSIFIER[+CORPUS]-PROTOCOL]")
    ] = None,
    models: Annotated[Path | None, Option(metavar="DIR", help="Keep each fold's model there, as fold-N.")] = None,
) -> None:
    """Measure a classifier on unknown speakers, and write a report."""
    require_extra("train", purpose="evaluating")
    from affetto.training.plan import EvaluationPlan

    numbers, chosen = options.split_numbers(folds), options.split_names(emotions)
    split = _load_split(corpora, protocol, train_with=train_with, name=name, folds=numbers, emotions=chosen)

    plan = EvaluationPlan(
        split, classifier, output, encoders=encoder, adapted=adapted, adapted_to=adapted_to, models=models
    )
    with private_matplotlib(), working(f"{classifier}, {len(split.folds)} folds"):
        _, metrics = plan.run(resume=resume)
    make_console().print(plan.split.table(classifier, metrics))
    typer.echo(f"Report in {plan.folder}: {', '.join(split.report_files)}")


def compare(
    corpus: options.CorpusArgument,
    protocol: Annotated[
        str, Option(help="emobox, luna-jimenez (RAVDESS); loso, speakers, random (any corpus).")
    ] = "emobox",
    folds: options.FoldsOption = None,
    classifier: Annotated[
        list[str] | None, Option(metavar="|".join(CLASSIFIERS), help="Only this one; several times. [default: all]")
    ] = None,
    train_with: options.TrainWithOption = None,
    encoder: options.EncoderOption = None,
    resume: options.ResumeOption = False,
    name: options.NameOption = None,
    output: Annotated[
        Path | None, Option(metavar="DIR", help="The folder of all reports. [default: comparison-PROTOCOL]")
    ] = None,
) -> None:
    """Measure classifiers on the same clips: one table, and paired tests."""
    require_extra("train", purpose="evaluating")
    from affetto.evaluation.tables import comparison_table
    from affetto.training.plan import ComparisonPlan, SpeakerSplit

    numbers = options.split_numbers(folds)
    split = SpeakerSplit(corpus, protocol, folds=numbers, train_with=train_with or (), name=name)

    plan = ComparisonPlan(split, classifier, output, encoders=encoder)
    with private_matplotlib(), working(f"{', '.join(plan.evaluations)}, {len(split.folds)} folds"):
        comparison = plan.run(resume=resume)
    console, leaks = make_console(), split.protocol.leaks_speakers
    for kind, metrics in comparison.metrics.items():
        console.print(split.table(kind, metrics))
    title = f"{split.corpus.name}, {protocol}, {next(iter(comparison.metrics.values())).clips} clips"
    console.print(comparison_table(comparison, title=title, leaks_speakers=leaks))
    typer.echo(f"Reports in {plan.folder}: one folder for each classifier")


def _load_split(
    datasets: list[Path], protocol: str, *, train_with: list[Path] | None, name: str | None, **chosen: Any
) -> SpeakerSplit | CorpusSplit:
    from affetto.evaluation.protocols import CORPORA
    from affetto.training.plan import CorpusSplit, SpeakerSplit

    if protocol == CORPORA:
        if train_with or name is not None:
            option = "--train-with" if train_with else "--name"
            raise ParameterError(f"{option} is not for the protocol {CORPORA!r}: give every corpus as an argument")
        return CorpusSplit(datasets, **chosen)
    if len(datasets) > 1:
        raise ParameterError(
            f"protocol {protocol!r} splits one corpus, and {len(datasets)} were given: train on the others with "
            f"--train-with, or leave each out in turn with --protocol {CORPORA}"
        )
    return SpeakerSplit(datasets[0], protocol, train_with=train_with or (), name=name, **chosen)

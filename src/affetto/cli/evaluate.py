"""`affetto evaluate` and `affetto compare`: honest figures for speakers never heard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from affetto.cli.output import make_console
from affetto.cli.train import Classifier, ClassifierOption, CorpusArgument, NameOption
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from affetto.corpora import Corpus
    from affetto.evaluation.predictions import Predictions
    from affetto.evaluation.protocols import Fold, Protocol

ProtocolOption = Annotated[
    str, typer.Option("--protocol", help="emobox, luna (RAVDESS); loso, speakers, random (any corpus).")
]
FoldsOption = Annotated[
    str | None, typer.Option("--folds", metavar="N[,N...]", help="Only the folds of these numbers, counted from 1.")
]


def evaluate(
    corpus: CorpusArgument,
    classifier: ClassifierOption = Classifier.mlp,
    protocol: ProtocolOption = "emobox",
    folds: FoldsOption = None,
    name: NameOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="DIR", help="The report's folder. [default: CLASSIFIER-PROTOCOL]")
    ] = None,
) -> None:
    """Measure a classifier on speakers that it never heard, and write a report."""
    task = _prepare(corpus, protocol, folds, name=name, folder=output or Path(f"{classifier.value}-{protocol}"))
    _evaluate_one(task, classifier, task.folder)
    typer.echo(f"Report in {task.folder}: predictions.csv, metrics.json, confusion.png")


def compare(
    corpus: CorpusArgument,
    protocol: ProtocolOption = "emobox",
    folds: FoldsOption = None,
    name: NameOption = None,
    output: Annotated[
        Path, typer.Option("--output", metavar="DIR", help="Where each classifier's report goes.")
    ] = Path("comparison"),
) -> None:
    """Measure every classifier on the same clips: one table, and paired tests."""
    task = _prepare(corpus, protocol, folds, name=name, folder=output)
    tested = {task.corpus.utterances[index].speaker for fold in task.folds for index in fold.test}
    if len(tested) < 2:
        raise ParameterError(f"a paired test needs two test speakers or more, and these folds have {len(tested)}")
    from affetto.evaluation.compare import compare as compare_predictions
    from affetto.evaluation.compare import comparison_table

    systems = {c.value: _evaluate_one(task, c, task.folder / c.value) for c in Classifier}
    title = f"{task.corpus.name}, {protocol}, {len(next(iter(systems.values())))} clips"
    table = comparison_table(compare_predictions(systems), title=title, leaks_speakers=task.protocol.leaks_speakers)
    make_console().print(table)
    typer.echo(f"Reports in {task.folder}: one folder for each classifier")


@dataclass(frozen=True)
class _Task:
    """What is evaluated, checked before hours of fitting."""

    corpus: Corpus
    path: Path
    protocol: Protocol
    folds: list[Fold]
    folder: Path


def _prepare(path: Path, protocol: str, folds: str | None, *, name: str | None, folder: Path) -> _Task:
    from affetto.extras import require_extra

    require_extra("train")
    from affetto.corpora import load_corpus
    from affetto.evaluation.protocols import choose_folds, get_protocol
    from affetto.evaluation.report import prepare_folder
    from affetto.training.fitting import require_trainable

    chosen = get_protocol(protocol)
    numbers = _fold_numbers(folds)
    corpus = load_corpus(path, name=name)
    todo = choose_folds(chosen, corpus, numbers)
    for fold in todo:
        require_trainable([corpus.utterances[i] for i in fold.train], name=f"the training part of fold {fold.number}")
    prepare_folder(folder, dataset=path)
    return _Task(corpus, path, chosen, todo, folder)


def _evaluate_one(task: _Task, classifier: Classifier, folder: Path) -> Predictions:
    from affetto.evaluation.loop import evaluate as evaluate_chain
    from affetto.evaluation.report import metrics_table, write_report
    from affetto.training.chains import make_chain

    name = classifier.value
    numbers = [fold.number for fold in task.folds]
    predictions = evaluate_chain(make_chain(name), task.corpus, task.protocol, folds=numbers, progress=_progress(name))
    metrics = write_report(predictions, folder, system=name, protocol=task.protocol, dataset=task.path)
    title = f"{name}, {task.protocol.name}, {len(predictions)} clips"
    make_console().print(metrics_table(metrics, title=title, leaks_speakers=task.protocol.leaks_speakers))
    return predictions


def _fold_numbers(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no list of fold numbers such as 1 or 2,5") from None


def _progress(name: str) -> Callable[[Sequence[Fold]], Iterator[Fold]]:
    """Show on stderr which fold is being worked on."""

    def track(folds: Sequence[Fold]) -> Iterator[Fold]:
        from rich.console import Console
        from rich.progress import track as bar

        console = Console(stderr=True)
        description = f"{name}, {len(folds)} folds"
        yield from bar(folds, description=description, console=console, disable=not console.is_terminal)

    return track

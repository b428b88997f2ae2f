"""`affetto evaluate` and `affetto compare`: honest figures for speakers never heard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from affetto.cli.output import make_console
from affetto.cli.train import Classifier, ClassifierOption, CorpusArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from affetto.evaluation.protocols import Fold

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
    output: Annotated[
        Path | None, typer.Option("--output", metavar="DIR", help="The report's folder. [default: CLASSIFIER-PROTOCOL]")
    ] = None,
) -> None:
    """Measure a classifier on speakers that it never heard, and write a report."""
    from affetto.corpora import load_corpus
    from affetto.evaluation.loop import evaluate as evaluate_chain
    from affetto.evaluation.protocols import get_protocol
    from affetto.evaluation.report import metrics_table, prepare_folder, write_report
    from affetto.training.chains import make_chain

    chosen = get_protocol(protocol)
    numbers = _fold_numbers(folds)
    loaded = load_corpus(corpus)
    folder = output or Path(f"{classifier.value}-{protocol}")
    prepare_folder(folder, dataset=corpus)
    predictions = evaluate_chain(
        make_chain(classifier.value), loaded, chosen, folds=numbers, progress=_progress(classifier.value)
    )
    metrics = write_report(predictions, folder, system=classifier.value, protocol=chosen, dataset=corpus)
    title = f"{classifier.value}, {protocol}, {len(predictions)} clips"
    make_console().print(metrics_table(metrics, title=title, leaks_speakers=chosen.leaks_speakers))
    typer.echo(f"Report in {folder}: predictions.csv, metrics.json, confusion.png")


def compare(
    corpus: CorpusArgument,
    protocol: ProtocolOption = "emobox",
    folds: FoldsOption = None,
    output: Annotated[
        Path, typer.Option("--output", metavar="DIR", help="Where each classifier's report goes.")
    ] = Path("comparison"),
) -> None:
    """Measure every classifier on the same clips: one table, and paired tests."""
    from affetto.corpora import load_corpus
    from affetto.evaluation.compare import compare as compare_predictions
    from affetto.evaluation.compare import comparison_table
    from affetto.evaluation.loop import evaluate as evaluate_chain
    from affetto.evaluation.protocols import get_protocol
    from affetto.evaluation.report import prepare_folder, write_report
    from affetto.training.chains import make_chain

    chosen = get_protocol(protocol)
    numbers = _fold_numbers(folds)
    loaded = load_corpus(corpus)
    prepare_folder(output, dataset=corpus)
    systems = {}
    for classifier in Classifier:
        name = classifier.value
        predictions = evaluate_chain(make_chain(name), loaded, chosen, folds=numbers, progress=_progress(name))
        write_report(predictions, output / name, system=name, protocol=chosen, dataset=corpus)
        systems[name] = predictions
    title = f"{loaded.name}, {protocol}, {len(next(iter(systems.values())))} clips"
    comparison = compare_predictions(systems)
    make_console().print(comparison_table(comparison, title=title, leaks_speakers=chosen.leaks_speakers))
    typer.echo(f"Reports in {output}: one folder for each classifier")


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

        yield from bar(folds, description=f"{name}, {len(folds)} folds", console=Console(stderr=True))

    return track

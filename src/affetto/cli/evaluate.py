"""`affetto evaluate` and `affetto compare`: honest figures for speakers never heard."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from affetto.cli.answering import AdaptedOption, AdaptedTo, AdaptedToOption, Answering
from affetto.cli.left_out import evaluate_left_out
from affetto.cli.output import make_console, use_private_matplotlib, working
from affetto.cli.train import (
    Classifier,
    ClassifierOption,
    CorpusArgument,
    EmotionsOption,
    EncoderOption,
    NameOption,
    ResumeOption,
    TrainWithOption,
    keep_emotions,
    load_further,
    named_emotions,
)
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from affetto.corpora import Corpus
    from affetto.evaluation.predictions import Predictions
    from affetto.evaluation.protocols import Fold, Protocol
    from affetto.training.train import Chain

ProtocolOption = Annotated[
    str, typer.Option("--protocol", help="emobox, luna-jimenez (RAVDESS); loso, speakers, random (any corpus).")
]
EvaluationProtocolOption = Annotated[
    str,
    typer.Option(
        "--protocol",
        help="emobox, luna-jimenez (RAVDESS); loso, speakers, random (any); corpora (leaves each of several out).",
    ),
]
FoldsOption = Annotated[
    str | None, typer.Option("--folds", metavar="N[,N...]", help="Only the folds of these numbers, counted from 1.")
]


def evaluate(
    corpora: Annotated[
        list[Path],
        typer.Argument(metavar="DIR", help="A corpus's folder, or a CSV table; for the protocol corpora two or more."),
    ],
    classifier: ClassifierOption = Classifier.mlp,
    protocol: EvaluationProtocolOption = "emobox",
    folds: FoldsOption = None,
    train_with: TrainWithOption = None,
    emotions: EmotionsOption = None,
    adapted: AdaptedOption = None,
    adapted_to: AdaptedToOption = AdaptedTo.speaker,
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
    """Measure a classifier on speakers that it never heard, and write a report."""
    from affetto.evaluation.protocols import CORPORA

    answering = Answering(classifier, adapted, adapted_to)
    if protocol == CORPORA:
        if train_with or name is not None:
            option = "--train-with" if train_with else "--name"
            raise ParameterError(f"{option} is not for the protocol {CORPORA!r}: give every corpus as an argument")
        evaluate_left_out(
            corpora,
            answering,
            emotions=emotions,
            folds=_fold_numbers(folds),
            encoders=encoder,
            resume=resume,
            folder=output or Path(f"{classifier.value}-{CORPORA}"),
            models=models,
        )
        return
    if len(corpora) > 1:
        raise ParameterError(
            f"protocol {protocol!r} splits one corpus, and {len(corpora)} were given: train on the others with "
            f"--train-with, or leave each out in turn with --protocol {CORPORA}"
        )
    (corpus,) = corpora
    task = _prepare(
        corpus,
        protocol,
        folds,
        name=name,
        folder=output,
        system=classifier.value,
        train_with=train_with,
        emotions=emotions,
        answering=answering,
        resume=resume,
    )
    from affetto.training.pipelines import build_pipeline

    chain = build_pipeline(classifier.value, encoders=encoder)
    if models is not None:
        _require_place_for_models(models, task, chain, classifier.value)
    _prepare_folder(task, chain, classifier.value, task.folder)
    from affetto.evaluation.report import REPORT_FILES
    from affetto.training.checkpoints import keeping_checkpoints

    with keeping_checkpoints(chain, task.folder, resume=task.resume):
        _evaluate_one(task, chain, classifier.value, task.folder, models=models)

    typer.echo(f"Report in {task.folder}: {', '.join(REPORT_FILES)}")


def compare(
    corpus: CorpusArgument,
    protocol: ProtocolOption = "emobox",
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
    task = _prepare(
        corpus, protocol, folds, name=name, folder=output, system="comparison", train_with=train_with, resume=resume
    )
    tested = {task.corpus.utterances[index].speaker for fold in task.folds for index in fold.test}
    if len(tested) < 2:
        raise ParameterError(f"a paired test needs two test speakers or more, and these folds have {len(tested)}")
    from affetto.evaluation.compare import compare_systems, comparison_table
    from affetto.training.checkpoints import keeping_checkpoints
    from affetto.training.pipelines import build_pipeline

    kinds = list(dict.fromkeys(classifier or Classifier))
    if len(kinds) < 2:
        raise ParameterError(f"there is nothing to compare {kinds[0].value} with; name another --classifier")
    if encoder and Classifier.transformer not in kinds:
        raise ParameterError("encoders are for the transformer, which is not among the classifiers to compare")
    # All are made before the first is fitted: what is wrong with the last shows at once.
    chains = {
        c.value: build_pipeline(c.value, encoders=encoder if c is Classifier.transformer else None) for c in kinds
    }
    for kind, chain in chains.items():
        _prepare_folder(task, chain, kind, task.folder / kind)
    with ExitStack() as until_all_are_done:  # so that whoever resumes fits no network again that was done
        for kind, chain in chains.items():
            until_all_are_done.enter_context(keeping_checkpoints(chain, task.folder / kind, resume=task.resume))
        systems = {kind: _evaluate_one(task, chain, kind, task.folder / kind) for kind, chain in chains.items()}
    title = f"{task.corpus.name}, {protocol}, {len(next(iter(systems.values())))} clips"
    table = comparison_table(compare_systems(systems), title=title, leaks_speakers=task.protocol.leaks_speakers)
    make_console().print(table)
    typer.echo(f"Reports in {task.folder}: one folder for each classifier")


@dataclass(frozen=True)
class _Task:
    """What is evaluated, checked before hours of fitting. The paths are of the corpus, and of what is trained with."""

    corpus: Corpus
    paths: list[Path]
    protocol: Protocol
    folds: list[Fold]
    folder: Path
    train_with: list[Corpus]
    emotions: list[str] | None
    answering: Answering | None
    resume: bool


def _prepare(
    path: Path,
    protocol: str,
    folds: str | None,
    *,
    name: str | None,
    folder: Path | None,
    system: str,
    train_with: list[Path] | None,
    resume: bool,
    emotions: str | None = None,
    answering: Answering | None = None,
) -> _Task:
    from affetto._extras import require_extra

    require_extra("train")
    from affetto.corpora import load_corpus
    from affetto.corpora.pooling import require_different, require_trainable
    from affetto.evaluation.protocols import as_learned_from, choose_folds, get_protocol

    chosen = get_protocol(protocol)
    numbers = _fold_numbers(folds)
    corpus, *further = keep_emotions([load_corpus(path, name=name), *load_further(train_with)], emotions)
    # What was trained with other corpora is another system, whose report must not replace the first one's.
    folder = folder or Path(f"{'+'.join([system, *(part.name for part in further)])}-{chosen.name}")
    todo = choose_folds(chosen, corpus, numbers)
    learned_from = as_learned_from(corpus, chosen).utterances
    for fold in todo:
        require_trainable([learned_from[i] for i in fold.train], name=f"the training part of fold {fold.number}")
    require_different([corpus, *further])
    for part in further:
        require_trainable(part.utterances, name=part.name)
    return _Task(
        corpus,
        [path, *(train_with or ())],
        chosen,
        todo,
        folder,
        further,
        emotions=named_emotions(emotions),
        answering=answering,
        resume=resume,
    )


def _require_place_for_models(folder: Path, task: _Task, chain: Chain, kind: str) -> None:
    from affetto.corpora.base import require_outside
    from affetto.training.folds import require_fold_folders

    for dataset in task.paths:
        require_outside(folder, dataset)
    require_fold_folders(chain, kind, task.corpus, task.folds, folder, train_with=task.train_with)


def _prepare_folder(task: _Task, chain: Chain, kind: str, folder: Path) -> None:
    from affetto.evaluation.report import prepare_folder

    numbers, recipe = [fold.number for fold in task.folds], _recipe(task, chain)
    for dataset in task.paths:
        prepare_folder(folder, system=kind, protocol=task.protocol, folds=numbers, dataset=dataset, recipe=recipe)


def _recipe(task: _Task, chain: Chain) -> dict[str, Any]:
    from affetto import __version__
    from affetto.training.train import described_encoders

    return {
        "affetto": __version__,
        "corpus": task.corpus.name,
        "train_with": [part.name for part in task.train_with],
        # Also where nothing was chosen, so that a report of something else is not replaced.
        "emotions": task.emotions,
        "adapted_to": None if task.answering is None else task.answering.adapted_to,
        **({"encoders": encoders} if (encoders := described_encoders(chain)) else {}),
    }


def _evaluate_one(task: _Task, chain: Chain, kind: str, folder: Path, *, models: Path | None = None) -> Predictions:
    from affetto.evaluation.adapted import unadapted
    from affetto.evaluation.report import metrics_table, write_report
    from affetto.training.cross_validation import cross_validate

    use_private_matplotlib()
    keep = None
    if models is not None:
        keep = partial(_save, classifier=kind, task=task, folder=models)
    numbers = [fold.number for fold in task.folds]
    with working(f"{kind}, {len(numbers)} folds"):
        predictions = cross_validate(
            chain,
            task.corpus,
            task.protocol,
            train_with=task.train_with,
            folds=numbers,
            answers=unadapted if task.answering is None else task.answering.answers,
            keep=keep,
        )
    metrics = write_report(
        predictions,
        folder,
        system=kind,
        protocol=task.protocol,
        dataset=task.paths[0],
        recipe=_recipe(task, chain),
    )
    title = f"{kind}, {task.protocol.name}, {len(predictions)} clips"
    make_console().print(metrics_table(metrics, title=title, leaks_speakers=task.protocol.leaks_speakers))
    return predictions


def _save(fold: Fold, chain: Chain, *, classifier: str, task: _Task, folder: Path) -> None:
    from affetto.training.folds import save_fold

    save_fold(chain, classifier, task.corpus, fold, folder, train_with=task.train_with)


def _fold_numbers(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no list of fold numbers such as 1 or 2,5") from None

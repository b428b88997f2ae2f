"""`affetto evaluate --protocol corpora`: each corpus in turn is left out and answered by what learned the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from affetto.cli.output import make_console, working
from affetto.cli.train import load_corpora, named_emotions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from affetto.cli.answering import Answering
    from affetto.evaluation.corpora import CorpusFold


def evaluate_left_out(
    paths: Sequence[Path],
    answering: Answering,
    *,
    emotions: str | None,
    folds: Sequence[int] | None,
    encoders: list[str] | None,
    resume: bool,
    folder: Path,
    models: Path | None,
) -> None:
    """Check all that can be checked, then fit and test each fold, and write the report."""
    from affetto._extras import require_extra

    require_extra("train")
    from affetto import __version__
    from affetto.corpora.base import require_outside
    from affetto.corpora.pooling import require_different
    from affetto.evaluation import corpora_table, prepare_corpora_folder, write_corpora_report
    from affetto.evaluation.corpora import choose_corpus_folds, corpus_folds
    from affetto.evaluation.corpora_report import CORPORA_REPORT_FILES
    from affetto.training.checkpoints import keeping_checkpoints
    from affetto.training.cross_validation import cross_validate_corpora
    from affetto.training.folds import require_corpus_fold_folders, save_corpus_fold
    from affetto.training.pipelines import build_pipeline
    from affetto.training.train import described_encoders

    classifier = answering.classifier.value
    corpora = load_corpora(paths, emotions=emotions)
    require_different(corpora)
    chosen = choose_corpus_folds(corpus_folds(corpora), folds)
    chain = build_pipeline(classifier, encoders=encoders)
    # Also where nothing was chosen, so that a report of something else is not replaced.
    recipe: dict[str, Any] = {
        "affetto": __version__,
        "emotions": named_emotions(emotions),
        "adapted_to": answering.adapted_to,
    }
    if (described := described_encoders(chain)) is not None:
        recipe["encoders"] = described
    about: dict[str, Any] = {"system": classifier, "corpora": corpora, "datasets": paths, "recipe": recipe}
    if models is not None:
        for path in paths:
            require_outside(models, path)
        require_corpus_fold_folders(chain, classifier, chosen, models)
    prepare_corpora_folder(folder, folds=[fold.number for fold in chosen], **about)

    def keep(fold: CorpusFold, fitted: Any) -> None:
        if models is not None:
            save_corpus_fold(fitted, classifier, fold, models)

    with keeping_checkpoints(chain, folder, resume=resume):
        with working(f"{classifier}, {len(chosen)} of {len(corpora)} corpora left out"):
            predictions = cross_validate_corpora(
                chain, corpora, folds=[fold.number for fold in chosen], answers=answering.answers, keep=keep
            )
        metrics = write_corpora_report(predictions, folder, **about)
    title = f"{classifier}, each corpus left out, {len(predictions)} clips"
    make_console().print(corpora_table(metrics, corpora, title=title))
    typer.echo(f"Report in {folder}: {', '.join(CORPORA_REPORT_FILES)}")

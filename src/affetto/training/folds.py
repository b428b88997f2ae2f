"""Bundles of folds: saved models, each trained on the training part of one fold."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from affetto.bundles.bundle import MANIFEST_FILE, load_bundle
from affetto.errors import BundleError
from affetto.training.pipelines import build_pipeline
from affetto.training.provenance import describe_corpus, describe_encoders, describe_recipe
from affetto.training.train import require_bundle_folder, save, train

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from affetto.bundles.bundle import Bundle
    from affetto.corpora.base import Corpus
    from affetto.evaluation.protocols import Fold
    from affetto.training.pipelines import TrainingPipeline


def training_part(corpus: Corpus, fold: Fold) -> Corpus:
    """Return the part of a corpus that a fold is trained on."""
    return replace(corpus, utterances=[corpus.utterances[index] for index in fold.train.tolist()])


def fold_bundle(
    classifier: str, corpus: Corpus, fold: Fold, folder: Path, *, encoders: Sequence[str] | None = None
) -> Bundle:
    """Train a bundle on the training part of a fold, or load the one of an earlier run.

    Parameters
    ----------
    classifier : str
        The kind of classifier.
    corpus : Corpus
        The corpus that the protocol splits.
    fold : Fold
        The fold.
    folder : Path
        Folder of the bundles of all folds; this one is ``fold-N`` in it.
    encoders : sequence of str, optional
        The transformer's checkpoints.

    Returns
    -------
    Bundle

    Raises
    ------
    BundleError
        If an earlier bundle has another classifier, recipe or encoder, or was trained on other clips.
    ParameterError, CorpusError, AudioError
        As `affetto.training.train.train`.
    """
    pipeline = build_pipeline(classifier, encoders=encoders)
    part = training_part(corpus, fold)
    found = require_fold_folder(pipeline, classifier, fold.number, [part], folder)
    return found or train(pipeline, part, _place(folder, fold.number), classifier=classifier)


def load_fold(corpus: Corpus, fold: Fold, folder: Path) -> Bundle:
    """Load the bundle of a fold, and refuse one that was trained on other clips of the corpus.

    Parameters
    ----------
    corpus : Corpus
        The corpus that the protocol splits.
    fold : Fold
        The fold.
    folder : Path
        Folder of the bundles of all folds.

    Returns
    -------
    Bundle

    Raises
    ------
    BundleError
        If there is none, or it was trained on other clips.
    """
    bundle = load_bundle(_place(folder, fold.number))
    if describe_corpus(training_part(corpus, fold)) not in bundle.manifest.get("corpora", []):
        raise BundleError(
            f"{bundle.folder} was not trained on the training part of fold {fold.number} of {corpus.name}, so it may "
            "know the test speakers; name the folder of this protocol's bundles"
        )
    return bundle


def require_fold_folder(
    pipeline: TrainingPipeline, classifier: str, number: int, corpora: Sequence[Corpus], folder: Path
) -> Bundle | None:
    """Make the folder of a fold's bundle, and refuse other content before hours of fitting.

    Parameters
    ----------
    pipeline : AugmentedClassifier or CalibratedPipeline
        The pipeline that will be fitted.
    classifier : str
        The kind of classifier.
    number : int
        The fold's number.
    corpora : sequence of Corpus
        What the fold is trained on.
    folder : Path
        Folder of the bundles of all folds.

    Returns
    -------
    Bundle or None
        The same bundle of an earlier run.

    Raises
    ------
    ParameterError
        If the folder cannot be made, or holds something else than a bundle.
    BundleError
        If it holds a bundle of another classifier, recipe or encoder, or one that was trained on other clips.
    """
    place = _place(folder, number)
    require_bundle_folder(place)
    if not (place / MANIFEST_FILE).is_file():
        return None
    bundle = load_bundle(place)
    found = (bundle.name, bundle.manifest["classifier"], bundle.manifest.get("corpora"))
    if found != (place.name, classifier, [describe_corpus(part) for part in corpora]):
        count = sum(len(part.utterances) for part in corpora)
        raise BundleError(
            f"{place} is not the {classifier} of fold {number}, trained on {count} utterances of "
            f"{' and '.join(part.name for part in corpora)}; remove it, or name another folder"
        )
    _require_recipe(bundle, pipeline)
    return bundle


def save_fold(
    pipeline: TrainingPipeline, classifier: str, number: int, corpora: Sequence[Corpus], folder: Path
) -> Bundle:
    """Write the fitted pipeline of a fold as a bundle; parameters as in `require_fold_folder`."""
    return save(pipeline, corpora, _place(folder, number), classifier=classifier)


def _require_recipe(bundle: Bundle, pipeline: TrainingPipeline) -> None:
    """Refuse a bundle that was fitted in another way than a pipeline would be."""
    training = bundle.manifest.get("training") or {}
    found = {"recipe": training.get("recipe", {}), "encoders": bundle.manifest.get("encoders")}
    # Through JSON, as in a manifest. The hyperparameters are not known before fitting.
    wanted = json.loads(json.dumps({"recipe": describe_recipe(pipeline), "encoders": describe_encoders(pipeline)}))
    found["recipe"] = {name: value for name, value in found["recipe"].items() if name in wanted["recipe"]}
    for name, what in (("recipe", "was trained by another recipe"), ("encoders", "has another encoder")):
        if found[name] != wanted[name]:
            raise BundleError(f"{bundle.folder} {what}; remove it, or name another folder")


def _place(folder: Path, number: int) -> Path:
    return folder / f"fold-{number}"

"""Bundles of the folds of a protocol: saved models, each of which knows none of the speakers that it is tested on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from affetto.bundles.bundle import MANIFEST_FILE, load_bundle
from affetto.errors import BundleError
from affetto.training.pipelines import build_pipeline
from affetto.training.train import (
    described_corpus,
    described_encoders,
    described_recipe,
    require_bundle_folder,
    save,
    train,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from affetto.bundles.bundle import Bundle
    from affetto.corpora.base import Corpus
    from affetto.evaluation.corpora import CorpusFold
    from affetto.evaluation.protocols import Fold


def fold_bundle(
    classifier: str,
    corpus: Corpus,
    fold: Fold,
    folder: Path,
    *,
    train_with: Sequence[Corpus] = (),
    encoders: Sequence[str] | None = None,
) -> Bundle:
    """Train a bundle on what a fold is trained on, or take the one that an earlier run has left.

    Parameters
    ----------
    classifier : str
        The kind of classifier.
    corpus : Corpus
        What the protocol splits.
    fold : Fold
        Whose training part to learn.
    folder : Path
        Where the bundles of all folds are: this one's is ``fold-N`` in it, and stays there.
    train_with : sequence of Corpus, optional
        Further corpora to learn from.
    encoders : sequence of str, optional
        The transformer's checkpoints.

    Returns
    -------
    Bundle

    Raises
    ------
    BundleError
        If the bundle that is there is of another classifier, recipe or encoder, or was trained on something else.
    ParameterError, CorpusError, AudioError
        As `affetto.training.train.train`.
    """
    chain = build_pipeline(classifier, encoders=encoders)
    if bundle := _found(chain, classifier, corpus, fold, folder, train_with):
        return bundle
    return train(chain, _known(corpus, fold), _place(folder, fold), classifier=classifier, train_with=train_with)


def load_fold(corpus: Corpus, fold: Fold, folder: Path) -> Bundle:
    """Load the bundle of a fold, and refuse one that has heard the fold's test speakers.

    Parameters
    ----------
    corpus : Corpus
        What the protocol splits.
    fold : Fold
    folder : Path
        Where the bundles of all folds are.

    Returns
    -------
    Bundle

    Raises
    ------
    BundleError
        If there is none, or it was trained on other clips of the corpus than the fold's training part.
    """
    bundle = load_bundle(_place(folder, fold))
    if described_corpus(_known(corpus, fold)) not in bundle.manifest.get("corpora", []):
        raise BundleError(
            f"{bundle.folder} was not trained on what fold {fold.number} of {corpus.name} trains on, so it may have "
            "heard the speakers that are tested; name the folder of this protocol's bundles"
        )
    return bundle


def require_fold_folders(
    chain: Any,
    classifier: str,
    corpus: Corpus,
    folds: Iterable[Fold],
    folder: Path,
    *,
    train_with: Sequence[Corpus] = (),
) -> None:
    """Make the folders of the bundles of folds, and refuse what holds something else, before hours of fitting.

    Parameters
    ----------
    chain : AugmentedClassifier or CalibratedPipeline
        That is to be fitted.
    classifier, corpus, folder, train_with
        As in `fold_bundle`.
    folds : iterable of Fold

    Raises
    ------
    ParameterError
        If one cannot be made, or holds something else than a bundle.
    BundleError
        If one holds a bundle that `fold_bundle` would refuse.
    """
    for fold in folds:
        require_bundle_folder(_place(folder, fold))
        _found(chain, classifier, corpus, fold, folder, train_with)


def require_corpus_fold_folders(chain: Any, classifier: str, folds: Iterable[CorpusFold], folder: Path) -> None:
    """Do as `require_fold_folders` where each fold leaves a corpus out.

    Parameters
    ----------
    chain : AugmentedClassifier or CalibratedPipeline
        That is to be fitted.
    classifier : str
        The kind of classifier.
    folds : iterable of CorpusFold
    folder : Path
        Where the bundles of all folds are.

    Raises
    ------
    ParameterError, BundleError
        As `require_fold_folders`.
    """
    for fold in folds:
        path = _place(folder, fold)
        require_bundle_folder(path)
        if (path / MANIFEST_FILE).is_file():
            _require_same(load_bundle(path), chain, classifier, fold.number, fold.training)


def save_corpus_fold(chain: Any, classifier: str, fold: CorpusFold, folder: Path) -> Bundle:
    """Write a chain that was fitted without a corpus, as the bundle ``fold-N``.

    Parameters
    ----------
    chain : AugmentedClassifier or CalibratedPipeline
        Fitted.
    classifier, fold, folder
        As in `require_corpus_fold_folders`.

    Returns
    -------
    Bundle
    """
    return save(chain, fold.training, _place(folder, fold), classifier=classifier)


def save_fold(
    chain: Any, classifier: str, corpus: Corpus, fold: Fold, folder: Path, *, train_with: Sequence[Corpus] = ()
) -> Bundle:
    """Write a chain that was fitted on a fold's training part where `fold_bundle` finds it.

    Parameters
    ----------
    chain : AugmentedClassifier or CalibratedPipeline
        Fitted.
    classifier, corpus, fold, folder, train_with
        As in `fold_bundle`.

    Returns
    -------
    Bundle
    """
    return save(chain, (_known(corpus, fold), *train_with), _place(folder, fold), classifier=classifier)


def _found(
    chain: Any, classifier: str, corpus: Corpus, fold: Fold, folder: Path, train_with: Sequence[Corpus]
) -> Bundle | None:
    """Return the bundle of a fold that is there, if one is; refuse one that would not become of the chain."""
    path, known = _place(folder, fold), _known(corpus, fold)
    if not (path / MANIFEST_FILE).is_file():
        return None
    bundle = load_fold(corpus, fold, folder)
    _require_same(bundle, chain, classifier, fold.number, (known, *train_with))
    return bundle


def _require_same(bundle: Bundle, chain: Any, classifier: str, number: int, corpora: Sequence[Corpus]) -> None:
    """Refuse a bundle that would not become of a chain that is fitted on these corpora in the fold of that number."""
    found = (bundle.name, bundle.manifest["classifier"], bundle.manifest.get("corpora"))
    if found != (bundle.folder.name, classifier, [described_corpus(part) for part in corpora]):
        count = sum(len(part.utterances) for part in corpora)
        raise BundleError(
            f"{bundle.folder} is no {classifier} of fold {number}, trained on {count} utterances of "
            f"{' and '.join(part.name for part in corpora)}; remove it, or name another folder"
        )
    _require_recipe(bundle, chain)


def _require_recipe(bundle: Bundle, chain: Any) -> None:
    """Refuse a bundle that was fitted in another way than a chain would be."""
    training = bundle.manifest.get("training") or {}
    found = {"recipe": training.get("recipe", {}), "encoders": bundle.manifest.get("encoders")}
    # Through JSON, as it comes from a manifest; what a chain chose is not known before it is fitted.
    wanted = json.loads(json.dumps({"recipe": described_recipe(chain), "encoders": described_encoders(chain)}))
    found["recipe"] = {name: value for name, value in found["recipe"].items() if name in wanted["recipe"]}
    for name, what in (("recipe", "was trained by another recipe"), ("encoders", "has another encoder")):
        if found[name] != wanted[name]:
            raise BundleError(f"{bundle.folder} {what} than is asked for; remove it, or name another folder")


def _place(folder: Path, fold: Fold | CorpusFold) -> Path:
    return folder / f"fold-{fold.number}"


def _known(corpus: Corpus, fold: Fold) -> Corpus:
    return replace(corpus, utterances=[corpus.utterances[index] for index in fold.train.tolist()])

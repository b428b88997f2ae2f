"""From a corpus to a bundle: fit a chain on all its speakers, convert it, describe it."""

from __future__ import annotations

import datetime
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto import __version__
from affetto.errors import ParameterError
from affetto.recognition.bundle import MANIFEST_FILE, MODEL_FILE, write_bundle
from affetto.training.export import export_classifier
from affetto.training.fitting import fit_chain, require_trainable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from affetto.corpora.base import Corpus
    from affetto.recognition.bundle import Bundle
    from affetto.training.augmentation import AugmentedClassifier


def train(
    chain: AugmentedClassifier,
    corpus: Corpus,
    folder: Path,
    *,
    classifier: str,
    name: str | None = None,
    results: Sequence[Mapping[str, Any]] = (),
) -> Bundle:
    """Fit a chain on a whole corpus and write it as a bundle.

    Parameters
    ----------
    chain : AugmentedClassifier
        From `affetto.training.chains.make_chain`; fitted in place.
    corpus : Corpus
        What to learn from; its labels become the bundle's.
    folder : Path
        The bundle; made if it is missing. A bundle that is there already is replaced.
    classifier : str
        The kind of classifier, for the manifest.
    name : str, optional
        The bundle's name; by default the folder's.
    results : sequence of mapping
        Measured figures of this recipe, for the manifest.

    Returns
    -------
    Bundle
        Read back from disk.

    Raises
    ------
    ParameterError
        If the folder holds something else than a bundle, or cannot be made.
    CorpusError
        If the corpus has too few emotions or speakers.
    AudioError
        If a recording cannot be read.
    """
    require_bundle_folder(folder)
    require_trainable(corpus.utterances, name=corpus.name)
    labels = corpus.emotions
    X = np.empty(len(corpus.utterances), dtype=object)
    X[:] = [utterance.path for utterance in corpus.utterances]
    y = np.array([labels.index(utterance.emotion) for utterance in corpus.utterances])
    speakers = [utterance.speaker for utterance in corpus.utterances]
    fit_chain(chain, X, y, speakers=speakers)
    features = chain.front_end.transform(X)
    steps = chain.front_end.transformer.named_steps
    manifest = {
        "name": name or folder.resolve().name,
        "version": __version__,
        "classifier": classifier,
        "labels": list(labels),
        "input": {"kind": "features", "sample_rate_hz": steps["speech"].sample_rate_hz, "size": features.shape[1]},
        "preprocessing": [
            dict(zip(("step", "parameters"), step.recorded(), strict=True))
            for step in steps.values()
            if hasattr(step, "recorded")
        ],
        "features": steps["features"].get_params(),
        "licence": corpus.licence,
        "corpora": [_described(corpus)],
        "training": {
            "recipe": _recipe(chain),
            "affetto": __version__,
            "commit": _commit(),
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "libraries": {
                "python": platform.python_version(),
                **{library: version(library) for library in ("librosa", "numpy", "scikit-learn", "skl2onnx")},
            },
        },
        "results": list(results),
    }
    return write_bundle(folder, manifest, export_classifier(chain.classifier_.calibrated_, features))


def require_bundle_folder(folder: Path) -> None:
    """Make the folder of a bundle, and refuse one that holds something else, before hours of fitting.

    Raises
    ------
    ParameterError
        If it does.
    """
    if folder.exists() and not folder.is_dir():
        raise ParameterError(f"{folder} is a file; name a new folder for the bundle")
    if folder.is_dir() and set(folder.iterdir()) - {folder / MANIFEST_FILE, folder / MODEL_FILE}:
        raise ParameterError(f"{folder} is a folder with other things in it; name a new one for the bundle")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(f"{folder} cannot be made: {error.strerror}; name another folder") from None


def _described(corpus: Corpus) -> dict[str, Any]:
    return {
        "name": corpus.name,
        "licence": corpus.licence,
        "citation": corpus.citation,
        "utterances": len(corpus.utterances),
        "speakers": len({utterance.speaker for utterance in corpus.utterances}),
    }


def _recipe(chain: AugmentedClassifier) -> dict[str, Any]:
    """Return what was asked for and what was chosen, as plain text: enough to fit the same again."""
    return {
        "classifier": " ".join(repr(chain.classifier).split()),
        "copies": [dict(copy) for copy in chain.copies],
        "chosen": chain.classifier_.best_params_,
        "uar_of_choice": round(chain.classifier_.best_score_, 4),
    }


def _commit() -> str | None:
    """Return the commit of a checkout, marked where it was changed; None where Affetto was installed otherwise."""
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        return None

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    try:
        # Only what makes a model counts: new results or bundles do not change the code.
        changed = git("status", "--porcelain", "--", "src/affetto", ":!src/affetto/models")
        return git("rev-parse", "HEAD") + ("-changed" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return None

"""From a corpus to a bundle: fit a chain on all its speakers, convert it, describe it."""

from __future__ import annotations

import dataclasses
import logging
import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from affetto import __version__
from affetto._provenance import commit, today, versions
from affetto.bundles.bundle import MANIFEST_FILE, MODEL_FILE, write_bundle
from affetto.classifiers import find_recipe
from affetto.corpora.pooling import pool, require_trainable
from affetto.corpora.vetting import vet
from affetto.errors import ParameterError
from affetto.training.calibration import FEWEST, RELIABLE, CalibratedPipeline
from affetto.training.checkpoints import CHECKPOINTS, keeping_checkpoints, without_checkpoints
from affetto.training.fit import fit_pipeline
from affetto.training.pipelines import require_enough

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from affetto.bundles.bundle import Bundle
    from affetto.corpora.base import Corpus
    from affetto.corpora.pooling import TrainingSet
    from affetto.training.augmented import AugmentedClassifier
    from affetto.training.calibration import Calibration

Chain: TypeAlias = "AugmentedClassifier | CalibratedPipeline"

logger = logging.getLogger(__name__)


def train(
    chain: Chain,
    corpus: Corpus,
    folder: Path,
    *,
    classifier: str,
    train_with: Sequence[Corpus] = (),
    name: str | None = None,
    resume: bool = False,
) -> Bundle:
    """Fit a chain on whole corpora and write it as a bundle.

    Parameters
    ----------
    chain : AugmentedClassifier or CalibratedPipeline
        From `affetto.training.pipelines.build_pipeline`; fitted in place.
    corpus : Corpus
        What to learn from.
    folder : Path
        The bundle; made if it is missing. A bundle that is there already is replaced.
    classifier : str
        The kind of classifier, for the manifest.
    train_with : sequence of Corpus, optional
        Further corpora to learn from. The emotions of all become the bundle's labels.
    name : str, optional
        The bundle's name; by default the folder's.
    resume : bool
        Whether to go on from the checkpoints that an interrupted training left in the folder.

    Returns
    -------
    Bundle
        Read back from disk.

    Raises
    ------
    ParameterError
        If the folder holds something else than a bundle, or cannot be made.
    CorpusError
        If a corpus has too few emotions or speakers, labels that are missing or written in two ways, or is given twice,
        or if all are too small for the classifier.
    AudioError
        If a recording cannot be read.

    Warns
    -----
    CorpusWarning
        Of clips that are silent, nearly empty, or there twice.
    """
    corpora = (corpus, *train_with)
    vet(corpora)
    for part in corpora:
        require_trainable(part.utterances, name=part.name)
    everything = pool(*corpora)
    require_enough(len(everything.X), classifier, name=" and ".join(part.name for part in corpora))
    require_bundle_folder(folder)
    with keeping_checkpoints(chain, folder, resume=resume):
        fit_pipeline(
            chain,
            everything.X,
            everything.y,
            speakers=everything.speakers,
            corpora=everything.corpora,
            frequencies=everything.frequencies,
        )
        bundle = save(chain, corpora, folder, classifier=classifier, name=name)
    _report(bundle, everything)
    return bundle


def save(chain: Chain, corpora: Sequence[Corpus], folder: Path, *, classifier: str, name: str | None = None) -> Bundle:
    """Write a fitted chain as a bundle.

    Parameters
    ----------
    chain : AugmentedClassifier or CalibratedPipeline
        Fitted.
    corpora : sequence of Corpus
        What it was fitted on, all of it.
    folder : Path
        The bundle; made if it is missing. A bundle that is there already is replaced.
    classifier : str
        The kind of classifier, for the manifest.
    name : str, optional
        The bundle's name; by default the folder's.

    Returns
    -------
    Bundle
        Read back from disk.

    Raises
    ------
    BundleError
        If the saved model answers otherwise than the chain.
    """
    everything = pool(*corpora)
    model, described = (_waveform_model if find_recipe(classifier).input == "waveform" else _feature_model)(
        chain, everything
    )
    manifest = {
        "name": name or folder.resolve().name,
        "version": __version__,
        "classifier": classifier,
        "labels": list(everything.labels),
        **described,
        "licence": " AND ".join(sorted({part.licence for part in corpora})),
        "corpora": [described_corpus(part) for part in corpora],
        "training": {
            "recipe": {**described_recipe(chain), **_chosen(chain)},
            "affetto": __version__,
            "commit": commit(),
            "date": today(),
            "libraries": versions(),
        },
        "results": [],  # of this recipe, where it was measured; see `update_manifest` of affetto.bundles.bundle
    }
    return write_bundle(folder, manifest, model)


def _feature_model(chain: AugmentedClassifier, everything: TrainingSet) -> tuple[bytes, dict[str, Any]]:
    """Return the model of a classifier of features, and what its manifest says about its input."""
    from affetto.training.export.features import export_classifier

    features = chain.front_end.transform(everything.X)
    steps = chain.front_end.transformer.named_steps
    recorded = [step.recorded() for step in steps.values() if hasattr(step, "recorded")]
    described = {
        "input": {"kind": "features", "sample_rate_hz": steps["speech"].sample_rate_hz, "size": features.shape[1]},
        "preprocessing": [{"step": step, "parameters": parameters} for step, parameters in recorded],
        "features": steps["features"].get_params(),
    }
    described |= {"calibration": _described_calibration(chain.classifier_.calibration_)}
    return export_classifier(chain.classifier_.calibrated_, features), described


def _waveform_model(calibrated: CalibratedPipeline, everything: TrainingSet) -> tuple[bytes, dict[str, Any]]:
    """Return the model of a network, which does everything itself, and what its manifest says about it."""
    from affetto.training.export.waveform import export_waveform_model

    # A hundred recordings from all over the corpora say whether it was converted well.
    recordings = everything.X[:: max(1, len(everything.X) // _COMPARED)]
    chain, calibration = calibrated.chain_, calibrated.calibration_
    steps = chain.front_end.transformer.named_steps
    waveforms = steps["speech"].transform(recordings)
    prepared = waveforms
    for step in ("dc", "trim", "level"):
        prepared = steps[step].transform(prepared)
    model, quantization = export_waveform_model(
        steps["frames"].module(),
        chain.classifier_,
        [w.samples for w in waveforms],
        [w.samples for w in prepared],
        inverse_temperature=calibration.inverse_temperature,
        log_prior=calibrated.log_prior_,
        offset_model=calibrated.offset_model_,
    )
    described = {
        "input": {"kind": "waveform", "sample_rate_hz": steps["speech"].sample_rate_hz},
        "preprocessing": [],
        "quantization": quantization,
        "calibration": _described_calibration(calibration),
    }
    if calibrated.log_prior_.any():
        described["frequencies"] = np.exp(calibrated.log_prior_).round(5).tolist()
    if calibrated.offset_model_ is not None:
        described["offset_model"] = calibrated.offset_model_.to_dict()
    if encoders := described_encoders(calibrated):
        described["encoders"] = encoders
    return model, described


_COMPARED = 100


def _report(bundle: Bundle, everything: TrainingSet) -> None:
    """Log what the saved model makes of its own recordings, and why it is never certain, where it is not.

    The model is asked as a user asks it: what a chain answers while it is fitted is another matter.
    """
    from affetto.recognition.recognizer import Recognizer

    chosen = np.arange(0, len(everything.X), max(1, len(everything.X) // _COMPARED))
    answers = Recognizer(bundle.folder).recognize_each(everything.X[chosen].tolist())
    truth = everything.y[chosen]
    right = np.array([getattr(a, "emotion", None) == bundle.labels[y] for a, y in zip(answers, truth, strict=True)])
    uar = np.mean([right[truth == emotion].mean() for emotion in np.unique(truth)])
    logger.info(
        "of %d recordings that it learned from, the saved model recognizes %.1f %% (UAR)", len(right), 100 * uar
    )
    calibration = bundle.manifest["calibration"]
    if not calibration["coverage"]:
        logger.warning(
            "every answer will be `uncertain`: %d answers about what was left out do not show that the surest are "
            "right often enough, in %.0f %% of cases; it takes %d, all right: train on recordings of more speakers",
            calibration["cases"],
            100 * RELIABLE,
            FEWEST,
        )


_SIZES = ("tiny", "base", "small", "medium")
_LARGE = ("large", "large-v2", "large-v3", "large-v3-turbo")
_WHISPERS = {f"whisper-{size}" for size in (*_SIZES, *(f"{size}.en" for size in _SIZES), *_LARGE)}
"""What OpenAI published, under MIT; what others made of it may have another licence."""


def described_encoders(chain: Chain) -> dict[str, Any] | None:
    """Return what a manifest says of the encoders: which they are, and under which licence.

    Parameters
    ----------
    chain : AugmentedClassifier or CalibratedPipeline
        Fitted or not.

    Returns
    -------
    dict or None
        None where there are none.
    """
    augmented = chain.chain if isinstance(chain, CalibratedPipeline) else chain
    frames = augmented.front_end.transformer.steps[-1][1]
    if not hasattr(frames, "encoders"):
        return None
    from affetto.features.neural.encoder import N_LAYERS
    from affetto.features.neural.whisper import checkpoint_name

    names = [checkpoint_name(encoder) for encoder in frames.encoders]
    return {
        "names": names,
        "layers": N_LAYERS,
        "licence": "MIT (OpenAI Whisper)" if set(names) <= _WHISPERS else "unknown; see the checkpoint",
    }


def require_bundle_folder(folder: Path) -> None:
    """Make the folder of a bundle, and refuse one that holds something else, before hours of fitting.

    Raises
    ------
    ParameterError
        If it does.
    """
    if folder.exists() and not folder.is_dir():
        raise ParameterError(f"{folder} is a file; name a new folder for the bundle")
    known = {folder / name for name in (MANIFEST_FILE, MODEL_FILE, CHECKPOINTS)}
    # A model of somebody else's may have the same name, and must not be overwritten.
    foreign = (folder / MODEL_FILE).exists() and not (folder / MANIFEST_FILE).exists()
    if folder.is_dir() and (foreign or set(folder.iterdir()) - known):
        raise ParameterError(f"{folder} is a folder with other things in it; name a new one for the bundle")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(f"{folder} cannot be made: {error.strerror}; name another folder") from None


def described_corpus(corpus: Corpus) -> dict[str, Any]:
    """Return what a manifest says of a corpus that was trained on."""
    return {
        "name": corpus.name,
        "licence": corpus.licence,
        "citation": corpus.citation,
        **({"speech": corpus.speech} if corpus.speech else {}),
        "utterances": len(corpus.utterances),
        "speakers": len({utterance.speaker for utterance in corpus.utterances}),
        # Which they were: two folds have as many clips of as many speakers.
        "clips_sha256": corpus.clips_sha256,
    }


def described_recipe(chain: Chain) -> dict[str, Any]:
    """Return what a manifest says of how a chain is fitted, as plain text: enough to fit the same again.

    Parameters at their defaults are named too: another version may have others.

    Parameters
    ----------
    chain : AugmentedClassifier or CalibratedPipeline
        Fitted or not.
    """
    if isinstance(chain, CalibratedPipeline):
        calibrated = {"n_splits": chain.n_splits, "reduced": dict(chain.reduced or {})}
        return described_recipe(chain.chain) | {"calibration": calibrated}
    import sklearn

    with sklearn.config_context(print_changed_only=False):
        # The default length cuts long descriptions in the middle.
        described = _without_jobs(without_checkpoints(chain.classifier)).__repr__(N_CHAR_MAX=100_000)
    classifier = " ".join(described.split())
    return {"classifier": classifier, "copies": [dict(copy) for copy in chain.copies], "balanced": chain.balanced}


def _without_jobs(estimator: Any) -> Any:
    """Return an unfitted copy that does not tell in how many processes it was fitted, which changes nothing of it."""
    from sklearn.base import clone

    return clone(estimator).set_params(**dict.fromkeys(n for n in estimator.get_params() if n.endswith("n_jobs")))


def _described_calibration(calibration: Calibration) -> dict[str, Any]:
    figures = dataclasses.asdict(calibration)
    left_out, inverse_temperature = figures.pop("left_out"), figures.pop("inverse_temperature")
    return {
        "method": f"temperature, fitted on {left_out} left out",
        "inverse_temperature": [float(f"{inverse_temperature:.4g}")],
        **{name: round(value, 4) for name, value in figures.items()},
        # Down: the answers that it was measured by lie at it or above.
        "threshold": math.floor(1e4 * calibration.threshold) / 1e4,
    }


def _chosen(chain: Chain) -> dict[str, Any]:
    """Return what a chain chose while it was fitted."""
    fitted = (chain.chain_ if isinstance(chain, CalibratedPipeline) else chain).classifier_
    if not hasattr(fitted, "best_params_"):
        return {}
    return {"chosen": fitted.best_params_, "uar_of_choice": round(fitted.best_score_, 4)}

"""From a corpus to a bundle: fit a pipeline on all its speakers, export it, describe it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto import __version__
from affetto.bundles.bundle import MANIFEST_FILE, MODEL_FILE, write_bundle
from affetto.classifiers.estimators.checkpoints import CHECKPOINT_FOLDER, keeping_checkpoints
from affetto.corpora.pooling import pool, require_trainable
from affetto.corpora.vetting import vet
from affetto.errors import ParameterError
from affetto.training.calibration import MIN_CASES, MIN_PRECISION, CalibratedPipeline
from affetto.training.fit import fit_pipeline
from affetto.training.pipelines import require_enough
from affetto.training.provenance import describe_calibration, describe_corpus, describe_encoders, describe_training

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from affetto.bundles.bundle import Bundle
    from affetto.corpora.base import Corpus
    from affetto.corpora.pooling import TrainingSet
    from affetto.training.augmented import AugmentedClassifier
    from affetto.training.pipelines import TrainingPipeline

_COMPARED = 100
"""Recordings on which the exported model is compared and tested."""

logger = logging.getLogger(__name__)


def train(
    pipeline: TrainingPipeline,
    corpus: Corpus,
    folder: Path,
    *,
    classifier: str,
    train_with: Sequence[Corpus] = (),
    resume: bool = False,
) -> Bundle:
    """Fit a pipeline on whole corpora and write it as a bundle.

    Parameters
    ----------
    pipeline : AugmentedClassifier or CalibratedPipeline
        From `affetto.training.pipelines.build_pipeline`; fitted in place.
    corpus : Corpus
    folder : Path
        The bundle; made if it is missing. An existing bundle is replaced.
    classifier : str
        One of `affetto.classifiers.CLASSIFIERS`, for the manifest.
    train_with : sequence of Corpus, optional
        Further corpora. The emotions of all become the bundle's labels.
    resume : bool
        Whether to resume from the checkpoints that an interrupted training left in the folder.

    Returns
    -------
    Bundle
        Read back from disk.

    Raises
    ------
    ParameterError
        If the folder holds other files than a bundle, or cannot be made.
    CorpusError
        If a corpus has too few emotions or speakers, lacks labels, has labels of two spellings or is given twice, or if
        there are too few recordings for the classifier.
    AudioError
        If a recording cannot be read.
    BundleError
        If the exported model gives other probabilities than the pipeline.

    Warns
    -----
    CorpusWarning
        About clips that are silent, nearly empty, or duplicates.

    Examples
    --------
    >>> from pathlib import Path
    >>> from affetto.corpora import load_corpus
    >>> from affetto.training.pipelines import build_pipeline
    >>> pipeline, corpus = build_pipeline("svm"), load_corpus("ravdess")  # doctest: +SKIP
    >>> train(pipeline, corpus, Path("my-model"), classifier="svm").labels  # doctest: +SKIP
    """
    corpora = (corpus, *train_with)
    vet(corpora)
    for part in corpora:
        require_trainable(part.utterances, name=part.name)
    everything = pool(*corpora)
    require_enough(len(everything.X), classifier, name=" and ".join(part.name for part in corpora))
    require_bundle_folder(folder)
    with keeping_checkpoints(pipeline, folder, resume=resume):
        fit_pipeline(
            pipeline,
            everything.X,
            everything.y,
            speakers=everything.speakers,
            corpora=everything.corpora,
            frequencies=everything.frequencies,
        )
        bundle = save(pipeline, corpora, folder, classifier=classifier)
    _report(bundle, everything)
    return bundle


def save(pipeline: TrainingPipeline, corpora: Sequence[Corpus], folder: Path, *, classifier: str) -> Bundle:
    """Write a pipeline that was fitted on some corpora as a bundle. Parameters and errors are those of `train`."""
    everything = pool(*corpora)
    if isinstance(pipeline, CalibratedPipeline):
        model, described = _waveform_model(pipeline, everything)
    else:
        model, described = _feature_model(pipeline, everything)
    manifest = {
        "name": folder.resolve().name,
        "version": __version__,
        "classifier": classifier,
        "labels": list(everything.labels),
        **described,
        "licence": " AND ".join(sorted({part.licence for part in corpora})),
        "corpora": [describe_corpus(part) for part in corpora],
        "training": describe_training(pipeline),
        "results": [],  # for measured figures; see `update_manifest` of affetto.bundles.bundle
    }
    return write_bundle(folder, manifest, model)


def require_bundle_folder(folder: Path) -> None:
    """Make the folder of a bundle before hours of fitting, and refuse one with other files in it.

    Raises
    ------
    ParameterError
        If it holds other files than a bundle and its checkpoints, or cannot be made.
    """
    if folder.exists() and not folder.is_dir():
        raise ParameterError(f"{folder} is a file; name a new folder for the bundle")
    known = {folder / name for name in (MANIFEST_FILE, MODEL_FILE, CHECKPOINT_FOLDER)}
    # A model of another program may have the same name, and must not be overwritten.
    foreign = (folder / MODEL_FILE).exists() and not (folder / MANIFEST_FILE).exists()
    if folder.is_dir() and (foreign or set(folder.iterdir()) - known):
        raise ParameterError(f"{folder} is a folder with other files in it; name a new one for the bundle")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(f"{folder} cannot be made: {error.strerror}; name another folder") from None


def _feature_model(pipeline: AugmentedClassifier, everything: TrainingSet) -> tuple[bytes, dict[str, Any]]:
    """Return the model of a classifier of features, and the manifest's record of its input."""
    from affetto.training.export.features import export_classifier

    features = pipeline.front_end.transform(everything.X)
    steps = pipeline.front_end.transformer.named_steps
    recorded = [step.recorded() for step in steps.values() if hasattr(step, "recorded")]
    return export_classifier(pipeline.classifier_.calibrated_, features), {
        "input": {"kind": "features", "sample_rate_hz": steps["speech"].sample_rate_hz, "size": features.shape[1]},
        "preprocessing": [{"step": step, "parameters": parameters} for step, parameters in recorded],
        "features": steps["features"].get_params(),
        "calibration": describe_calibration(pipeline.classifier_.calibration_),
    }


def _waveform_model(calibrated: CalibratedPipeline, everything: TrainingSet) -> tuple[bytes, dict[str, Any]]:
    """Return the model of a network, with pre-processing and features, and the manifest's record of it."""
    from affetto.training.export.waveform import export_waveform_model

    pipeline = calibrated.pipeline_
    steps = pipeline.front_end.transformer.named_steps
    waveforms = steps["speech"].transform(everything.X[:: max(1, len(everything.X) // _COMPARED)])
    prepared = waveforms
    for step in ("dc", "trim", "level"):
        prepared = steps[step].transform(prepared)
    model, quantization = export_waveform_model(
        steps["frames"].module(),
        pipeline.classifier_,
        [w.samples for w in waveforms],
        [w.samples for w in prepared],
        inverse_temperature=calibrated.calibration_.inverse_temperature,
        log_prior=calibrated.log_prior_,
        offset_model=calibrated.offset_model_,
    )
    described = {
        "input": {"kind": "waveform", "sample_rate_hz": steps["speech"].sample_rate_hz},
        "preprocessing": [],
        "quantization": quantization,
        "calibration": describe_calibration(calibrated.calibration_),
    }
    if calibrated.log_prior_.any():
        described["frequencies"] = np.exp(calibrated.log_prior_).round(5).tolist()
    if calibrated.offset_model_ is not None:
        described["offset_model"] = calibrated.offset_model_.to_dict()
    if encoders := describe_encoders(calibrated):
        described["encoders"] = encoders
    return model, described


def _report(bundle: Bundle, everything: TrainingSet) -> None:
    """Log the recall of the exported model on its own recordings, as a user gets it, and why it is never certain."""
    from affetto.recognition.recognizer import Recognizer

    chosen = np.arange(0, len(everything.X), max(1, len(everything.X) // _COMPARED))
    answers = Recognizer(bundle.folder).recognize_each(everything.X[chosen].tolist())
    truth = everything.y[chosen]
    right = np.array([getattr(a, "emotion", None) == bundle.labels[y] for a, y in zip(answers, truth, strict=True)])
    uar = np.mean([right[truth == emotion].mean() for emotion in np.unique(truth)])
    logger.info("the exported model recognizes %.1f %% (UAR) of %d training recordings", 100 * uar, len(right))
    calibration = bundle.manifest["calibration"]
    if not calibration["coverage"]:
        logger.warning(
            "every answer will be `uncertain`: no threshold on %d answers about data left out reaches a precision of "
            "%.0f %%; at least %d answers are needed, all right: train on recordings of more speakers",
            calibration["cases"],
            100 * MIN_PRECISION,
            MIN_CASES,
        )

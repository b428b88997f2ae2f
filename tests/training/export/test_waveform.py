from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from affetto._onnx import import_onnxruntime
from affetto.adaptation.offset_model import OffsetModel
from affetto.classifiers.estimators.convolutional import ConvolutionalNetwork
from affetto.classifiers.estimators.discriminant import AdditiveDiscriminant
from affetto.classifiers.estimators.neural import SequenceClassifier
from affetto.classifiers.estimators.projection import ClippedScaler
from affetto.classifiers.estimators.sequences import SequenceScaler
from affetto.errors import BundleError
from affetto.features import BandFrames, EncoderMeans
from affetto.preprocessing import DCRemoval, LevelNormalization, ReadSpeech, SilenceTrimming
from affetto.training.calibration import CalibratedPipeline
from affetto.training.export.modules import as_module
from affetto.training.export.waveform import export_waveform_model
from affetto.training.fit import fit_pipeline
from affetto.training.pipelines import build_pipeline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RATE = 16_000
WIDTH = 12


def ragged(n: int = 90, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sequences of three classes."""
    random = np.random.default_rng(seed)
    y = np.arange(n) % 5 % 3
    X = [
        (random.normal(size=(random.integers(9, 60), WIDTH)) * 2 + np.sin(np.arange(WIDTH) * (label + 1))).astype("f")
        for label in y
    ]
    return _as_array(X), y


def _as_array(X: list[np.ndarray]) -> np.ndarray:
    array = np.empty(len(X), dtype=object)
    array[:] = X
    return array


def network(**parameters: Any) -> SequenceClassifier:
    small = {"widths": (2, 2, 4, 4), "embedding": 4}
    return SequenceClassifier(ConvolutionalNetwork, small, epochs=4, learning_rate=1e-2, batch_size=16, **parameters)


CLASSIFIERS = {
    "network": network(),
    "networks": network(n_networks=2),
    "scaled": make_pipeline(SequenceScaler(limit=1.5), network(n_networks=2)),
}


def outputs(module: torch.nn.Module, X: Any) -> np.ndarray:
    """Return the outputs of a module for each sequence or row alone."""
    with torch.inference_mode():
        return np.stack([module.eval()(torch.tensor(np.asarray(x, np.float32))[None])[0].numpy() for x in X])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_module_gives_the_probabilities_of_its_classifier(name: str) -> None:
    fitted = clone(CLASSIFIERS[name]).fit(*ragged())
    new, _ = ragged(20, seed=1)
    output = np.exp(outputs(as_module(fitted), new))
    expected = fitted.predict_proba(new)
    assert output.shape == (20, 3)
    assert np.allclose(output.sum(1), 1, atol=1e-5)
    assert np.abs(output - expected).max() < 1e-4
    # The differences between clips are far larger.
    assert np.abs(output - expected).max() < 0.05 * np.ptp(expected, axis=0).min()


def test_a_module_transforms_as_its_transformer() -> None:
    X, _ = ragged()
    fitted = SequenceScaler(limit=1.0).fit(X)
    for output, expected in zip([outputs(as_module(fitted), [x])[0] for x in X], fitted.transform(X), strict=True):
        assert output.shape == expected.shape
        assert np.abs(output - expected).max() < 1e-4


def test_a_module_gives_the_embeddings_of_its_discriminant() -> None:
    X, y = ragged()
    rows = np.stack([x.mean(axis=0) for x in X])
    weights = np.linspace(0.5, 2, rows.shape[1]).tolist()
    fitted = make_pipeline(ClippedScaler(limit=1.0, block_weights=weights), AdditiveDiscriminant()).fit(rows, y)
    expected = fitted.transform(rows)
    assert np.ptp(expected) > 1
    assert np.abs(outputs(as_module(fitted), rows) - expected).max() < 1e-4


def test_a_module_keeps_differences_of_tiny_probabilities() -> None:
    """Single precision rounds the probabilities of this network to 0 and 1."""
    X, y = ragged()
    fitted = network().fit(X, y)
    with torch.no_grad():
        for parameter in list(fitted.networks_[0].parameters())[-2:]:  # of the last layer
            parameter.mul_(1_000_000)
    output = outputs(as_module(fitted), X)
    assert set(np.exp(output).round(6).ravel()) == {0, 1}
    assert len(np.unique(output, axis=0)) == len(X)
    assert output == pytest.approx(fitted.predict_log_proba(X), rel=1e-3, abs=1e-2)


def test_an_estimator_without_a_module_is_named() -> None:
    with pytest.raises(TypeError, match="SVC"):
        as_module(SVC())


@dataclass
class Exported:
    """A pipeline and its exported model."""

    pipeline: CalibratedPipeline
    session: Any
    cost: dict[str, Any]
    paths: list[Path]
    recordings: list[np.ndarray]
    speech: list[np.ndarray]

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        return self.run(samples)[0]

    def run(self, samples: np.ndarray) -> list[np.ndarray]:
        """Return the probabilities, and the embedding where there is one."""
        found = self.session.run(None, {"samples": samples.astype(np.float32)[None]})
        assert found[0].shape == (1, 8)
        return [output[0] for output in found]


def some_paths(ravdess_dir: Path) -> list[Path]:
    """Some clips of two actors."""
    return [p for actor in (1, 2) for p in sorted((ravdess_dir / f"Actor_{actor:02}").glob("03-01-*-01-01-*.flac"))]


def trained(pipeline: Any, frames: Any, paths: list[Path], folder: Path) -> Exported:
    """Fit a pipeline on clips, and export it."""
    assert isinstance(pipeline, CalibratedPipeline)
    pipeline.set_params(reduced=None, pipeline__augmentations=[], pipeline__front_end__folder=folder)
    emotions = np.array([int(path.stem[6:8]) for path in paths])
    speakers = [path.stem[-2:] for path in paths]
    # As if calm were rare.
    fit_pipeline(pipeline, np.array(paths), emotions, speakers=speakers, frequencies=np.where(emotions == 2, 0.2, 1.0))
    waveforms = ReadSpeech().transform(paths[::4])
    prepared = make_pipeline(DCRemoval(), SilenceTrimming(), LevelNormalization()).transform(waveforms)
    recordings, speech = ([w.samples for w in ws] for ws in (waveforms, prepared))
    model, cost = export_waveform_model(
        frames,
        pipeline.pipeline_.classifier_,
        recordings,
        speech,
        inverse_temperature=pipeline.calibration_.inverse_temperature,
        log_prior=pipeline.log_prior_,
        offset_model=pipeline.offset_model_,
    )
    return Exported(pipeline, import_onnxruntime().InferenceSession(model), cost, paths[::4], recordings, speech)


@pytest.fixture(scope="module")
def convolutional(ravdess_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A convolutional network, trained on a few clips of two actors."""
    pipeline = build_pipeline("cnn", n_jobs=1).set_params(
        pipeline__classifier__network__n_networks=1,
        pipeline__classifier__network__epochs=8,
        pipeline__classifier__network__batch_size=8,
    )
    return trained(pipeline, BandFrames().module(), some_paths(ravdess_dir), tmp_path_factory.mktemp("cnn"))


@pytest.fixture(scope="module")
def discriminant(ravdess_dir: Path, tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The transformer's recipe on the smallest encoder."""
    pipeline = build_pipeline("transformer", encoders=[tiny_encoder], n_jobs=1)
    module = EncoderMeans(encoders=[tiny_encoder]).module()
    return trained(pipeline, module, some_paths(ravdess_dir), tmp_path_factory.mktemp("transformer"))


@pytest.fixture(params=["convolutional", "discriminant"])
def exported(request: pytest.FixtureRequest) -> Exported:
    found: Exported = request.getfixturevalue(request.param)
    return found


def test_the_model_gives_about_the_probabilities_of_the_pipeline(exported: Exported) -> None:
    expected = exported.pipeline.predict_proba(exported.paths)
    output = np.stack([exported(samples) for samples in exported.recordings])
    assert np.ptp(expected, axis=0).max() > 0.02
    difference = np.abs(output - expected).max()
    assert difference < 0.05
    assert exported.cost["recordings"] == len(exported.recordings)
    assert exported.cost["largest_difference"] == pytest.approx(difference, abs=1e-3)
    assert exported.cost["same_emotion"] == pytest.approx((output.argmax(1) == expected.argmax(1)).mean(), abs=1e-4)


def test_the_model_gives_about_the_embeddings_of_the_pipeline(discriminant: Exported) -> None:
    expected = discriminant.pipeline.embeddings(discriminant.paths)
    output = np.stack([discriminant.run(samples)[1] for samples in discriminant.recordings])
    # Utterances differ by far more.
    assert np.abs(output - expected).mean() < 0.1 * np.std(expected, axis=0).mean()
    assert discriminant.cost["embedding_difference"] == pytest.approx(np.abs(output - expected).mean(), rel=0.5)


def test_the_probabilities_follow_from_the_embedding(discriminant: Exported) -> None:
    """The initial offset must not change the probabilities."""
    model = discriminant.pipeline.offset_model_
    assert model is not None
    written = dataclasses.replace(OffsetModel.from_dict(model.to_dict()), log_prior=model.log_prior)
    for samples in discriminant.recordings:
        probabilities, embedding = discriminant.run(samples)
        assert np.exp(written.log_probabilities(embedding))[0] == pytest.approx(probabilities, abs=1e-3)


def test_the_model_is_calibrated(exported: Exported) -> None:
    """Its log-probabilities are those of the pipeline times the inverse temperature."""
    inverse_temperature = exported.pipeline.calibration_.inverse_temperature
    assert abs(np.log(inverse_temperature)) > 0.05
    raw = exported.pipeline.pipeline_.predict_log_proba(exported.paths)
    expected = np.exp(log_softmax(inverse_temperature * raw + exported.pipeline.log_prior_, axis=1))
    output = np.stack([exported(samples) for samples in exported.recordings])
    assert np.abs(output - expected).max() < 0.3 * np.abs(np.exp(raw) - expected).max()


NOTHING = 1e-2
"""Largest change of a probability by rounding to int8."""

CONTENTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "speech": lambda speech: speech,
    "digital silence": np.zeros_like,
    "offset": lambda speech: speech + np.float32(0.3),
    "offset alone": lambda speech: np.full_like(speech, 0.1),
    "loud": lambda speech: speech * np.float32(100),
    "tiny": lambda speech: speech * np.float32(1e-6),
    "noise": lambda speech: np.random.default_rng(0).normal(0, 0.1, len(speech)).astype(np.float32),
    "click": lambda speech: (np.arange(len(speech)) == len(speech) // 2).astype(np.float32),
}


@pytest.mark.parametrize("seconds", [0.0000625, 0.05, 0.3, 3.7, 40])
@pytest.mark.parametrize("content", CONTENTS)
def test_every_recording_gets_probabilities(exported: Exported, content: str, seconds: float) -> None:
    n = round(seconds * RATE)
    loud = exported.speech[0]
    samples = CONTENTS[content](np.resize(loud[len(loud) // 4 :], n))
    probabilities, *embedding = exported.run(samples)
    assert np.isfinite(probabilities).all()
    assert np.isfinite(embedding).all()
    assert (probabilities >= 0).all()
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("gain_db", [-12, 12])
def test_loudness_changes_nothing(exported: Exported, gain_db: float) -> None:
    for samples in exported.recordings[:4]:
        assert np.abs(exported(samples * 10 ** (gain_db / 20)) - exported(samples)).max() < NOTHING


@pytest.mark.parametrize(("before", "after"), [(0.5, 0), (0, 0.5), (1, 2)])
def test_surrounding_silence_changes_nothing(exported: Exported, before: float, after: float) -> None:
    for samples in exported.recordings[:4]:
        centred = samples - samples.mean(dtype=np.float64)
        padded = np.pad(centred, (round(before * RATE), round(after * RATE)))
        assert np.abs(exported(padded) - exported(centred)).max() < NOTHING


@pytest.mark.parametrize("offset", [-0.2, 0.01])
def test_a_constant_offset_changes_nothing(exported: Exported, offset: float) -> None:
    for samples in exported.recordings[:4]:
        assert np.abs(exported(samples + offset) - exported(samples)).max() < NOTHING


def test_the_model_names_no_file_of_this_machine(exported: Exported) -> None:
    import onnx

    session = exported.session
    assert [(i.name, i.type) for i in session.get_inputs()] == [("samples", "tensor(float)")]
    adaptable = exported.pipeline.offset_model_ is not None
    assert [o.name for o in session.get_outputs()] == ["probabilities", *(["embedding"] if adaptable else [])]
    model = onnx.load_from_string(session._model_bytes)
    assert {opset.domain for opset in model.opset_import} <= {"", "com.microsoft", "ai.onnx"}
    text = session._model_bytes
    for trace in (b"/work/", b"/home/", b"site-packages", b".py"):
        assert trace not in text


class Means(torch.nn.Module):
    """The means of 128 pieces of the first samples."""

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        return samples[:, : 20 * 128].reshape(-1, 20, 128).mean(1)


SOUND = [np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)]
SOMETHING_ELSE = [np.sin(np.arange(RATE) / 9).astype(np.float32)]


def of_noise(temperature: float = 1.0) -> tuple[AdditiveDiscriminant, OffsetModel]:
    rows = np.random.default_rng(0).normal(0, 0.01, (20, 128)) + 0.01 * np.arange(2).repeat(10)[:, None]
    fitted = AdditiveDiscriminant().fit(rows, np.arange(2).repeat(10))
    return fitted, dataclasses.replace(fitted.offset_model_, temperature=temperature)


def test_a_model_with_other_inputs_than_the_pipeline_is_refused() -> None:
    fitted, offsets = of_noise()
    with pytest.raises(BundleError, match=r"differ.*0\.0001"):
        export_waveform_model(Means(), fitted, SOUND, SOMETHING_ELSE, offset_model=offsets)


def test_a_model_with_other_embeddings_is_refused() -> None:
    """Also if the probabilities are the same: adapted probabilities would be wrong."""
    fitted, undecided = of_noise(temperature=1e9)
    with pytest.raises(BundleError, match="differ"):
        export_waveform_model(Means(), fitted, SOUND, SOMETHING_ELSE, offset_model=undecided)

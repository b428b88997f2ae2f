from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import SVC

from affetto.classifiers.corpora import CorpusMarginalClassifier
from affetto.classifiers.embedding import VoiceEmbedding
from affetto.classifiers.gmm import GaussianMixtureClassifier
from affetto.classifiers.networks import AttentiveHead, ConvolutionalNetwork
from affetto.classifiers.neural import SequenceClassifier
from affetto.classifiers.pool import LogarithmicPool
from affetto.classifiers.projection import ClippedScaler, DiscriminantProjection
from affetto.classifiers.sequences import SequenceComponents, SequenceScaler, SequenceStatistics
from affetto.classifiers.voices import VoiceSpace, VoiceSpaces
from affetto.errors import BundleError
from affetto.features import BandFrames
from affetto.onnx_model import import_onnxruntime
from affetto.preprocessing import DCRemoval, LevelNormalization, ReadSpeech, SilenceTrimming
from affetto.training.calibration import CalibratedChain
from affetto.training.chains import make_chain
from affetto.training.fitting import fit_chain
from affetto.training.waveform_export import _Sharpness, as_module, export_waveform_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RATE = 16_000
WIDTH = 12


def ragged(n: int = 90, seed: int = 0) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Sequences of three classes from two corpora, of which the second lacks the first class."""
    random = np.random.default_rng(seed)
    corpora = np.where(np.arange(n) % 3, "one", "two")
    y = np.where(corpora == "one", np.arange(n) % 5 % 3, 1 + np.arange(n) % 2)
    X = [
        (random.normal(size=(random.integers(9, 60), WIDTH)) * 2 + np.sin(np.arange(WIDTH) * (label + 1))).astype("f")
        for label in y
    ]
    return X, y, corpora


def mixture(kind: str, n_components: int = 2, **parameters: Any) -> Pipeline:
    classifier = GaussianMixtureClassifier(
        n_components=n_components, covariance_type=kind, reg_covar=0.1, random_state=0, **parameters
    )
    return make_pipeline(SequenceStatistics(), ClippedScaler(limit=2.0), DiscriminantProjection(), classifier)


def network(kind: Any = AttentiveHead, **parameters: Any) -> SequenceClassifier:
    small = {"width": 8, "heads": 2} if kind is AttentiveHead else {"widths": (2, 2, 4, 4), "embedding": 4}
    return SequenceClassifier(kind, small, epochs=4, learning_rate=1e-2, batch_size=16, **parameters)


CLASSIFIERS = {
    "mixture-full": mixture("full"),
    "mixture-tied": mixture("tied"),
    "mixture-diag": mixture("diag", temperature=3.0, priors="empirical"),
    "mixture-spherical": mixture("spherical"),
    "mixture-one": mixture("full", 1),
    "raw-statistics": make_pipeline(
        SequenceStatistics(), GaussianMixtureClassifier(n_components=2, reg_covar=1.0, random_state=0)
    ),
    "attention": network(),
    "attentions": network(n_networks=2),
    "convolutional": make_pipeline(SequenceScaler(limit=1.5), network(ConvolutionalNetwork, n_networks=2)),
    "components": make_pipeline(SequenceComponents(n_components=5), network()),
    "corpora": CorpusMarginalClassifier(mixture("full")),
    "both": LogarithmicPool(
        [("one", CorpusMarginalClassifier(mixture("diag"))), ("two", make_pipeline(SequenceScaler(), network()))],
        weights=[0.5, 1.5],
    ),
}


def heard(module: torch.nn.Module, X: Any) -> np.ndarray:
    """What a module makes of each sequence, alone."""
    with torch.inference_mode():
        return np.stack([module.eval()(torch.tensor(np.asarray(x, np.float32))[None])[0].numpy() for x in X])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_module_gives_the_probabilities_of_its_classifier(name: str) -> None:
    X, y, corpora = ragged()
    fitted = fit_chain(clone(CLASSIFIERS[name]), _as_array(X), y, corpora=corpora)
    new = ragged(20, seed=1)[0]
    got = np.exp(heard(as_module(fitted), new))
    # One at a time: the convolutional network hears how long the others in its batch are.
    wanted = np.concatenate([fitted.predict_proba(_as_array([x])) for x in new])
    assert got.shape == (20, 3)
    assert np.allclose(got.sum(1), 1, atol=1e-5)
    assert np.abs(got - wanted).max() < 1e-4
    # They do depend on what is heard, far more than both differ.
    assert np.abs(got - wanted).max() < 0.05 * np.ptp(wanted, axis=0).min()


@pytest.mark.parametrize(
    "transformer", [SequenceStatistics(), SequenceScaler(limit=1.0), SequenceComponents(n_components=5)]
)
def test_a_module_transforms_as_its_transformer(transformer: Any) -> None:
    X, _, _ = ragged()
    fitted = clone(transformer).fit(X)
    for got, wanted in zip([heard(as_module(fitted), [x])[0] for x in X], fitted.transform(X), strict=True):
        assert got.shape == wanted.shape
        assert np.abs(got - wanted).max() < 1e-4


def test_a_module_tells_apart_what_is_too_improbable_for_a_number() -> None:
    """Classes so far apart that single precision rounds the probabilities of each clip to 0 and 1."""
    X, y, corpora = ragged()
    far = [x + np.float32(500) * label for x, label in zip(X, y, strict=True)]
    chain = make_pipeline(SequenceStatistics(), GaussianMixtureClassifier(reg_covar=1.0, random_state=0))
    fitted = fit_chain(LogarithmicPool([("one", CorpusMarginalClassifier(chain))]), _as_array(far), y, corpora=corpora)
    got = heard(as_module(fitted), far)
    assert set(np.exp(got).round(6).ravel()) == {0, 1}
    assert len(np.unique(got, axis=0)) == len(far)
    wanted = fitted.predict_log_proba(_as_array(far))
    assert got == pytest.approx(wanted, rel=1e-3, abs=1e-3)


def test_a_module_gives_the_embeddings_of_its_estimator() -> None:
    X, y, _ = ragged()
    fitted = VoiceEmbedding().fit(X, y, voices=np.arange(len(X)) % 6)
    wanted = fitted.transform(X)
    assert wanted.shape == (len(X), 2)
    assert np.abs(heard(as_module(fitted), X) - wanted).max() < 1e-4


@pytest.mark.parametrize("transformer", [ClippedScaler(limit=1.0), DiscriminantProjection(shrinkage=0.3)])
def test_a_module_transforms_rows_as_its_transformer(transformer: Any) -> None:
    X, y, _ = ragged()
    rows = SequenceStatistics().transform(X)
    fitted = clone(transformer).fit(rows, y)
    assert np.abs(heard(as_module(fitted), rows) - fitted.transform(rows)).max() < 1e-4


def test_what_has_no_module_is_named() -> None:
    with pytest.raises(TypeError, match="SVC has no counterpart"):
        as_module(SVC())


def _as_array(X: list[np.ndarray]) -> np.ndarray:
    array = np.empty(len(X), dtype=object)
    for index, sequence in enumerate(X):
        array[index] = sequence
    return array


@dataclass
class Exported:
    """A chain and the model that it became."""

    chain: CalibratedChain
    session: Any
    cost: dict[str, Any]
    paths: list[Path]
    recordings: list[np.ndarray]
    speech: list[np.ndarray]

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        return self.hear(samples)[0]

    def hear(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows, embeddings = self.session.run(
            ["probabilities", "embedding"], {"samples": samples.astype(np.float32)[None]}
        )
        assert (rows.shape, embeddings.shape) == ((1, 8), (1, 7))
        return rows[0], embeddings[0]


@pytest.fixture(scope="module")
def exported(ravdess_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """A convolutional network that has heard two actors for a moment, calibrated, with a space of voices."""
    paths = [p for actor in (1, 2) for p in sorted((ravdess_dir / f"Actor_{actor:02}").glob("03-01-*-01-01-*.flac"))]
    X = np.empty(len(paths), dtype=object)
    X[:] = paths
    chain = make_chain("cnn", n_jobs=1)
    assert isinstance(chain, CalibratedChain)
    chain.set_params(
        draft=None,
        chain__copies=[],
        chain__embedding=VoiceEmbedding(),
        chain__front_end__folder=tmp_path_factory.mktemp("cache"),
        chain__classifier__network__n_networks=1,
        chain__classifier__network__epochs=8,
        chain__classifier__network__batch_size=8,
    )
    fit_chain(chain, X, np.array([int(p.stem[6:8]) for p in paths]), speakers=[p.stem[-2:] for p in paths])
    waveforms = ReadSpeech().transform(paths[::4])
    prepared = make_pipeline(DCRemoval(), SilenceTrimming(), LevelNormalization()).transform(waveforms)
    recordings, speech = ([w.samples for w in ws] for ws in (waveforms, prepared))
    model, cost = export_waveform_model(
        BandFrames().module(),
        chain.chain_.classifier_,
        recordings,
        speech,
        sharpness=chain.calibration_.sharpness,
        embedding=chain.chain_.embedding_,
    )
    return Exported(chain, import_onnxruntime().InferenceSession(model), cost, paths[::4], recordings, speech)


def test_the_model_answers_about_what_the_chain_does(exported: Exported) -> None:
    # One at a time: the convolutional network hears how long the others in its batch are.
    heard = [exported.chain.hear([path]) for path in exported.paths]
    wanted = np.concatenate([probabilities for probabilities, _ in heard])
    got = np.stack([exported(samples) for samples in exported.recordings])
    assert np.ptp(wanted, axis=0).max() > 0.02  # they do depend on what is heard
    difference = np.abs(got - wanted).max()
    assert difference < 0.05
    assert exported.cost["recordings"] == len(exported.recordings)
    assert exported.cost["largest_difference"] == pytest.approx(difference, abs=2e-4)
    assert exported.cost["same_emotion"] == pytest.approx((got.argmax(1) == wanted.argmax(1)).mean(), abs=1e-4)


def test_the_model_gives_the_embeddings_that_the_chain_does(exported: Exported) -> None:
    wanted = np.concatenate([exported.chain.hear([path])[1] for path in exported.paths])
    got = np.stack([exported.hear(samples)[1] for samples in exported.recordings])
    # Far closer to each other than utterances are.
    assert np.abs(got - wanted).mean() < 0.1 * np.std(wanted, axis=0).mean()
    assert exported.cost["embedding_difference"] == pytest.approx(np.abs(got - wanted).mean(), rel=0.5)


def test_the_model_is_as_sharp_as_it_was_calibrated(exported: Exported) -> None:
    """What the chain's own classifier says, raised to the sharpness that was chosen on the actor left out."""
    (sharpness,) = exported.chain.calibration_.sharpness
    assert abs(np.log(sharpness)) > 0.05  # else nothing is shown
    raw = np.concatenate([exported.chain.chain_.predict_proba([path]) for path in exported.paths])
    wanted = raw**sharpness / (raw**sharpness).sum(axis=1, keepdims=True)
    got = np.stack([exported(samples) for samples in exported.recordings])
    assert np.abs(got - wanted).max() < 0.3 * np.abs(raw - wanted).max()


def test_the_model_knows_how_sharp_an_utterance_between_corpora_is() -> None:
    spaces = VoiceSpaces(
        ("a", "b", "c"),
        tuple(VoiceSpace(np.zeros((2, n)), np.eye(n), np.eye(n)) for n in (1, 2, 1)),
        np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 9.0]]),
    )
    embeddings = np.random.default_rng(0).normal(2, 4, (50, spaces.n_dimensions))
    sharpness = (0.5, 1.0, 2.0)
    wanted = np.exp(spaces.shares(embeddings) @ np.log(sharpness))
    got = _Sharpness(sharpness, spaces)(torch.from_numpy(embeddings).float()).numpy()[:, 0]
    assert np.ptp(wanted) > 1
    assert got == pytest.approx(wanted, rel=1e-4)


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
    probabilities, embedding = exported.hear(samples)
    assert np.isfinite(probabilities).all()
    assert np.isfinite(embedding).all()
    assert (probabilities >= 0).all()
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("gain_db", [-12, 12])
def test_loudness_is_not_heard(exported: Exported, gain_db: float) -> None:
    for samples in exported.recordings[:4]:
        assert np.abs(exported(samples * 10 ** (gain_db / 20)) - exported(samples)).max() < 1e-3


@pytest.mark.parametrize(("before", "after"), [(0.5, 0), (0, 0.5), (1, 2)])
def test_silence_around_is_not_heard(exported: Exported, before: float, after: float) -> None:
    for samples in exported.recordings[:4]:
        centred = samples - samples.mean(dtype=np.float64)
        padded = np.pad(centred, (round(before * RATE), round(after * RATE)))
        assert np.abs(exported(padded) - exported(centred)).max() < 1e-3


@pytest.mark.parametrize("offset", [-0.2, 0.01])
def test_a_constant_offset_is_not_heard(exported: Exported, offset: float) -> None:
    for samples in exported.recordings[:4]:
        assert np.abs(exported(samples + offset) - exported(samples)).max() < 1e-3


def test_the_model_carries_nothing_of_this_machine(exported: Exported) -> None:
    import onnx

    session = exported.session
    assert [(i.name, i.type) for i in session.get_inputs()] == [("samples", "tensor(float)")]
    assert [o.name for o in session.get_outputs()] == ["probabilities", "embedding"]
    model = onnx.load_from_string(session._model_bytes)
    assert {opset.domain for opset in model.opset_import} <= {"", "com.microsoft", "ai.onnx"}
    text = session._model_bytes
    for trace in (b"/work/", b"/home/", b"site-packages", b".py"):
        assert trace not in text


def test_a_model_that_hears_something_else_than_it_learnt_on_is_refused() -> None:
    random = np.random.default_rng(0)
    X = [random.normal(0, 1, (20, 128)).astype(np.float32) + label for label in (0, 1) * 10]
    classifier = mixture("diag").fit(X, [0, 1] * 10)
    sound = [random.normal(0, 0.1, RATE).astype(np.float32)]
    something_else = [np.sin(np.arange(RATE) / 9).astype(np.float32)]

    class Constant(torch.nn.Module):
        def forward(self, samples: torch.Tensor) -> torch.Tensor:
            frames = samples[:, : 20 * 128].reshape(1, 20, 128)
            return frames * 10 + 0.5

    with pytest.raises(BundleError, match=r"differ by .* from PyTorch's; at most 0\.0001"):
        export_waveform_model(Constant(), classifier, sound, something_else)


def test_a_model_whose_embedding_is_not_what_was_fitted_is_refused() -> None:
    """Even where the probabilities are: adapted answers would be wrong."""
    random = np.random.default_rng(0)
    X = [random.normal(0, 1, (20, 128)).astype(np.float32) + label for label in (0, 1) * 10]
    embedding = VoiceEmbedding().fit(X, [0, 1] * 10)
    undecided = mixture("diag", temperature=1e9).fit(X, [0, 1] * 10)
    sound = [random.normal(0, 0.1, RATE).astype(np.float32)]
    something_else = [np.sin(np.arange(RATE) / 9).astype(np.float32)]

    class Cut(torch.nn.Module):
        def forward(self, samples: torch.Tensor) -> torch.Tensor:
            return samples[:, : 20 * 128].reshape(1, 20, 128) * 10 + 0.5

    export_waveform_model(Cut(), undecided, sound, something_else)
    with pytest.raises(BundleError, match=r"differ by .* from PyTorch's"):
        export_waveform_model(Cut(), undecided, sound, something_else, embedding=embedding)

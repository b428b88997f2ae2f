"""From a fitted chain of networks to one ONNX model: samples in, probabilities out."""

from __future__ import annotations

import logging
import math
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.pipeline import Pipeline
from torch import Tensor, nn

from affetto.classifiers.corpora import CorpusMarginalClassifier
from affetto.classifiers.embedding import VoiceEmbedding
from affetto.classifiers.gmm import GaussianMixtureClassifier
from affetto.classifiers.neural import SequenceClassifier
from affetto.classifiers.pool import LogarithmicPool
from affetto.classifiers.projection import ClippedScaler, DiscriminantProjection
from affetto.classifiers.sequences import SequenceComponents, SequenceScaler, SequenceStatistics
from affetto.errors import BundleError
from affetto.features.frames import MIN_SAMPLES
from affetto.onnx_model import OnnxModel, import_onnxruntime
from affetto.preprocessing import LevelNormalization
from affetto.training.export import TOLERANCE, whitened_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import onnx
    from numpy.typing import NDArray

    from affetto.classifiers.voices import VoiceSpaces

_OPSET = 20

# Matrices narrower than this stay as they are, and so does what has fewer values than that.
_SMALL_SIDE = 96
_LARGE_SIZE = 2_048

# The logarithm of a probability that adds nothing to any other: infinity would, where all are that.
_IMPOSSIBLE = -1e30

# What `remove_dc`, `trim_silence`, and `normalize_level` do, and silence after clips that are too short for a frame, in
# ONNX's own text format. Energies are summed in double precision, as there.
_PREPROCESSING = """
<ir_version: 9, opset_import: ["" : {opset}]>
preprocessing (float[1, n_samples] samples) => (float[1, n_speech] speech)
<int64 zero = {{0}}, int64 one = {{1}}, int64[1] axis = {{0}}, int64[1] ones = {{1}}, int64[2] before = {{1, 0}},
 int64 hop = {{160}}, int64 half_hop = {{80}}, int64 half_frame = {{256}}, int64 shortest = {{{shortest}}},
 double silence = {{0.0}}, double range = {{0.001}}, double level = {{{level}}}>
{{
    all = Squeeze (samples, axis)
    wide = Cast <to = 11> (all)
    offset_64 = ReduceMean <keepdims = 0> (wide)
    offset = Cast <to = 1> (offset_64)
    centred = Sub (all, offset)
    {energy_of_all}
    where = NonZero (all_active)
    first = ReduceMin <keepdims = 0> (where)
    last = ReduceMax <keepdims = 0> (where)
    after = Add (last, one)
    from_0 = Mul (first, hop)
    to_0 = Mul (after, hop)
    from = Reshape (from_0, ones)
    to = Reshape (to_0, ones)
    trimmed = Slice (centred, from, to, axis)
    {energy_of_trimmed}
    active = Compress (trimmed_energy, trimmed_active)
    power = ReduceMean <keepdims = 0> (active)
    amplitude = Sqrt (power)
    ratio = Div (level, amplitude)
    gain_64 = Where (trimmed_silent, level, ratio)
    gain = Cast <to = 1> (gain_64)
    levelled = Mul (trimmed, gain)
    n_kept = Size (levelled)
    lacking = Sub (shortest, n_kept)
    missing = Max (lacking, zero)
    missing_1 = Reshape (missing, ones)
    pads = Concat <axis = 0> (axis, missing_1)
    filled = Pad (levelled, pads)
    speech = Unsqueeze (filled, axis)
}}
"""

# What `frame_energy` does, and which frames are within 30 dB of the loudest: all where everything is silent.
_ENERGY = """
    {x}_count = Size ({samples})
    {x}_64 = Cast <to = 11> ({samples})
    {x}_squares = Mul ({x}_64, {x}_64)
    {x}_sums = CumSum ({x}_squares, zero)
    {x}_total = Pad ({x}_sums, before)
    {x}_last = Max ({x}_count, one)
    {x}_starts = Range (zero, {x}_last, hop)
    {x}_centres = Add ({x}_starts, half_hop)
    {x}_early = Sub ({x}_centres, half_frame)
    {x}_late = Add ({x}_centres, half_frame)
    {x}_begin = Clip ({x}_early, zero, {x}_count)
    {x}_end = Clip ({x}_late, zero, {x}_count)
    {x}_total_begin = Gather ({x}_total, {x}_begin)
    {x}_total_end = Gather ({x}_total, {x}_end)
    {x}_difference = Sub ({x}_total_end, {x}_total_begin)
    {x}_sum = Max ({x}_difference, silence)
    {x}_length = Sub ({x}_end, {x}_begin)
    {x}_safe_length = Max ({x}_length, one)
    {x}_length_64 = Cast <to = 11> ({x}_safe_length)
    {x}_energy = Div ({x}_sum, {x}_length_64)
    {x}_loudest = ReduceMax <keepdims = 0> ({x}_energy)
    {x}_threshold = Mul ({x}_loudest, range)
    {x}_above = Greater ({x}_energy, {x}_threshold)
    {x}_silent = Equal ({x}_loudest, silence)
    {x}_active = Or ({x}_above, {x}_silent)
"""


def export_waveform_model(
    frames: nn.Module,
    classifier: Any,
    recordings: Sequence[NDArray[np.float32]],
    speech: Sequence[NDArray[np.float32]],
    *,
    sharpness: Sequence[float] = (1.0,),
    embedding: VoiceEmbedding | None = None,
) -> tuple[bytes, dict[str, Any]]:
    """Convert frames and classifier to one ONNX model with int8 weights, and compare it with PyTorch.

    Parameters
    ----------
    frames : Module
        From samples, shape (1, n_samples), to frames.
    classifier : estimator
        From sequences of frames to probabilities, fitted.
    recordings : sequence of ndarray, shape (n_samples,)
        Recordings at 16 kHz to compare both on.
    speech : sequence of ndarray, shape (n_samples,)
        The same as the chain's pre-processing leaves them, which becomes part of the model.
    sharpness : sequence of float
        By what the log-probabilities are multiplied; see `Calibration`.
    embedding : VoiceEmbedding, optional
        From sequences of frames to embeddings, fitted.

    Returns
    -------
    bytes
        A model with the input `samples`, shape (1, n_samples), and the outputs `probabilities`, shape (1, n_classes),
        and, where there is one, `embedding`, shape (1, n_dimensions).
    dict
        What int8 costs: by how much a probability differs at most, and on which share of the recordings the most
        probable emotion stays the same.

    Raises
    ------
    BundleError
        If the model in float32 differs from PyTorch by more than `TOLERANCE`.
    """
    network = _Chain(frames, classifier, sharpness, embedding).eval()
    names = ["probabilities", *(["embedding"] if embedding else [])]
    exact = _with_preprocessing(_exported(network, names))
    wanted, wanted_embeddings = _torch_outputs(network, speech)
    got, embeddings = _onnx_outputs(exact, names, recordings)
    difference = np.abs(got - wanted).max()
    if embedding is not None:
        # One is by how much utterances of one emotion by one voice differ: a thousandth of it changes no answer.
        # Unlike `max`, this keeps what is no number.
        difference = np.maximum(difference, np.abs(embeddings - wanted_embeddings).max() / 10)
    if not difference <= TOLERANCE:
        raise BundleError(
            f"the exported model's outputs differ by {difference:.2g} from PyTorch's; at most {TOLERANCE:g} is allowed"
        )
    compressed = _compressed(exact)
    got, embeddings = _onnx_outputs(compressed, names, recordings)
    if not (np.isfinite(got).all() and np.isfinite(embeddings).all()):
        raise BundleError("the exported model gives answers in int8 that are no numbers; look at what it learned from")
    cost = {
        "weights": "int8 (large matrices), float16",
        "largest_difference": round(float(np.abs(got - wanted).max()), 4),
        "same_emotion": round(float((got.argmax(1) == wanted.argmax(1)).mean()), 4),
        "recordings": len(recordings),
    }
    if embedding is not None:
        cost["embedding_difference"] = round(float(np.abs(embeddings - wanted_embeddings).mean()), 4)
    return compressed, cost


def as_module(estimator: Any) -> nn.Module:
    """Return a fitted estimator over sequences of frames as a module over a batch of one clip.

    Classifiers become modules that give the logarithms of probabilities: these differ also where probabilities are too
    small, or too near 1, for a number of single precision.
    """
    match estimator:
        case Pipeline():
            return nn.Sequential(*(as_module(step) for _, step in estimator.steps))
        case LogarithmicPool():
            return _LogarithmicPool([as_module(part) for part in estimator.estimators_], estimator.weights)
        case CorpusMarginalClassifier():
            return nn.Sequential(as_module(estimator.classifier_), _Marginal(estimator.membership_))
        case SequenceClassifier():
            return _Average([nn.Sequential(network, nn.LogSoftmax(dim=1)) for network in estimator.networks_])
        case SequenceStatistics():
            return _Statistics()
        case SequenceComponents():
            return nn.Sequential(as_module(estimator.scaler_), _Product(estimator.components_.T))
        case ClippedScaler() | SequenceScaler():
            return _Standardized(estimator.mean_, estimator.scale_, estimator.limit)
        case DiscriminantProjection():
            # One product with an offset: centring first would cost a pass over all features.
            offset = -estimator.components_ @ estimator.mean_
            return _Product(estimator.components_.T, offset)
        case GaussianMixtureClassifier():
            return _Mixtures(estimator)
        case VoiceEmbedding():
            projection = _Product(estimator.matrix_, estimator.offset_)
            return nn.Sequential(_Statistics(), as_module(estimator.scaler_), projection)
    raise TypeError(f"{type(estimator).__name__} has no counterpart as a module")


class _Chain(nn.Module):
    """Frames, classifier with its temperature, and embedding: everything behind the pre-processing."""

    def __init__(
        self, frames: nn.Module, classifier: Any, sharpness: Sequence[float], embedding: VoiceEmbedding | None
    ) -> None:
        super().__init__()
        self.frames, self.classifier = frames, as_module(classifier)
        self.embedding = None if embedding is None else as_module(embedding)
        self.sharpness = _Sharpness(sharpness, None if embedding is None else embedding.spaces_)

    def forward(self, samples: Tensor) -> tuple[Tensor, ...]:
        frames = self.frames(samples)
        scores = self.classifier(frames)
        if self.embedding is None:
            return ((self.sharpness(scores) * scores).softmax(1),)
        embeddings = self.embedding(frames)
        return (self.sharpness(embeddings) * scores).softmax(1), embeddings


class _Sharpness(nn.Module):
    """By what log-probabilities are multiplied, given where the utterance lies among the corpora."""

    def __init__(self, sharpness: Sequence[float], spaces: VoiceSpaces | None) -> None:
        super().__init__()
        self.logarithms: Tensor
        self.register_buffer("logarithms", _tensor(np.log(sharpness)))
        self.centres: Tensor
        self.register_buffer("centres", _tensor(np.zeros((1, 0)) if spaces is None else spaces.centres))
        self.variance = 1.0 if spaces is None else spaces.variance

    def forward(self, embeddings: Tensor) -> Tensor:
        if len(self.logarithms) == 1:
            return self.logarithms.exp()
        places = embeddings[:, -self.centres.shape[1] :]
        distances = (places[:, None] - self.centres).square().sum(2)
        shares = (-0.5 / self.variance * distances).softmax(1)
        return (shares * self.logarithms).sum(1, keepdim=True).exp()


class _Average(nn.Module):
    """The mean of probabilities, from logarithms to the logarithm."""

    def __init__(self, parts: list[nn.Module]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([part(x) for part in self.parts]).logsumexp(0) - math.log(len(self.parts))


class _Marginal(nn.Module):
    """Sums of probabilities, from logarithms to logarithms."""

    def __init__(self, membership: NDArray[np.float64]) -> None:
        super().__init__()
        self.mask: Tensor
        self.register_buffer("mask", _tensor(np.where(membership > 0, 0.0, _IMPOSSIBLE)))

    def forward(self, x: Tensor) -> Tensor:
        return (x[:, :, None] + self.mask).logsumexp(1)


class _LogarithmicPool(nn.Module):
    def __init__(self, parts: list[nn.Module], weights: Sequence[float] | None) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.weights: Tensor
        self.register_buffer("weights", _tensor(weights or [1.0] * len(parts))[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        logarithms = torch.stack([part(x) for part in self.parts])
        return (logarithms * self.weights).sum(0).log_softmax(1)


class _Statistics(nn.Module):
    def forward(self, frames: Tensor) -> Tensor:
        mean = frames.mean(1)
        return torch.cat([mean, (frames - mean[:, None]).square().mean(1).sqrt()], dim=1)


class _Standardized(nn.Module):
    def __init__(self, mean: NDArray[Any], scale: NDArray[Any], limit: float) -> None:
        super().__init__()
        self.limit = limit
        self.mean: Tensor
        self.factor: Tensor
        self.register_buffer("mean", _tensor(mean))
        self.register_buffer("factor", _tensor(1 / scale))

    def forward(self, x: Tensor) -> Tensor:
        return ((x - self.mean) * self.factor).clamp(-self.limit, self.limit)


class _Product(nn.Module):
    def __init__(self, matrix: NDArray[Any], offset: NDArray[Any] | None = None) -> None:
        super().__init__()
        self.matrix: Tensor
        self.offset: Tensor
        self.register_buffer("matrix", _tensor(np.ascontiguousarray(matrix)))
        self.register_buffer("offset", _tensor(0.0 if offset is None else offset))

    def forward(self, x: Tensor) -> Tensor:
        return torch.matmul(x, self.matrix) + self.offset


class _Mixtures(nn.Module):
    """Mixtures by squared distances to whitened components, log-sum-exp by class, log-softmax."""

    def __init__(self, classifier: GaussianMixtureClassifier) -> None:
        super().__init__()
        self.temperature = classifier.temperature
        self.sizes = [len(mixture.means_) for mixture in classifier.mixtures_]
        forms = [whitened_form(mixture) for mixture in classifier.mixtures_]
        whitenings = [w if w.ndim == 2 else np.diag(w) for whitening, _ in forms for w in whitening]
        self.means: Tensor
        self.whitenings: Tensor
        self.offsets: Tensor
        self.log_priors: Tensor
        self.register_buffer("means", _tensor(np.concatenate([mixture.means_ for mixture in classifier.mixtures_])))
        self.register_buffer("whitenings", _tensor(np.stack(whitenings)))
        self.register_buffer("offsets", _tensor(np.concatenate([offsets for _, offsets in forms])))
        self.register_buffer("log_priors", _tensor(classifier.log_priors_))

    def forward(self, x: Tensor) -> Tensor:
        white = torch.matmul(x[:, None, None] - self.means[:, None], self.whitenings).squeeze(2)
        scores = self.offsets - 0.5 * white.square().sum(2)
        likelihoods = torch.stack([part.logsumexp(1) for part in torch.split(scores, self.sizes, dim=1)], dim=1)
        return (likelihoods / self.temperature + self.log_priors).log_softmax(1)


def _tensor(values: Any) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)


def _exported(network: nn.Module, names: Sequence[str]) -> onnx.ModelProto:
    length = torch.export.Dim("n_samples", min=MIN_SAMPLES)
    example = torch.randn(1, 30_011, generator=torch.Generator().manual_seed(0)) * 0.1
    with _quiet(), torch.inference_mode():
        program = torch.onnx.export(
            network,
            (example,),
            input_names=["speech"],
            output_names=list(names),
            dynamic_shapes=({1: length},),
            opset_version=_OPSET,
            dynamo=True,
            verbose=False,
        )
    if program is None:  # for other arguments than ours
        raise BundleError("PyTorch exported nothing; install another version of torch")
    return program.model_proto


def _with_preprocessing(model: onnx.ModelProto) -> onnx.ModelProto:
    import onnx
    from onnx import compose, parser

    text = _PREPROCESSING.format(
        opset=_OPSET,
        shortest=MIN_SAMPLES,
        level=10 ** (LevelNormalization().level_dbfs / 20),
        energy_of_all=_ENERGY.format(x="all", samples="centred"),
        energy_of_trimmed=_ENERGY.format(x="trimmed", samples="trimmed"),
    )
    preprocessing = parser.parse_model(text)
    preprocessing.ir_version = model.ir_version
    # Shapes that were inferred for the network alone would contradict those of the whole.
    del model.graph.value_info[:]
    merged = compose.merge_models(
        compose.add_prefix(preprocessing, "pre_", rename_inputs=False, rename_outputs=False),
        compose.add_prefix(model, "net_", rename_inputs=False, rename_outputs=False),
        io_map=[("speech", "speech")],
    )
    merged.doc_string = ""
    merged.producer_name = "affetto"
    for node in merged.graph.node:
        # The exporter's notes on where a node comes from name files of this machine.
        del node.metadata_props[:]
        node.doc_string = ""
    del merged.graph.metadata_props[:]
    # The exporter imports domains that nothing is left of.
    del merged.opset_import[:]
    merged.opset_import.append(onnx.helper.make_opsetid("", _OPSET))
    onnx.checker.check_model(merged, full_check=True)
    return merged


def _compressed(model: onnx.ModelProto) -> bytes:
    """Return the model with large matrices in int8, and whatever else is large in half precision.

    What flows through the matrices is quantized as it comes. The rest is widened again when the model is loaded.
    """
    import onnx

    quantization = import_onnxruntime("quantization")

    # Small matrices cost no time, and the last steps towards the answer need their precision.
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    small = [
        node.name
        for node in model.graph.node
        if node.op_type == "MatMul" and min(shapes.get(node.input[1], (0,))) < _SMALL_SIDE
    ]
    with tempfile.TemporaryDirectory() as folder, _quiet():
        path = Path(folder) / "model.onnx"
        quantization.quantize_dynamic(
            model,
            path,
            op_types_to_quantize=["MatMul"],
            nodes_to_exclude=small,
            per_channel=True,
            # Seven bits: with eight, the sums of products overflow on processors without VNNI.
            reduce_range=True,
            weight_type=quantization.QuantType.QInt8,
        )
        quantized = onnx.load(path)
    _halve(quantized)
    return bytes(quantized.SerializeToString(deterministic=True))


def _halve(model: onnx.ModelProto) -> None:
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if tensor.data_type == TensorProto.FLOAT and values.size >= _LARGE_SIZE and np.abs(values).max() < 6e4:
            casts.append(helper.make_node("Cast", [f"{tensor.name}_half"], [tensor.name], to=TensorProto.FLOAT))
            tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{tensor.name}_half"))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _torch_outputs(
    network: nn.Module, clips: Sequence[NDArray[np.float32]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return probabilities and embeddings; where there are none, the probabilities again."""
    rows = []
    with torch.inference_mode():
        for clip in clips:
            samples = np.pad(clip, (0, max(0, MIN_SAMPLES - len(clip))))
            rows.append([output[0].numpy() for output in network(torch.tensor(samples)[None])])
    return np.stack([row[0] for row in rows]), np.stack([row[-1] for row in rows])


def _onnx_outputs(
    model: onnx.ModelProto | bytes, names: Sequence[str], clips: Sequence[NDArray[np.float32]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    runnable = OnnxModel(model if isinstance(model, bytes) else bytes(model.SerializeToString()))
    rows = [runnable.run(names, {"samples": clip[None]}) for clip in clips]
    return np.stack([row[0][0] for row in rows]), np.stack([row[-1][0] for row in rows])


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter and the quantizer, who speak of their inner life, and let them leave no log handlers."""
    level, handlers = logging.root.manager.disable, list(logging.root.handlers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(level)
            logging.root.handlers[:] = handlers

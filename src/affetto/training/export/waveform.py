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

from affetto._onnx import OnnxModel, import_onnxruntime
from affetto.classifiers.estimators.discriminant import AdditiveDiscriminant
from affetto.classifiers.estimators.neural import SequenceClassifier
from affetto.classifiers.estimators.projection import ClippedScaler
from affetto.classifiers.estimators.sequences import SequenceScaler
from affetto.errors import BundleError
from affetto.features.neural.encoder import MIN_SAMPLES
from affetto.preprocessing import LevelNormalization
from affetto.training.export.features import TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import onnx
    from numpy.typing import NDArray

    from affetto.adaptation.offset_model import OffsetModel

_OPSET = 20

# Matrices narrower than this stay as they are, and so does what has fewer values than that.
_SMALL_SIDE = 96
_LARGE_SIZE = 2_048

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
    inverse_temperature: float = 1.0,
    log_prior: NDArray[np.float64] | None = None,
    offset_model: OffsetModel | None = None,
) -> tuple[bytes, dict[str, Any]]:
    """Convert frames and classifier to one ONNX model with int8 weights, and compare it with PyTorch.

    Parameters
    ----------
    frames : Module
        From samples, shape (1, n_samples), to what the classifier takes: frames, or one row of features.
    classifier : estimator
        From these to probabilities, fitted.
    recordings : sequence of ndarray, shape (n_samples,)
        Recordings at 16 kHz to compare both on.
    speech : sequence of ndarray, shape (n_samples,)
        The same as the chain's pre-processing leaves them, which becomes part of the model.
    inverse_temperature : float
        By what the log-probabilities are multiplied; see `Calibration`.
    log_prior : ndarray, shape (n_classes,), optional
        What is added to them then; see `CalibratedPipeline`. By default nothing.
    offset_model : OffsetModel, optional
        Of a classifier that ends in an `AdditiveDiscriminant`, calibrated: then the model gives embeddings too.

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
    network = _Chain(frames, classifier, inverse_temperature, log_prior, offset_model).eval()
    names = ["probabilities", *(["embedding"] if offset_model else [])]
    exact = _with_preprocessing(_exported(network, names))
    wanted, wanted_embeddings = _torch_outputs(network, speech)
    got, embeddings = _onnx_outputs(exact, names, recordings)
    difference = np.abs(got - wanted).max()
    if offset_model is not None:
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
    if offset_model is not None:
        cost["embedding_difference"] = round(float(np.abs(embeddings - wanted_embeddings).mean()), 4)
    return compressed, cost


def as_module(estimator: Any) -> nn.Module:
    """Return a fitted estimator as a module over a batch of one clip.

    Classifiers become modules that give the logarithms of probabilities: these differ also where probabilities are too
    small, or too near 1, for a number of single precision. An `AdditiveDiscriminant` becomes its projection.
    """
    match estimator:
        case Pipeline():
            return nn.Sequential(*(as_module(step) for _, step in estimator.steps))
        case SequenceClassifier():
            return _Average([nn.Sequential(network, nn.LogSoftmax(dim=1)) for network in estimator.networks_])
        case ClippedScaler():
            return _Standardized(estimator.mean_, estimator.scale_, estimator.limit, estimator.weights_)
        case SequenceScaler():
            return _Standardized(estimator.mean_, estimator.scale_, estimator.limit)
        case AdditiveDiscriminant():
            # One product with an offset: centring first would cost a pass over all features.
            return _Product(estimator.components_.T, -estimator.components_ @ estimator.mean_)
    raise TypeError(f"{type(estimator).__name__} has no counterpart as a module")


class _Chain(nn.Module):
    """Features and classifier with its temperature: everything behind the pre-processing."""

    def __init__(
        self,
        frames: nn.Module,
        classifier: Any,
        inverse_temperature: float,
        log_prior: NDArray[np.float64] | None,
        offset_model: OffsetModel | None,
    ) -> None:
        super().__init__()
        self.frames, self.classifier, self.inverse_temperature = frames, as_module(classifier), inverse_temperature
        self.log_prior: Tensor | None
        self.register_buffer("log_prior", _tensor(log_prior) if log_prior is not None and log_prior.any() else None)
        self.emotions = None if offset_model is None else _Emotions(offset_model)

    def forward(self, samples: Tensor) -> tuple[Tensor, ...]:
        scores = self.classifier(self.frames(samples))
        if self.emotions is None:
            logits = self.inverse_temperature * scores
            return ((logits if self.log_prior is None else logits + self.log_prior).softmax(1),)
        return self.emotions(scores).softmax(1), scores


class _Emotions(nn.Module):
    """Log-likelihoods of emotions from embeddings, where the offset is unknown: linear in these."""

    def __init__(self, model: OffsetModel) -> None:
        super().__init__()
        directions = model.means / (1 + model.offset_variance) / model.temperature
        self.product = _Product(directions.T, -0.5 * (directions * model.means).sum(axis=1) + model.log_prior)

    def forward(self, embeddings: Tensor) -> Tensor:
        logits: Tensor = self.product(embeddings)
        return logits


class _Average(nn.Module):
    """The mean of probabilities, from logarithms to the logarithm."""

    def __init__(self, parts: list[nn.Module]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([part(x) for part in self.parts]).logsumexp(0) - math.log(len(self.parts))


class _Standardized(nn.Module):
    def __init__(self, mean: NDArray[Any], scale: NDArray[Any], limit: float, weights: Any = None) -> None:
        super().__init__()
        self.limit = limit
        self.mean: Tensor
        self.factor: Tensor
        self.weights: Tensor | None
        self.register_buffer("mean", _tensor(mean))
        self.register_buffer("factor", _tensor(1 / scale))
        self.register_buffer("weights", None if weights is None else _tensor(weights))

    def forward(self, x: Tensor) -> Tensor:
        clipped = ((x - self.mean) * self.factor).clamp(-self.limit, self.limit)
        return clipped if self.weights is None else clipped * self.weights


class _Product(nn.Module):
    def __init__(self, matrix: NDArray[Any], offset: NDArray[Any] | None = None) -> None:
        super().__init__()
        self.matrix: Tensor
        self.offset: Tensor
        self.register_buffer("matrix", _tensor(np.ascontiguousarray(matrix)))
        self.register_buffer("offset", _tensor(0.0 if offset is None else offset))

    def forward(self, x: Tensor) -> Tensor:
        return torch.matmul(x, self.matrix) + self.offset


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

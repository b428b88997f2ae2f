"""Export a classifier with its features and pre-processing to one ONNX model: samples in, probabilities out."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from affetto._onnx import OnnxModel, import_onnxruntime
from affetto.errors import BundleError
from affetto.features.neural.encoder import MIN_SAMPLES
from affetto.training.export.conversion import TOLERANCE, quiet, to_onnx
from affetto.training.export.modules import as_module, as_tensor, emotions_module
from affetto.training.export.preprocessing import Preprocessing

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx
    from numpy.typing import NDArray

    from affetto.adaptation.offset_model import OffsetModel

    Samples = NDArray[np.float32]

_SMALL_SIDE, _LARGE_SIZE = 96, 2_048
"""Matrices with a side below the first stay in float32, and so do tensors with fewer values than the second."""


def export_waveform_model(
    frames: nn.Module,
    classifier: Any,
    recordings: Sequence[Samples],
    speech: Sequence[Samples],
    *,
    inverse_temperature: float = 1.0,
    log_prior: NDArray[np.float64] | None = None,
    offset_model: OffsetModel | None = None,
) -> tuple[bytes, dict[str, Any]]:
    """Convert features and classifier to one ONNX model with int8 weights, and compare it with PyTorch.

    Parameters
    ----------
    frames : Module
        From samples, shape (1, n_samples), to the classifier's input: frames, or one row of features.
    classifier : estimator
        Fitted.
    recordings, speech : sequence of ndarray, shape (n_samples,)
        Recordings at 16 kHz for the comparison, before and after the pipeline's pre-processing.
    inverse_temperature, log_prior, offset_model
        As in `CalibratedPipeline`. An offset model is for a classifier that ends in an `AdditiveDiscriminant`.

    Returns
    -------
    bytes
        A model with the input `samples`, shape (1, n_samples), and the output `probabilities`, shape (1, n_classes);
        with an offset model also the output `embedding`, shape (1, n_dimensions).
    dict
        The effect of int8: the largest difference of a probability, and the share of recordings with the same most
        probable emotion.

    Raises
    ------
    BundleError
        If the model in float32 differs from PyTorch by more than `TOLERANCE`.
    """
    network = _Network(frames, classifier, inverse_temperature, log_prior, offset_model).eval()
    names = ["probabilities", *(["embedding"] if offset_model else [])]
    example = torch.randn(1, 30_011, generator=torch.Generator().manual_seed(0)) * 0.1
    exact = to_onnx(nn.Sequential(Preprocessing(), network), example, input_name="samples", outputs=names, any_size=1)
    expected, expected_embeddings = _torch_outputs(network, speech)
    output, embeddings = _onnx_outputs(bytes(exact.SerializeToString()), names, recordings)
    difference = np.abs(output - expected).max()
    if offset_model is not None:
        # Utterances of one emotion and speaker have a deviation of 1, so a thousandth changes no answer.
        # Unlike `max`, `maximum` returns nan if one value is nan.
        difference = np.maximum(difference, np.abs(embeddings - expected_embeddings).max() / 10)
    if not difference <= TOLERANCE:
        raise BundleError(
            f"the exported model's outputs differ by {difference:.2g} from PyTorch's; at most {TOLERANCE:g} is allowed"
        )
    compressed = _compressed(exact)
    output, embeddings = _onnx_outputs(compressed, names, recordings)
    if not (np.isfinite(output).all() and np.isfinite(embeddings).all()):
        raise BundleError("the exported model's outputs in int8 are not finite; check the training recordings")
    effect = {
        "weights": "int8 (large matrices), float16",
        "largest_difference": round(float(np.abs(output - expected).max()), 4),
        "same_emotion": round(float((output.argmax(1) == expected.argmax(1)).mean()), 4),
        "recordings": len(recordings),
    }
    if offset_model is not None:
        effect["embedding_difference"] = round(float(np.abs(embeddings - expected_embeddings).mean()), 4)
    return compressed, effect


class _Network(nn.Module):
    """Features and calibrated classifier: everything after the pre-processing."""

    log_prior: Tensor

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
        self.emotions = None if offset_model is None else emotions_module(offset_model)
        self.register_buffer("log_prior", as_tensor(0.0 if log_prior is None else log_prior))

    def forward(self, speech: Tensor) -> tuple[Tensor, ...]:
        # The exporter cannot know this length.
        torch._check(speech.shape[1] >= MIN_SAMPLES)  # type: ignore[no-untyped-call]
        scores = self.classifier(self.frames(speech))
        if self.emotions is not None:  # with temperature and prior
            return self.emotions(scores).softmax(1), scores
        return ((self.inverse_temperature * scores + self.log_prior).softmax(1),)


def _compressed(model: onnx.ModelProto) -> bytes:
    """Return the model with large matrices in int8, and other large tensors in half precision.

    The inputs of matrices are quantized dynamically. Tensors in half precision are widened when the model is loaded.
    """
    import onnx

    quantization = import_onnxruntime("quantization")

    # Small matrices take little time, and the last steps need their precision.
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    small = [
        node.name
        for node in model.graph.node
        if node.op_type == "MatMul" and min(shapes.get(node.input[1], (0,))) < _SMALL_SIDE
    ]
    with tempfile.TemporaryDirectory() as folder, quiet():
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


def _torch_outputs(network: nn.Module, speech: Sequence[Samples]) -> tuple[Samples, Samples]:
    """Return probabilities and embeddings; without embeddings, the probabilities twice."""
    rows = []
    with torch.inference_mode():
        for samples in speech:
            padded = np.pad(samples, (0, max(0, MIN_SAMPLES - len(samples))))
            rows.append([output[0].numpy() for output in network(torch.tensor(padded)[None])])
    return np.stack([row[0] for row in rows]), np.stack([row[-1] for row in rows])


def _onnx_outputs(model: bytes, names: Sequence[str], recordings: Sequence[Samples]) -> tuple[Samples, Samples]:
    runnable = OnnxModel(model)
    rows = [runnable.run(names, {"samples": samples[None]}) for samples in recordings]
    return np.stack([row[0][0] for row in rows]), np.stack([row[-1][0] for row in rows])

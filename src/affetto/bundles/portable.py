"""A model for other languages: the same numbers on every processor, and the voice activity detector beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from affetto._extras import require_extra
from affetto._files import write_bytes
from affetto.bundles.bundle import write_bundle
from affetto.errors import ParameterError
from affetto.preprocessing.vad.detector import LICENCE, MODEL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import onnx

    from affetto.bundles.bundle import Bundle

DETECTOR_FILE = "voice_activity.onnx"
DETECTOR_LICENCE_FILE = "voice_activity.LICENSE"


def write_portable(bundle: Bundle, folder: Path) -> Bundle:
    """Write a bundle that gives the same numbers in every language and on every processor.

    The models that ship multiply integers of eight bits, to which they round the values between their layers. A last
    bit that another processor computes differently may decide such a rounding, and change probabilities by a
    hundredth. The portable model has the same weights, but multiplies them in float32: it takes about twice the time.

    Parameters
    ----------
    bundle : Bundle
        Its model takes samples.
    folder : Path
        Created if it is missing. It also receives the voice activity detector and its licence.

    Returns
    -------
    Bundle
        The portable one, which `Recognizer` runs like any other.

    Raises
    ------
    ParameterError
        If the model takes acoustic features, which other languages cannot compute, if the folder is that of the model,
        or if a file cannot be written.
    MissingExtraError
        If onnx is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from affetto.bundles.bundle import find_bundle, load_bundle
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     portable = write_portable(load_bundle(find_bundle("transformer")), Path(folder))
    ...     portable.name, sorted(path.name for path in Path(folder).iterdir())
    ('transformer-portable', ['manifest.json', 'model.onnx', 'voice_activity.LICENSE', 'voice_activity.onnx'])
    """
    require_extra("portable", purpose="writing a portable model")
    if bundle.manifest["input"]["kind"] != "waveform":
        raise ParameterError(
            f"the model {bundle.name} takes acoustic features, which only Affetto computes; "
            "choose one that takes samples, such as transformer"
        )
    if folder.resolve() == bundle.folder.resolve():
        raise ParameterError(f"{folder} holds the model itself; name another folder for the portable one")
    unportable = ("format_version", "model", "manifest_sha256")
    manifest = {field: value for field, value in bundle.manifest.items() if field not in unportable}
    manifest["name"] = f"{bundle.name}-portable"
    if quantization := manifest.get("quantization"):  # its figures are those of products of integers
        manifest["quantization"] = {"weights": quantization["weights"], "products": "float32"}
    portable = write_bundle(folder, manifest, in_float32(bundle.model))
    write_bytes(folder / DETECTOR_FILE, MODEL.read_bytes())
    write_bytes(folder / DETECTOR_LICENCE_FILE, LICENCE.read_bytes())
    return portable


def in_float32(model: bytes) -> bytes:
    """Return an ONNX model whose products of integers are products of floats; the weights stay integers in the file.

    ONNX Runtime converts the weights once, when it loads the model.

    Parameters
    ----------
    model : bytes
        An ONNX model, quantized by ``onnxruntime.quantization.quantize_dynamic`` or not at all.
    """
    import onnx

    proto = onnx.load_from_string(model)
    quantized = {node.output[0]: node for node in proto.graph.node if node.op_type == "DynamicQuantizeLinear"}
    nodes = [replacement for node in proto.graph.node for replacement in _in_float32(node, quantized)]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    onnx.checker.check_model(proto)
    return bytes(proto.SerializeToString(deterministic=True))


def _in_float32(node: onnx.NodeProto, quantized: Mapping[str, onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Return what replaces a node; `quantized` holds the nodes that quantize values, by the name of their output."""
    from onnx import TensorProto, helper

    if node.op_type == "DynamicQuantizeLinear":  # values stay as they are, so their scale is 1
        return [helper.make_node("Constant", [], [node.output[1]], value_float=1.0)]
    if node.op_type == "MatMulInteger":
        values, (_, weights, _, zero) = quantized[node.input[0]].input[0], node.input
        centred, floats, zero_float = (f"{node.output[0]}_{name}" for name in ("centred", "weights", "zero"))
        # No DequantizeLinear: ONNX Runtime would fuse it with the product, and compute in integers again.
        return [
            helper.make_node("Cast", [weights], [floats], to=TensorProto.FLOAT),
            helper.make_node("Cast", [zero], [zero_float], to=TensorProto.FLOAT),
            helper.make_node("Sub", [floats, zero_float], [centred]),
            helper.make_node("MatMul", [values, centred], [node.output[0]]),
        ]
    return [node]

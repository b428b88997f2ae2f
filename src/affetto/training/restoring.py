"""The encoder within a bundle as a checkpoint again: what distillation took an hour to make, without the hour."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from affetto.errors import BundleError
from affetto.features.whisper import RECORD, WhisperEncoder, save_encoder
from affetto.recognition.encoders import distillations
from affetto.training.distillation import require_encoder_folder

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from affetto.recognition.bundle import Bundle

_HEAD_WIDTH = 64  # of every Whisper


def restore_encoder(bundle: Bundle, folder: str | os.PathLike[str]) -> None:
    """Write the distilled encoder of a bundle as a checkpoint, for `affetto train --encoder`.

    Its large matrices have the precision of the bundle: eight bits, widened again.

    Parameters
    ----------
    bundle : Bundle
        Of the transformer.
    folder : path
        Where to write; if it exists, it is empty, or holds a distilled encoder, which is replaced.

    Raises
    ------
    BundleError
        If the bundle has no distilled encoder, or several encoders, or the weights are not where Affetto puts them.
    ParameterError
        If it cannot be written there.
    """
    try:
        records = distillations(bundle.manifest)
        content = bundle.manifest.get("encoders") or {"names": [], "layers": 0}
        names = list(map(str, content["names"]))
        if len(names) == 1 and not records:
            raise BundleError(f"the encoder under {bundle.folder} is {names[0]} as it came; take that")
        if len(names) != 1:
            raise BundleError(f"{bundle.folder} has {len(names)} encoders; only of a model with one it can be written")
        encoder, config = _encoder(bundle.model, n_layers=int(content["layers"]))
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
        raise BundleError(
            f"the encoder in {bundle.folder} is not where this version puts it ({type(error).__name__}: {error}); take "
            "a bundle that `affetto train` made"
        ) from error
    folder = Path(folder)
    require_encoder_folder(folder)
    restored = {"model": bundle.name, "sha256": bundle.manifest["model"]["sha256"], "weights": "int8"}
    save_encoder(encoder, {**config, RECORD: {**records[0], "restored_from": restored}}, folder)


def _encoder(model: bytes, *, n_layers: int) -> tuple[WhisperEncoder, dict[str, Any]]:
    """Return the encoder in a model, and what `config.json` is to say of it."""
    state = _Graph(model).weights("net_frames.encoders.0.")
    width = len(state["layers.0.out.bias"])
    config: dict[str, Any] = {
        "model_type": "whisper",
        "d_model": width,
        "num_mel_bins": state["convolutions.0.product.weight"].shape[1] // 3,
        "encoder_layers": n_layers,
        "encoder_attention_heads": width // _HEAD_WIDTH,
        "encoder_ffn_dim": len(state["layers.0.expand.bias"]),
    }
    encoder = WhisperEncoder(config, n_layers=n_layers)
    encoder.load_state_dict({name: torch.from_numpy(values) for name, values in state.items()})
    return encoder, config


class _Graph:
    """An ONNX model, asked for the weights of a part of the network that was exported."""

    def __init__(self, model: bytes) -> None:
        import onnx

        self.graph = onnx.load_from_string(model).graph
        self.tensors = {tensor.name: tensor for tensor in self.graph.initializer}
        self.producers = {output: node for node in self.graph.node for output in node.output}

    def weights(self, prefix: str) -> dict[str, NDArray[np.float32]]:
        """Return what is there under a prefix by the names that the modules have.

        A matrix has no name of its own in the graph; it is what is multiplied before its bias is added.
        """
        state = {}
        for node in self.graph.node:
            for name in node.input:
                if name.startswith(prefix) and node.op_type != "Cast":
                    short = name.removeprefix(prefix)
                    state[short] = self._values(name)
                    if node.op_type == "Add":
                        (product,) = (other for other in node.input if other != name)
                        state[short.removesuffix("bias") + "weight"] = np.ascontiguousarray(self._matrix(product).T)
        return state

    def _values(self, name: str) -> NDArray[np.float32]:
        from onnx import numpy_helper

        tensor = self.tensors.get(name) or self.tensors[f"{name}_half"]
        return np.array(numpy_helper.to_array(tensor), dtype=np.float32)

    def _matrix(self, output: str) -> NDArray[np.float32]:
        node = self.producers[output]
        while node.op_type != "MatMulInteger":
            node = self.producers[node.input[0]]
        quantized = node.input[1]
        return self._values(quantized) * self._values(quantized.removesuffix("_quantized") + "_scale")

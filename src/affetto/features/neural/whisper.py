"""The lower layers of Whisper's encoder, which was trained on 680,000 hours of speech.

References
----------
A. Radford et al.: Robust speech recognition via large-scale weak supervision. ICML, 2023. arXiv:2212.04356.
"""

from __future__ import annotations

import json
import os
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from affetto._extras import require_extra
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_FILE = "config.json"


class WhisperEncoder(nn.Module):
    """The first layers of Whisper's encoder, for clips of any length.

    Whisper pads every clip to 30 s. No padding is needed here, because the position embeddings are sinusoids, which are
    computed for the frames of the clip.

    Parameters
    ----------
    config : mapping
        As in the `config.json` of a Whisper checkpoint.
    n_layers : int
        The number of layers to keep.
    """

    def __init__(self, config: Mapping[str, Any], *, n_layers: int) -> None:
        super().__init__()
        self.width = int(config["d_model"])
        self.n_mels = int(config["num_mel_bins"])
        heads, inner_width = int(config["encoder_attention_heads"]), int(config["encoder_ffn_dim"])
        self.convolutions = nn.ModuleList(
            [_Convolution(self.n_mels, self.width), _Convolution(self.width, self.width, stride=2)]
        )
        self.layers = nn.ModuleList(_Layer(self.width, heads, inner_width) for _ in range(n_layers))

    def forward(self, log_mel: Tensor) -> list[Tensor]:
        """Return the output of each layer, shape (n_clips, ceil(n_frames / 2), width), one frame every 20 ms.

        The input is from `LogMel`, shape (n_clips, n_frames, n_mels).
        """
        x = log_mel
        for convolution in self.convolutions:
            x = functional.gelu(convolution(x))
        x = x + sinusoids(torch.arange(x.shape[1], device=x.device), self.width)
        outputs = []
        for layer in self.layers:
            x = layer(x)
            outputs.append(x)
        return outputs


def sinusoids(positions: Tensor, width: int) -> Tensor:
    """Return the position embeddings of Whisper, shape (n_frames, width): sines, then cosines."""
    half = width // 2
    rates = torch.exp(torch.arange(half) * (-log(10_000) / (half - 1)))
    angles = positions[:, None].float() * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class _Convolution(nn.Module):
    """A convolution over three frames as one matrix product, which ONNX Runtime can run in int8."""

    def __init__(self, n_inputs: int, n_outputs: int, *, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.product = nn.Linear(3 * n_inputs, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        n_frames = x.shape[1]
        padded = functional.pad(x, (0, 0, 1, 1))
        shifted = [padded[:, offset : offset + n_frames : self.stride] for offset in range(3)]
        product: Tensor = self.product(torch.cat(shifted, dim=-1))
        return product


class _Layer(nn.Module):
    """One transformer layer: self-attention and a feed-forward network, each after a layer norm."""

    def __init__(self, width: int, heads: int, inner_width: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm, self.feedforward_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query_key_value, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.expand, self.contract = nn.Linear(width, inner_width), nn.Linear(inner_width, width)

    def forward(self, x: Tensor) -> Tensor:
        clips, time, width = x.shape
        parts = self.query_key_value(self.attention_norm(x)).view(clips, time, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        attended = functional.scaled_dot_product_attention(query, key, value)
        x = x + self.out(attended.transpose(1, 2).reshape(clips, time, width))
        contracted: Tensor = self.contract(functional.gelu(self.expand(self.feedforward_norm(x))))
        return x + contracted


def load_encoder(name: str | os.PathLike[str], *, n_layers: int) -> WhisperEncoder:
    """Load the lower layers of a Whisper checkpoint.

    Parameters
    ----------
    name : str or path
        A folder with `config.json` and safetensors, or a name on the Hugging Face hub such as "openai/whisper-base".
    n_layers : int
        The number of layers to keep.

    Returns
    -------
    WhisperEncoder
        In float32, in evaluation mode.

    Raises
    ------
    ParameterError
        If there is no such checkpoint, it is not one of Whisper, or it has too few layers.
    """
    folder = find_checkpoint(name)
    config = _read_config(folder)
    if not 1 <= n_layers <= config["encoder_layers"]:
        raise ParameterError(f"n_layers is {n_layers}; the encoder {name} has 1 to {config['encoder_layers']}")
    try:
        encoder = WhisperEncoder(config, n_layers=n_layers)
    except (ValueError, KeyError, TypeError) as error:
        raise ParameterError(f"{folder / CONFIG_FILE} does not describe a Whisper checkpoint: {error!r}") from None
    try:
        encoder.load_state_dict(_translated(_read_tensors(folder), n_layers))
    except KeyError as error:
        raise ParameterError(f"{folder} lacks the weight {error}; copy the checkpoint again") from None
    except RuntimeError as error:  # shapes of weights differ from the configuration
        reason = str(error).splitlines()[-1].strip()
        raise ParameterError(f"{folder} holds weights that do not fit its {CONFIG_FILE}: {reason}") from None
    return encoder.eval()


def _read_config(folder: Path) -> dict[str, Any]:
    """Return the `config.json` of a Whisper checkpoint, or raise a ParameterError."""
    path = folder / CONFIG_FILE
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        kind, _ = config["model_type"], int(config["encoder_layers"])
    except OSError as error:
        raise ParameterError(f"{path} cannot be read: {error.strerror}; name a folder with a checkpoint") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ParameterError(f"{path} does not describe a Whisper checkpoint: {error!r}") from None
    if kind != "whisper":
        raise ParameterError(f"{folder} holds a model of type {kind!r}; a Whisper model is needed")
    return config


def checkpoint_name(encoder: str | os.PathLike[str]) -> str:
    """Return the name of a checkpoint in a manifest: that of its folder, or that on the hub without "openai/"."""
    folder = Path(encoder)
    return folder.resolve().name if folder.is_dir() else str(encoder).removeprefix("openai/")


def find_checkpoint(name: str | os.PathLike[str]) -> Path:
    """Return the folder of a checkpoint, which is downloaded from the Hugging Face hub unless it is local."""
    folder = Path(name)
    if folder.is_dir():
        return folder
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    require_extra("train", purpose="loading an encoder from the hub")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(str(name), allow_patterns=[CONFIG_FILE, "*.safetensors"]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ParameterError(
            f"the encoder {str(name)!r} is neither a folder nor found on the Hugging Face hub ({reason})"
        ) from None


def weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files of a checkpoint."""
    return sorted(folder.glob("*.safetensors"))


def _read_tensors(folder: Path) -> dict[str, Tensor]:
    """Read the weights of the encoder, whose names may begin with `model.encoder.`, `encoder.`, or neither."""
    from safetensors import SafetensorError, safe_open

    tensors: dict[str, Tensor] = {}
    for file in weight_files(folder):
        try:
            with safe_open(file, framework="pt") as content:
                for name in content.keys():  # noqa: SIM118 (not a dict)
                    short = name.removeprefix("model.")
                    if not short.startswith(("decoder.", "proj_out.")):
                        tensors[short.removeprefix("encoder.")] = content.get_tensor(name).float()
        except (OSError, SafetensorError) as error:
            raise ParameterError(f"{file} cannot be read: {error}; copy the checkpoint again") from None
    return tensors


_LAYER_PARTS = {
    "attention_norm": "self_attn_layer_norm",
    "feedforward_norm": "final_layer_norm",
    "out": "self_attn.out_proj",
    "expand": "fc1",
    "contract": "fc2",
}
"""Names of the parts of a layer here and in checkpoints."""


def _translated(tensors: Mapping[str, Tensor], n_layers: int) -> dict[str, Tensor]:
    """Return the weights of a checkpoint with the names and shapes of `WhisperEncoder`."""
    state: dict[str, Tensor] = {}
    for index in range(2):
        weight = tensors[f"conv{index + 1}.weight"]
        state[f"convolutions.{index}.product.weight"] = weight.permute(0, 2, 1).flatten(1)
        state[f"convolutions.{index}.product.bias"] = tensors[f"conv{index + 1}.bias"]
    for layer in (f"layers.{index}" for index in range(n_layers)):
        for ours, theirs in _LAYER_PARTS.items():
            for kind in ("weight", "bias"):
                state[f"{layer}.{ours}.{kind}"] = tensors[f"{layer}.{theirs}.{kind}"]
        parts = [f"{layer}.self_attn.{part}_proj" for part in "qkv"]
        weights = [tensors[f"{part}.weight"] for part in parts]
        # The key projection of Whisper has no bias.
        biases = [tensors[f"{part}.bias"] if part[-6] != "k" else torch.zeros(len(weights[0])) for part in parts]
        state[f"{layer}.query_key_value.weight"] = torch.cat(weights)
        state[f"{layer}.query_key_value.bias"] = torch.cat(biases)
    return state

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from affetto.errors import ParameterError
from affetto.features.neural.whisper import load_encoder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def tensors(tiny_encoder: Path) -> dict[str, Tensor]:
    """The weights of two layers without prefix, and the stored position embeddings."""
    prefix = "model.encoder."
    everything = {k.removeprefix(prefix): v for k, v in load_file(tiny_encoder / "model.safetensors").items()}
    return {k: v for k, v in everything.items() if not k.startswith("layers.") or k.split(".")[1] in "01"}


@pytest.fixture
def checkpoint(tiny_encoder: Path, tensors: dict[str, Tensor], tmp_path: Path) -> Path:
    """A checkpoint of two layers that a test may change."""
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    config = json.loads((tiny_encoder / "config.json").read_text(encoding="utf-8")) | {"encoder_layers": 2}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    save_file(tensors, folder / "model.safetensors")
    return folder


def spectrogram(n_frames: int, n_clips: int = 1) -> Tensor:
    return torch.randn(n_clips, n_frames, 80, generator=torch.Generator().manual_seed(0)) * 0.5


def by_hand(tensors: dict[str, Tensor], log_mel: Tensor, heads: int = 6) -> list[Tensor]:
    """The encoder as in the paper, with the stored tensors."""
    w = {name: tensor.float() for name, tensor in tensors.items()}
    x = functional.gelu(functional.conv1d(log_mel.transpose(1, 2), w["conv1.weight"], w["conv1.bias"], padding=1))
    x = functional.gelu(functional.conv1d(x, w["conv2.weight"], w["conv2.bias"], stride=2, padding=1)).transpose(1, 2)
    x = x + w["embed_positions.weight"][: x.shape[1]]
    width = x.shape[-1]
    size = width // heads
    outputs = []
    for layer in ("layers.0", "layers.1"):

        def linear(name: str, values: Tensor, layer: str = layer) -> Tensor:
            return functional.linear(values, w[f"{layer}.{name}.weight"], w.get(f"{layer}.{name}.bias"))

        def norm(name: str, values: Tensor, layer: str = layer) -> Tensor:
            return functional.layer_norm(values, (width,), w[f"{layer}.{name}.weight"], w[f"{layer}.{name}.bias"])

        normed = norm("self_attn_layer_norm", x)
        query, key, value = (linear(f"self_attn.{part}_proj", normed) for part in "qkv")
        attended = []
        for head in range(heads):
            part = slice(head * size, (head + 1) * size)
            weights = (query[..., part] @ key[..., part].transpose(1, 2) / size**0.5).softmax(-1)
            attended.append(weights @ value[..., part])
        x = x + linear("self_attn.out_proj", torch.cat(attended, dim=-1))
        x = x + linear("fc2", functional.gelu(linear("fc1", norm("final_layer_norm", x))))
        outputs.append(x)
    return outputs


@pytest.mark.parametrize("n_frames", [20, 151, 700])
def test_layers_equal_those_of_whisper(checkpoint: Path, tensors: dict[str, Tensor], n_frames: int) -> None:
    log_mel = spectrogram(n_frames, n_clips=2)
    with torch.inference_mode():
        output, reference = load_encoder(checkpoint, n_layers=2)(log_mel), by_hand(tensors, log_mel)
    assert len(output) == len(reference) == 2
    for layer, expected in zip(output, reference, strict=True):
        assert layer.shape == expected.shape == (2, -(-n_frames // 2), 384)
        # The stored weights and positions have half precision; the values go up to some hundreds.
        assert ((layer - expected).abs() / (1 + expected.abs())).max() < 3e-3
        assert (layer - expected).abs().mean() < 2e-4


def test_layers_equal_those_of_whisper_exactly_without_rounded_positions(
    checkpoint: Path, tensors: dict[str, Tensor]
) -> None:
    from affetto.features.neural.whisper import sinusoids

    computed = sinusoids(torch.arange(1500), 384)
    assert (computed - tensors["embed_positions.weight"].float()).abs().max() < 1e-3
    log_mel = spectrogram(301)
    with torch.inference_mode():
        output = load_encoder(checkpoint, n_layers=2)(log_mel)
        reference = by_hand({**tensors, "embed_positions.weight": computed}, log_mel)
    for layer, expected in zip(output, reference, strict=True):
        assert (layer - expected).abs().max() < 1e-4


@pytest.mark.parametrize("prefix", ["model.encoder.", "encoder.", ""])
@pytest.mark.parametrize("n_files", [1, 2])
def test_all_layouts_of_a_checkpoint_are_the_same_encoder(
    checkpoint: Path, tensors: dict[str, Tensor], tmp_path: Path, prefix: str, n_files: int
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "config.json").write_bytes((checkpoint / "config.json").read_bytes())
    # A whole checkpoint also has a decoder, which has layers of the same names.
    decoder = f"{prefix.removesuffix('encoder.')}decoder." if prefix else "decoder."
    named = {prefix + name: tensor for name, tensor in tensors.items()}
    named |= {f"{decoder}{n}": t * 0 for n, t in tensors.items() if "layers.0" in n} | {
        "proj_out.weight": torch.ones(2)
    }
    names = sorted(named)
    for number in range(n_files):
        part = {name: named[name] for name in names[number::n_files]}
        save_file(part, folder / f"model-{number + 1:05}-of-{n_files:05}.safetensors")
    log_mel = spectrogram(41)
    with torch.inference_mode():
        expected = load_encoder(checkpoint, n_layers=2)(log_mel)
        output = load_encoder(folder, n_layers=2)(log_mel)
    assert all(torch.equal(*layers) for layers in zip(output, expected, strict=True))


def test_fewer_layers_are_the_first_ones(checkpoint: Path) -> None:
    log_mel = spectrogram(30)
    with torch.inference_mode():
        (first,) = load_encoder(checkpoint, n_layers=1)(log_mel)
        assert torch.equal(first, load_encoder(str(checkpoint), n_layers=2)(log_mel)[0])


def test_half_precision_weights_become_single_precision(checkpoint: Path) -> None:
    encoder = load_encoder(checkpoint, n_layers=1)
    assert {p.dtype for p in encoder.parameters()} == {torch.float32}
    assert not encoder.training


def lacking(*names: str) -> Any:
    def spoil(folder: Path) -> None:
        kept = {k: v for k, v in load_file(folder / "model.safetensors").items() if k not in names}
        save_file(kept, folder / "model.safetensors")

    return spoil


def configured(**changes: Any) -> Any:
    def spoil(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8")) | changes
        config = {k: v for k, v in config.items() if v is not None}
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")

    return spoil


def written(content: str) -> Any:
    return lambda folder: (folder / "config.json").write_text(content, encoding="utf-8")


def truncated(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:100_000])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "config.json").unlink(), r"config\.json cannot be read.*name a folder"),
        (written("{"), r"config\.json does not describe a Whisper checkpoint"),
        (written("[1]"), r"config\.json does not describe a Whisper checkpoint"),
        (configured(model_type="bert"), "of type 'bert'; a Whisper model is needed"),
        (configured(d_model=None), "does not describe a Whisper checkpoint.*d_model"),
        (configured(d_model="wide"), "does not describe a Whisper checkpoint.*wide"),
        (configured(encoder_layers=1), "n_layers is 2; the encoder .* has 1 to 1"),
        (configured(d_model=192), "weights that do not fit"),
        (configured(num_mel_bins=128), "weights that do not fit"),
        (lacking("layers.1.self_attn.k_proj.weight"), r"lacks the weight 'layers\.1\.self_attn\.k_proj\.weight'"),
        (lacking("conv1.weight"), r"lacks the weight 'conv1\.weight'"),
        (lambda folder: (folder / "model.safetensors").unlink(), "lacks the weight"),
        (truncated, r"model\.safetensors cannot be read.*copy the checkpoint again"),
    ],
    ids=[
        "no config",
        "no JSON",
        "a list",
        "other model",
        "no width",
        "width in words",
        "too few layers",
        "narrower",
        "more bands",
        "no keys",
        "no convolution",
        "no weights",
        "truncated",
    ],
)
def test_a_damaged_checkpoint_is_refused_in_one_sentence(checkpoint: Path, spoil: Any, message: str) -> None:
    spoil(checkpoint)
    with pytest.raises(ParameterError, match=message) as raised:
        load_encoder(checkpoint, n_layers=2)
    assert len(str(raised.value).splitlines()) == 1
    assert str(checkpoint) in str(raised.value)


@pytest.mark.parametrize("n_layers", [0, -1, 3])
def test_an_invalid_number_of_layers_is_refused(checkpoint: Path, n_layers: int) -> None:
    with pytest.raises(ParameterError, match=f"n_layers is {n_layers}; .* has 1 to 2"):
        load_encoder(checkpoint, n_layers=n_layers)


@pytest.mark.parametrize("name", ["nowhere", "no/where", "a/b/c", "not a name", "/no/such/folder"])
def test_an_unknown_checkpoint_is_refused_in_one_sentence(name: str, offline: None) -> None:
    with pytest.raises(ParameterError, match=f"encoder '{name}' is neither a folder nor") as raised:
        load_encoder(name, n_layers=1)
    assert len(str(raised.value).splitlines()) == 1


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The hub without its network, and with nothing downloaded before."""
    from huggingface_hub import constants

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sklearn.base import clone

from affetto.errors import ParameterError
from affetto.features import EncoderFrames
from affetto.features.log_mel import LogMel
from affetto.features.whisper import load_encoder
from affetto.speech import Waveform, read

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000


@pytest.fixture(scope="module")
def clips(ravdess_dir: Path) -> list[Waveform]:
    return [read(path, sample_rate_hz=RATE) for path in sorted((ravdess_dir / "Actor_09").glob("*.flac"))[:2]]


def altered(checkpoint: Path, folder: Path, change: float = 1e-2) -> Path:
    """Copy a checkpoint with one weight changed."""
    folder.mkdir(exist_ok=True)
    shutil.copy(checkpoint / "config.json", folder)
    tensors = load_file(checkpoint / "model.safetensors")
    tensors["model.encoder.conv1.bias"] = tensors["model.encoder.conv1.bias"] + change
    save_file(tensors, folder / "model.safetensors")
    return folder


def test_frames_are_the_layers_averaged_over_neighbours(tiny_encoder: Path, clips: list[Waveform]) -> None:
    sequences = EncoderFrames(encoders=[tiny_encoder], n_layers=2, pooling=3).fit(clips).transform(clips)
    assert sequences.shape == (2,)
    for clip, got in zip(clips, sequences, strict=True):
        with torch.inference_mode():
            layers = load_encoder(tiny_encoder, n_layers=2)(LogMel()(torch.tensor(clip.samples)[None]))
        wanted = torch.cat(layers, dim=-1)[0].numpy()
        count = len(wanted) // 3
        assert got.dtype == np.float16
        assert got.shape == (count, 2 * 384)
        means = np.stack([wanted[3 * i : 3 * i + 3].mean(0) for i in range(count)])
        assert np.allclose(got, means, rtol=2e-3, atol=2e-3)


def test_encoders_stand_side_by_side(tiny_encoder: Path, clips: list[Waveform], tmp_path: Path) -> None:
    other = altered(tiny_encoder, tmp_path / "other")
    both = EncoderFrames(encoders=[tiny_encoder, other], n_layers=1, pooling=4).transform(clips[:1])[0]
    for number, encoder in enumerate((tiny_encoder, other)):
        alone = EncoderFrames(encoders=[encoder], n_layers=1, pooling=4).transform(clips[:1])[0]
        assert np.array_equal(both[:, 384 * number : 384 * (number + 1)], alone)
    assert not np.array_equal(both[:, :384], both[:, 384:])


@pytest.mark.parametrize("n", [1, 100, 800, 3_199])
def test_less_than_a_syllable_is_filled_up_with_silence(tiny_encoder: Path, clips: list[Waveform], n: int) -> None:
    frames = EncoderFrames(encoders=[tiny_encoder], n_layers=1)
    samples = clips[0].samples[20_000 : 20_000 + n]
    (got,) = frames.transform([Waveform(samples, RATE)])
    (filled,) = frames.transform([Waveform(np.pad(samples, (0, 3_200 - n)), RATE)])
    assert got.shape == (2, 384)
    assert np.isfinite(got).all()
    assert np.array_equal(got, filled)


def test_fingerprint_is_that_of_the_weights(tiny_encoder: Path, tmp_path: Path) -> None:
    frames = EncoderFrames(encoders=[tiny_encoder], n_layers=1)
    same = shutil.copytree(tiny_encoder, tmp_path / "same")
    assert clone(frames).set_params(encoders=[same]).fingerprint() == frames.fingerprint()
    other = altered(tiny_encoder, tmp_path / "other")
    assert clone(frames).set_params(encoders=[other]).fingerprint() != frames.fingerprint()
    assert clone(frames).set_params(encoders=[tiny_encoder, other]).fingerprint() != frames.fingerprint()


def test_weights_that_change_where_they_lie_are_heard(
    tiny_encoder: Path, clips: list[Waveform], tmp_path: Path
) -> None:
    folder = altered(tiny_encoder, tmp_path / "mine", change=0.0)
    frames = EncoderFrames(encoders=[folder], n_layers=1)
    (before,) = frames.transform(clips[:1])
    altered(tiny_encoder, folder, change=0.5)
    (after,) = clone(frames).transform(clips[:1])
    assert not np.array_equal(before, after)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"encoders": []}, "encoders is"),
        ({"pooling": 0}, "pooling is 0"),
        ({"n_layers": 9}, "n_layers is 9"),
    ],
)
def test_a_senseless_parameter_is_named(
    parameters: dict[str, Any], message: str, tiny_encoder: Path, clips: list[Waveform]
) -> None:
    with pytest.raises(ParameterError, match=message):
        EncoderFrames(**{"encoders": [tiny_encoder], **parameters}).transform(clips[:1])


def test_one_encoder_must_be_in_a_list(tiny_encoder: Path, clips: list[Waveform]) -> None:
    with pytest.raises(ParameterError, match="must be a list"):
        EncoderFrames(encoders=str(tiny_encoder)).transform(clips[:1])


def test_encoders_of_different_spectrograms_do_not_mix(
    tiny_encoder: Path, clips: list[Waveform], tmp_path: Path
) -> None:
    other = altered(tiny_encoder, tmp_path / "other")
    tensors = load_file(other / "model.safetensors")
    weight = tensors["model.encoder.conv1.weight"]
    tensors["model.encoder.conv1.weight"] = torch.cat([weight, weight[:, :48]], dim=1)
    save_file(tensors, other / "model.safetensors")
    config = json.loads((other / "config.json").read_text(encoding="utf-8")) | {"num_mel_bins": 128}
    (other / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert EncoderFrames(encoders=[other], n_layers=1).transform(clips[:1])[0].shape[1] == 384
    with pytest.raises(ParameterError, match="different numbers of mel bands"):
        EncoderFrames(encoders=[tiny_encoder, other], n_layers=1).transform(clips[:1])

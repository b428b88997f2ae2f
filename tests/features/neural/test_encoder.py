from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sklearn.base import clone

from affetto.errors import ParameterError
from affetto.features import EncoderMeans
from affetto.features.neural.log_mel import LogMel
from affetto.features.neural.whisper import load_encoder
from affetto.speech import Waveform, read

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000


@pytest.fixture(scope="module")
def clips(ravdess_dir: Path) -> list[Waveform]:
    return [read(path, sample_rate_hz=RATE) for path in sorted((ravdess_dir / "Actor_09").glob("*.flac"))[:2]]


def modified(checkpoint: Path, folder: Path, change: float = 1e-2) -> Path:
    """Copy a checkpoint with one weight changed."""
    folder.mkdir(exist_ok=True)
    shutil.copy(checkpoint / "config.json", folder)
    tensors = load_file(checkpoint / "model.safetensors")
    tensors["model.encoder.conv1.bias"] = tensors["model.encoder.conv1.bias"] + change
    save_file(tensors, folder / "model.safetensors")
    return folder


def test_rows_are_the_means_of_the_middle_layers(tiny_encoder: Path, clips: list[Waveform]) -> None:
    rows = EncoderMeans(encoders=[tiny_encoder]).fit(clips).transform(clips)
    assert rows.dtype == np.float32
    assert rows.shape == (2, 2 * 384)
    for clip, output in zip(clips, rows, strict=True):
        with torch.inference_mode():
            _, second, third = load_encoder(tiny_encoder, n_layers=3)(LogMel()(torch.tensor(clip.samples)[None]))
        expected = np.concatenate([layer[0].numpy().mean(axis=0) for layer in (second, third)])
        assert np.allclose(output, expected, rtol=1e-4, atol=1e-4)
    assert not np.allclose(rows[0], rows[1], atol=0.01)


def test_features_of_encoders_are_concatenated(tiny_encoder: Path, clips: list[Waveform], tmp_path: Path) -> None:
    other = modified(tiny_encoder, tmp_path / "other")
    (both,) = EncoderMeans(encoders=[tiny_encoder, other]).transform(clips[:1])
    assert both.shape == (4 * 384,)
    first, second = (EncoderMeans(encoders=[encoder]).transform(clips[:1])[0] for encoder in (tiny_encoder, other))
    # Layer by layer, so that each layer can be weighted.
    lower, upper = np.split(both, 2)
    assert np.array_equal(lower, np.concatenate([first[:384], second[:384]]))
    assert np.array_equal(upper, np.concatenate([first[384:], second[384:]]))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("n", [1, 100, 800, 3_199])
def test_short_clips_are_padded_with_silence(tiny_encoder: Path, clips: list[Waveform], n: int) -> None:
    means = EncoderMeans(encoders=[tiny_encoder])
    samples = clips[0].samples[20_000 : 20_000 + n]
    (output,) = means.transform([Waveform(samples, RATE)])
    (filled,) = means.transform([Waveform(np.pad(samples, (0, 3_200 - n)), RATE)])
    assert np.isfinite(output).all()
    assert np.array_equal(output, filled)


def test_the_fingerprint_depends_on_the_weights(tiny_encoder: Path, tmp_path: Path) -> None:
    means = EncoderMeans(encoders=[tiny_encoder])
    same = shutil.copytree(tiny_encoder, tmp_path / "same")
    assert clone(means).set_params(encoders=[same]).fingerprint() == means.fingerprint()
    other = modified(tiny_encoder, tmp_path / "other")
    assert clone(means).set_params(encoders=[other]).fingerprint() != means.fingerprint()
    assert clone(means).set_params(encoders=[tiny_encoder, other]).fingerprint() != means.fingerprint()


def test_no_encoder_is_refused(clips: list[Waveform]) -> None:
    with pytest.raises(ParameterError, match="encoders is"):
        EncoderMeans(encoders=[]).transform(clips[:1])


def test_an_encoder_outside_of_a_list_is_refused(tiny_encoder: Path, clips: list[Waveform]) -> None:
    with pytest.raises(ParameterError, match="must be a list"):
        EncoderMeans(encoders=str(tiny_encoder)).transform(clips[:1])


def test_encoders_of_different_spectrograms_are_refused(
    tiny_encoder: Path, clips: list[Waveform], tmp_path: Path
) -> None:
    other = modified(tiny_encoder, tmp_path / "other")
    tensors = load_file(other / "model.safetensors")
    weight = tensors["model.encoder.conv1.weight"]
    tensors["model.encoder.conv1.weight"] = torch.cat([weight, weight[:, :48]], dim=1)
    save_file(tensors, other / "model.safetensors")
    config = json.loads((other / "config.json").read_text(encoding="utf-8")) | {"num_mel_bins": 128}
    (other / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert EncoderMeans(encoders=[other]).transform(clips[:1]).shape == (1, 2 * 384)
    with pytest.raises(ParameterError, match="different numbers of mel bands"):
        EncoderMeans(encoders=[tiny_encoder, other]).transform(clips[:1])

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from affetto._onnx import OnnxModel
from affetto.features.neural.encoder import MIN_SAMPLES
from affetto.preprocessing.steps import normalize_level, remove_dc, trim_silence
from affetto.training.export.conversion import to_onnx
from affetto.training.export.preprocessing import Preprocessing

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "noise": lambda noise: noise,
    "silence": np.zeros_like,
    "constant": lambda noise: np.full_like(noise, 0.1),
    "silence around": lambda noise: noise * np.where(np.abs(np.linspace(-1, 1, len(noise))) < 0.5, 1, 1e-3),
    "click": lambda noise: np.where(np.arange(len(noise)) == len(noise) // 2, 1, 1e-6 * noise),
}


@pytest.fixture(scope="module")
def exported() -> OnnxModel:
    example = torch.randn(1, 20_000, generator=torch.Generator().manual_seed(0))
    model = to_onnx(Preprocessing(), example, input_name="samples", outputs=["speech"], any_size=1)
    return OnnxModel(bytes(model.SerializeToString()))


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("length", [1, 159, 160, 161, 600, 16_123, 300_000])
def test_the_exported_steps_equal_the_steps(content: str, length: int, exported: OnnxModel) -> None:
    samples = CONTENTS[content](np.random.default_rng(0).normal(0, 0.1, length)).astype(np.float32)
    expected = normalize_level(trim_silence(remove_dc(samples, 16_000), 16_000), 16_000)
    expected = np.pad(expected, (0, max(0, MIN_SAMPLES - len(expected))))
    (output,) = exported.run(["speech"], {"samples": samples[None]})
    assert output.shape == (1, len(expected))
    assert np.abs(output[0] - expected).max() < 1e-5

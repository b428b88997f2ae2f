"""The modules that recognition imports in a fresh interpreter: none of the training libraries."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from affetto.bundles.bundle import find_bundle, load_bundle, write_bundle
from affetto.recognition.recognizer import DEFAULT_MODEL

EXAMPLE = sorted((Path(__file__).parents[2] / "examples").glob("*.flac"))[0]

HEAVY = {
    *("huggingface_hub", "joblib", "librosa", "matplotlib", "noisereduce", "numba", "onnx", "onnxscript"),
    *("av", "pandas", "pooch", "pyroomacoustics", "requests", "rich", "safetensors", "scipy", "sklearn"),
    *("skorch", "torch", "typer"),
}

CODE = """
import json, sys
from affetto import Recognizer
source, acoustics, *model = sys.argv[1:]
result = Recognizer(*model).recognize(source, acoustics=bool(acoustics))
acoustics = [segment.acoustics is not None for segment in result.segments]
print(json.dumps({"probabilities": result.probabilities, "acoustics": acoustics, "modules": sorted(sys.modules)}))
"""

# Loudness of the first and the second half: enough to see that the recording itself arrives.
GRAPH = """
<ir_version: 9, opset_import: ["" : 17]>
halves (float[1, n] samples) => (float[1, 2] probabilities)
<int64[1] shape = {1, 2}, int64[1] first = {0}, int64[1] middle = {8000}, int64[1] last = {1000000000},
 int64[1] time = {1}, float small = {0.02}>
{
    early = Slice (samples, first, middle, time)
    late = Slice (samples, middle, last, time)
    early_sum = ReduceL2 <axes = [1], keepdims = 1> (early)
    late_sum = ReduceL2 <axes = [1], keepdims = 1> (late)
    loud = Concat <axis = 1> (early_sum, late_sum)
    both = Mul (loud, small)
    probabilities = Softmax <axis = 1> (both)
}
"""


def recognize(*model: str, acoustics: bool = False) -> tuple[dict[str, float], set[str]]:
    command = [sys.executable, "-c", CODE, str(EXAMPLE), "yes" if acoustics else "", *model]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    answer = json.loads(done.stdout)
    assert answer["acoustics"] == [acoustics]
    assert ("affetto.acoustics.measurement" in answer["modules"]) == acoustics
    return answer["probabilities"], {name.split(".")[0] for name in answer["modules"]}


@pytest.fixture(scope="module")
def waveform_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose model takes the waveform, as the networks do."""
    from onnx import parser

    manifest = {
        "name": "halves",
        "version": "1",
        "classifier": "cnn",
        "labels": ["neutral", "angry"],
        "input": {"kind": "waveform", "sample_rate_hz": 16_000},
        "preprocessing": [],
        "licence": "CC0-1.0",
    }
    folder = tmp_path_factory.mktemp("bundle")
    return write_bundle(folder, manifest, parser.parse_model(GRAPH).SerializeToString()).folder


@pytest.mark.parametrize("acoustics", [False, True])
def test_a_model_of_the_waveform_needs_no_training_library(waveform_bundle: Path, acoustics: bool) -> None:
    probabilities, modules = recognize(str(waveform_bundle), acoustics=acoustics)
    assert list(probabilities) == ["neutral", "angry"]
    assert 0 < probabilities["neutral"] < 1
    assert "onnxruntime" in modules
    assert not modules & HEAVY


def test_the_default_model_needs_no_training_library() -> None:
    assert load_bundle(find_bundle(DEFAULT_MODEL)).manifest["input"]["kind"] == "waveform"
    probabilities, modules = recognize()
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-4)
    assert not modules & HEAVY

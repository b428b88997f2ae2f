from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from affetto import Recognizer, read
from affetto.bundles.bundle import Bundle, bundled_models, find_bundle, load_bundle
from affetto.bundles.portable import in_float32, write_portable
from affetto.classifiers.onnx_model import OnnxClassifier
from affetto.errors import ParameterError

SHIPPED = load_bundle(find_bundle("transformer"))


@pytest.fixture(scope="module")
def portable(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_portable(SHIPPED, tmp_path_factory.mktemp("portable"))


def test_a_portable_model_recognizes_almost_as_the_one_that_ships(
    portable: Bundle, recognizer: Recognizer, root: Path
) -> None:
    same = Recognizer(portable.folder)
    for name in ("sequence", "sad"):
        expected = recognizer.recognize(root / "examples" / f"{name}.flac")
        result = same.recognize(root / "examples" / f"{name}.flac")
        assert result.emotion == expected.emotion
        assert result.probabilities == pytest.approx(expected.probabilities, abs=0.05)
    assert portable.name == "transformer-portable"
    assert portable.labels == SHIPPED.labels
    assert len(portable.model) < 1.01 * len(SHIPPED.model)


def test_a_last_bit_of_the_sound_does_not_change_a_portable_model(portable: Bundle, root: Path) -> None:
    samples = read(root / "examples" / "sad-3.flac", sample_rate_hz=16_000).samples
    bits = np.random.default_rng(0).normal(1, 1e-6, len(samples)).astype(np.float32)

    def change(bundle: Bundle) -> float:
        classifier = OnnxClassifier(bundle)
        before, after = (classifier.predict(sound).probabilities for sound in (samples, samples * bits))
        return float(np.abs(after - before).max())

    assert change(portable) < 1e-4


def test_no_product_of_integers_is_left(portable: Bundle) -> None:
    kinds = {node.op_type for node in onnx.load_from_string(portable.model).graph.node}
    assert kinds.isdisjoint({"MatMulInteger", "DynamicQuantizeLinear", "DequantizeLinear"})


def test_a_model_in_float32_keeps_its_nodes(portable: Bundle) -> None:
    nodes = [list(onnx.load_from_string(model).graph.node) for model in (portable.model, in_float32(portable.model))]
    assert nodes[0] == nodes[1]


def test_the_voice_activity_detector_and_its_licence_come_along(portable: Bundle) -> None:
    onnx.checker.check_model(portable.folder / "voice_activity.onnx")
    assert "Silero" in (portable.folder / "voice_activity.LICENSE").read_text(encoding="utf-8")


def test_a_model_of_acoustic_features_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="svm takes acoustic features"):
        write_portable(load_bundle(find_bundle("svm")), tmp_path)


def test_the_model_is_not_overwritten(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(bundled_models()["transformer"], tmp_path / "mine"))
    with pytest.raises(ParameterError, match="another folder"):
        write_portable(load_bundle(folder), tmp_path / "mine" / ".." / "mine")
    assert load_bundle(folder).name == "transformer"

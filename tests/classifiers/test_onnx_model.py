from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest

from affetto import BundleError, MissingExtraError, Recognizer
from affetto.adaptation.offset_model import OffsetModel
from affetto.bundles.bundle import find_bundle, load_bundle, write_bundle

if TYPE_CHECKING:
    from pathlib import Path


OFFSETS: dict[str, Any] = OffsetModel(np.zeros((8, 3)), np.ones(3), np.ones(3)).to_dict()
"""Of eight emotions in three dimensions."""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input": {}}, "sample_rate_hz"),
        ({"input": {"sample_rate_hz": 16_000, "kind": "smell"}}, "smell"),
        ({"input": {"sample_rate_hz": 8_000, "kind": "features"}}, "8000 Hz"),
        ({"preprocessing": [{"step": "enchant", "parameters": {}}]}, "enchant"),
        ({"preprocessing": ["trim_silence"]}, "cannot run"),
        ({"preprocessing": [{"step": "trim_silence", "parameters": {"colour": 1}}]}, "colour"),
        ({"features": {"colour": 1}}, "colour"),
        ({"labels": ["neutral", "calm"]}, "2 labels"),
    ],
)
def test_a_manifest_that_does_not_fit_its_model_is_refused_when_loaded(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    shipped = load_bundle(find_bundle("svm"))
    write_bundle(tmp_path / "bundle", {**shipped.manifest, **change}, shipped.model)
    with pytest.raises(BundleError, match=message):
        Recognizer(tmp_path / "bundle")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"offset_model": "none"}, "invalid offset_model"),
        ({"offset_model": {"means": [[0.0]]}}, "invalid offset_model"),
        ({"offset_model": OFFSETS | {"temperature": 0}}, "invalid offset_model"),
        ({"offset_model": OFFSETS | {"means": OFFSETS["means"][1:]}}, "means of 7 emotions, and there are 8"),
        ({"offset_model": OFFSETS}, "3 dimensions.*embeddings of 0"),
        ({"calibration": "good"}, "invalid calibration"),
        ({"calibration": {"threshold": "high"}}, "invalid calibration"),
    ],
)
def test_offsets_and_calibration_are_understood_or_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    shipped = load_bundle(find_bundle("svm"))
    write_bundle(tmp_path / "bundle", {**shipped.manifest, **change}, shipped.model)
    with pytest.raises(BundleError, match=message):
        Recognizer(tmp_path / "bundle")


def test_a_model_with_probabilities_that_are_not_finite_is_refused(tmp_path: Path) -> None:
    shipped = load_bundle(find_bundle("svm"))
    model = onnx.load_from_string(shipped.model)
    (probabilities,) = (node for node in model.graph.node if "probabilities" in node.output)
    probabilities.output[list(probabilities.output).index("probabilities")] = "finite"
    zero = onnx.helper.make_tensor("no_number", onnx.TensorProto.FLOAT, [1], [float("nan")])
    model.graph.initializer.append(zero)
    model.graph.node.append(onnx.helper.make_node("Add", ["finite", "no_number"], ["probabilities"]))
    write_bundle(tmp_path / "bundle", shipped.manifest, model.SerializeToString())
    with pytest.raises(BundleError, match="not finite"):
        Recognizer(tmp_path / "bundle")


def test_offsets_must_be_those_of_the_model(tmp_path: Path) -> None:
    shipped = load_bundle(find_bundle("transformer"))
    model = shipped.offset_model
    assert model is not None
    fewer = dataclasses.replace(
        model,
        means=model.means[:, 1:],
        offset_variance=model.offset_variance[1:],
        speaker_variance=model.speaker_variance[1:],
    )
    write_bundle(tmp_path / "bundle", {**shipped.manifest, "offset_model": fewer.to_dict()}, shipped.model)
    with pytest.raises(BundleError, match=f"embeddings of {model.n_dimensions}"):
        Recognizer(tmp_path / "bundle")


def test_a_model_that_is_not_onnx_is_refused(tmp_path: Path) -> None:
    write_bundle(tmp_path / "bundle", load_bundle(find_bundle("svm")).manifest, b"no model")
    with pytest.raises(BundleError, match="ONNX Runtime cannot load"):
        Recognizer(tmp_path / "bundle")


@pytest.mark.parametrize("model", ["svm", "mlp", "gmm"])
def test_a_classifier_without_its_libraries_names_its_extra(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("affetto.features.acoustic")]:
        monkeypatch.delitem(sys.modules, name)
    for library in ("librosa", "scipy", "sklearn"):
        for name in [name for name in sys.modules if name.partition(".")[0] == library]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=rf"{model} needs .*affetto\[classic\]"):
        Recognizer(model)


def test_an_error_of_ours_is_not_called_a_broken_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("affetto.classifiers.onnx_model.apply_steps", broken)
    with pytest.raises(ZeroDivisionError):
        Recognizer("svm")

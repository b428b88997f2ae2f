from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from affetto.adaptation.offset_model import OffsetModel
from affetto.bundles.bundle import bundled_models, find_bundle, load_bundle, update_manifest, write_bundle
from affetto.errors import BundleError

SHIPPED = sorted(bundled_models())


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundled_models()["svm"], tmp_path / "bundle"))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_bundle_states_where_it_comes_from(name: str) -> None:
    manifest = load_bundle(find_bundle(name)).manifest
    assert manifest["name"] == name
    assert "CC-BY-NC-SA-4.0" in manifest["licence"]  # RAVDESS's
    trained_on = {corpus["name"]: corpus for corpus in manifest["corpora"]}
    assert "Livingstone" in trained_on["ravdess"]["citation"]
    assert (len(trained_on) > 1) == (name == "transformer")
    assert manifest["results"]
    assert len(manifest["training"]["commit"]) == 40


@pytest.mark.parametrize("file", ["model.onnx", "manifest.json"])
@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_changed_byte_is_refused(bundle: Path, file: str, place: float) -> None:
    data = bytearray((bundle / file).read_bytes())
    index = next(i for i in range(int(len(data) * place), len(data)) if chr(data[i]).isalnum())
    data[index] ^= 1
    (bundle / file).write_bytes(data)
    with pytest.raises(BundleError, match=file):
        load_bundle(bundle)


@pytest.mark.parametrize("file", ["model.onnx", "manifest.json"])
def test_a_missing_file_is_named(bundle: Path, file: str) -> None:
    (bundle / file).unlink()
    with pytest.raises(BundleError, match=file):
        load_bundle(bundle)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "damaged"),
        ("{", "damaged"),
        ("[]", "no format_version"),
        ("{}", "no format_version"),
        ('{"format_version": 99}', "upgrade affetto"),
        ('{"format_version": 0}', "format version 0"),
        ('{"format_version": 1}', "changed"),
    ],
)
def test_a_manifest_that_is_none_is_refused(bundle: Path, content: str, message: str) -> None:
    (bundle / "manifest.json").write_text(content)
    with pytest.raises(BundleError, match=message):
        load_bundle(bundle)


@pytest.mark.parametrize("key", ["labels", "preprocessing", "input", "name"])
def test_a_manifest_without_its_parts_is_refused(tmp_path: Path, key: str) -> None:
    shipped = load_bundle(find_bundle("svm"))
    manifest: dict[str, Any] = {k: v for k, v in shipped.manifest.items() if k != key}
    with pytest.raises(BundleError, match=f"no valid '{key}'"):
        write_bundle(tmp_path / "bundle", manifest, shipped.model)


def test_a_written_bundle_is_read_back(tmp_path: Path) -> None:
    shipped = load_bundle(find_bundle("svm"))
    written = write_bundle(tmp_path / "copy", dict(shipped.manifest), shipped.model)
    assert written.manifest == shipped.manifest
    assert json.loads((tmp_path / "copy/manifest.json").read_text(encoding="utf-8")) == shipped.manifest


def test_a_field_is_changed_without_touching_the_model(bundle: Path) -> None:
    before = load_bundle(bundle)
    written = (bundle / "model.onnx").stat().st_mtime_ns
    after = update_manifest(bundle, {"results": [{"uar": 0.5}], "notes": {"gender": "nobody knows"}, "features": None})
    assert (bundle / "model.onnx").stat().st_mtime_ns == written
    assert after.model == before.model
    assert after.manifest["results"] == [{"uar": 0.5}]
    assert after.manifest["notes"] == {"gender": "nobody knows"}
    assert "features" not in after.manifest
    assert list(after.manifest)[-2:] == ["model", "manifest_sha256"]
    assert after.manifest["manifest_sha256"] != before.manifest["manifest_sha256"]
    others = set(before.manifest) - {"results", "notes", "features", "manifest_sha256"}
    assert {key: after.manifest[key] for key in others} == {key: before.manifest[key] for key in others}


def test_a_change_to_the_same_leaves_every_byte(bundle: Path) -> None:
    before = (bundle / "manifest.json").read_bytes()
    update_manifest(bundle, {"licence": load_bundle(bundle).manifest["licence"], "no such field": None})
    assert (bundle / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("file", ["model.onnx", "manifest.json"])
def test_a_damaged_bundle_gets_no_new_checksum(bundle: Path, file: str) -> None:
    data = (bundle / file).read_bytes().replace(b"a", b"b", 1)
    (bundle / file).write_bytes(data)
    with pytest.raises(BundleError, match=file):
        update_manifest(bundle, {"results": []})
    assert (bundle / file).read_bytes() == data


@pytest.mark.parametrize("model", ["no-such-model", "no/such/folder", Path("elsewhere"), ""])
def test_an_unknown_model_is_named_with_the_known_ones(model: str | Path) -> None:
    with pytest.raises(BundleError, match="svm") as caught:
        find_bundle(model)
    assert str(model) in str(caught.value)


def test_a_folder_has_precedence_over_a_shipped_model(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle.rename(tmp_path / "mlp")
    monkeypatch.chdir(tmp_path)
    assert find_bundle("mlp").resolve() == tmp_path / "mlp"
    assert find_bundle("gmm") == bundled_models()["gmm"]


def test_a_bundle_has_an_offset_model(bundle: Path) -> None:
    assert load_bundle(bundle).offset_model is None
    model = OffsetModel(np.eye(8, 3), np.ones(3), np.full(3, 0.5), 1.25)
    found = update_manifest(bundle, {"offset_model": model.to_dict()}).offset_model
    assert found is not None
    assert found.to_dict() == model.to_dict()


def test_a_bundle_has_the_frequencies_of_training(bundle: Path) -> None:
    assert load_bundle(bundle).frequencies.tolist() == [1.0] * 8
    model = OffsetModel(np.eye(8, 3), np.ones(3), np.full(3, 0.5))
    values = [1.0, 0.25, *[1.0] * 6]
    found = update_manifest(bundle, {"offset_model": model.to_dict(), "frequencies": values})
    assert found.frequencies.tolist() == values
    assert found.offset_model is not None
    assert np.exp(found.offset_model.log_prior) == pytest.approx(values)


@pytest.mark.parametrize(
    "values", [[1.0] * 7, [1.0] * 7 + [0.0], ["often"] * 8, 3, [1.0] * 7 + [float("inf")], [1.0] * 7 + [1.5]], ids=str
)
def test_invalid_frequencies_are_refused(bundle: Path, values: Any) -> None:
    changed = update_manifest(bundle, {"frequencies": values})
    with pytest.raises(BundleError, match="invalid frequencies"):
        _ = changed.frequencies


@pytest.mark.parametrize(
    "change", [{"means": [[1.0] * 3] * 7}, {"temperature": -1}, {"speaker_variance": [1.0]}], ids=str
)
def test_offsets_that_do_not_fit_the_labels_or_one_another_are_refused(bundle: Path, change: dict[str, Any]) -> None:
    model = OffsetModel(np.eye(8, 3), np.ones(3), np.ones(3))
    changed = update_manifest(bundle, {"offset_model": model.to_dict() | change})
    with pytest.raises(BundleError, match="invalid offset_model"):
        _ = changed.offset_model


def test_the_shipped_default_can_be_adapted() -> None:
    """Its temperature is the calibrated one, so that adapted results are as confident as the others."""
    shipped = load_bundle(find_bundle("transformer"))
    model = shipped.offset_model
    assert model is not None
    assert model.temperature == pytest.approx(1 / shipped.manifest["calibration"]["inverse_temperature"][0], rel=1e-3)

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from tests.tools.conftest import publish_corpora

from affetto.bundles.bundle import bundled_models, load_bundle, update_manifest
from affetto.bundles.card import model_card
from tools.cards import main

Captured = pytest.CaptureFixture[str]
MODELS = Path("src", "affetto", "models")
RESULTS = Path("benchmarks", "results")


def test_manifests_and_cards_are_written_and_then_fresh(published: Path, capsys: Captured) -> None:
    models = {path: path.read_bytes() for path in published.glob("src/affetto/models/*/model.onnx")}
    for name in ("svm", "transformer"):
        update_manifest(published / MODELS / name, {"results": [], "robustness": {"command": "none", "rows": []}})
    before = {path: path.read_bytes() for path in published.rglob("*") if path.is_file()}
    assert main(["--check"], root=published) == 1
    assert {path: path.read_bytes() for path in published.rglob("*") if path.is_file()} == before
    lines = capsys.readouterr().err.splitlines()
    assert [Path(re.findall(r"cards: (\S+) is out of date", line)[0]).name for line in lines] == [
        *("manifest.json", "manifest.json", "svm.md", "transformer.md"),
    ]
    assert main([], root=published) == 0
    for name in ("svm", "transformer"):
        manifest = load_bundle(published / MODELS / name).manifest
        assert "emobox" in [result["protocol"] for result in manifest["results"]]
        # A figure whose file is missing is not in the manifest.
        measured = (published / RESULTS / f"robustness-{name}.csv").is_file()
        assert manifest.get("robustness", {}).get("command", "") != "none"
        assert ("robustness" in manifest) == measured
        card = (published / "docs" / "models" / f"{name}.md").read_text(encoding="utf-8")
        assert card == model_card(manifest)
        assert f"{100 * manifest['results'][0]['uar']:.1f}" in card
    assert {path: path.read_bytes() for path in models} == models
    assert main(["--check"], root=published) == 0
    assert capsys.readouterr().err == ""


def test_writing_twice_changes_nothing(published: Path) -> None:
    assert main([], root=published) == 0
    before = {path: path.read_bytes() for path in published.rglob("*") if path.is_file()}
    assert main([], root=published) == 0
    assert {path: path.read_bytes() for path in published.rglob("*") if path.is_file()} == before


def test_results_that_changed_are_noticed_in_the_manifest(published: Path, capsys: Captured) -> None:
    assert main([], root=published) == 0
    shutil.copy(published / RESULTS / "gmm-emobox.csv", published / RESULTS / "svm-emobox.csv")
    assert main(["--check"], root=published) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{MODELS / 'svm' / 'manifest.json'} is out of date; run: python -m tools.cards" in line
    assert main([], root=published) == 0
    assert main(["--check"], root=published) == 0


def test_an_edited_card_is_noticed(published: Path, capsys: Captured) -> None:
    assert main([], root=published) == 0
    card = published / "docs" / "models" / "svm.md"
    card.write_text(card.read_text(encoding="utf-8").replace("svm", "the best"), encoding="utf-8")
    assert main(["--check"], root=published) == 1
    assert "svm.md is out of date" in capsys.readouterr().err


def test_a_card_is_written_also_before_anything_is_measured(published: Path) -> None:
    for path in (published / RESULTS).glob("*.csv"):
        path.unlink()
    assert main([], root=published) == 0
    assert main(["--check"], root=published) == 0
    card = (published / "docs" / "models" / "svm.md").read_text(encoding="utf-8")
    assert "## Figures\n\nNot measured." in card


def test_corpora_left_out_stand_in_the_card(published: Path) -> None:
    publish_corpora(published / RESULTS, "corpora-transformer")
    publish_corpora(published / RESULTS, "corpora-transformer-adapted-20", skill=2.5)
    assert main(["--check"], root=published) == 1
    assert main([], root=published) == 0
    card = (published / "docs" / "models" / "transformer.md").read_text(encoding="utf-8")
    assert "| crema-d |" in card
    assert "20 recordings of the speaker" in card
    assert "| crema-d |" not in (published / "docs" / "models" / "svm.md").read_text(encoding="utf-8")


def test_a_damaged_model_is_reported_in_one_sentence(published: Path, capsys: Captured) -> None:
    (published / MODELS / "svm" / "model.onnx").write_bytes(b"another")
    assert main(["--check"], root=published) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "sha256 differs" in line


def test_shipped_manifests_and_cards_agree_with_the_published_results(root: Path) -> None:
    """The manifests agree with benchmarks/results/, and the cards in docs/models/ with the manifests."""
    assert main(["--check"], root=root) == 0
    assert {path.stem for path in (root / "docs" / "models").glob("*.md")} == set(bundled_models())


def test_the_readme_links_every_card(root: Path) -> None:
    linked = re.findall(r"\(docs/models/(\w+)\.md", (root / "README.md").read_text(encoding="utf-8"))
    assert set(linked) == set(bundled_models())


@pytest.mark.parametrize("name", sorted(bundled_models()))
def test_the_commands_in_a_card_are_there(root: Path, name: str) -> None:
    card = (root / "docs" / "models" / f"{name}.md").read_text(encoding="utf-8")
    for module in re.findall(r"python -m ((?:benchmarks|tools)\.\w+)", card):
        assert (root / f"{module.replace('.', '/')}.py").is_file(), module

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, recall_score
from tests.tools.conftest import publish_corpora, recorded

from affetto.bundles.bundle import load_bundle
from affetto.errors import ParameterError
from tools.figures import figures, results_of
from tools.provenance import PROVENANCE_FILE

if TYPE_CHECKING:
    from pathlib import Path

ROBUSTNESS = (
    "condition,level,uar,drop,labels_kept,accuracy,confidence\n"
    "clean,,0.79,0.0,1.0,0.8,0.81\nbabble,10 dB,0.6,0.19,0.7123456789,0.61,0.66\n"
)


@pytest.fixture
def folder(published: Path) -> Path:
    """The folder of the published results."""
    return published / "benchmarks" / "results"


def manifest_of(published: Path, name: str) -> dict[str, Any]:
    return dict(load_bundle(published / "src" / "affetto" / "models" / name).manifest)


def rows(path: Path, columns: list[str]) -> list[list[str]]:
    header, *lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    return [[line[header.index(column)] for column in columns] for line in lines]


def test_results_are_those_of_the_predictions(folder: Path) -> None:
    emobox, luna = results_of("svm", folder)
    assert (emobox["protocol"], luna["protocol"]) == ("emobox", "luna-jimenez")
    assert emobox["command"] == "affetto evaluate RAVDESS --classifier svm --protocol emobox"
    assert "six folds" in emobox["description"]
    table = rows(folder / "svm-emobox.csv", ["clip", "emotion", "predicted"])
    truth, predicted = [row[1] for row in table], [row[2] for row in table]
    assert emobox["clips"] == 1440
    assert emobox["uar"] == pytest.approx(recall_score(truth, predicted, average="macro"), abs=1e-6)
    assert emobox["accuracy"] == pytest.approx(accuracy_score(truth, predicted), abs=1e-6)
    assert emobox["macro_f1"] == pytest.approx(f1_score(truth, predicted, average="macro"), abs=1e-6)
    low, high = emobox["uar_interval"]
    assert low < emobox["uar"] < high
    of_women = [row for row in table if int(row[0][-2:]) % 2 == 0]
    assert emobox["by_gender"]["female"]["uar"] == pytest.approx(
        recall_score([row[1] for row in of_women], [row[2] for row in of_women], average="macro"), abs=1e-6
    )
    assert set(emobox["by_gender"]) == {"female", "male"}
    assert {name: part["clips"] for name, part in emobox["by_intensity"].items()} == {"normal": 768, "strong": 672}
    assert json.loads(json.dumps(emobox)) == emobox  # as read back from a manifest


def test_results_are_of_ravdess_for_a_model_of_several_corpora(published: Path, folder: Path) -> None:
    manifest = manifest_of(published, "transformer")
    assert len(manifest["corpora"]) > 1
    (emobox, *_) = figures(manifest, folder)["results"]
    assert emobox["corpus"] == "ravdess"
    assert emobox["command"] == "affetto evaluate RAVDESS --classifier transformer --protocol emobox"


def test_missing_measurements_are_none(published: Path, folder: Path) -> None:
    found = figures(manifest_of(published, "svm"), folder)
    assert [field for field, value in found.items() if value is None] == [
        *("robustness", "adaptation", "other_corpora"),
    ]
    assert [corpus["speech"] for corpus in found["corpora"]] == ["acted, North American English"]
    for path in folder.glob("svm-*.csv"):
        path.unlink()
    assert figures(manifest_of(published, "svm"), folder)["results"] is None


def test_a_corpus_of_ones_own_has_no_known_speech(published: Path, folder: Path) -> None:
    manifest = manifest_of(published, "svm")
    manifest["corpora"] = [{**manifest["corpora"][0], "name": "mine", "speech": "interviews"}]
    assert figures(manifest, folder)["corpora"] == manifest["corpora"]


def test_robustness_tests_are_read(published: Path, folder: Path) -> None:
    (folder / "robustness-svm.csv").write_text(ROBUSTNESS, encoding="utf-8")
    recorded(folder / "robustness-svm.csv")
    robustness = figures(manifest_of(published, "svm"), folder)["robustness"]
    assert robustness["command"] == "affetto evaluate --made robustness-svm"
    assert robustness["rows"] == [
        {
            "condition": "clean",
            "level": "",
            "uar": 0.79,
            "drop": 0.0,
            "labels_kept": 1.0,
            "accuracy": 0.8,
            "confidence": 0.81,
        },
        {
            "condition": "babble",
            "level": "10 dB",
            "uar": 0.6,
            "drop": 0.19,
            "labels_kept": 0.712346,
            "accuracy": 0.61,
            "confidence": 0.66,
        },
    ]
    assert figures(manifest_of(published, "transformer"), folder)["robustness"] is None


def test_adaptation_is_compared_with_unadapted_results(published: Path, folder: Path) -> None:
    for source, count in (("mlp", 20), ("gmm", 5)):
        target = folder / f"svm-emobox-adapted-{count}.csv"
        shutil.copy(folder / f"{source}-emobox.csv", target)
        recorded(target)
    found = figures(manifest_of(published, "svm"), folder)["adaptation"]
    assert [row["adapted_to"] for row in found] == [None, {"speaker": 5}, {"speaker": 20}]
    made = [f"affetto evaluate --made svm-emobox-adapted-{count}" for count in (5, 20)]
    assert [row["command"] for row in found] == ["affetto evaluate RAVDESS --classifier svm --protocol emobox", *made]
    for row, stem in zip(found, ("svm-emobox", "gmm-emobox", "mlp-emobox"), strict=True):
        table = rows(folder / f"{stem}.csv", ["emotion", "predicted"])
        expected = recall_score([line[0] for line in table], [line[1] for line in table], average="macro")
        assert (row["clips"], row["uar"]) == (1440, pytest.approx(expected, abs=1e-6))
    (folder / "svm-emobox.csv").unlink()
    assert len(figures(manifest_of(published, "svm"), folder)["adaptation"]) == 2


def test_corpora_left_out_are_those_of_the_classifier(published: Path, folder: Path) -> None:
    path = publish_corpora(folder, "corpora-svm")
    publish_corpora(folder, "corpora-svm-adapted-corpus-100", skill=2.5)
    assert figures(manifest_of(published, "transformer"), folder)["other_corpora"] is None
    plain, adapted = figures(manifest_of(published, "svm"), folder)["other_corpora"]
    assert (plain["adapted_to"], adapted["adapted_to"]) == (None, {"corpus": 100})
    assert plain["mean"]["uar"] < adapted["mean"]["uar"]
    assert [part["corpus"] for part in plain["left_out"]] == ["ravdess", "crema-d"]
    table = rows(path, ["corpus", "emotion", "status", *plain["left_out"][0]["emotions"]])
    for part in plain["left_out"]:
        own = [row for row in table if row[0] == part["corpus"]]
        assert (part["clips"], part["ok_coverage"]) == (len(own), np.mean([row[2] == "ok" for row in own]))
        predicted = [part["emotions"][int(np.argmax(list(map(float, row[3:]))))] for row in own]
        expected = recall_score([row[1] for row in own], predicted, average="macro")
        assert part["uar"] == pytest.approx(expected, abs=1e-6)
        low, high = part["uar_interval"]
        assert low < part["uar"] < high
    assert json.loads(json.dumps(plain)) == plain  # as read back from a manifest


def test_notes_are_sentences_by_topic(published: Path, folder: Path) -> None:
    notes = figures(manifest_of(published, "svm"), folder)["notes"]
    assert notes["gender"].endswith(".")


def test_a_result_without_the_command_that_made_it_is_refused(published: Path, folder: Path) -> None:
    (folder / PROVENANCE_FILE).write_text("{}", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"svm-emobox\.csv"):
        figures(manifest_of(published, "svm"), folder)

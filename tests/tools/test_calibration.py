from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from affetto.evaluation import Predictions, answer_above
from affetto.evaluation.scores import expected_calibration_error
from tools.calibration import main
from tools.provenance import entries

Captured = pytest.CaptureFixture[str]
RESULTS = Path("benchmarks", "results")
CLASSIFIERS = ("cnn", "gmm", "mlp", "svm", "transformer")


def test_each_classifier_has_a_file_and_its_provenance(published: Path) -> None:
    assert main([], root=published) == 0
    written = sorted(path.name for path in (published / RESULTS).glob("calibration-*.json"))
    assert written == [f"calibration-{classifier}.json" for classifier in CLASSIFIERS]
    provenance = entries(published / RESULTS)
    for classifier in CLASSIFIERS:
        entry, source = (provenance[name] for name in (f"calibration-{classifier}.json", f"{classifier}-emobox.csv"))
        assert (entry["command"], entry["commit"]) == ("python -m tools.calibration", source["commit"])
        content = json.loads((published / RESULTS / f"calibration-{classifier}.json").read_text(encoding="utf-8"))
        predictions = Predictions.from_csv(published / RESULTS / f"{classifier}-emobox.csv")
        assert (content["classifier"], content["protocol"]) == (classifier, "emobox")
        assert (content["clips"], content["bins"], len(content["reliability"])) == (1440, 15, 15)
        error = expected_calibration_error(predictions.emotion_index, predictions.probabilities)
        assert content["expected_calibration_error"] == pytest.approx(error, abs=1e-6)
        for point in content["coverage"]:
            found = answer_above(predictions, point["threshold"])
            assert found.accuracy == pytest.approx(point["accuracy"], abs=1e-6)


def test_a_file_that_differs_from_its_predictions_is_noticed(published: Path, capsys: Captured) -> None:
    assert main(["--check"], root=published) == 1
    assert not list((published / RESULTS).glob("calibration-*.json"))  # checking writes nothing
    assert main([], root=published) == 0
    assert main(["--check"], root=published) == 0
    path = published / RESULTS / "calibration-svm.json"
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace('"accuracy": 0.', '"accuracy": 0.1', 1), encoding="utf-8")
    capsys.readouterr()
    assert main(["--check"], root=published) == 1
    error = capsys.readouterr().err
    assert re.fullmatch(r"calibration: .*calibration-svm\.json .*python -m tools\.calibration\n", error)
    assert main([], root=published) == 0
    assert path.read_text(encoding="utf-8") == good


def test_predictions_that_changed_are_noticed(published: Path) -> None:
    assert main([], root=published) == 0
    shutil.copy(published / RESULTS / "gmm-emobox.csv", published / RESULTS / "mlp-emobox.csv")
    assert main(["--check"], root=published) == 1


def test_missing_predictions_are_named(published: Path, capsys: Captured) -> None:
    (published / RESULTS / "cnn-emobox.csv").unlink()
    assert main([], root=published) == 2
    assert "cnn-emobox.csv" in capsys.readouterr().err


def test_the_published_files_follow_from_the_predictions(root: Path) -> None:
    assert main(["--check"], root=root) == 0

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from affetto.evaluation import Predictions, answer_above
from affetto.evaluation.scores import expected_calibration_error
from calibration import main

Captured = pytest.CaptureFixture[str]
RESULTS = Path("benchmarks", "results")
CLASSIFIERS = ("cnn", "gmm", "mlp", "svm", "transformer")


def test_every_classifier_has_its_file(published: Path) -> None:
    assert main([], root=published) == 0
    written = sorted(path.name for path in (published / RESULTS).glob("*.json"))
    assert written == [f"calibration-{classifier}.json" for classifier in CLASSIFIERS]
    for classifier in CLASSIFIERS:
        content = json.loads((published / RESULTS / f"calibration-{classifier}.json").read_text(encoding="utf-8"))
        predictions = Predictions.from_csv(published / RESULTS / f"{classifier}-emobox.csv")
        assert (content["classifier"], content["protocol"]) == (classifier, "emobox")
        assert (content["clips"], content["bins"], len(content["reliability"])) == (1440, 15, 15)
        error = expected_calibration_error(predictions.emotion_index, predictions.probabilities)
        assert content["expected_calibration_error"] == pytest.approx(error, abs=1e-6)
        for point in content["coverage"]:
            found = answer_above(predictions, point["threshold"])
            assert found.accuracy == pytest.approx(point["accuracy"], abs=1e-6)


def test_a_file_that_is_not_what_its_predictions_give_is_noticed(published: Path, capsys: Captured) -> None:
    assert main(["--check"], root=published) == 1
    assert not list((published / RESULTS).glob("*.json"))  # checking writes nothing
    assert main([], root=published) == 0
    assert main(["--check"], root=published) == 0
    path = published / RESULTS / "calibration-svm.json"
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace('"accuracy": 0.', '"accuracy": 0.1', 1), encoding="utf-8")
    capsys.readouterr()
    assert main(["--check"], root=published) == 1
    error = capsys.readouterr().err
    assert error.startswith("calibration: ")
    assert error.endswith("calibration-svm.json is out of date; run: python benchmarks/calibration.py\n")
    assert len(error.splitlines()) == 1
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


def test_the_published_files_are_what_the_published_predictions_give(root: Path) -> None:
    command = [sys.executable, str(root / "benchmarks" / "calibration.py"), "--check"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr

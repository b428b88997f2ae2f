from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from affetto._provenance import describe_run
from affetto.evaluation.report import PREDICTIONS_FILE, RUN_FILE
from tools.generated import RESULTS
from tools.provenance import FIELDS, PROVENANCE_FILE, command_of, entries, main, record

if TYPE_CHECKING:
    from pathlib import Path

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def result(tmp_path: Path) -> Path:
    """A file of results with its record."""
    path = tmp_path / RESULTS / "pitch.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}", encoding="utf-8")
    record(path)
    return path


def change(result: Path, **fields: object) -> None:
    recorded = entries(result.parent)
    recorded[result.name] |= fields
    (result.parent / PROVENANCE_FILE).write_text(json.dumps(recorded), encoding="utf-8")


def test_every_published_result_says_how_it_was_made(root: Path) -> None:
    assert main(["--check"], root=root) == 0


def test_a_record_is_complete(tmp_path: Path, result: Path) -> None:
    entry = entries(result.parent)[result.name]
    assert tuple(entry) == FIELDS
    assert {"python", "affetto", "numpy", "onnxruntime"} <= entry["versions"].keys()
    assert main(["--check"], root=tmp_path) == 0


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"commit": "main"}, "'main'"),
        ({"processor": None}, "remark"),
        ({"sha256": "0"}, "changed"),
    ],
)
def test_an_entry_that_is_wrong_is_noticed(
    tmp_path: Path, result: Path, capsys: Captured, fields: dict[str, object], problem: str
) -> None:
    change(result, **fields)
    assert main(["--check"], root=tmp_path) == 1
    assert re.search(rf"pitch\.json.*{problem}", capsys.readouterr().err)


def test_a_value_that_was_not_recorded_needs_a_remark(tmp_path: Path, result: Path) -> None:
    change(result, processor=None, remark="The processor was not recorded.")
    assert main(["--check"], root=tmp_path) == 0


def test_files_and_entries_belong_together(tmp_path: Path, result: Path, capsys: Captured) -> None:
    result.rename(result.with_name("speed.json"))
    assert main(["--check"], root=tmp_path) == 1
    gone, missing = capsys.readouterr().err.splitlines()
    assert "pitch.json" in gone
    assert "speed.json has no entry" in missing


def test_predictions_of_a_report_are_published_with_their_run(tmp_path: Path, result: Path) -> None:
    report = tmp_path / "report"
    report.mkdir()
    (report / PREDICTIONS_FILE).write_text("clip\n", encoding="utf-8")
    run = describe_run() | {"command": "affetto evaluate RAVDESS"}
    (report / RUN_FILE).write_text(json.dumps(run), encoding="utf-8")
    assert main(["--add", f"svm-emobox={report}"], root=tmp_path) == 0
    assert command_of(result.with_name("svm-emobox.csv")) == "affetto evaluate RAVDESS"
    assert main(["--check"], root=tmp_path) == 0


def test_a_report_without_its_run_is_refused(tmp_path: Path, capsys: Captured) -> None:
    assert main(["--add", f"svm-emobox={tmp_path}"], root=tmp_path) == 2
    assert RUN_FILE in capsys.readouterr().err

"""`robustness` as a user runs it, on a table of the examples."""

from __future__ import annotations

import csv
import io
import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


@pytest.fixture
def corpus(tmp_path: Path, root: Path) -> Path:
    """The examples, as a corpus of a name that no model knows."""
    folder = tmp_path / "voices"
    shutil.copytree(root / "examples", folder)
    return folder


def test_the_table_has_each_condition(corpus: Path, tmp_path: Path, run: Run) -> None:
    done = run("robustness", "mlp", corpus, "--condition", "telephone", "--condition", "noise 0 dB", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "mlp on voices, 12 clips, synthetic noise" in done.stdout
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in done.stdout.splitlines() if "│" in line]
    assert [row[:2] for row in cells] == [["clean", ""], ["noise", "0 dB"], ["telephone", "G.711"]]
    assert cells[0][3:5] == ["0.0", "100.0"]
    assert "trained on" not in done.stdout + done.stderr


def test_csv_and_json_agree_in_every_run(corpus: Path, tmp_path: Path, run: Run) -> None:
    soundfile.write(tmp_path / "hum.wav", np.sin(np.arange(16_000) * 0.05) / 3, 16_000)
    (tmp_path / "rooms").mkdir()
    soundfile.write(tmp_path / "rooms" / "hall.wav", np.eye(1, 4_000, 9)[0] + np.eye(1, 4_000, 2_000)[0] / 2, 16_000)
    arguments: list[str | Path] = [
        "robustness",
        "transformer",
        corpus,
        "--limit",
        "3",
        "--noise",
        tmp_path,
        "--rooms",
        "rooms",
    ]
    arguments += ["--condition", "noise 5 dB", "--condition", "room measured", "--denoise", "--seed", "2"]
    printed = run(*arguments, "--format", "csv", cwd=tmp_path)
    assert printed.returncode == 0, printed.stderr
    rows = list(csv.DictReader(io.StringIO(printed.stdout)))
    assert [row["condition"] for row in rows] == ["clean", "noise", "room"]
    assert all(0 <= float(row["uar_denoised"]) <= 1 for row in rows)
    written = run(*arguments, "--output", "robustness.json", cwd=tmp_path)
    assert written.returncode == 0, written.stderr
    assert "3 clips, 1 recordings of noise" in written.stdout
    content = json.loads((tmp_path / "robustness.json").read_text(encoding="utf-8"))
    assert {key: content[key] for key in ("model", "corpus", "clips", "seed", "warning")} == {
        "model": "transformer",
        "corpus": "voices",
        "clips": 3,
        "seed": 2,
        "warning": None,
    }
    for row, fact in zip(rows, content["conditions"], strict=True):
        assert list(row) == list(fact)
        assert {key: float(value) for key, value in row.items() if key not in ("condition", "level")} == {
            key: value for key, value in fact.items() if key not in ("condition", "level")
        }


def test_known_speakers_give_a_warning_in_every_format(corpus: Path, tmp_path: Path, run: Run) -> None:
    known = corpus.rename(tmp_path / "ravdess")
    sentence = "transformer was trained on ravdess"
    table = run("robustness", "transformer", known, "--limit", "1", "--condition", "gain", cwd=tmp_path)
    assert sentence in table.stderr
    printed = run(
        "robustness", "transformer", known, "--limit", "1", "--condition", "gain", "--format", "csv", cwd=tmp_path
    )
    assert sentence in printed.stderr
    assert "trained" not in printed.stdout
    facts = run(
        "robustness", "transformer", known, "--limit", "1", "--condition", "gain", "--format", "json", cwd=tmp_path
    )
    assert sentence in json.loads(facts.stdout)["warning"]


def test_unknown_labels_are_named(corpus: Path, tmp_path: Path, run: Run) -> None:
    table = corpus / "corpus.csv"
    table.write_text(table.read_text().replace("sad.flac,sad", "sad.flac,wistful"))
    done = run("robustness", "mlp", corpus, cwd=tmp_path)
    assert done.returncode == 1
    assert "wistful" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["mlp", "voices", "--condition", "hail"], 2, "hail"),
        (["mlp", "voices", "--noise", "nowhere"], 2, "nowhere"),
        (["mlp", "voices", "--output", "a.txt"], 2, "a.txt"),
        (["mlp", "voices", "--output", "a.csv", "--format", "table"], 2, "a.csv"),
        (["mlp", "voices", "--output", "voices/a.csv"], 2, "is inside the corpus"),
        (["mlp", "voices", "--output", "nowhere/a.csv"], 2, "nowhere"),
        (["mlp", "voices", "--limit", "0"], 2, "--limit"),
        (["voices", "voices"], 1, "manifest.json"),
        (["mlp", "nowhere"], 1, "nowhere"),
    ],
)
def test_wrong_usage_is_one_sentence(
    corpus: Path, tmp_path: Path, run: Run, arguments: list[str], code: int, message: str
) -> None:
    done = run("robustness", *arguments, cwd=tmp_path)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stdout == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["voices"]

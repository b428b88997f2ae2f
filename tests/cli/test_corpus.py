from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from affetto.cli.corpus import app
from affetto.errors import CorpusError, ParameterError

if TYPE_CHECKING:
    from pathlib import Path

runner = CliRunner()


@pytest.fixture
def one_actor(ravdess_dir: Path, tmp_path: Path) -> Path:
    """Actor 5 alone, among whose clips one is stereo."""
    shutil.copytree(ravdess_dir / "Actor_05", tmp_path / "ravdess" / "Actor_05", copy_function=shutil.copyfile)
    return tmp_path / "ravdess"


@pytest.fixture
def whole(emodb_dir: Path, tmp_path: Path) -> Path:
    """Some clips of EMO-DB, whose published clips are not known."""
    folder = tmp_path / "emodb"
    folder.mkdir()
    for clip in emodb_dir.glob("03a0[12]*"):
        shutil.copyfile(clip, folder / clip.name)
    return folder


def test_check_prints_counts_and_a_verdict(whole: Path) -> None:
    result = runner.invoke(app, ["check", str(whole)])

    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "licence CC0-1.0" in lines
    assert "weights any use" in lines
    assert "sample_rates_hz 16000: 8" in lines
    assert lines[-1] == "complete"


def test_check_of_an_incomplete_corpus_names_the_faults_and_exits_with_1(one_actor: Path) -> None:
    (one_actor / "Actor_05" / "03-01-09-01-01-01-05.wav").touch()
    (one_actor / "Actor_05" / "03-01-05-01-01-01-05.flac").write_bytes(b"")

    result = runner.invoke(app, ["check", str(one_actor)])

    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert "fault: missing × 1380" in lines
    assert "fault: unreadable × 1" in lines
    assert "warning: misnamed × 1" in lines
    assert sum(line.startswith("  03-01-0") for line in lines) == 20
    assert "1380" in lines[-1]
    everything = runner.invoke(app, ["check", "--all", str(one_actor)]).stdout
    assert sum(line.startswith("  03-01-0") for line in everything.splitlines()) == 1380


def test_check_as_json_is_nothing_but_json(one_actor: Path) -> None:
    result = runner.invoke(app, ["check", str(one_actor), "--format", "json"])

    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert (report["name"], report["complete"], report["clips"], report["expected"]) == ("ravdess", False, 60, 1440)
    assert report["licence"] == "CC-BY-NC-SA-4.0"
    assert report["weights"].startswith("non-commercial")
    assert sum(finding["kind"] == "missing" for finding in report["findings"]) == 1380


def test_check_takes_the_name_of_one_of_two_corpora_in_a_folder(whole: Path) -> None:
    (whole / "EB0_anger_1.opus").touch()

    assert isinstance(runner.invoke(app, ["check", str(whole)]).exception, CorpusError)
    assert runner.invoke(app, ["check", str(whole), "--name", "emodb"]).exit_code == 0


def test_download_leaves_a_complete_corpus_and_prints_the_citation(ravdess_dir: Path) -> None:
    result = runner.invoke(app, ["download", "ravdess", "--output", str(ravdess_dir)])

    assert result.exit_code == 0
    assert str(ravdess_dir) in result.stdout
    assert "CC-BY-NC-SA-4.0" in result.stdout
    assert "Livingstone" in result.stdout


def test_download_of_an_unknown_corpus_is_wrong_usage() -> None:
    result = runner.invoke(app, ["download", "iemocap"])

    assert result.exit_code == 2
    assert "ravdess" in result.output


def test_table_is_written_from_names_and_printed_for_review(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "crema"
    folder.mkdir()
    for clip in (data_dir / "crema-d").glob("100[12]_*"):
        shutil.copyfile(clip, folder / clip.name)
    shutil.copyfile(folder / "1001_DFA_HAP_XX.opus", folder / "rehearsal.opus")
    monkeypatch.chdir(tmp_path)
    options = ["--pattern", "{speaker}_{}_{emotion}_{}", "--label", "HAP=happy", "--label", "SAD=sad"]

    result = runner.invoke(app, ["table", "crema", *options])

    assert result.exit_code == 0, result.output
    assert "1001: 27, 1002: 24" in result.stdout
    assert "rehearsal.opus" in result.stdout
    assert "affetto corpus check crema.csv" in result.stdout
    assert runner.invoke(app, ["check", "crema.csv"]).exit_code == 0
    again = runner.invoke(app, ["table", "crema", *options])
    assert isinstance(again.exception, ParameterError)
    assert "crema.csv" in str(again.exception)


def test_table_takes_a_pattern_labels_and_a_place(tmp_path: Path) -> None:
    for name in ("anna/W1.wav", "anna/F1.wav", "bert/W1.wav"):
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).touch()
    output = tmp_path / "mine/corpus.csv"
    options = ["--pattern", "{speaker}/{emotion}{:#}", "--label", "W=angry", "--label", "F = happy"]

    result = runner.invoke(app, ["table", str(tmp_path / "mine"), *options, "--output", str(output)])

    assert result.exit_code == 0, result.output
    assert "happy: 1, angry: 2" in result.stdout
    assert output.read_text().splitlines()[1:] == [
        "anna/F1.wav,happy,anna",
        "anna/W1.wav,angry,anna",
        "bert/W1.wav,angry,bert",
    ]


def test_table_without_speakers_asks_for_them(tmp_path: Path) -> None:
    for name in ("happy/1.wav", "sad/1.wav"):
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).touch()

    result = runner.invoke(app, ["table", str(tmp_path / "mine"), "--output", str(tmp_path / "t.csv")])

    assert result.exit_code == 0, result.output
    assert "--pattern" in result.stdout


@pytest.mark.parametrize("label", ["angry", "=angry", "W=", "W=angry --label W=sad"])
def test_table_refuses_a_label_without_its_other_half(tmp_path: Path, label: str) -> None:
    options = f"--label {label}".split()

    result = runner.invoke(app, ["table", str(tmp_path), "--pattern", "{emotion}/{}", *options])

    assert isinstance(result.exception, ParameterError)
    assert "--label" in str(result.exception)

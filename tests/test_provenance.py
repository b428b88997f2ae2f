from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import affetto
from affetto._provenance import command, commit, processor, versions

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_commit_is_that_of_the_checkout(root: Path) -> None:
    if (root / ".git").exists():
        found = commit()
        assert found is not None
        assert re.fullmatch(r"[0-9a-f]{40}(-changed)?", found)


def test_versions_are_those_of_this_environment() -> None:
    found = versions()
    assert found["affetto"] == affetto.__version__
    assert found["python"] == sys.version.split()[0]


def test_the_processor_is_named_with_its_cores() -> None:
    assert re.fullmatch(r".+, \d+ cores", processor())


def test_a_command_names_folders_in_capitals(tmp_path: Path) -> None:
    corpus = tmp_path / "ravdess"
    corpus.mkdir()
    (tmp_path / "report.py").write_text("from affetto._provenance import command; print(command())")
    arguments = [str(corpus), f"noise={corpus}", "--protocol", "emobox"]
    source = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    run = subprocess.run(
        [sys.executable, "-m", "report", *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": source},
    )
    assert run.stdout == "python -m report RAVDESS noise=RAVDESS --protocol emobox\n"


def test_a_classifier_is_not_taken_for_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "svm").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["affetto", "evaluate", "svm", "--classifier", "svm"])
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    assert command() == "affetto evaluate SVM --classifier svm"


def test_a_console_script_is_named_without_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/affetto", "evaluate", "--classifier", "svm"])
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    assert command() == "affetto evaluate --classifier svm"

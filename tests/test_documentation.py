"""What the documentation shows, runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from typing import TYPE_CHECKING

import pytest

import affetto

if TYPE_CHECKING:
    from pathlib import Path

MODULES = sorted(module.name for module in pkgutil.walk_packages(affetto.__path__, "affetto."))


def python_blocks(path: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    failures, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failures == 0


def test_readme_example(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(root)
    (block,) = python_blocks(root / "README.md")
    exec(compile(block, "README.md", "exec"), {})
    assert any(emotion in capsys.readouterr().out for emotion in affetto.Recognizer().labels)


@pytest.mark.slow
def test_own_chain_in_the_docs(
    root: Path, ravdess_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ravdess_dir.parent)
    (block,) = python_blocks(root / "docs" / "chain.md")
    exec(compile(block, "chain.md", "exec"), {})
    assert float(capsys.readouterr().out) > 0.5

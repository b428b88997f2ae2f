from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from affetto.errors import ParameterError
from affetto.evaluation import run_robustness_test

if TYPE_CHECKING:
    from pathlib import Path


def test_a_model_is_tested_on_some_clips_of_a_corpus(root: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "ravdess"
    shutil.copytree(root / "examples", corpus)
    rows, about = run_robustness_test("transformer", corpus, conditions=["gain"], limit=2)
    assert [(row.condition, row.level) for row in rows] == [("clean", ""), ("gain", "-12 dB"), ("gain", "+12 dB")]
    assert {key: about[key] for key in ("corpus", "clips", "noise")} == {
        "corpus": "ravdess",
        "clips": 2,
        "noise": "synthetic noise",
    }
    assert "was trained on ravdess" in about["warning"]


def test_an_unknown_condition_is_refused(root: Path) -> None:
    with pytest.raises(ParameterError, match="hail"):
        run_robustness_test("transformer", root / "examples", conditions=["hail"])

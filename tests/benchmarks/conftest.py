"""What the tests of the benchmarks share: a repository with nothing in it but what was published."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def published(root: Path, tmp_path: Path) -> Path:
    """A copy of the published predictions, without those of stress tests and adaptation, and of two bundles."""
    results = Path("benchmarks", "results")
    (tmp_path / results).mkdir(parents=True)
    for path in (root / results).glob("*.csv"):
        if not path.stem.startswith("stress-") and "-adapted" not in path.stem:
            shutil.copy(path, tmp_path / results)
    for name in ("svm", "transformer"):
        model = Path("src", "affetto", "models", name)
        shutil.copytree(root / model, tmp_path / model)
    return tmp_path

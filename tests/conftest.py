"""What the tests share: where the real recordings are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The first example pays for imports, and a failure must come back on the next run.
settings.register_profile("affetto", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("affetto")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return Path(__file__).parents[1]


@pytest.fixture(scope="session")
def data_dir(root: Path) -> Path:
    """Folder with the real corpora, named by AFFETTO_DATA or beside the repository."""
    default = root.parent / "shared" / "data"
    folder = Path(os.environ.get("AFFETTO_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"the real recordings are not in {folder}; name their folder with AFFETTO_DATA")
    return folder


@pytest.fixture(scope="session")
def ravdess_dir(data_dir: Path) -> Path:
    """All 1440 clips of RAVDESS."""
    return _part(data_dir, "ravdess")


@pytest.fixture(scope="session")
def nemo_dir(data_dir: Path) -> Path:
    """All clips of nEMO."""
    return _part(data_dir, "nemo")


@pytest.fixture(scope="session")
def emodb_dir(data_dir: Path) -> Path:
    """All clips of EMO-DB."""
    return _part(data_dir, "emodb")


@pytest.fixture(scope="session")
def tiny_encoder(data_dir: Path) -> Path:
    """The checkpoint of Whisper tiny.en."""
    return _part(data_dir, "whisper-tiny.en")


def _part(data_dir: Path, name: str) -> Path:
    folder = data_dir / name
    if not folder.is_dir():
        pytest.skip(f"{name} is not in {data_dir}")
    return folder

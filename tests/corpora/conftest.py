"""Corpora in the shapes that people have them in."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import soundfile

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def touch(tmp_path: Path) -> Callable[..., Path]:
    """Make empty files below a new folder: enough for code that reads only names."""

    def make(*names: str) -> Path:
        folder = tmp_path / "corpus"
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        return folder

    return make


@pytest.fixture(scope="session")
def _two_actors(ravdess_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wav")
    for actor in ("Actor_05", "Actor_07"):
        (folder / actor).mkdir()
        for flac in (ravdess_dir / actor).iterdir():
            samples, rate = soundfile.read(flac, dtype="int16")
            soundfile.write(folder / actor / f"{flac.stem}.wav", samples, rate)
    return folder


@pytest.fixture
def two_actors(_two_actors: Path, tmp_path: Path) -> Path:
    """The real clips of actors 5 (one is stereo) and 7 (two are the same), as the wav files that RAVDESS ships."""
    return Path(shutil.copytree(_two_actors, tmp_path / "ravdess"))

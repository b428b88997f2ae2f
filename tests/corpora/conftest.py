"""Corpora in the shapes that people have them in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import soundfile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def touch(tmp_path: Path) -> Callable[..., Path]:
    """Make empty files below a new folder: enough for whatever looks at names only."""

    def make(*names: str) -> Path:
        folder = tmp_path / "corpus"
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        return folder

    return make


@pytest.fixture
def two_actors(ravdess_dir: Path, tmp_path: Path) -> Path:
    """The real clips of actors 5 (one is stereo) and 7 (two are the same), as the wav files that RAVDESS ships."""
    folder = tmp_path / "ravdess"
    for actor in ("Actor_05", "Actor_07"):
        (folder / actor).mkdir(parents=True)
        for flac in (ravdess_dir / actor).iterdir():
            samples, rate = soundfile.read(flac, dtype="int16")
            soundfile.write(folder / actor / f"{flac.stem}.wav", samples, rate)
    return folder

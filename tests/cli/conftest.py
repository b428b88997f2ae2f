"""Shared by the tests of commands: small corpora of real clips, and the command as a user runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.flac"))
COMMAND = [sys.executable, "-c", "from affetto.cli import main; main()"]


def run_bytes(
    *arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None, encoding: str = "utf-8"
) -> subprocess.CompletedProcess[bytes]:
    """Run `affetto`, which never prints a traceback."""
    command = [*COMMAND, *map(str, arguments)]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, env=environment, timeout=120)
    assert b"Traceback" not in done.stderr
    return done


def run_text(*arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `affetto`, and decode its output."""
    done = run_bytes(*arguments, stdin=stdin, cwd=cwd)
    output, errors = (text.decode().replace(os.linesep, "\n") for text in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, output, errors)


class Run:
    """Runs `affetto` with the arguments that it is given."""

    def __init__(self, cache: Path) -> None:
        self.environment = {
            **os.environ,
            "AFFETTO_CACHE": str(cache),
            "PYTHONIOENCODING": "utf-8",
            "HF_HUB_OFFLINE": "1",
        }

    def __call__(self, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        command = [*COMMAND, *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, encoding="utf-8", cwd=cwd, env=self.environment, timeout=300
        )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run `affetto`, with a cache of the module's own."""
    return Run(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory, ravdess_dir: Path) -> Path:
    """Two actors, three emotions: 12 clips."""
    folder = tmp_path_factory.mktemp("few")
    for actor in (1, 2):
        for clip in (ravdess_dir / f"Actor_{actor:02}").glob("03-01-0[245]-01-??-01-??.flac"):
            shutil.copy(clip, folder)
    return folder


@pytest.fixture(scope="module")
def few_polish(tmp_path_factory: pytest.TempPathFactory, nemo_dir: Path) -> Path:
    """Two speakers of nEMO, two emotions, of which RAVDESS's few clips have one: 8 clips."""
    folder = tmp_path_factory.mktemp("polish")
    for clip in nemo_dir.glob("*0_*_1[01].opus"):
        if clip.stem[:2] in ("IC", "WR") and clip.stem.split("_")[1] in ("anger", "surprised"):
            shutil.copy(clip, folder)
    assert len(list(folder.iterdir())) == 8
    return folder

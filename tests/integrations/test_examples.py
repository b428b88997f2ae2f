"""The examples of the voice agents, each as a program of its own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("framework", ["pipecat", "livekit"])
def test_the_language_model_learns_how_the_user_sounds(framework: str, root: Path) -> None:
    pytest.importorskip(framework, reason=f"the extra {framework} is not installed; `make test-agents` installs it")
    script = root / "examples" / f"{framework}_emotion.py"
    done = subprocess.run([sys.executable, script], capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    happy, sad = done.stdout.strip().split("\n\n")
    assert "alarm clock" in happy
    assert "sounds perhaps happy" in happy
    assert "Great" in happy
    assert "seen this before" in sad
    assert "sounds sad" in sad
    assert "sorry" in sad
    assert "WARNING" not in done.stderr

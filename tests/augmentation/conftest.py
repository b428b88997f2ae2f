from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from affetto.speech import Waveform, read

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def speech(root: Path) -> Waveform:
    """One of the examples at 16 kHz."""
    return read(root / "examples" / "happy.flac", sample_rate_hz=16_000)

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integrations.trouble import Recording, TroubledRecognizer

if TYPE_CHECKING:
    from pathlib import Path

    from affetto import Recognition, Recognizer


@pytest.fixture(scope="session")
def sequence(root: Path) -> Recording:
    """Six sentences of one speaker with pauses of 0.9 s, 15.7 s together."""
    return Recording(root / "examples" / "sequence.flac")


@pytest.fixture(scope="session")
def recognized(sequence: Recording, recognizer: Recognizer) -> Recognition:
    """What is recognized in the whole of it."""
    return recognizer.recognize((sequence.samples, sequence.sample_rate_hz))


@pytest.fixture
def troubled() -> TroubledRecognizer:
    return TroubledRecognizer()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No limit is reached on a machine that is busy with something else."""
    monkeypatch.setattr("affetto.integrations._listener.TURN_TIMEOUT_S", 20)
    monkeypatch.setattr("affetto.integrations._listener.FLUSH_TIMEOUT_S", 20)
    monkeypatch.setattr("affetto.integrations._listener.QUEUE_S", 100)

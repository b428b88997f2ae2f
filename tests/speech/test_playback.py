from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from affetto import AudioError
from affetto.speech import read
from affetto.speech.playback import Playback

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Encoder


def test_a_recording_is_played_in_small_chunks(root: Path) -> None:
    path = root / "examples" / "angry.flac"
    with Playback(path, fast=True) as playback:
        chunks = list(playback)
    assert playback.name == str(path)
    assert max(map(len, chunks)) == round(0.05 * playback.sample_rate_hz)
    assert np.array_equal(np.concatenate(chunks), read(path).samples)


def test_playback_takes_as_long_as_the_recording() -> None:
    with Playback((np.zeros(2_400, np.float32), 8_000), fast=False) as playback:
        start_s = time.monotonic()
        assert sum(map(len, playback)) == 2_400
        assert time.monotonic() - start_s > 0.29


def test_warnings_come_at_the_end(encode: Encoder) -> None:
    with Playback(encode("wav")[:50_000], fast=True) as playback:
        chunks = iter(playback)
        next(chunks)
        assert playback.warnings == ()
        list(chunks)
        assert "header" in " ".join(playback.warnings)


def test_an_unreadable_recording_is_refused() -> None:
    with pytest.raises(AudioError, match="<bytes>"):
        Playback(bytes(1_000), fast=True)

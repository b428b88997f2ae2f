from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affetto.features.acoustic.rhythm import find_rhythm


def syllables(count: int, *, frames: int = 20, depth_db: float = 10.0) -> np.ndarray:
    """The level of some syllables."""
    return -depth_db * (1 + np.cos(2 * np.pi * np.arange(count * frames) / frames)) / 2


def silence(frames: int) -> np.ndarray:
    return np.full(frames, -60.0)


@given(count=st.integers(1, 30), frames=st.integers(14, 40), depth_db=st.floats(6, 20), level_db=st.floats(-100, 20))
def test_every_syllable_is_counted(count: int, frames: int, depth_db: float, level_db: float) -> None:
    speech = syllables(count, frames=frames, depth_db=depth_db)
    level = level_db + np.concatenate([silence(20), speech, silence(20)])
    rhythm = find_rhythm(level, np.ones(len(level), bool))
    assert rhythm.nuclei == count
    assert rhythm.pauses == 0
    assert rhythm.duration_s == pytest.approx(len(speech) / 100, abs=0.1)


def test_syllables_are_voiced_peaks() -> None:
    level = np.concatenate([syllables(3), syllables(4, depth_db=1.0), syllables(2)])
    voiced = np.ones(len(level), bool)
    voiced[:20] = False
    # The first peak is unvoiced, and ripples of 1 dB do not count.
    assert find_rhythm(level, voiced).nuclei == 2 + 1 + 2
    assert find_rhythm(level, np.zeros(len(level), bool)).nuclei == 0


@given(gaps=st.lists(st.integers(30, 150), max_size=5), closure=st.integers(1, 20))
def test_pauses_are_counted_and_measured(gaps: list[int], closure: int) -> None:
    speech = syllables(4, depth_db=6)
    parts = [silence(50), speech, silence(closure), speech]
    for gap in gaps:
        parts += [silence(gap), speech]
    level = np.concatenate([*parts, silence(70)])
    rhythm = find_rhythm(level, level > -50)
    assert rhythm.pauses == len(gaps)
    assert rhythm.pause_s == pytest.approx(sum(gaps) / 100, abs=0.05 * len(gaps) + 1e-9)
    assert rhythm.nuclei == 4 * (2 + len(gaps))


@pytest.mark.parametrize("n", [1, 2, 5, 100])
def test_a_constant_level_has_no_pauses(n: int) -> None:
    rhythm = find_rhythm(np.zeros(n), np.ones(n, bool))
    assert (rhythm.nuclei, rhythm.pauses, rhythm.pause_s) == (1, 0, 0)
    assert rhythm.duration_s == pytest.approx(n / 100)
    assert rhythm.sounding.all()

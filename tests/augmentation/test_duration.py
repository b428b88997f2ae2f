from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from affetto.augmentation import change_speed, lead_silence
from affetto.errors import ParameterError
from affetto.preprocessing import steps

if TYPE_CHECKING:
    from affetto.speech import Waveform


@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_speed_is_that_of_the_pre_processing_at_any_rate(speech: Waveform, rate: int) -> None:
    samples = speech.resampled(rate).samples
    faster = change_speed(samples, factor=1.05)
    assert len(faster) == pytest.approx(len(samples) / 1.05, abs=2)
    assert np.allclose(faster, steps.change_speed(samples, rate, factor=1.05), atol=1e-4)


def test_silence_comes_before(speech: Waveform) -> None:
    later = lead_silence(speech.samples, 16_000, seconds=0.5)
    assert not later[:8_000].any()
    assert np.array_equal(later[8_000:], speech.samples)
    assert later.dtype == np.float32


def test_what_makes_no_sense_is_named(speech: Waveform) -> None:
    with pytest.raises(ParameterError, match=r"seconds is -1\.0"):
        lead_silence(speech.samples, 16_000, seconds=-1.0)
    with pytest.raises(ParameterError, match=r"factor is 3\.0"):
        change_speed(speech.samples, factor=3.0)

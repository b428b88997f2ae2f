from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from affetto.augmentation import change_speed, lead_silence
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from affetto.speech import Waveform

RATE = 16_000


@pytest.mark.parametrize("factor", [0.8, 1.1, 1.25])
def test_faster_speech_is_shorter_and_higher(factor: float) -> None:
    tone = (0.1 * np.sin(2 * np.pi * 1_000 * np.arange(RATE) / RATE)).astype(np.float32)
    faster = change_speed(tone, factor=factor)
    assert faster.dtype == np.float32
    assert len(faster) == pytest.approx(RATE / factor, abs=2)
    spectrum = np.abs(np.fft.rfft(faster * np.hanning(len(faster))))
    assert spectrum.argmax() * RATE / len(faster) == pytest.approx(1_000 * factor, abs=2)
    assert faster[1_000:-1_000].std() == pytest.approx(tone.std(), rel=0.01)


def test_speed_one_changes_nothing(speech: Waveform) -> None:
    assert np.array_equal(change_speed(speech.samples, factor=1), speech.samples)


def test_silence_leads_the_sound(speech: Waveform) -> None:
    later = lead_silence(speech.samples, RATE, seconds=0.5)
    assert not later[:8_000].any()
    assert np.array_equal(later[8_000:], speech.samples)
    assert later.dtype == np.float32


@pytest.mark.parametrize("factor", [0.4, 3.0, float("nan")])
def test_a_factor_out_of_range_is_refused(speech: Waveform, factor: float) -> None:
    with pytest.raises(ParameterError, match=f"factor is {factor}"):
        change_speed(speech.samples, factor=factor)


def test_negative_silence_is_refused(speech: Waveform) -> None:
    with pytest.raises(ParameterError, match=r"seconds is -1\.0"):
        lead_silence(speech.samples, RATE, seconds=-1.0)

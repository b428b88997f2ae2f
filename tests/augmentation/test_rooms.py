from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.signal import correlate

from affetto.augmentation import reverberate, room_response
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from affetto.speech import Waveform

RATE = 16_000


def measured_rt60_s(response: np.ndarray, rate: int) -> float:
    """The time of 60 dB from the slope between -5 and -25 dB of Schroeder's integral."""
    left = np.cumsum(np.square(response[::-1], dtype=np.float64))[::-1]
    level = 10 * np.log10(left / left[0] + 1e-20)
    begin, end = int(np.argmax(level < -5)), int(np.argmax(level < -25))
    slope = np.polyfit(np.arange(begin, end) / rate, level[begin:end], 1)[0]
    return float(-60 / slope)


def energy(samples: np.ndarray) -> float:
    return float(np.square(samples, dtype=np.float64).sum())


@pytest.mark.parametrize("rt60_s", [0.2, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_the_reverberation_time_is_the_requested_one(rt60_s: float, rate: int) -> None:
    measured = [measured_rt60_s(room_response(rt60_s, rate, np.random.default_rng(seed)), rate) for seed in range(5)]
    assert np.median(measured) == pytest.approx(rt60_s, rel=0.1)
    assert measured == pytest.approx([rt60_s] * 5, rel=0.25)


def test_the_decay_is_smooth_where_the_tail_begins() -> None:
    response = np.mean(
        [room_response(0.5, RATE, np.random.default_rng(seed))[:4_000] ** 2 for seed in range(20)], axis=0
    )
    level = 10 * np.log10(response[320:3_840].reshape(-1, 320).mean(axis=1))  # every 20 ms
    assert np.diff(level) == pytest.approx(-60 * 0.02 / 0.5, abs=2)


def test_the_same_generator_gives_the_same_room() -> None:
    first, second, third = (room_response(0.4, RATE, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.dtype == np.float32
    assert np.array_equal(first, second)
    assert len(first) != len(third) or not np.allclose(first, third)


def test_reverberation_keeps_time_and_energy(speech: Waveform) -> None:
    impulse = np.zeros(RATE, np.float32)
    impulse[5_000] = 1
    for seed in range(10):
        response = room_response(0.3, RATE, np.random.default_rng(seed))
        output = reverberate(impulse, response)
        assert abs(int(np.argmax(np.abs(output) >= np.abs(output).max() / 2)) - 5_000) <= 1
        in_room = reverberate(speech.samples, response)
        assert in_room.shape == speech.samples.shape
        assert in_room.dtype == np.float32
        assert energy(in_room) == pytest.approx(energy(speech.samples), rel=1e-4)


def test_a_response_may_begin_late_and_have_any_level(speech: Waveform) -> None:
    response = np.concatenate([np.full(700, 1e-5), [0.02], 0.002 * np.random.default_rng(0).normal(size=300)])
    in_room = reverberate(speech.samples, response.astype(np.float32))
    assert np.argmax(correlate(in_room, speech.samples)) == len(speech.samples) - 1
    assert np.allclose(reverberate(speech.samples, np.array([0, 0, -3], np.float32)), -speech.samples, atol=1e-4)


@pytest.mark.parametrize("rt60_s", [0.1, 5.0, float("nan")])
def test_a_reverberation_time_out_of_range_is_refused(rt60_s: float) -> None:
    with pytest.raises(ParameterError, match="rt60_s is"):
        room_response(rt60_s, RATE, np.random.default_rng(0))


@pytest.mark.parametrize("response", [np.zeros(0, np.float32), np.zeros(9, np.float32)])
def test_a_silent_response_is_refused(speech: Waveform, response: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="empty or silent"):
        reverberate(speech.samples, response)

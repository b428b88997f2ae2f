from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soxr

from affetto import AudioError, read
from affetto.speech import StreamResampler

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("size", [1, 777, 100_000])
@pytest.mark.parametrize("target_rate_hz", [16_000, 24_000])
def test_the_sizes_of_chunks_do_not_change_the_output(root: Path, size: int, target_rate_hz: int) -> None:
    waveform = read(root / "examples" / "angry.flac", sample_rate_hz=24_000)
    speech = waveform.samples[: 20 * size if size == 1 else None]
    resampler = StreamResampler(24_000, target_rate_hz)
    pieces = [resampler.push(speech[start : start + size]) for start in range(0, len(speech), size)]
    output = np.concatenate([*pieces, resampler.end()])
    expected = soxr.resample(speech, 24_000, target_rate_hz)
    assert len(output) == pytest.approx(len(expected), abs=1)
    n = min(len(output), len(expected))
    assert np.allclose(output[:n], expected[:n], atol=1e-5)


@pytest.mark.parametrize(
    ("chunk", "message"),
    [
        (np.zeros(9, np.int64), "64 bits"),
        (np.full(9, 200.0), "full scale is 1"),
        (np.array([0.0, np.nan]), "NaN"),
        (np.zeros((2, 480)), "transpose"),
    ],
)
def test_an_invalid_chunk_is_refused(chunk: Any, message: str) -> None:
    resampler = StreamResampler(8_000, 16_000)
    resampler.push(np.zeros(9))
    with pytest.raises(AudioError, match=rf"chunk 2.*{message}"):
        resampler.push(chunk)


def test_nothing_follows_the_end() -> None:
    resampler = StreamResampler(8_000, 16_000)
    resampler.end()
    for again in (resampler.end, lambda: resampler.push(np.zeros(9))):
        with pytest.raises(AudioError, match="ended"):
            again()


def test_16_bit_sound_in_32_bit_integers_gives_a_warning() -> None:
    resampler = StreamResampler(8_000, 16_000)
    resampler.push(np.arange(-16_000, 16_000, dtype=np.int32))
    (warning,) = resampler.warnings
    assert "int16" in warning

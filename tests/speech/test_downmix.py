from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from affetto import Recognizer, TruncatedAudioWarning, Waveform, read
from affetto.speech import open_stream
from affetto.speech.downmix import Downmix, downmix

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000


@pytest.fixture(scope="module")
def speech(root: Path) -> np.ndarray:
    return read(root / "examples" / "angry.flac", sample_rate_hz=RATE).samples


def channels(speech: np.ndarray, *gains: float) -> np.ndarray:
    return np.stack([gain * speech for gain in gains], axis=1).astype(np.float32)


def as_wav(samples: np.ndarray, rate: int = RATE) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format="WAV", subtype="FLOAT")
    return out.getvalue()


@pytest.mark.parametrize(
    "gains",
    [(1, -1), (1, -0.9), (-0.6, 1), (1, -1, 0), (1, -1, 0, 0, 0, 0), (0.5, 1, -1, -0.5)],
)
def test_channels_that_cancel_are_recognized_with_a_warning(
    recognizer: Recognizer, speech: np.ndarray, gains: tuple[float, ...]
) -> None:
    alone = recognizer.recognize((speech, RATE))
    samples = channels(speech, *gains)
    for source in (as_wav(samples), (samples, RATE), (np.round(samples * 32767).astype(np.int16), RATE)):
        mixed = recognizer.recognize(source)
        assert mixed.emotion == alone.emotion
        assert mixed.confidence == pytest.approx(alone.confidence, abs=0.05)
        assert "cancel" in " ".join(mixed.warnings)
    live = recognizer.listen(sample_rate_hz=RATE)
    for start in range(0, len(samples), 777):
        live.push(samples[start : start + 777])
    result = live.end()
    assert result.emotion == alone.emotion
    assert "cancel" in " ".join(result.warnings)


@pytest.mark.parametrize("gains", [(1, 1), (1, 0), (0, 1), (1, 0.5), (1, -0.2), (1, 0, 0, 0, 0, 0, 0, 0)])
def test_channels_that_do_not_cancel_are_averaged_without_a_warning(
    speech: np.ndarray, gains: tuple[float, ...]
) -> None:
    mixed, warning = downmix(channels(speech, *gains), RATE)
    assert mixed == pytest.approx(np.mean(gains) * speech, abs=1e-6)
    assert not warning


def test_unrelated_speakers_and_rooms_are_averaged_without_a_warning(root: Path) -> None:
    angry, sad = (read(root / "examples" / f"{name}.flac", sample_rate_hz=RATE).samples for name in ("angry", "sad"))
    n = min(len(angry), len(sad))
    noise = np.random.default_rng(0).normal(0, 0.01, (n, 2)).astype(np.float32)
    call = np.stack([angry[:n], sad[:n]], axis=1) + noise
    late = np.stack([angry, np.roll(angry, 5)], axis=1)  # two microphones, a step apart
    for samples in (call, late):
        mixed, warning = downmix(samples, RATE)
        assert not warning
        # By chance a quiet moment of noise may cancel.
        assert np.mean(np.abs(mixed - samples.mean(axis=1)) > 1e-6) < 0.05


def test_a_constant_offset_is_not_cancellation(speech: np.ndarray) -> None:
    mixed, warning = downmix(channels(speech, 1, 1) + np.array([0.2, -0.2], np.float32), RATE)
    assert mixed == pytest.approx(speech, abs=1e-6)
    assert not warning


def test_reading_warns_of_cancellation(speech: np.ndarray) -> None:
    inverted = channels(speech, 1, -1)
    for source in (as_wav(inverted), (inverted, RATE)):
        with pytest.warns(TruncatedAudioWarning, match="cancel"):
            samples = read(source).samples
        assert np.abs(samples).max() == pytest.approx(np.abs(speech).max(), rel=1e-3)
    assert np.abs(Waveform.from_samples(inverted, RATE).samples).max() > 0.1


def test_one_channel_and_each_channel_stay_unchanged(speech: np.ndarray) -> None:
    source = as_wav(channels(speech, 1, -1))
    assert read(source, channels=2).samples == pytest.approx(-speech, abs=1e-6)
    with open_stream(source, channels="each") as stream:
        assert np.concatenate(list(stream)) == pytest.approx(channels(speech, 1, -1), abs=1e-6)
        assert stream.warnings == ()


@given(cuts=st.lists(st.integers(0, 40_000), max_size=8), gains=st.sampled_from([(1, -1), (1, 1), (1, 0.3, -1)]))
def test_the_sizes_of_the_pieces_make_no_difference(cuts: list[int], gains: tuple[float, ...]) -> None:
    rng = np.random.default_rng(1)
    samples = channels(rng.normal(0, 0.1, 40_000), *gains) + rng.normal(0, 0.005, (40_000, len(gains)))
    whole, warning = downmix(samples, RATE)
    mix = Downmix(RATE)
    parts = [mix.push(piece) for piece in np.split(samples, sorted(cuts))]
    assert np.array_equal(np.concatenate([*parts, mix.end()]), whole)
    assert mix.warning == warning
    assert len(whole) == len(samples)


def test_chunks_of_a_stream_may_be_mono_and_stereo_in_turn(recognizer: Recognizer, speech: np.ndarray) -> None:
    live = recognizer.listen(sample_rate_hz=RATE)
    for number, piece in enumerate(np.array_split(speech, 29)):
        live.push(channels(piece, 1, 1) if number % 2 else piece)
    result, expected = live.end(), recognizer.recognize((speech, RATE))
    assert result.emotion == expected.emotion
    assert result.confidence == pytest.approx(expected.confidence, abs=1e-3)


def test_the_number_of_channels_may_change(speech: np.ndarray) -> None:
    mix = Downmix(RATE)
    pieces: list[Any] = [channels(speech, 1, -1), channels(speech, 1), channels(speech, 0.5, 1, 1)]
    mixed = np.concatenate([*(mix.push(piece) for piece in pieces), mix.end()])
    assert len(mixed) == 3 * len(speech)
    assert np.abs(mixed[: len(speech)]).max() > 0.1

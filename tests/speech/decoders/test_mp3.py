"""mp3 without a header, with tags, and with damage."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from tests.speech.decoders.alignment import lag, likeness

from affetto.speech import read, read_with_warnings

if TYPE_CHECKING:
    from tests.conftest import Encoder


def encoded_mp3(*parts: np.ndarray, rate: int = 24_000) -> bytes:
    """Sound as an mp3 whose bit rate varies; it begins with a frame that holds Xing's header."""
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", rate, 1, format="MP3", compression_level=0.5, bitrate_mode="VARIABLE") as file:
        file.write(np.concatenate(parts))
    assert b"Xing" in out.getvalue()[:200]
    return out.getvalue()


NOISE = np.random.default_rng(0).normal(0, 0.3, 5 * 24_000).astype(np.float32)
HUM = np.float32(0.04) * np.sin(2 * np.pi * 220 * np.arange(20 * 24_000) / 24_000)


@pytest.mark.parametrize("parts", [(NOISE, HUM), (HUM, NOISE)], ids=["loud first", "quiet first"])
@pytest.mark.parametrize("tag", [b"", b"ID3\x03\0\0\0\0\x28\0" + bytes(5_120)], ids=["bare", "ID3"])
def test_the_duration_of_an_mp3_without_a_header_is_not_guessed(
    parts: tuple[np.ndarray, ...], tag: bytes, recwarn: pytest.WarningsRecorder
) -> None:
    data = encoded_mp3(*parts)
    headless = data[data.index(data[:2], 100) :]
    assert b"Xing" not in headless
    for ending in (b"", b"TAG" + bytes(125)):
        waveform = read(tag + headless + ending)
        # Without a header the encoder's delay and the padding of the last frame are unknown.
        assert waveform.duration_s == pytest.approx(sum(map(len, parts)) / 24_000, abs=0.1)
    assert not recwarn.list


@pytest.mark.parametrize(
    "tags", [b"", b"TAG" + b"x" * 125, b"APETAGEX" + struct.pack("<II", 2_000, 3_000) + b"x" * 3_016]
)
def test_tags_behind_an_mp3_are_ignored(recwarn: pytest.WarningsRecorder, tags: bytes) -> None:
    assert read(encoded_mp3(HUM) + tags).duration_s == pytest.approx(20, abs=0.01)
    assert not recwarn.list


@pytest.mark.usefixtures("without_pyav")
@pytest.mark.parametrize("has_header", [True, False], ids=["header", "bare"])
@pytest.mark.parametrize("middle", [bytes(2_000), np.random.default_rng(0).bytes(2_000), b""], ids=["0", "noise", "-"])
def test_an_mp3_is_the_same_on_both_sides_of_damage(encode: Encoder, has_header: bool, middle: bytes) -> None:
    data = encode("mp3", np.tile(encode.at(24_000), 4))
    data = data if has_header else data[data.index(data[:2], 100) :]
    whole = read(data)
    at = len(data) // 2
    waveform, warnings = read_with_warnings(data[:at] + middle + data[at + 2_000 :])
    assert 0.1 < whole.duration_s - waveform.duration_s < 1
    n = 3 * whole.sample_rate_hz
    assert np.allclose(waveform.samples[:n], whole.samples[:n], atol=1e-6)
    tail = waveform.samples[-n:]
    assert likeness(tail, whole.samples[-n:], lag(tail, whole.samples[-n:])) > 0.999
    assert any("damaged at 5." in warning for warning in warnings)


@pytest.mark.usefixtures("without_pyav")
def test_an_mp3_that_begins_within_a_frame_is_read_completely(encode: Encoder) -> None:
    data = encode("mp3")
    whole = read(data)
    waveform, warnings = read_with_warnings(data[data.index(data[:2], 400) - 100 :])
    assert waveform.duration_s == pytest.approx(whole.duration_s, abs=0.15)
    assert np.abs(waveform.samples).max() < 1.01 * np.abs(whole.samples).max()
    assert warnings == ()

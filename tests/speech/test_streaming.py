from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from affetto import AudioError, ParameterError
from affetto.speech import Waveform, open_stream, read

if TYPE_CHECKING:
    from pathlib import Path

    from affetto.speech import Channels

RATE = 24_000
STEREO = np.stack([np.linspace(0, 0.5, 50_000), np.linspace(0, -0.25, 50_000)], axis=1).astype(np.float32)


def encoded(samples: Any, *, rate: int = RATE, kind: str = "WAV", subtype: str = "FLOAT") -> bytes:
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format=kind, subtype=subtype)
    return out.getvalue()


def collect(source: Any, **options: Any) -> np.ndarray:
    with open_stream(source, **options) as stream:
        return np.concatenate(list(stream))


def forms(samples: np.ndarray) -> list[Any]:
    return [encoded(samples), (samples, RATE)]


@pytest.mark.parametrize("form", [0, 1], ids=["file", "samples"])
@pytest.mark.parametrize("rate", [None, 16_000])
def test_channels(form: int, rate: int | None) -> None:
    source = forms(STEREO)[form]
    each = collect(source, channels="each", sample_rate_hz=rate)
    assert each.shape[1] == 2
    for number in (1, 2):
        one = collect(source, channels=number, sample_rate_hz=rate)
        assert np.array_equal(one, each[:, number - 1])
        assert np.array_equal(one, read(source, channels=number, sample_rate_hz=rate).samples)
        assert np.array_equal(one, collect(forms(STEREO[:, number - 1])[form], sample_rate_hz=rate))
    mixed = collect(source, sample_rate_hz=rate)
    assert np.allclose(mixed, each.mean(axis=1), atol=1e-6)
    assert np.array_equal(mixed, read(source, sample_rate_hz=rate).samples)


@pytest.mark.parametrize(
    "source", [*forms(STEREO[:, 0]), Waveform(STEREO[:, 0].copy(), RATE)], ids=["file", "pair", "one"]
)
def test_mono_has_one_channel(source: Any) -> None:
    expected = collect(source)
    assert np.array_equal(collect(source, channels=1), expected)
    assert np.array_equal(collect(source, channels="each"), expected[:, None])
    with pytest.raises(AudioError, match=r"1 channel.*channel 2"):
        open_stream(source, channels=2)


@pytest.mark.parametrize("source", forms(STEREO), ids=["file", "pair"])
def test_a_missing_channel_is_refused(source: Any) -> None:
    with pytest.raises(AudioError, match=r"2 channels.*channel 3"):
        open_stream(source, channels=3)


@pytest.mark.parametrize("channels", ["left", 0, -1, 1.5, None])
def test_an_invalid_choice_of_channels_is_refused(channels: Any) -> None:
    with pytest.raises(ParameterError, match="channels is"):
        open_stream(encoded(STEREO), channels=channels)


@pytest.mark.parametrize("number", ["1", 1.0, True, 0, -1])
@pytest.mark.parametrize("source", [encoded(STEREO), Waveform(STEREO[:, 0].copy(), RATE)], ids=["file", "waveform"])
def test_an_invalid_track_or_channel_is_refused(source: Any, number: Any) -> None:
    for opened in (open_stream, read):
        with pytest.raises(ParameterError, match=f"track is {number!r}"):
            opened(source, track=number)
        with pytest.raises(ParameterError, match=f"channels is {number!r}"):
            opened(source, channels=number)


def test_read_refuses_each_channel() -> None:
    with pytest.raises(ParameterError, match="channels is 'each'"):
        read(encoded(STEREO), channels="each")  # type: ignore[arg-type]


@pytest.mark.parametrize("source", [(STEREO, RATE), Waveform(STEREO[:, 0].copy(), RATE)], ids=["pair", "waveform"])
def test_samples_are_one_track(source: Any) -> None:
    assert read(source, track=1).sample_rate_hz == RATE
    with pytest.raises(AudioError, match="track 2"):
        read(source, track=2)
    with pytest.raises(ParameterError, match="track is 0"):
        read(source, track=0)


@pytest.mark.parametrize("channels", ["mix", "each", 1])
@pytest.mark.parametrize("n_channels", [1, 2, 100, 1000])
def test_blocks_are_bounded(channels: Channels, n_channels: int) -> None:
    samples = np.zeros((2_000_000 // n_channels, n_channels), np.float32)
    with open_stream(encoded(samples, subtype="PCM_16"), channels=channels) as stream:
        sizes = [block.size for block in stream]
        assert stream.n_channels == (n_channels if channels == "each" else 1)
        assert stream.n_samples == len(samples)
    assert sum(sizes) == len(samples) * stream.n_channels
    assert len(sizes) > 1 or len(samples) < 0.1 * RATE  # a mix comes in blocks of a tenth of a second
    assert max(sizes) <= 1 << 17


def test_position_and_warnings() -> None:
    data = encoded(STEREO, subtype="PCM_16")
    with open_stream(data[: 44 + 100_000], sample_rate_hz=8_000) as stream:
        assert stream.position_s == 0
        for block in stream:
            assert block.dtype == np.float32
        assert stream.position_s == pytest.approx(25_000 / RATE, abs=1e-3)
        (warning,) = stream.warnings
        assert "<bytes>" in warning
        assert "1.04 s" in warning
        assert "2.08 s" in warning
        assert list(stream) == []


def test_a_nan_is_refused_with_its_time() -> None:
    samples = np.zeros(500_000, np.float32)
    samples[360_000] = np.nan
    with pytest.raises(AudioError, match=r"NaN.* 15\.000 s"):
        collect(encoded(samples), sample_rate_hz=16_000)


def test_only_the_chosen_channel_must_be_finite() -> None:
    samples = STEREO.copy()
    samples[100, 1] = np.inf
    assert len(collect(encoded(samples), channels=1)) == len(samples)
    for channels in (2, "mix", "each"):
        with pytest.raises(AudioError, match="NaN"):
            collect(encoded(samples), channels=channels)


def test_the_callers_file_stays_open_and_ours_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "clip.wav"
    path.write_bytes(b"something else" + encoded(STEREO))
    with path.open("rb") as file:
        file.seek(14)  # a recording may begin anywhere in a file
        assert len(collect(file)) == len(STEREO)
        assert not file.closed


def test_a_long_pipe_is_kept_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    monkeypatch.setattr("affetto.speech.sources._SPOOL_BYTES", 1_000)
    assert np.array_equal(collect(Pipe(encoded(STEREO))), collect(encoded(STEREO)))


def test_a_file_that_fails_later_is_not_a_shorter_recording(encode: Any) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() + (size or 0) > 20_000:
                raise OSError(5, "Input/output error")
            return super().read(size)

    for data in (encoded(STEREO), encode("flac"), encode("m4a-aac"), encode("webm")):
        with pytest.raises(AudioError, match=r"<file>.*Input/output error"):
            read(Failing(data))

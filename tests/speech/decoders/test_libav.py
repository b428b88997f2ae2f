"""Tracks, channels, gaps and damage of containers."""

from __future__ import annotations

import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.speech.decoders.alignment import lag, likeness

from affetto import AudioError, TruncatedAudioWarning
from affetto.speech import open_stream, read, read_with_warnings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Encoder

LOSSY = 0.985


def test_the_sound_of_a_video_is_read(encode: Encoder) -> None:
    speech = encode.at(24_000)
    for container in ("mp4", "mov", "matroska", "avi"):
        codec = "pcm_s16le" if container == "avi" else "aac"
        waveform = read(encode.mux(container, (codec, speech, 24_000), picture="mpeg4"))
        assert abs(lag(waveform.samples, speech)) < 0.02 * 24_000


def test_a_cover_does_not_shift_the_sound(encode: Encoder) -> None:
    speech = encode.at(24_000)
    waveform = read(encode.mux("mp4", ("aac", speech, 24_000), cover=True))
    assert abs(lag(waveform.samples, speech)) < 0.02 * 24_000


def test_a_video_without_sound_is_refused(encode: Encoder) -> None:
    with pytest.raises(AudioError, match=r"<bytes>.*no audio"):
        read(encode.mux("mp4", picture="mpeg4"))


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_a_track_is_chosen_by_number(encode: Encoder, container: str) -> None:
    speech = encode.at(24_000)
    data = encode.mux(container, ("aac", speech, 24_000), ("aac", speech[::-1], 24_000), picture="mpeg4")
    assert likeness(read(data, track=1).samples, speech, 0) > LOSSY
    assert likeness(read(data, track=2).samples, speech[::-1], 0) > LOSSY
    assert likeness(read(data).samples, speech, 0) > LOSSY
    with pytest.raises(AudioError, match=r"2 audio tracks.*track 3"):
        read(data, track=3)


def test_a_wav_has_one_track(encode: Encoder) -> None:
    data = encode("wav")
    assert np.array_equal(read(data, track=1).samples, read(data).samples)
    with pytest.raises(AudioError, match=r"1 audio track.*track 2"):
        read(data, track=2)


@pytest.mark.parametrize(("codec", "n_channels"), [("aac", 2), ("aac", 6), ("aac", 8), ("flac", 8), ("alac", 2)])
def test_each_channel_of_a_container_is_read(encode: Encoder, codec: str, n_channels: int) -> None:
    speech = encode.at(24_000)
    channels = np.zeros((len(speech), n_channels), np.float32)
    channels[:, 1] = speech
    with open_stream(encode.mux("mp4", (codec, channels, 24_000)), channels="each") as stream:
        assert stream.n_channels == n_channels
        samples = np.concatenate(list(stream))
    loud = int(np.abs(samples).mean(axis=0).argmax())
    assert likeness(samples[:, loud], speech, 0) > LOSSY


def test_an_unnamed_order_of_channels_does_not_crash(encode: Encoder, tmp_path: Path) -> None:
    channels = np.repeat(encode.at(24_000)[:, None], 3, axis=1)
    data = encode.mux("mov", ("pcm_s16le", channels, 24_000))
    at = data.index(b"chan") + 8
    path = tmp_path / "centre-first.mov"
    path.write_bytes(data[:at] + struct.pack(">I", (114 << 16) | 3) + data[at + 4 :])  # C, L, R
    # PyAV alone would crash the process, at the latest when it ends.
    code = f"from affetto import read; print(len(read({str(path)!r}).samples))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(result.stdout) == len(channels)


@pytest.mark.parametrize("kind", ["mp4", "mkv-aac", "aac", "webm", "flv", "mpeg-ts", "amr", "wavpack"])
def test_a_damaged_or_cut_container_is_read_as_far_as_possible(encode: Encoder, kind: str) -> None:
    data = encode(kind, np.tile(encode.at_rate_of(kind), 3))
    whole = read(data)
    if kind == "mp4":  # its index is at the end
        middle = len(data) // 2
        data = data[:middle] + bytes(len(data) // 8) + data[middle + len(data) // 8 :]
    else:
        data = data[: len(data) * 2 // 3 + 60]
    waveform, warnings = read_with_warnings(data)
    assert 0.45 * whole.duration_s < waveform.duration_s < 1.01 * whole.duration_s
    n = len(waveform.samples) // 3
    assert np.array_equal(waveform.samples[:n], whole.samples[:n])
    # The others state no duration and may end between two packets.
    if kind in ("mp4", "mkv-aac", "webm", "wavpack", "aac", "amr"):
        assert warnings


def test_encrypted_sound_is_refused(encode: Encoder) -> None:
    data = encode("m4a-aac")
    at = data.index(b"stsd")
    with pytest.raises(AudioError, match="DRM"):
        read(data[:at] + data[at:].replace(b"mp4a", b"drms", 1))


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{path}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{path}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    ],
    ids=["hls", "concat", "sdp"],
)
def test_playlists_open_no_other_file(encode: Encoder, tmp_path: Path, text: str) -> None:
    (tmp_path / "secret.m4a").write_bytes(encode("m4a-aac"))
    with pytest.raises(AudioError, match="not audio"):
        read(text.format(path=tmp_path / "secret.m4a").encode())


def test_a_gap_between_the_times_becomes_silence(encode: Encoder) -> None:
    speech = encode.at(24_000)
    whole = read(encode.mux("matroska", ("pcm_s16le", speech, 24_000)))
    with pytest.warns(TruncatedAudioWarning, match=r"<bytes>.*2\.00 s.*silence"):
        with_gap = read(encode.mux("matroska", ("pcm_s16le", speech, 24_000), gap_s=2.0))
    assert with_gap.duration_s == pytest.approx(whole.duration_s + 2, abs=0.01)
    half = len(speech) // 2
    assert np.array_equal(with_gap.samples[:half], whole.samples[:half])
    assert not with_gap.samples[half + 24 : half + 47_976].any()
    assert np.array_equal(with_gap.samples[-half + 48 :], whole.samples[-half + 48 :])


def test_silence_that_a_codec_omits_needs_no_warning(encode: Encoder) -> None:
    speech = encode.at(24_000)
    with_gap, warnings = read_with_warnings(encode.mux("matroska", ("libopus", speech, 24_000), gap_s=2.0))
    assert with_gap.duration_s == pytest.approx(len(speech) / 24_000 + 2, abs=0.1)
    assert warnings == ()


@pytest.mark.parametrize("picture", [None, "mpeg4"])
def test_a_gap_of_minutes_is_not_filled(encode: Encoder, picture: str | None) -> None:
    speech = encode.at(24_000)
    data = encode.mux("matroska", ("pcm_s16le", speech, 24_000), gap_s=400.0, picture=picture)
    with open_stream(data) as stream:
        assert sum(map(len, stream)) == pytest.approx(len(speech), abs=24)
    assert any("400 s" in warning for warning in stream.warnings)

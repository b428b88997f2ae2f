"""Every format that can be encoded here gives the sound that it was made from."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from affetto import AudioError, MissingExtraError, TruncatedAudioWarning
from affetto.speech import open_stream, read

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from tests.conftest import Encoder

SPEECH_CODECS = {"wav-gsm": 0.9, "amr": 0.75, "3gp": 0.75}
LOSSY = 0.985
# What the codec fills its last packets with, where the container does not say so.
PADDED_S = {
    "aac": 0.05,
    "mkv-aac": 0.05,
    "mpeg-ts": 0.05,
    "flv": 0.05,
    "wma": 0.05,
    "wav-gsm": 0.08,
    "wav-ms-adpcm": 0.09,
    "wav-ima-adpcm": 0.09,
}


def lag(samples: NDArray[np.float32], reference: NDArray[np.float32]) -> int:
    """How many samples later than in the reference the sound comes, where they agree most."""
    size = 1 << (len(samples) + len(reference)).bit_length()
    product = np.fft.rfft(samples, size) * np.conj(np.fft.rfft(reference, size))
    best = int(np.fft.irfft(product, size).argmax())
    return best if best < size // 2 else best - size


def likeness(samples: NDArray[np.float32], reference: NDArray[np.float32], shift: int) -> float:
    """Correlation, the samples being moved back by a shift."""
    samples, reference = samples[max(shift, 0) :], reference[max(-shift, 0) :]
    n = min(len(samples), len(reference))
    return float(np.corrcoef(samples[:n], reference[:n])[0, 1])


KINDS = (
    "wav",
    "wav-24-bit",
    "wav-float",
    "wav-alaw",
    "wav-mulaw",
    "wav-gsm",
    "wav-ms-adpcm",
    "wav-ima-adpcm",
    "rf64",
    "w64",
    "aiff",
    "au",
    "caf",
    "caf-alac",
    "voc",
    "flac",
    "ogg-vorbis",
    "ogg-opus",
    "mp3",
    "ogg-flac",
    "m4a-aac",
    "m4a-alac",
    "mp4",
    "mov",
    "mov-pcm",
    "aac",
    "webm",
    "mkv-aac",
    "mkv-pcm",
    "mkv-flac",
    "wma",
    "amr",
    "3gp",
    "avi",
    "flv",
    "mpeg-ts",
    "ac3",
    "wavpack",
)


def test_all_formats_are_tested(kinds: list[str]) -> None:
    assert sorted(KINDS) == kinds


@pytest.mark.parametrize("kind", KINDS)
def test_a_format_gives_the_sound_and_the_times_of_the_original(encode: Encoder, kind: str) -> None:
    original = encode.at_rate_of(kind)
    rate = round(len(original) / (len(encode.samples) / encode.rate))
    waveform = read(encode(kind), sample_rate_hz=rate)
    shift = lag(waveform.samples, original)
    assert abs(shift) / rate < 0.02
    assert likeness(waveform.samples, original, shift) > SPEECH_CODECS.get(kind, LOSSY)
    assert abs(waveform.duration_s - len(original) / rate) < PADDED_S.get(kind, 0.02)


def test_the_sound_of_a_video(encode: Encoder) -> None:
    speech = encode.at(24_000)
    for container in ("mp4", "mov", "matroska", "avi"):
        codec = "pcm_s16le" if container == "avi" else "aac"
        waveform = read(encode.mux(container, (codec, speech, 24_000), picture="mpeg4"))
        assert abs(lag(waveform.samples, speech)) < 0.02 * 24_000


def test_a_cover_is_no_sound(encode: Encoder) -> None:
    speech = encode.at(24_000)
    data = encode.mux("mp4", ("aac", speech, 24_000), cover=True)
    waveform = read(data)
    assert abs(lag(waveform.samples, speech)) < 0.02 * 24_000


def test_a_video_without_sound_is_said(encode: Encoder) -> None:
    with pytest.raises(AudioError, match="<bytes> holds no sound"):
        read(encode.mux("mp4", picture="mpeg4"))


@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_tracks(encode: Encoder, container: str) -> None:
    speech = encode.at(24_000)
    data = encode.mux(container, ("aac", speech, 24_000), ("aac", speech[::-1], 24_000), picture="mpeg4")
    assert likeness(read(data, track=1).samples, speech, 0) > LOSSY
    assert likeness(read(data, track=2).samples, speech[::-1], 0) > LOSSY
    assert likeness(read(data).samples, speech, 0) > LOSSY
    with pytest.raises(AudioError, match="has 2 audio tracks; there is no track 3"):
        read(data, track=3)


def test_the_track_of_a_format_that_has_only_one(encode: Encoder) -> None:
    data = encode("wav")
    assert np.array_equal(read(data, track=1).samples, read(data).samples)
    with pytest.raises(AudioError, match="has 1 audio track; there is no track 2"):
        read(data, track=2)


@pytest.mark.parametrize(("codec", "n_channels"), [("aac", 2), ("aac", 6), ("aac", 8), ("flac", 8), ("alac", 2)])
def test_channels_of_a_container(encode: Encoder, codec: str, n_channels: int) -> None:
    speech = encode.at(24_000)
    channels = np.zeros((len(speech), n_channels), np.float32)
    channels[:, 1] = speech
    with open_stream(encode.mux("mp4", (codec, channels, 24_000)), channels="each") as stream:
        assert stream.n_channels == n_channels
        samples = np.concatenate(list(stream))
    loud = int(np.abs(samples).mean(axis=0).argmax())
    assert likeness(samples[:, loud], speech, 0) > LOSSY


def test_channels_in_an_order_without_a_name(encode: Encoder, tmp_path: Path) -> None:
    channels = np.repeat(encode.at(24_000)[:, None], 3, axis=1)
    data = encode.mux("mov", ("pcm_s16le", channels, 24_000))
    at = data.index(b"chan") + 8
    path = tmp_path / "centre-first.mov"
    path.write_bytes(data[:at] + struct.pack(">I", (114 << 16) | 3) + data[at + 4 :])  # C, L, R
    # In a process of its own, which PyAV alone would crash, be it at its end.
    code = f"from affetto import read; print(len(read({str(path)!r}).samples))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(result.stdout) == len(channels)


@pytest.mark.parametrize("kind", ["mp4", "mkv-aac", "aac", "webm", "flv", "mpeg-ts", "amr"])
def test_of_a_broken_tail_the_rest_is_read(encode: Encoder, kind: str) -> None:
    data = encode(kind)
    whole = read(data)
    if kind == "mp4":  # its index is at the end; what is damaged is the sound before
        middle = len(data) // 2
        data = data[:middle] + bytes(len(data) // 8) + data[middle + len(data) // 8 :]
    else:
        data = data[: len(data) * 2 // 3]
    with open_stream(data) as stream:
        samples = np.concatenate(list(stream))
    assert 0.45 * whole.duration_s < stream.position_s < 1.01 * whole.duration_s
    n = len(samples) // 3
    assert np.array_equal(samples[:n], whole.samples[:n])
    if kind in ("mp4", "mkv-aac", "webm"):
        assert stream.warnings
        with pytest.warns(TruncatedAudioWarning) as caught:
            read(data)
        assert re.search("what (is left|is there) was read", str(caught[0].message))


def test_an_mp4_without_its_index_is_said(encode: Encoder) -> None:
    with pytest.raises(AudioError, match=r"<bytes> is MP4 or QuickTime, but damaged: .*; record or export it again"):
        read(encode("mp4")[:5_000])


def test_encrypted_sound_is_said(encode: Encoder) -> None:
    data = encode("m4a-aac")
    at = data.index(b"stsd")
    with pytest.raises(AudioError, match=r"encrypted \(DRM\)"):
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
def test_playlists_open_nothing(encode: Encoder, tmp_path: Path, text: str) -> None:
    (tmp_path / "secret.m4a").write_bytes(encode("m4a-aac"))
    with pytest.raises(AudioError, match=r"not audio .*; record or export it again"):
        read(text.format(path=tmp_path / "secret.m4a").encode())


def test_a_gap_in_the_times_is_silence(encode: Encoder) -> None:
    speech = encode.at(24_000)
    whole = read(encode.mux("matroska", ("pcm_s16le", speech, 24_000)))
    with pytest.warns(TruncatedAudioWarning, match=r"<bytes> lacks 2\.00 s in its middle, which count as silence"):
        with_gap = read(encode.mux("matroska", ("pcm_s16le", speech, 24_000), gap_s=2.0))
    assert with_gap.duration_s == pytest.approx(whole.duration_s + 2, abs=0.01)
    half = len(speech) // 2
    assert np.array_equal(with_gap.samples[:half], whole.samples[:half])
    assert not with_gap.samples[half + 24 : half + 47_976].any()
    assert np.array_equal(with_gap.samples[-half + 48 :], whole.samples[-half + 48 :])


def test_silence_that_a_codec_leaves_out_is_no_damage(encode: Encoder, recwarn: pytest.WarningsRecorder) -> None:
    speech = encode.at(24_000)
    with_gap = read(encode.mux("matroska", ("libopus", speech, 24_000), gap_s=2.0))
    assert with_gap.duration_s == pytest.approx(len(speech) / 24_000 + 2, abs=0.1)
    assert not recwarn.list


def test_a_damaged_mp3_is_read_on_behind_the_damage(encode: Encoder) -> None:
    speech = np.tile(encode.at(24_000), 4)
    data = encode("mp3", speech)
    whole = read(data)
    # In the middle of speech, where a frame has hundreds of bytes; behind less, libsndfile goes on by itself.
    at, size = len(data) * 3 // 8, 1_500
    noise = np.random.default_rng(0).bytes(size)
    with open_stream(data[:at] + noise + data[at + size :]) as stream:
        samples = np.concatenate(list(stream))
    n = len(samples) // 2
    lost = -lag(samples[-n:], whole.samples[-n:]) + len(whole.samples) - len(samples)
    assert np.allclose(samples[: len(whole.samples) // 5], whole.samples[: len(whole.samples) // 5], atol=1e-4)
    assert abs(lost) / 24_000 < 0.3
    tail = samples[-n:]
    assert likeness(tail, whole.samples[-n:], lag(tail, whole.samples[-n:])) > 0.999
    assert any(" is damaged at 3." in remark and "of the rest was read" in remark for remark in stream.warnings)


@pytest.mark.parametrize("picture", [None, "mpeg4"])
def test_a_gap_too_long_to_be_filled_is_said(encode: Encoder, picture: str | None) -> None:
    speech = encode.at(24_000)
    data = encode.mux("matroska", ("pcm_s16le", speech, 24_000), gap_s=400.0, picture=picture)
    with open_stream(data) as stream:
        assert sum(map(len, stream)) == pytest.approx(len(speech), abs=24)
    assert stream.warnings[-1] == (
        "<bytes> has gaps in time that are too long to be filled with silence; by its own times, its end is 400 s later"
    )


@pytest.mark.parametrize("kind", ["m4a-aac", "webm", "amr", "wma", "aac", "avi", "flv", "wavpack"])
def test_without_the_extra_it_is_named(encode: Encoder, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    hide_pyav(monkeypatch)
    with pytest.raises(MissingExtraError, match=r"reading <bytes> needs av; .* affetto\[formats\]"):
        read(encode(kind))


def test_without_the_extra_junk_is_junk(encode: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    hide_pyav(monkeypatch)
    with pytest.raises(AudioError, match=r"not audio .*; if it is m4a, aac or a video, install affetto\[formats\]"):
        read(b"Dear diary, today I was happy.\n" * 20)
    assert read(encode("mp3")).duration_s > 2
    with pytest.raises(MissingExtraError, match="a track of <bytes>"):
        read(encode("wav"), track=1)


def packets_of_a_camera(data: bytes) -> bytes:
    return b"".join(b"\0\0\0\0" + data[at : at + 188] for at in range(0, len(data), 188))


@pytest.mark.parametrize("kind", ["aac behind a tag", "aac with CRC", "LATM", "free", "skip", "pnot", "ts", "m2ts"])
def test_without_the_extra_rare_beginnings_are_known(
    encode: Encoder, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    match kind:
        case "aac behind a tag":
            data = b"ID3\x04\0\0\0\0\x08\0" + bytes(1_024) + encode("aac")
        case "aac with CRC":
            data = b"\xff\xf0" + encode("aac")[2:]
        case "LATM":
            data = encode.mux("latm", ("aac", encode.at(24_000), 24_000))
        case "ts":
            data = encode("mpeg-ts")
        case "m2ts":
            data = packets_of_a_camera(encode("mpeg-ts"))
        case _:
            mov = encode("mov")
            data = mov[:4] + kind.encode() + mov[8:]
    if kind != "aac with CRC":
        assert read(data).duration_s > 2.4
    hide_pyav(monkeypatch)
    with pytest.raises(MissingExtraError, match=r"reading <bytes> needs av; .* affetto\[formats\]"):
        read(data)


def test_without_the_extra_a_damaged_flac_says_what_could_read_the_rest(
    encode: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = np.tile(encode.at(24_000), 4)
    n_samples = len(samples)
    data = bytearray(encode("flac", samples))
    data[len(data) // 2 : len(data) // 2 + 20] = bytes(20)
    hide_pyav(monkeypatch)
    with open_stream(bytes(data)) as stream:
        assert 0.4 < sum(map(len, stream)) / n_samples < 0.51
    assert stream.warnings == (
        f"<bytes> is damaged at {stream.position_s:.2f} s of the {n_samples / 24_000:.2f} s that its header says, "
        "and the rest was not read; to read it, install affetto with its extra: affetto[formats]",
    )
    with open_stream(bytes(data[: len(data) // 2])) as stream:
        list(stream)
    assert len(stream.warnings) == 1
    assert "ends after" in stream.warnings[0]


def hide_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name == "av" or name.startswith("av.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "affetto.speech.libav", raising=False)
    from importlib import util

    find_spec = util.find_spec

    def find(name: str, package: str | None = None) -> Any:
        return None if name == "av" else find_spec(name, package)

    monkeypatch.setattr("affetto._extras.find_spec", find)
    monkeypatch.setattr("affetto.speech.streaming.find_spec", find)

"""Every format gives the sound that was encoded, or the name of the extra that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.conftest import FORMATS
from tests.speech.decoders.alignment import lag, likeness

from affetto import AudioError, MissingExtraError
from affetto.speech import read, read_with_warnings

if TYPE_CHECKING:
    from tests.conftest import Encoder

LOSSY = 0.985
SPEECH_CODECS = {"wav-gsm": 0.9, "amr": 0.75, "3gp": 0.75}
# Padding of the last packet that the container does not state.
PADDED_S = {
    **dict.fromkeys(("aac", "mkv-aac", "m4a-aac", "mp4", "mov", "3gp", "mpeg-ts", "flv", "wma"), 0.05),
    "wav-gsm": 0.08,
    "wav-ms-adpcm": 0.09,
    "wav-ima-adpcm": 0.09,
}


@pytest.mark.parametrize("kind", FORMATS)
def test_a_format_gives_the_sound_and_times_of_the_original(encode: Encoder, kind: str) -> None:
    original = encode.at_rate_of(kind)
    rate = FORMATS[kind].rate
    waveform, warnings = read_with_warnings(encode(kind), sample_rate_hz=rate)
    shift = lag(waveform.samples, original)
    # libav skips two frames of wma, as Microsoft's encoder needs; its own adds one.
    assert abs(shift) / rate < (0.1 if kind == "wma" else 0.02)
    assert likeness(waveform.samples, original, shift) > SPEECH_CODECS.get(kind, LOSSY)
    assert abs(waveform.duration_s - len(original) / rate) < PADDED_S.get(kind, 0.02)
    assert warnings == ()


@pytest.mark.usefixtures("without_pyav")
@pytest.mark.parametrize("kind", ["m4a-aac", "webm", "amr", "wma", "aac", "avi", "flv", "wavpack"])
def test_a_format_of_pyav_names_the_extra(encode: Encoder, kind: str) -> None:
    with pytest.raises(MissingExtraError, match=r"<bytes>.*affetto\[formats\]"):
        read(encode(kind))


@pytest.mark.usefixtures("without_pyav")
def test_without_pyav_text_is_not_audio_and_a_track_needs_the_extra(encode: Encoder) -> None:
    with pytest.raises(AudioError, match="not audio"):
        read(b"Dear diary, today I was happy.\n" * 20)
    with pytest.raises(AudioError, match=r"not audio.*pip install .affetto\[formats\]"):
        read(np.random.default_rng(0).bytes(9_000))
    assert read(encode("mp3")).duration_s > 2
    with pytest.raises(MissingExtraError, match="track"):
        read(encode("wav"), track=1)


def packets_of_a_camera(data: bytes) -> bytes:
    return b"".join(b"\0\0\0\0" + data[at : at + 188] for at in range(0, len(data), 188))


@pytest.mark.parametrize("kind", ["tagged aac", "aac with CRC", "LATM", "free", "skip", "pnot", "ts", "m2ts"])
def test_rare_beginnings_are_recognized(encode: Encoder, request: pytest.FixtureRequest, kind: str) -> None:
    match kind:
        case "tagged aac":
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
    request.getfixturevalue("without_pyav")
    with pytest.raises(MissingExtraError, match=r"affetto\[formats\]"):
        read(data)


@pytest.mark.parametrize("kind", ["aiff", "caf", "au", "w64", "voc"])
def test_a_tag_before_a_recording_is_passed(encode: Encoder, kind: str) -> None:
    data = encode(kind)
    tagged, warnings = read_with_warnings(b"ID3\x04\0\0\0\0\x08\0" + bytes(1_024) + data)
    assert np.array_equal(tagged.samples, read(data).samples)
    assert warnings == ()


@pytest.mark.parametrize("head", [b"TAG", b"APETAGEX"])
def test_a_file_of_one_tag_is_not_audio(head: bytes) -> None:
    size = 128 if head == b"TAG" else 32
    data = head + np.random.default_rng(0).bytes(size - len(head) - 9) + bytes(9)
    with pytest.raises(AudioError, match=r"<bytes>.*not audio"):
        read(data)


def test_an_unknown_format_has_the_reason_of_libsndfile() -> None:
    with pytest.raises(AudioError, match="ormat not recogni"):
        read(np.random.default_rng(0).bytes(9_000))


def test_a_damaged_beginning_names_the_format(encode: Encoder) -> None:
    with pytest.raises(AudioError, match=r"<bytes>.*MP4.*damaged"):
        read(encode("mp4")[:5_000])


@pytest.mark.parametrize("kind", ["ogg-vorbis", "wav", "flac", "mp3"])
def test_the_first_bytes_alone_are_refused(encode: Encoder, kind: str) -> None:
    with pytest.raises(AudioError, match=r"<bytes> (is not audio|holds no samples)"):
        read(encode(kind)[:40])

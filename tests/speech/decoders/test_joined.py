"""Files that hold several recordings, or more than recordings."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from affetto.speech import read, read_with_warnings

if TYPE_CHECKING:
    from tests.conftest import Encoder

# Formats of which pieces are joined in practice.
JOINED = (
    *("wav", "wav-float", "wav-gsm", "rf64", "w64", "aiff", "au", "caf", "flac"),
    *("ogg-vorbis", "ogg-opus", "ogg-flac", "mp3", "aac", "ac3"),
)
WITH_TAGS = ("wav", "flac", "ogg-vorbis", "ogg-opus", "mp3", "aac", "amr", "ac3", "wavpack", "m4a-aac", "webm")
TEXT = b"This is a note that somebody has left behind the sound of this file. " * 60
ID3 = b"ID3\x03\0\0\0\0\x08\0" + bytes(1_024)


@pytest.mark.parametrize("kind", JOINED)
def test_a_recording_behind_a_recording_is_read(encode: Encoder, kind: str) -> None:
    data = encode(kind)
    one = read(data)
    # Zeros between frames without a container may have been frames.
    for between in (b"",) if kind in ("aac", "ac3", "mp3") else (b"", bytes(4_096)):
        both, warnings = read_with_warnings(data + between + data)
        assert both.duration_s == pytest.approx(2 * one.duration_s, abs=0.1)
        n = len(one.samples) // 2
        assert np.allclose(both.samples[:n], one.samples[:n], atol=1e-4)
        assert np.allclose(both.samples[-n:], one.samples[-n:], atol=0.02)
        assert warnings == ()


@pytest.mark.usefixtures("without_pyav")
@pytest.mark.parametrize(
    "kinds",
    [
        ("wav", "flac"),
        ("mp3", "wav"),
        ("ogg-opus", "mp3"),
        ("flac", "wav"),
        ("flac", "rf64"),
        ("flac", "ogg-opus"),
        ("aiff", "flac"),
    ],
)
def test_recordings_of_different_formats_are_read(encode: Encoder, kinds: tuple[str, str]) -> None:
    first, second = (encode(kind) for kind in kinds)
    joined, warnings = read_with_warnings(first + second)
    assert joined.duration_s == pytest.approx(read(first).duration_s + read(second).duration_s, abs=0.01)
    assert warnings == ()


def test_pieces_of_a_browser_with_a_header_each_are_read(encode: Encoder) -> None:
    out = io.BytesIO()

    class Pipe:
        def write(self, data: bytes) -> int:
            return out.write(data)

    speech = encode.at(24_000)
    with av.open(Pipe(), "w", format="webm") as muxer:  # a size that is never written
        track = encode._track(muxer, "libopus", speech, 24_000)
        muxer.mux(track.encode(encode._frame(speech, 24_000)))
        muxer.mux(track.encode(None))
    joined, warnings = read_with_warnings(out.getvalue() * 7)
    assert joined.duration_s == pytest.approx(7 * read(out.getvalue()).duration_s, abs=0.05)
    assert warnings == ()


def test_a_wav_header_in_the_metadata_of_a_flac_begins_no_recording(encode: Encoder) -> None:
    data = encode("flac")
    content = b"riff" + encode("wav")[:12]
    block = b"\x02" + struct.pack(">I", len(content))[1:] + content
    whole, warnings = read_with_warnings(data[:42] + block + data[42:])
    assert whole.duration_s == read(data).duration_s
    assert warnings == ()


@pytest.mark.parametrize("kind", WITH_TAGS)
@pytest.mark.parametrize(
    "tail", [b"TAG" + b"x" * 125, b"APETAGEX" + struct.pack("<IIII8x", 2_000, 32, 0, 0)], ids=["ID3v1", "APE"]
)
def test_tags_behind_a_recording_need_no_warning(encode: Encoder, kind: str, tail: bytes) -> None:
    data = encode(kind)
    with_tail, warnings = read_with_warnings(data + tail)
    assert with_tail.duration_s == pytest.approx(read(data).duration_s, abs=1e-6)
    assert warnings == ()


@pytest.mark.parametrize(
    "kind", ["wav", "wav-ms-adpcm", "w64", "aiff", "au", "caf", "flac", "ogg-vorbis", "mp3", "m4a-aac", "aac", "webm"]
)
@pytest.mark.parametrize("tail", [bytes(5_000), ID3], ids=["zeros", "ID3v2"])
def test_padding_behind_a_recording_needs_no_warning(encode: Encoder, kind: str, tail: bytes) -> None:
    data = encode(kind)
    with_tail, warnings = read_with_warnings(data + tail)
    assert with_tail.duration_s == pytest.approx(read(data).duration_s, abs=1e-6)
    assert warnings == ()


@pytest.mark.parametrize(
    "kind",
    ["wav", "wav-gsm", "wav-float", "rf64", "w64", "aiff", "au", "caf", "caf-alac", "flac", "ogg-vorbis", "mp3"],
)
@pytest.mark.parametrize("tail", [TEXT, np.random.default_rng(0).bytes(9_000)], ids=["text", "random"])
def test_other_bytes_behind_a_recording_give_a_warning(encode: Encoder, kind: str, tail: bytes) -> None:
    data = encode(kind)
    with_tail, (warning,) = read_with_warnings(data + tail)
    assert with_tail.duration_s == pytest.approx(read(data).duration_s, abs=0.02)
    assert f"{len(tail):,} more bytes" in warning


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg-vorbis", "ogg-opus", "mp3", "caf"])
def test_a_recording_that_is_cut_off_gives_one_warning(encode: Encoder, kind: str) -> None:
    data = encode(kind)
    whole = read(data)
    cut, warnings = read_with_warnings(data[: len(data) * 2 // 3 + 60])  # within a frame
    assert 0.3 * whole.duration_s < cut.duration_s < 0.8 * whole.duration_s
    assert len(warnings) == 1
    assert f"{cut.duration_s:.2f} s" in warnings[0]


def test_a_second_recording_that_cannot_be_read_gives_a_warning(encode: Encoder) -> None:
    data = encode("wav")
    joined, warnings = read_with_warnings(data + encode("ogg-vorbis")[:200] + TEXT)
    assert joined.duration_s == pytest.approx(read(data).duration_s, abs=1e-6)
    assert any("another recording" in warning or "more bytes" in warning for warning in warnings)


@pytest.mark.parametrize("kind", ["ogg-vorbis", "ogg-opus", "mp3", "flac"])
def test_a_download_that_ends_in_zeros_gives_a_warning(encode: Encoder, kind: str) -> None:
    data = encode(kind, np.tile(encode.at_rate_of(kind), 4))
    half = len(data) // 2
    assert read_with_warnings(data[:half] + bytes(len(data) - half))[1]

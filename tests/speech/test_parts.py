"""Files that hold more than one recording, or more than recordings."""

from __future__ import annotations

import io
import re
import struct
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from tests.speech.test_formats import hide_pyav

from affetto.speech import read, read_with_warnings

if TYPE_CHECKING:
    from tests.conftest import Encoder

KINDS = (
    *("wav", "wav-24-bit", "wav-float", "wav-alaw", "wav-mulaw", "wav-gsm", "wav-ms-adpcm", "wav-ima-adpcm"),
    *("rf64", "w64", "aiff", "au", "caf", "caf-alac", "voc", "flac", "ogg-vorbis", "ogg-opus", "ogg-flac", "mp3"),
    *("m4a-aac", "m4a-alac", "mp4", "mov", "mov-pcm", "aac", "webm", "mkv-aac", "mkv-pcm", "mkv-flac", "wma", "amr"),
    *("3gp", "avi", "flv", "mpeg-ts", "ac3", "wavpack"),
)
# A player cannot know that the second's first frame is an encoder's delay.
NATIVELY_JOINED_S = 0.1
TEXT = b"This is a note that somebody has left behind the sound of this file. " * 60
ID3 = b"ID3\x03\0\0\0\0\x08\0" + bytes(1_024)


def test_all_formats_are_tested(kinds: list[str]) -> None:
    assert sorted(KINDS) == kinds


@pytest.mark.parametrize("kind", KINDS)
def test_a_recording_behind_a_recording_is_read_too(encode: Encoder, kind: str) -> None:
    data = encode(kind)
    one, remarks = read_with_warnings(data)
    assert remarks == ()
    # Zeros between frames that have no container may have been frames.
    for between in (b"",) if kind in ("aac", "ac3", "mp3") else (b"", bytes(4_096)):
        both, remarks = read_with_warnings(data + between + data)
        assert both.duration_s == pytest.approx(2 * one.duration_s, abs=NATIVELY_JOINED_S)
        n = len(one.samples) // 2
        assert np.allclose(both.samples[:n], one.samples[:n], atol=1e-4)
        assert np.allclose(both.samples[-n:], one.samples[-n:], atol=0.02)
        assert remarks == ()


@pytest.mark.parametrize("kinds", [("wav", "flac"), ("mp3", "wav"), ("ogg-opus", "m4a-aac"), ("webm", "mp3")])
def test_recordings_of_different_formats(encode: Encoder, kinds: tuple[str, str]) -> None:
    expected_s = sum(read(encode(kind)).duration_s for kind in kinds)
    joined, remarks = read_with_warnings(b"".join(encode(kind) for kind in kinds))
    assert joined.duration_s == pytest.approx(expected_s, abs=0.01)
    assert remarks == ()


def test_many_pieces_of_a_browser_each_with_a_header(encode: Encoder) -> None:
    out = io.BytesIO()

    class Pipe:
        def write(self, data: bytes) -> int:
            return out.write(data)

    speech = encode.at(24_000)
    with av.open(Pipe(), "w", format="webm") as muxer:  # a size that nobody comes back to write
        track = encode._track(muxer, "libopus", speech, 24_000)
        muxer.mux(track.encode(encode._frame(speech, 24_000)))
        muxer.mux(track.encode(None))
    one = read(out.getvalue()).duration_s
    assert one > 2
    for data in (out.getvalue(), encode("wav")):
        joined, remarks = read_with_warnings(data * 7)
        assert joined.duration_s == pytest.approx(7 * read(data).duration_s, abs=0.01)
        assert remarks == ()


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"flac", "wma", "mpeg-ts"}))
@pytest.mark.parametrize(
    "tail",
    [bytes(5_000), b"TAG" + b"x" * 125, ID3, b"APETAGEX" + struct.pack("<IIII8x", 2_000, 32, 0, 0)],
    ids=["zeros", "ID3v1", "ID3v2", "APE"],
)
def test_padding_and_tags_behind_a_recording_need_no_remark(encode: Encoder, kind: str, tail: bytes) -> None:
    data = encode(kind)
    with_tail, remarks = read_with_warnings(data + tail)
    assert with_tail.duration_s == pytest.approx(read(data).duration_s, abs=1e-6)
    assert remarks == ()


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"wma"}))
@pytest.mark.parametrize("tail", [TEXT, np.random.default_rng(0).bytes(9_000)], ids=["text", "random"])
def test_what_is_neither_sound_nor_a_tag_is_said(encode: Encoder, kind: str, tail: bytes) -> None:
    data = encode(kind)
    with_tail, remarks = read_with_warnings(data + tail)
    assert with_tail.duration_s == pytest.approx(read(data).duration_s, abs=0.02)
    (remark,) = remarks
    found = re.search(r"holds ([\d,]+) more bytes that are no sound", remark)
    assert found is not None
    assert int(found[1].replace(",", "")) == pytest.approx(len(tail), rel=0.3)


@pytest.mark.parametrize(
    "kind", ["wav", "flac", "ogg-vorbis", "mp3", "aac", "amr", "caf", "voc", "avi", "ac3", "mpeg-ts"]
)
def test_a_recording_that_is_cut_off_is_said(encode: Encoder, kind: str) -> None:
    data = encode(kind)
    whole = read(data)
    cut, remarks = read_with_warnings(data[: len(data) * 2 // 3 + 60])  # in the middle of a frame, of whatever format
    assert 0.3 * whole.duration_s < cut.duration_s < 0.8 * whole.duration_s
    assert len([remark for remark in remarks if re.search(r"is cut off at \d|ends after \d", remark)]) == 1


def test_a_second_recording_that_cannot_be_read_is_said(encode: Encoder) -> None:
    data = encode("wav")
    joined, remarks = read_with_warnings(data + encode("ogg-vorbis")[:200] + TEXT)
    assert joined.duration_s == pytest.approx(read(data).duration_s, abs=1e-6)
    assert any("holds another recording, which cannot be read" in remark for remark in remarks)


def test_a_second_recording_that_needs_the_extra_is_said(encode: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode("wav") + encode("m4a-aac")
    hide_pyav(monkeypatch)
    waveform, (remark,) = read_with_warnings(data)
    assert waveform.duration_s == pytest.approx(read(encode("wav")).duration_s, abs=1e-6)
    assert "holds another recording, which cannot be read" in remark


@pytest.mark.parametrize("kind", ["ogg-vorbis", "ogg-opus", "mp3", "wav", "flac"])
def test_a_download_that_has_stopped_is_said(encode: Encoder, kind: str) -> None:
    data = encode(kind, np.tile(encode.at_rate_of(kind), 4))
    half = len(data) // 2
    _, remarks = read_with_warnings(data[:half] + bytes(len(data) - half))
    assert remarks if kind != "wav" else remarks == ()  # of samples, zeros are silence

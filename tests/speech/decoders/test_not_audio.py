"""Files with the suffix of a recording that are not audio."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from affetto.errors import AudioError
from affetto.speech import read

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Encoder


def archive(kind: str, data: bytes) -> bytes:
    out = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(out, "w") as zipped:
            zipped.writestr("clip.wav", data)
    else:
        with tarfile.open(fileobj=out, mode="w") as tarred:
            info = tarfile.TarInfo("clip.wav")
            info.size = len(data)
            tarred.addfile(info, io.BytesIO(data))
    return out.getvalue()


CONTENTS = {
    "Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0\nsize 12345\n",
    "HTML": b"\xef\xbb\xbf\r\n<!DOCTYPE HTML>\n<html><head><title>404 Not Found</title></head>",
    "HTML ": b"<html lang=en><body>Sign in",
    "XML": b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    "JSON": b'{"error": {"code": 403, "message": "quota"}}',
    "JSON ": b'[\n  {"text": "hello"}\n]',
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3" + bytes(100),
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "picture ": b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(200),
    "a picture": b"RIFF\x24\0\0\0WEBPVP8 " + bytes(50),
    "7z": b"7z\xbc\xaf\x27\x1c" + bytes(100),
    "rar": b"Rar!\x1a\x07\x01\0" + bytes(100),
    "NumPy": b"\x93NUMPY\x01\0v\0{'descr': '<f4'",
    "AppleDouble": b"\0\x05\x16\x07\0\2\0\0Mac OS X        " + bytes(60),
    "data URI": b"data:audio/wav;base64,UklGRiQAAABXQVZF",
    "zeros": bytes(100_000),
    "text that begins with 'Dear diary": b"Dear diary, today I was happy.\n" * 20,
    "text that begins with 'path,label": "path,label\na.wav,angry\n".encode("utf-16"),
}
ADVICE = {"Git LFS": "git lfs pull", "HTML": "download", "JSON": "download", "NumPy": "numpy.load", "7z": "unpack"}


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("ending", ["wav", "mp3", "raw"])
def test_a_file_is_named_for_its_content(tmp_path: Path, kind: str, ending: str) -> None:
    if kind == "zeros" and ending == "raw":
        pytest.skip("may be a silent recording")
    path = tmp_path / f"clip.{ending}"
    path.write_bytes(CONTENTS[kind])
    for source in (path, str(path), CONTENTS[kind], io.BytesIO(CONTENTS[kind])):
        with pytest.raises(AudioError, match="not audio") as caught:
            read(source)
        sentence = str(caught.value)
        assert kind.strip() in sentence
        assert ADVICE.get(kind, "") in sentence
        assert "\n" not in sentence
        assert sentence.startswith((str(path), "<"))


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zip", "tar"])
@pytest.mark.parametrize("inner", ["wav", "mp3", "flac", "ogg-opus"])
def test_a_packed_recording_is_refused(encode: Encoder, kind: str, inner: str) -> None:
    data = encode(inner)
    packed: dict[str, Any] = {
        "gzip": gzip.compress,
        "bzip2": bz2.compress,
        "xz": lzma.compress,
    }
    with pytest.raises(AudioError, match=rf"not audio.*{kind}.*(decompress|unpack)"):
        read(packed[kind](data) if kind in packed else archive(kind, data))


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        *(("sln", "8 kHz .*s16le -ar 8000"), ("sln16", "16 kHz .*-ar 16000"), ("sln48", "48 kHz"), ("ul", "mu-law")),
        *(("ulaw", "mu-law"), ("AL", "A-law"), ("alaw", "A-law"), ("vox", "Dialogic.*sox -t vox"), ("gsm", "GSM")),
        *(("g722", "-f g722"), ("g729", "-f g729"), ("raw", "rate"), ("pcm", "rate")),
    ],
)
def test_telephone_audio_without_a_header_is_named_with_a_command(
    tmp_path: Path, encode: Encoder, ending: str, words: str
) -> None:
    path = tmp_path / f"a call.{ending}"
    out = io.BytesIO()
    subtype = {"ul": "ULAW", "AL": "ALAW", "gsm": "GSM610"}.get(ending, "PCM_16")
    soundfile.write(out, encode.at(8_000), 8_000, format="RAW", subtype=subtype)
    path.write_bytes(out.getvalue())
    with pytest.raises(AudioError, match=rf"headerless.*{words}.* '{tmp_path}/a call\.wav'"):
        read(path)
    # A file with a header is read under any name.
    path.write_bytes(encode("wav"))
    assert read(path).duration_s > 2


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW", "GSM610", "PCM_16", "PCM_24", "FLOAT"])
def test_samples_without_a_header_are_not_taken_for_audio(encode: Encoder, subtype: str) -> None:
    out = io.BytesIO()
    soundfile.write(out, np.tile(encode.at(8_000), 3), 8_000, format="RAW", subtype=subtype)
    with pytest.raises(AudioError, match="not audio"):
        read(out.getvalue())

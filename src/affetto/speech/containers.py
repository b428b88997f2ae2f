"""The formats that are told by their first bytes, and that libsndfile does not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from affetto.speech.sources import EncodedFile

# Where in the file, the bytes there, and what messages call the format.
_SIGNATURES = (
    (4, b"ftyp", "MP4 or QuickTime"),
    (4, b"moov", "MP4 or QuickTime"),
    (4, b"mdat", "MP4 or QuickTime"),
    (4, b"wide", "MP4 or QuickTime"),
    (0, b"\x1a\x45\xdf\xa3", "Matroska or WebM"),
    (0, b"#!AMR", "AMR"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media"),
    (0, b"\xff\xf1", "AAC"),
    (0, b"\xff\xf9", "AAC"),
    (0, b"FLV\x01", "Flash video"),
    (8, b"AVI ", "AVI"),
    (0, b"\x00\x00\x01\xba", "MPEG video"),
    (0, b"\x0b\x77", "AC-3"),
    (0, b"wvpk", "WavPack"),
    (0, b"\x02dss", "DSS"),
    (28, b"Speex   ", "Ogg Speex"),
)


def container_label(file: EncodedFile) -> str | None:
    """Return what messages call the format of a file at its beginning, None if it is unknown."""
    head = file.read(40)
    file.seek(0)
    for offset, signature, label in _SIGNATURES:
        if head[offset:].startswith(signature):
            return label
    return None

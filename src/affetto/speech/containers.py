"""The formats that are told by their first bytes, and that libsndfile does not read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from affetto.speech.sources import EncodedFile

# What a file begins with, and what messages call its format.
_SIGNATURES = (
    (rb".{4}(?:ftyp|moov|mdat|wide)|\0.{3}(?:free|skip|pnot)", "MP4 or QuickTime"),
    (rb"\x1a\x45\xdf\xa3", "Matroska or WebM"),
    (rb"#!AMR", "AMR"),
    (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media"),
    (rb"\xff[\xf0\xf1\xf8\xf9]", "AAC"),
    (rb"\x56[\xe0-\xff]", "AAC (LATM)"),
    (rb"FLV\x01", "Flash video"),
    (rb".{8}AVI ", "AVI"),
    (rb"\0\0\x01\xba", "MPEG video"),
    # Packets of a fixed size, in a camera's files each behind its time.
    (rb"\x47.{187}\x47.{187}\x47|.{4}\x47.{191}\x47.{191}\x47", "MPEG transport stream"),
    (rb"\x0b\x77", "AC-3"),
    (rb"wvpk", "WavPack"),
    (rb"\x02dss", "DSS"),
    (rb".{28}Speex   ", "Ogg Speex"),
)
_HEAD_BYTES = 400
# Real files have one or two.
_MAX_TAGS = 10


def container_label(file: EncodedFile) -> str | None:
    """Return what messages call the format of a file at its beginning, None if it is unknown."""
    start, head = 0, file.read(_HEAD_BYTES)
    for _ in range(_MAX_TAGS):
        if not head.startswith(b"ID3"):
            break
        # Seven bits in each byte.
        start += 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=False))
        file.seek(start)
        head = file.read(_HEAD_BYTES)
    file.seek(0)
    return next((label for signature, label in _SIGNATURES if re.match(signature, head, re.DOTALL)), None)

"""Files that have the name of a recording but are not audio: what they are, and what to do."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from affetto.speech.decoders.scanning import Bytes

_HEAD_BYTES = 1_024
_DOWNLOAD = "the download has failed; download the recording itself"
_RECORDING = "give the recording itself"
# fmt: off
_SIGNATURES = tuple((re.compile(pattern, re.DOTALL), what, advice) for pattern, what, advice in (
    (rb"version https://git-lfs", "a Git LFS pointer to the recording", "fetch it with git lfs pull"),
    (rb"(?i:\s*<(?:!doctype\s+html|html|head|body|script)\b)", "a web page (HTML)", _DOWNLOAD),
    (rb"\s*<(?:\?xml\b|Error>|svg\b)", "XML", _DOWNLOAD),
    (rb"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\d\]-])", "JSON", _DOWNLOAD),
    (rb"\s*data:(?:audio|video|application)/", "a data URI", "decode the base64 text behind its comma"),
    (rb"%PDF-|\{\\rtf|\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document (PDF, RTF or Office)", _RECORDING),
    (rb"\x1f\x8b\x08|BZh[1-9]1AY|\xfd7zXZ\0|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18",
     "a compressed file (gzip, bzip2, xz, zstd or lz4)", "decompress it"),
    (rb"PK(?:\x03\x04|\x05\x06|\x07\x08)|7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|.{257}ustar",
     "an archive (zip, 7z, rar or tar)", "unpack it and give the recordings in it"),
    (rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP|II\*\0|MM\0\*|BM.{4}\0\0\0\0.\0\0\0", "a picture", _RECORDING),
    (rb"MThd\0\0\0\x06", "MIDI, which holds notes", "render it to wav first"),
    (rb"\x93NUMPY", "a NumPy array", "load it with numpy.load and give (samples, sample_rate)"),
    (rb"\0\x05\x16\x07", "an AppleDouble file of macOS", "give the file whose name lacks the ._"),
    (rb"\x02?#!SILK_V3", "SILK audio, which cannot be decoded", "convert it to wav"),
))
# Audio without a header: the endings of its names, its description, and a command that reads it.
_HEADERLESS = (
    (("ul", "ulaw", "mulaw", "mu", "pcmu"), "8 kHz telephone audio (mu-law)", "ffmpeg -f mulaw -ar 8000 -i"),
    (("al", "alaw", "pcma"), "8 kHz telephone audio (A-law)", "ffmpeg -f alaw -ar 8000 -i"),
    (("vox",), "8 kHz telephone audio (Dialogic ADPCM)", "sox -t vox -r 8000"),
    (("g722",), "16 kHz telephone audio (G.722)", "ffmpeg -f g722 -i"),
    (("g723", "g723_1"), "8 kHz telephone audio (G.723.1)", "ffmpeg -f g723_1 -i"),
    (("g726", "g726-32"), "8 kHz telephone audio (G.726)", "ffmpeg -f g726 -code_size 4 -i"),
    (("g729", "g729a"), "8 kHz telephone audio (G.729)", "ffmpeg -f g729 -i"),
    (("gsm",), "8 kHz telephone audio (GSM 06.10)", "ffmpeg -f gsm -i"),
    (("raw", "pcm", "sw", "s16", "s16le", "l16", "lin"), "audio of unknown sample rate and sample format",
     "ffmpeg -f s16le -ar 16000 -ac 1 -i"),
    *(((f"sln{name}",), f"{rate / 1_000:g} kHz telephone audio (16-bit linear)",
       f"ffmpeg -f s16le -ar {rate} -ac 1 -i") for name, rate in
      (("", 8_000), ("12", 12_000), ("16", 16_000), ("24", 24_000), ("32", 32_000), ("44", 44_100), ("48", 48_000),
       ("96", 96_000), ("192", 192_000))),
)
# fmt: on
_BY_ENDING = {ending: (what, command) for endings, what, command in _HEADERLESS for ending in endings}
# Beginnings of formats that libsndfile reads.
_HEADERS = re.compile(rb"RIFF|RF64|riff|FORM|\.snd|caff|Creative Voice|NIST_1A|\0\x01\xa3\x64|\x64\xa3\x01\0")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MIN_PRINTABLE = 0.97
_MAX_SHOWN = 30


def describe_foreign(data: Bytes) -> str | None:
    """Return what a file is that begins like a known format without audio, and advice; otherwise None."""
    head = data.at(0, _HEAD_BYTES).removeprefix(_BYTE_ORDER_MARK)
    matches = (f"but {what}; {advice}" for pattern, what, advice in _SIGNATURES if pattern.match(head))
    return next(matches, None)


def describe_headerless(data: Bytes, name: str) -> str | None:
    """Return why a file of unknown format is not audio that can be read, and advice; None if it may be.

    Samples without a header are never guessed: any bytes would be taken for sound. The ending of the name tells only
    which command converts them.
    """
    head = data.at(0, _HEAD_BYTES)
    if _HEADERS.match(head):
        return None
    if text := _beginning_of_text(head):
        return f"that can be read: it is text that begins with {text!r}; give the recording itself"
    ending = PurePath(name).suffix.lower().removeprefix(".")
    if ending in _BY_ENDING:
        what, command = _BY_ENDING[ending]
        source, target = shlex.quote(name), shlex.quote(str(PurePath(name).with_suffix(".wav")))
        return (
            f"that can be read as it is: by its ending it is headerless {what}; "
            f"convert it, for example: {command} {source} {target}"
        )
    return "that can be read: it holds only zeros; copy or record it again" if data.are_zero() else None


def _beginning_of_text(head: bytes) -> str:
    """Return the first words of a text, or nothing if the bytes are not text."""
    is_utf_16 = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16" if is_utf_16 else "utf-8", errors="replace").rstrip("\ufffd")
    n_printable = sum(character.isprintable() or character.isspace() for character in text) - text.count("\ufffd")
    if not text or n_printable < _MIN_PRINTABLE * len(text):
        return ""
    words = " ".join(text.split())
    return words if len(words) <= _MAX_SHOWN else words[:_MAX_SHOWN] + "…"

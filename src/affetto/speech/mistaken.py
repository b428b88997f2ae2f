"""What is taken for a recording by its name, and is none: what it is instead, and what to do."""

from __future__ import annotations

import base64
import re
import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING

from affetto.speech.scanning import BEGINNING, Bytes

if TYPE_CHECKING:
    from affetto.speech.sources import EncodedFile

_HEAD_BYTES = 1_024
_UNPACK = "unpack it, and give the recordings in it"
_FETCH = "the download has failed; download the recording itself"
_RECORDING = "give the recording itself"
# fmt: off
_FOREIGN = (
    (rb"version https://git-lfs", "a Git LFS pointer to the recording", "run git lfs pull to fetch it"),
    (rb"(?i:\s*<(?:!doctype\s+html|html|head|body|script)\b)", "a web page (HTML)", _FETCH),
    (rb"\s*<(?:\?xml\b|Error>|svg\b)", "XML", _FETCH),
    (rb"\s*(?:\{\s*[\"}]|\[\s*[\[{\"\d\]-])", "JSON", _FETCH),
    (rb"\s*data:(?:audio|video|application)/", "a data URI", "decode what follows its comma from base64"),
    (rb"\{\\rtf", "an RTF document", _RECORDING),
    (rb"%PDF-", "a PDF document", _RECORDING),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document", _RECORDING),
    (rb"\x1f\x8b\x08", "a gzip-compressed file", "decompress it, for example with gunzip"),
    (rb"BZh[1-9]1AY", "a bzip2-compressed file", "decompress it, for example with bunzip2"),
    (rb"\xfd7zXZ\0", "a file compressed by xz", "decompress it, for example with unxz"),
    (rb"\x28\xb5\x2f\xfd", "a file compressed by zstd", "decompress it, for example with unzstd"),
    (rb"\x04\x22\x4d\x18", "a file compressed by lz4", "decompress it, for example with unlz4"),
    (rb"PK(?:\x03\x04|\x05\x06|\x07\x08)", "a zip archive", _UNPACK),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (rb"Rar!\x1a\x07", "a rar archive", _UNPACK),
    (rb".{257}ustar", "a tar archive", _UNPACK),
    (rb"\x89PNG\r\n", "a picture (PNG)", _RECORDING),
    (rb"\xff\xd8\xff", "a picture (JPEG)", _RECORDING),
    (rb"GIF8[79]a", "a picture (GIF)", _RECORDING),
    (rb"RIFF.{4}WEBP", "a picture (WebP)", _RECORDING),
    (rb"II\*\0|MM\0\*", "a picture (TIFF)", _RECORDING),
    (rb"BM.{4}\0\0\0\0.\0\0\0", "a picture (BMP)", _RECORDING),
    (rb"MThd\0\0\0\x06", "MIDI, which is notes and no sound", "render it to wav first"),
    (rb"\x93NUMPY", "a NumPy array", "load it with numpy.load, and give (samples, sample_rate)"),
    (rb"\x89HDF\r\n", "an HDF5 file", _RECORDING),
    (rb"PAR1", "a Parquet table", _RECORDING),
    (rb"SQLite format 3", "an SQLite database", _RECORDING),
    (rb"\0\x05\x16\x07", "what macOS puts beside a file (AppleDouble)", "give the file whose name lacks the ._"),
    (rb"bplist0", "a property list, which iCloud puts in place of a file", "download the recording itself"),
    (rb"\x02?#!SILK_V3", "SILK sound, which cannot be decoded here", "convert it to wav with silk-v3-decoder"),
)
# Of what has no header: the name's endings, what it is called, and what reads it.
_LINEAR_RATES = {"": 8_000, "8": 8_000, "12": 12_000, "16": 16_000, "24": 24_000, "32": 32_000, "44": 44_100,
                 "48": 48_000, "96": 96_000, "192": 192_000}
_HEADERLESS = (
    (("ul", "ulaw", "mulaw", "mu", "pcmu"), "8 kHz telephone sound (mu-law)", "ffmpeg -f mulaw -ar 8000 -i"),
    (("al", "alaw", "pcma"), "8 kHz telephone sound (A-law)", "ffmpeg -f alaw -ar 8000 -i"),
    (("vox",), "8 kHz telephone sound (Dialogic ADPCM)", "sox -t vox -r 8000"),
    (("g722",), "16 kHz telephone sound (G.722)", "ffmpeg -f g722 -i"),
    (("g723", "g723_1", "g7231"), "8 kHz telephone sound (G.723.1)", "ffmpeg -f g723_1 -i"),
    (("g726", "g726-32"), "8 kHz telephone sound (G.726)", "ffmpeg -f g726 -code_size 4 -i"),
    (("g726-16",), "8 kHz telephone sound (G.726)", "ffmpeg -f g726 -code_size 2 -i"),
    (("g726-24",), "8 kHz telephone sound (G.726)", "ffmpeg -f g726 -code_size 3 -i"),
    (("g726-40",), "8 kHz telephone sound (G.726)", "ffmpeg -f g726 -code_size 5 -i"),
    (("g729", "g729a"), "8 kHz telephone sound (G.729)", "ffmpeg -f g729 -i"),
    (("gsm",), "8 kHz telephone sound (GSM 06.10)", "ffmpeg -f gsm -i"),
    (("raw", "pcm", "sw", "s16", "s16le", "l16", "lin"), "sound, whose rate and sample format only its maker knows",
     "ffmpeg -f s16le -ar 16000 -ac 1 -i"),
    *(((f"sln{name}", f"slin{name}"), f"{rate / 1_000:g} kHz telephone sound (16-bit signed linear)",
       f"ffmpeg -f s16le -ar {rate} -ac 1 -i") for name, rate in _LINEAR_RATES.items()),
)
# fmt: on
_BY_ENDING = {ending: (what, command) for endings, what, command in _HEADERLESS for ending in endings}
_PATTERNS = tuple((re.compile(p, re.DOTALL), what, advice) for p, what, advice in _FOREIGN)
# Of formats that libsndfile reads and that are named as what has none.
_OTHER_HEADERS = (b"NIST_1A", b"\0\x01\xa3\x64", b"\x64\xa3\x01\0")
_BASE64_BYTES = 60
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{60}")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MIN_PRINTABLE = 0.97
_SHOWN_CHARACTERS = 30


def mistaken_for_audio(file: EncodedFile, name: str, *, otherwise: str) -> str | None:
    """Say what a file is that is no recording, and what to do; return None if it may be one.

    Parameters
    ----------
    file : EncodedFile
        At its beginning, where no recording of a known format begins; its position is changed.
    name : str
        What error messages call it.
    otherwise : str
        What to do with a text of no kind that is known.

    Returns
    -------
    str or None
        What comes behind "is not audio".
    """
    data = Bytes(file)
    head = data.at(0, _HEAD_BYTES).removeprefix(_BYTE_ORDER_MARK)
    if foreign := _foreign(head):
        return "but {}; {}".format(*foreign)
    ending = PurePath(name).suffix.lower().removeprefix(".")
    if _is_base64(head):
        return "but base64 text; decode it first, for example with base64 -d"
    if text := _beginning_of_text(head):
        return f"that can be read: it is text that begins with {text!r}; {otherwise}"
    if ending in _BY_ENDING and not head.startswith(_OTHER_HEADERS):
        what, command = _BY_ENDING[ending]
        source, target = shlex.quote(name), shlex.quote(str(PurePath(name).with_suffix(".wav")))
        return (
            f"that can be read as it is: by its ending it is headerless {what}; "
            f"convert it, for example: {command} {source} {target}"
        )
    if not head.strip(b"\0") and data.are_zero(0, data.size):
        return "that can be read: it holds nothing but zeros, as if it had never been written; copy or record it again"
    return None


def is_foreign(data: Bytes) -> bool:
    """Return whether a file begins as what is known to be no recording, though one may lie within."""
    return _foreign(data.at(0, _HEAD_BYTES)) is not None


def _foreign(head: bytes) -> tuple[str, str] | None:
    """Return what begins so, and what to do with it."""
    return next(((what, advice) for pattern, what, advice in _PATTERNS if pattern.match(head)), None)


def _is_base64(head: bytes) -> bool:
    """Return whether a text is a recording of a known format, encoded as base64."""
    if not _BASE64.match(head):
        return False
    decoded = base64.b64decode(head[:_BASE64_BYTES])
    return bool(BEGINNING.match(decoded) or decoded.startswith((b"ID3", b"\xff")))


def _beginning_of_text(head: bytes) -> str:
    """Return the first words of a text, nothing if it is none."""
    is_wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16" if is_wide else "utf-8", errors="replace").rstrip("\ufffd")
    n_printable = sum(character.isprintable() or character.isspace() for character in text) - text.count("\ufffd")
    if not text or n_printable < _MIN_PRINTABLE * len(text):
        return ""
    words = " ".join(text.split())
    return words if len(words) <= _SHOWN_CHARACTERS else words[:_SHOWN_CHARACTERS] + "…"

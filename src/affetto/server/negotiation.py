"""The format of an answer: what a client names, or what its header Accept prefers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from affetto.exports import FORMATS
from affetto.server.problems import ProblemError

if TYPE_CHECKING:
    from affetto.exports import Format

MEDIA_TYPES = {
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "csv": "text/csv",
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
    "audacity": "text/plain",
    "textgrid": "text/x-textgrid",
}
"""The media type of each export format."""

# A weight of RFC 9110, section 12.4.2.
_WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


def choose_format(name: str | None, accept: str) -> Format:
    """Return the format that a request asks for.

    Raises
    ------
    ProblemError
        If there is no such format.
    """
    if name is not None:
        if name not in FORMATS:
            raise ProblemError("invalid-request", f"there is no format {name!r}; use one of {', '.join(FORMATS)}")
        return FORMATS[name]
    by_type = {media_type: FORMATS[name] for name, media_type in MEDIA_TYPES.items()}
    for wanted in _media_ranges(accept) if accept.strip() else ["*/*"]:
        for media_type, export in by_type.items():
            if wanted in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
                return export
    raise ProblemError("not-acceptable", f"none of {accept[:500]!r} is available; accept {', '.join(by_type)}")


def _media_ranges(accept: str) -> list[str]:
    """Return what a header Accept names, what the client prefers first."""
    weighted = []
    for part in accept.lower().split(","):
        media_range, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
        if media_range and _WEIGHT.fullmatch(weight) and float(weight):
            weighted.append((float(weight), media_range))
    return [media_range for _, media_range in sorted(weighted, key=lambda pair: -pair[0])]

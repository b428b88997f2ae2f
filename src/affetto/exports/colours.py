"""One colour for each emotion, the same in the terminal, the picture and the notebook."""

from __future__ import annotations

from zlib import crc32

# Of similar lightness, readable on black and on white; emotions that are often confused are far apart in hue.
_COLOURS = {
    "neutral": "#8d99ae",
    "calm": "#2a9d8f",
    "happy": "#e9b000",
    "sad": "#3a7bd5",
    "angry": "#d62839",
    "fearful": "#8e44ad",
    "disgust": "#6a994e",
    "surprised": "#f3722c",
}
_OTHERS = ("#b56576", "#00a6c8", "#bc8a5f", "#7b6cf6", "#3fa34d", "#d65db1")

NO_SPEECH = "#c9ced6"


def colour(emotion: str | None) -> str:
    """Return the colour of an emotion, or of no speech, as "#rrggbb"; that of an unknown label depends on its name."""
    if emotion is None:
        return NO_SPEECH
    return _COLOURS.get(emotion) or _OTHERS[crc32(emotion.encode("utf-8", "backslashreplace")) % len(_OTHERS)]


def ink(background: str) -> str:
    """Return black or white, the one that is easier to read on a colour.

    Examples
    --------
    >>> ink("#e9b000"), ink("#8e44ad")
    ('#000000', '#ffffff')
    """
    red, green, blue = (int(background[i : i + 2], 16) for i in (1, 3, 5))
    return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#ffffff"

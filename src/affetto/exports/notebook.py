"""A recognition as HTML, as notebooks show it."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.errors import AffettoError
from affetto.exports.colours import NOTHING, colour, ink
from affetto.exports.text import adaptation, caption, clock, dimensions, heard, one_line, ticks, title

if TYPE_CHECKING:
    from affetto.recognition.result import Recognition, Segment

MAX_PLAYER_S = 600.0
"""The sound of longer recordings is left out: all of it would be stored in the notebook."""

_PLAYER_RATE_HZ = 16_000
_TICKS = 8


def as_html(recognition: Recognition) -> str:
    """Return a timeline, and a player where the recording is a file that is still there.

    A click on a segment plays the recording from its start.

    Parameters
    ----------
    recognition : Recognition
        What to show.

    Returns
    -------
    str
        HTML that needs nothing from elsewhere: styles are inline, the sound is in it.
    """
    player = _player(recognition)
    parts = [
        '<div class="affetto" style="max-width:60em;font-family:system-ui,sans-serif;font-size:13px">',
        f'<div style="margin:4px 0"><b><bdi>{_escaped(title(recognition))}</bdi></b>'
        f' <span style="opacity:.65">{clock(recognition.duration_s, decimals=1)}</span>'
        f' <b style="color:{colour(recognition.emotion)}">{_escaped(caption(recognition))}</b>'
        f' <span style="opacity:.65">{dimensions(recognition)}</span>'
        f' <span style="opacity:.65">{adaptation(recognition)}</span></div>',
        *(
            f'<div style="opacity:.65">{_escaped(remark)}</div>'
            for remark in (recognition.reason, *recognition.warnings)
            if remark is not None
        ),
        f'<div style="position:relative;height:26px;overflow:hidden;border-radius:4px;background:{NOTHING}40">',
        *(_block(segment, name, recognition, clickable=bool(player)) for segment, name in heard(recognition)),
        '<div class="affetto-now" style="position:absolute;top:0;bottom:0;width:2px;background:currentColor;'
        'display:none"></div></div>',
        '<div style="position:relative;height:18px;font-size:11px;opacity:.65">',
        *(_tick(time_s, name, recognition) for time_s, name in ticks(recognition.duration_s, most=_TICKS)),
        f"</div>{player}</div>",
    ]
    # A name that is no valid Unicode, as Linux allows, could not be sent to the browser.
    return "".join(parts).encode("utf-8", "backslashreplace").decode()


def _escaped(text: str) -> str:
    return html.escape(one_line(text))


def _block(segment: Segment, name: str, recognition: Recognition, *, clickable: bool) -> str:
    left, width = (_percent(value, recognition) for value in (segment.start_s, segment.end_s - segment.start_s))
    background = colour(segment.emotion)
    look = (
        f"background:{background};color:{ink(background)}" if segment.status == "ok" else f"background:{background}66"
    )
    when = f"{clock(segment.start_s, decimals=1)} – {clock(segment.end_s, decimals=1)}"
    click = (
        "cursor:pointer\" onclick=\"var a=this.closest('.affetto').querySelector('audio');"
        f"a.currentTime={segment.start_s:.3f};a.play()"
    )
    said = f"{when}  {_escaped(caption(segment))}  {dimensions(segment)}"
    return (
        f'<div title="{said}" style="position:absolute;top:0;bottom:0;left:{left:.3f}%;'
        f"width:{width:.3f}%;{look};overflow:hidden;"
        f'text-align:center;line-height:26px;white-space:nowrap;{click if clickable else ""}">{_escaped(name)}</div>'
    )


def _tick(time_s: float, name: str, recognition: Recognition) -> str:
    return f'<span style="position:absolute;left:{_percent(time_s, recognition):.3f}%">{name}</span>'


def _percent(time_s: float, recognition: Recognition) -> float:
    # Where no sound came, live recognition ends with one that has no length.
    return 100 * time_s / (recognition.duration_s or 1.0)


def _player(recognition: Recognition) -> str:
    """Return an audio element that holds the sound, or nothing where it cannot be had."""
    sound = _flac(recognition)
    if sound is None:
        return ""
    follow = (
        "var n=this.closest('.affetto').querySelector('.affetto-now');n.style.display='block';"
        "n.style.left=100*this.currentTime/this.duration+'%'"
    )
    data = base64.b64encode(sound).decode()
    return (
        f'<audio controls preload="metadata" style="width:100%;height:34px" ontimeupdate="{follow}" '
        f'src="data:audio/flac;base64,{data}"></audio>'
    )


def _flac(recognition: Recognition) -> bytes | None:
    if recognition.duration_s > MAX_PLAYER_S:
        return None
    import soundfile

    from affetto.speech import read_with_warnings

    try:
        if not Path(recognition.source).is_file():
            return None
        waveform, _ = read_with_warnings(
            recognition.source,
            sample_rate_hz=_PLAYER_RATE_HZ,
            channels=recognition.channel or "mix",
            track=recognition.track,
        )
    except (AffettoError, OSError, ValueError):  # a folder that is locked by now, a null character in the name
        return None
    if abs(waveform.duration_s - recognition.duration_s) > 0.05:
        # Another recording has taken its name since.
        return None
    sound = io.BytesIO()
    soundfile.write(sound, waveform.samples, _PLAYER_RATE_HZ, format="FLAC", subtype="PCM_16")
    return sound.getvalue()

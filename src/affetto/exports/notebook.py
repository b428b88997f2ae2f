"""A result as HTML, as notebooks show it."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.errors import AffettoError
from affetto.exports.colours import NO_SPEECH, colour, ink
from affetto.exports.text import (
    adaptation,
    caption,
    clock,
    dimensions,
    emotion_name,
    one_line,
    speakers_of,
    spoken_caption,
    ticks,
    time_span,
    title,
)

if TYPE_CHECKING:
    from affetto.recognition.result import Recognition, Segment

MAX_PLAYER_S = 600.0
"""Longer recordings have no player: their sound would be stored in the notebook."""

_PLAYER_RATE_HZ = 16_000


def as_html(recognition: Recognition) -> str:
    """Return a timeline, and a player if the recording is a file; a click on a segment plays it.

    Each speaker has a lane. The HTML needs nothing from elsewhere: it contains the styles and the sound.
    """
    player = _player(recognition)
    warnings = [text for text in (recognition.reason, *recognition.warnings) if text is not None]
    parts = [
        '<div class="affetto" style="max-width:60em;font-family:system-ui,sans-serif;font-size:13px">',
        f'<div style="margin:4px 0"><b><bdi>{_escaped(title(recognition))}</bdi></b>',
        _faint(clock(recognition.duration_s, decimals=1)),
        f' <b style="color:{colour(recognition.emotion)}">{_escaped(caption(recognition))}</b>',
        _faint(dimensions(recognition)),
        f"{_faint(adaptation(recognition))}</div>",
        *(f'<div style="opacity:.65">{_escaped(text)}</div>' for text in warnings),
        '<div style="position:relative">',
        *(_lane(speaker, recognition, clickable=bool(player)) for speaker in speakers_of(recognition) or [None]),
        '<div class="affetto-now" style="position:absolute;top:0;bottom:0;width:2px;background:currentColor;'
        'display:none"></div></div>',
        '<div style="position:relative;height:18px;font-size:11px;opacity:.65">',
        *(
            f'<span style="position:absolute;left:{_percent(time_s, recognition):.3f}%">{name}</span>'
            for time_s, name in ticks(recognition.duration_s, most=8)
        ),
        f"</div>{player}</div>",
    ]
    # Names that are not valid Unicode, which Linux allows, cannot be sent to the browser.
    return "".join(parts).encode("utf-8", "backslashreplace").decode()


def _escaped(text: str) -> str:
    return html.escape(one_line(text))


def _faint(text: str) -> str:
    return f' <span style="opacity:.65">{text}</span>'


def _percent(time_s: float, recognition: Recognition) -> float:
    # Live recognition without any sound returns a recording without length.
    return 100 * time_s / (recognition.duration_s or 1.0)


def _lane(speaker: str | None, recognition: Recognition, *, clickable: bool) -> str:
    """Return the segments of one speaker, below the name."""
    name = f'<div style="font-size:11px;margin-top:4px"><bdi>{_escaped(speaker)}</bdi></div>' if speaker else ""
    blocks = (_block(s, recognition, clickable=clickable) for s in recognition.segments if s.speaker == speaker)
    style = f"position:relative;height:26px;overflow:hidden;border-radius:4px;background:{NO_SPEECH}40"
    return f'{name}<div style="{style}">{"".join(blocks)}</div>'


def _block(segment: Segment, recognition: Recognition, *, clickable: bool) -> str:
    left, width = (_percent(value, recognition) for value in (segment.start_s, segment.end_s - segment.start_s))
    background = colour(segment.emotion)
    is_ok = segment.status == "ok"
    style = f"background:{background};color:{ink(background)}" if is_ok else f"background:{background}66"
    click = (
        "cursor:pointer\" onclick=\"var a=this.closest('.affetto').querySelector('audio');"
        f"a.currentTime={segment.start_s:.3f};a.play()"
    )
    about = (time_span(segment), spoken_caption(segment), dimensions(segment), segment.reason or "")
    return (
        f'<div title="{"  ".join(_escaped(text) for text in about if text)}" '
        f'style="position:absolute;top:0;bottom:0;left:{left:.3f}%;width:{width:.3f}%;{style};overflow:hidden;'
        f'text-align:center;line-height:26px;white-space:nowrap;{click if clickable else ""}">'
        f"{_escaped(emotion_name(segment))}</div>"
    )


def _player(recognition: Recognition) -> str:
    """Return an audio element that contains the sound; "" if the recording is not available."""
    sound = _flac(recognition)
    if sound is None:
        return ""
    follow = (
        "var n=this.closest('.affetto').querySelector('.affetto-now');n.style.display='block';"
        "n.style.left=100*this.currentTime/this.duration+'%'"
    )
    return (
        f'<audio controls preload="metadata" style="width:100%;height:34px" ontimeupdate="{follow}" '
        f'src="data:audio/flac;base64,{base64.b64encode(sound).decode()}"></audio>'
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
    except (AffettoError, OSError, ValueError):  # a locked folder, a null character in the name
        return None
    if abs(waveform.duration_s - recognition.duration_s) > 0.05:  # the file was replaced by another recording
        return None
    sound = io.BytesIO()
    soundfile.write(sound, waveform.samples, _PLAYER_RATE_HZ, format="FLAC", subtype="PCM_16")
    return sound.getvalue()

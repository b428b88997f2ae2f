from __future__ import annotations

import io
from pathlib import Path
from threading import Event

import pytest
from rich.console import Console

from affetto import Recognizer, read
from affetto.exports.live_display import LiveDisplay, recognize_live
from affetto.speech.playback import Playback

EXAMPLE = Path(__file__).parents[2] / "examples" / "reading-long.flac"


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("is_terminal", [False, True])
def test_segments_are_lines_and_a_terminal_shows_the_current_state(
    recognizer: Recognizer, is_terminal: bool, width: int
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return is_terminal

    call = read(EXAMPLE)
    live = recognizer.listen(sample_rate_hz=call.sample_rate_hz)
    # As many colours as in the tests of the timeline: rich caches the codes of a style for all later consoles.
    environ = {"TERM": "xterm", "COLORTERM": "truecolor"}
    console = Console(file=Terminal(), width=width, force_terminal=is_terminal, _environ=environ)
    with LiveDisplay(console, live, recognizer.labels) as display:
        for start in (0, 35_000):
            display.show(live.push(call.samples[start : start + 35_000]))
        live.push(call.samples[70_000:])
        result = live.end()
        display.end(result)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    if not is_terminal:
        assert len(text.splitlines()) == len(result.segments)
    assert ("speaking" in text) == is_terminal
    assert ("arousal" in text) == (width == 120)
    assert "adapted" in text


def test_the_sound_ends_after_some_seconds_or_at_an_interruption() -> None:
    recognizer, console = Recognizer("gmm"), Console(file=io.StringIO())
    with Playback(EXAMPLE, fast=True) as source:
        result = recognize_live(source, recognizer, console, seconds=1.5)
    assert result.duration_s == 1.5
    interrupted = Event()
    interrupted.set()
    with Playback(EXAMPLE, fast=True) as source:
        result = recognize_live(source, recognizer, console, interrupted=interrupted)
    assert result.duration_s < 1

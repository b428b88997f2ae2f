"""The terminal display of live recognition."""

from __future__ import annotations

import time
from math import inf
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.live import Live
from rich.text import Text

from affetto.exports.text import clock, dimensions, emotion_name
from affetto.exports.timeline import WIDTH_FOR_DIMENSIONS, confidence_bar, text_style

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event
    from types import TracebackType
    from typing import Self

    from rich.console import Console

    from affetto.recognition.live import LiveRecognition
    from affetto.recognition.recognizer import Recognizer
    from affetto.recognition.result import Recognition, Segment
    from affetto.speech.microphone import Microphone
    from affetto.speech.playback import Playback

_UPDATE_S = 0.5


def recognize_live(
    source: Microphone | Playback,
    recognizer: Recognizer,
    console: Console,
    *,
    seconds: float | None = None,
    interrupted: Event | None = None,
) -> Recognition:
    """Recognize sound while it arrives, and display each segment.

    Parameters
    ----------
    source : Microphone or Playback
        An entered context.
    recognizer : Recognizer
    console : Console
    seconds : float, optional
        Stop after so much sound.
    interrupted : threading.Event, optional
        Stop when it is set. The sound that a microphone recorded before is still recognized.
    """
    live = recognizer.listen(sample_rate_hz=source.sample_rate_hz)
    n_left = inf if seconds is None else round(seconds * source.sample_rate_hz)
    with LiveDisplay(console, live, recognizer.labels) as display:
        for chunk in source:
            display.show(live.push(chunk[: int(min(n_left, len(chunk)))]))
            n_left -= len(chunk)
            if n_left <= 0:
                break
            if interrupted is not None and interrupted.is_set():
                source.stop()
        recognition = live.end(source=source.name, warnings=source.warnings)
        display.end(recognition)
    return recognition


class LiveDisplay:
    """A line for each segment and, on a terminal, a line about the present; a context manager.

    Parameters
    ----------
    console : Console
    live : LiveRecognition
    labels : sequence of str
        The model's emotions.
    """

    def __init__(self, console: Console, live: LiveRecognition, labels: Sequence[str]) -> None:
        self._console = console
        self._live = live
        self._name_width = max(map(cell_len, labels)) + 1  # with the "?" of an uncertain one
        is_terminal = console.file.isatty() and not console.is_dumb_terminal
        self._line = Live(console=console, auto_refresh=False, transient=True) if is_terminal else None
        self._n_shown = 0
        self._next_update_s = 0.0

    def __enter__(self) -> Self:
        if self._line is not None:
            self._line.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._line is not None:
            self._line.stop()

    def show(self, segments: Sequence[Segment]) -> None:
        """Print segments and, at intervals or after a segment, update the line about the present."""
        self._print(segments)
        now_s = time.monotonic()
        if self._line is not None and (segments or now_s >= self._next_update_s):
            self._line.update(self._present(), refresh=True)
            # At most a third of the time, so that a slow machine keeps up with the sound.
            self._next_update_s = now_s + max(_UPDATE_S, 3 * (time.monotonic() - now_s))

    def end(self, recognition: Recognition) -> None:
        """Print the segments that ended with the sound."""
        self._print(recognition.segments[self._n_shown :])

    def _print(self, segments: Sequence[Segment]) -> None:
        for segment in segments:
            times = (f"{clock(time_s, decimals=1):>9}  " for time_s in (segment.start_s, segment.end_s))
            self._console.print(Text.assemble(*times, self._answer(segment)))
            self._n_shown += 1

    def _present(self) -> Text:
        interim = self._live.interim()
        return Text.assemble(
            ("● ", "red") if self._live.speaking else ("○ ", "dim"),
            f"{clock(self._live.position_s):>7}  ",
            f"{'speaking' if self._live.speaking else 'quiet':<10}  ",
            "" if interim is None else self._answer(interim),
            no_wrap=True,
            overflow="crop",
        )

    def _answer(self, segment: Segment) -> Text:
        style = text_style(segment.emotion)
        confidence = f"{segment.confidence or 0.0:.0%}"
        # A recording is adapted to itself from its second segment on.
        adapted = self._live.adapted_to == "profile" or (self._live.adapted_to and self._n_shown)
        shown = dimensions(segment) if self._console.width >= WIDTH_FOR_DIMENSIONS else ""
        bar = confidence_bar(segment) if shown or adapted else confidence_bar(segment).rstrip()
        return Text.assemble(
            (f"{emotion_name(segment):<{self._name_width}}  ", style),
            f"{confidence:>4}  ",
            (bar, style),
            f"  {shown}" if shown else "",
            ("  adapted" if adapted else "", "dim"),
        )

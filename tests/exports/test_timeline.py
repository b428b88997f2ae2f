from __future__ import annotations

import dataclasses
import io
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from affetto import ModelName, Recognition, Segment
from affetto.exports.timeline import Timeline

if TYPE_CHECKING:
    from affetto.recognition.result import Status


def drawn(recognition: Recognition, *, width: int = 80, colours: bool = False) -> list[str]:
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colours,
        color_system="truecolor" if colours else None,
        highlight=False,
    )
    console.print(Timeline(recognition))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_bar_and_axis_without_colours(dialogue: Recognition) -> None:
    title, shown, bar, axis, shares, *lines = drawn(dataclasses.replace(dialogue, source="a.wav"), width=60)
    assert title == "a.wav  0:10.0  neutral 45%  adapted to the recording"
    assert shown == "arousal +0.10, valence -0.25"
    # Six columns a second: pauses are dots, segments are filled with their letter and, where it fits, their name; one
    # that is uncertain is shaded.
    assert bar == "···a angry annnnnnnn······················░░░░ neutral? ░░░░"
    assert axis == "╵0:00                         ╵0:05"
    assert shares.split() == ["n", "neutral", "74%", "a", "angry", "26%", "h", "happy", "0%"]
    assert len(lines) == len(dialogue.segments)
    assert lines[0].split()[:4] == ["0:00.5", "0:02.0", "angry", "80%"]
    assert lines[3].split()[2:4] == ["neutral?", "40%"]


def test_acoustic_measures_are_below_their_segment(dialogue: Recognition, acoustics: Recognition) -> None:
    lines, plain = drawn(acoustics, width=200), drawn(dialogue, width=200)
    assert [line.rstrip() for line in lines if line in plain] == [line.rstrip() for line in plain]
    (measures,) = (line for line in lines if line not in plain)
    assert lines.index(measures) == lines.index(plain[5]) + 1
    assert measures.startswith("  F0 210 Hz (")
    assert measures.rstrip().endswith("; loudness -20 dBFS; 1 pause, 25% of the time")


def test_wide_terminals_show_the_dimensions_of_segments(dialogue: Recognition) -> None:
    last = {width: drawn(dialogue, width=width)[-1] for width in (80, 120)}
    expected = f"arousal {dialogue.segments[-1].arousal:+.2f}, valence {dialogue.segments[-1].valence:+.2f}"
    assert expected in last[120]
    assert "arousal" not in last[80]


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("colours", [False, True])
def test_nothing_is_wider_than_the_terminal(acoustics: Recognition, width: int, colours: bool) -> None:
    console = Console(file=io.StringIO(), width=width, color_system="truecolor" if colours else None)
    lines = console.render_lines(Timeline(acoustics), pad=False)
    assert all(sum(cell_len(piece.text) for piece in line) <= width for line in lines)


def test_colours_are_used_if_the_terminal_has_them(dialogue: Recognition) -> None:
    assert "48;2;214;40;57" in "".join(drawn(dialogue, colours=True))  # angry, as background
    assert "\x1b" not in "".join(drawn(dialogue))


def test_uncertain_segments_have_no_background(dialogue: Recognition) -> None:
    (uncertain,) = (segment for segment in dialogue.segments if segment.status == "uncertain")
    background, text = "48;2;141;153;174", "38;2;141;153;174"  # neutral
    expected: dict[Status, tuple[str, str]] = {"ok": (background, text), "uncertain": (text, background)}
    for status, (shown, missing) in expected.items():
        one = dataclasses.replace(dialogue, source="a.wav", segments=(dataclasses.replace(uncertain, status=status),))
        bar = drawn(one, colours=True)[2]
        assert shown in bar
        assert missing not in bar


def test_a_column_is_shaded_if_most_of_it_is_uncertain() -> None:
    def is_shaded(*lengths: float) -> bool:
        """Whether the first column is, of a second that is sure and uncertain in turn; the second is sure."""
        edges = np.cumsum([0.0, *lengths, 1.0]).tolist()
        statuses = [("ok", "uncertain")[i % 2] for i in range(len(lengths))] + ["ok"]
        segments = tuple(
            Segment(start, end, status, "sad", 0.5, {"sad": 0.5}, -1.0, -1.0)  # type: ignore[arg-type] # a status
            for start, end, status in zip(edges, edges[1:], statuses, strict=False)
        )
        recognition = Recognition("a.wav", 60.0, "ok", "sad", 0.5, {}, 0.0, 0.0, segments, ModelName("own", "1"))
        styles = re.findall(r"(48|38);2;58;123;213", drawn(recognition, width=60, colours=True)[2])
        assert styles[-1] == "48"
        return len(styles) == 2

    assert [is_shaded(1.0), is_shaded(0.8, 0.2), is_shaded(0.3, 0.1, 0.3, 0.3)] == [False] * 3
    assert [is_shaded(0.2, 0.8), is_shaded(0.1, 0.4, 0.1, 0.4)] == [True] * 2


def test_silence_is_drawn_too(silence: Recognition) -> None:
    title, reason, bar, axis = drawn(silence, width=60)
    assert title == "silence.wav  0:03.0  no speech"
    assert reason == silence.reason
    assert set(bar) == {"·"}
    assert "0:02" in axis


def test_emotions_of_any_name_get_letters_of_their_own() -> None:
    labels = ("sad", "surprised", "sa", "[bold]", "", "怒")
    segments = tuple(
        Segment(float(i), i + 1.0, "ok", label, 0.5, dict.fromkeys(labels, 0.5), 0.0, 0.0)
        for i, label in enumerate(labels)
    )
    recognition = Recognition("a.wav", 6.0, "ok", "sad", 0.5, {}, 0.0, 0.0, segments, ModelName("own", "1"))
    bar = drawn(recognition, width=60)[2]
    assert bar[::10] == "suab??"
    assert any("[bold]" in line for line in drawn(recognition))


def test_an_hour_fits_in_one_bar() -> None:
    segments = tuple(
        Segment(5.0 * i, 5.0 * i + 4, "ok", ("sad", "calm")[i % 10 == 0], 0.5, {"sad": 0.5, "calm": 0.5}, -1.0, -0.5)
        for i in range(720)
    )
    recognition = Recognition("a.wav", 3600.0, "ok", "sad", 0.5, {}, -1.0, -0.9, segments, ModelName("own", "1"))
    _, _, bar, axis, *_ = drawn(recognition)
    assert set(bar) == set("s ad")
    assert "1:00:00" not in axis
    assert "45:00" in axis


def test_each_speaker_of_a_conversation_has_a_bar(conversation: Recognition) -> None:
    lines = [line.rstrip() for line in drawn(dataclasses.replace(conversation, source="a.wav"), width=60)]
    assert (lines[2], lines[4]) == ("Anna", "Ben")
    assert "angry" in lines[3]
    assert "neutral?" in lines[5]
    assert not any("happy" in line for line in lines)


def test_speaker_text_and_reason_are_with_their_segment(conversation: Recognition) -> None:
    lines = [line.rstrip() for line in drawn(conversation, width=120)]
    first = next(n for n, line in enumerate(lines) if line.startswith("0:00.5"))
    assert lines[first].endswith("Anna")
    assert lines[first + 1] == "  I told you <twice>."
    silent = next(n for n, line in enumerate(lines) if line.startswith("0:06.0"))
    assert "no speech" in lines[silent]
    assert lines[silent + 1 : silent + 3] == ["  (sighs)", "  nobody speaks in it"]

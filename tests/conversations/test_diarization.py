from __future__ import annotations

import io

import pytest
from pyannote.core import Annotation, Segment

from affetto import Turn, TurnsError, read_turns
from affetto.conversations.diarization import parse_rttm

LINE = "SPEAKER call 1 {start} {duration} <NA> <NA> {speaker} <NA> <NA>"


def parsed(*lines: str) -> list[Turn]:
    return list(parse_rttm("\n".join(lines), name="call.rttm"))


@pytest.fixture
def annotation() -> Annotation:
    annotation = Annotation(uri="call")
    annotation[Segment(0.5, 3.25)] = "SPEAKER_00"
    annotation[Segment(2.0, 4.0)] = "SPEAKER_01"
    annotation[Segment(5.0, 6.0)] = "Ben"
    return annotation


EXPECTED = (Turn(0.5, 3.25, "SPEAKER_00"), Turn(2.0, 4.0, "SPEAKER_01"), Turn(5.0, 6.0, "Ben"))


def test_the_diarization_of_pyannote_is_read(annotation: Annotation) -> None:
    assert read_turns(speakers=annotation) == EXPECTED


def test_the_rttm_of_pyannote_is_read(annotation: Annotation) -> None:
    out = io.StringIO()
    annotation.write_rttm(out)
    assert read_turns(speakers=out.getvalue().encode()) == EXPECTED


def test_only_the_speaker_lines_of_rttm_count() -> None:
    assert parsed(
        ";; a comment",
        "SPKR-INFO call 1 <NA> <NA> <NA> unknown Anna <NA> <NA>",
        "",
        LINE.format(start=1.5, duration=2, speaker="Anna"),
        "LEXEME call 1 1.5 0.4 hello lex Anna 0.9 <NA>",
        "SPEAKER call 1 4 1 <NA> <NA> <NA>",
    ) == [Turn(1.5, 3.5, "Anna"), Turn(4, 5)]


@pytest.mark.parametrize(
    "line", [LINE.format(start="a" * 10_000, duration=2, speaker="Anna"), LINE.replace("call", "b" * 10_000)]
)
def test_an_error_quotes_only_the_beginning(line: str) -> None:
    with pytest.raises(TurnsError, match=r"line 2.*(a{70}|b{70})") as refused:
        parsed(LINE.format(start=0, duration=1, speaker="Anna"), line)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1.0 2.0 Anna", "line 2.*'1.0'"),
        ("SPEAKER call 1 0.5 2", "line 2.*5 fields"),
        (LINE.format(start="a", duration=2, speaker="Anna"), "line 2.*'a'"),
        (LINE.format(start="nan", duration=2, speaker="Anna"), "line 2.*nan"),
        (LINE.format(start=3, duration=-1, speaker="Anna"), "line 2.*before its start"),
        (LINE.format(start=-3, duration=1, speaker="Anna"), "line 2.*-3"),
        (LINE.format(start=1, duration=1, speaker="Anna").replace("call", "other"), "line 2.*other.*call"),
    ],
)
def test_a_line_that_is_wrong_is_named(line: str, words: str) -> None:
    with pytest.raises(TurnsError, match=rf"call.rttm, {words}"):
        parsed(LINE.format(start=0, duration=1, speaker="Anna"), line)

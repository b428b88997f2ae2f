from __future__ import annotations

import io

import pytest
import webvtt
from hypothesis import given
from hypothesis import strategies as st

from affetto import Turn, TurnsError
from affetto.conversations.subtitles import has_cues, is_vtt, parse_subtitles

SRT = """1
00:00:01,000 --> 00:00:02,500
I told you.

2
00:00:03,250 --> 00:01:04,000 X1:40 X2:600
Twice, and once
more.

"""


def parsed(text: str) -> list[Turn]:
    return list(parse_subtitles(text, name="call.srt"))


def test_srt_has_times_and_texts() -> None:
    assert parsed(SRT) == [Turn(1.0, 2.5, None, "I told you."), Turn(3.25, 64.0, None, "Twice, and once more.")]
    assert not is_vtt(SRT)
    assert has_cues(SRT)


def test_srt_may_have_styles_empty_lines_and_no_numbers() -> None:
    text = "\n\n00:01,000 --> 00:02,000\n{\\an8}<i>Well</i>, 3 < 4\n\nand 5 > 2\n00:00:02.000-->00:00:03.000\n\n"
    assert parsed(text) == [Turn(1, 2, None, "Well, 3 < 4 and 5 > 2"), Turn(2, 3)]


def test_webvtt_has_voices_comments_and_settings() -> None:
    text = """WEBVTT - a call

NOTE 00:00 --> 00:01 is not a cue
nor is this

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.500 align:start position:10%
<v Anna O&apos;Neil>I <b>told</b> you &lt;twice&gt;.</v>

01:00:00.000 --> 01:00:01.000
<v.loud Ben><00:59.500>No!
<c.yellow>You did not.</c>

01:00:02.000 --> 01:00:03.000
Nobody knows who.
00:00:04 is text
"""
    assert is_vtt(text)
    assert parsed(text) == [
        Turn(1, 2.5, "Anna O'Neil", "I told you <twice>."),
        Turn(3_600, 3_601, "Ben", "No! You did not."),
        Turn(3_602, 3_603, None, "Nobody knows who. 00:00:04 is text"),
    ]


def test_two_voices_in_one_cue_speak_at_the_same_time() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Anna>Yes.</v>\n<v Ben>No.</v>\n"
    assert parsed(text) == [Turn(1, 2, "Anna", "Yes."), Turn(1, 2, "Ben", "No.")]


@pytest.mark.parametrize("reference", ["&#" + "5" * 5_000 + ";", "&#x" + "5" * 5_000 + ";"])
def test_a_reference_to_no_character_harms_nothing(reference: str) -> None:
    (turn,) = parsed(f"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Anna>Well {reference}")
    assert (turn.speaker, str(turn.text)[:5]) == ("Anna", "Well ")


def test_speakers_in_brackets_are_those_of_whisperx() -> None:
    text = SRT.replace("I told", "[SPEAKER_01]: I told")
    assert [turn.speaker for turn in parsed(text)] == ["SPEAKER_01", None]
    assert parsed(text)[0].text == "I told you."


def test_names_before_a_colon_are_speakers_if_each_text_has_one() -> None:
    text = SRT.replace("I told", "Anna Müller: I told")
    assert [turn.speaker for turn in parsed(text)] == [None, None]
    both = text.replace("Twice", "Dr Ben: Twice")
    assert [turn.speaker for turn in parsed(both)] == ["Anna Müller", "Dr Ben"]
    assert parsed(both)[1].text == "Twice, and once more."


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("00:00:01,000 --> 00:00:xx,000", "line 2.*xx"),
        ("00:61:01,000 --> 00:62:01,000", "line 2.*61"),
        ("00:00:01 --> 00:00:02", "line 2"),
        ("00:00:05,000 --> 00:00:02,000", "line 2.*2 s, before its start at 5 s"),
    ],
)
def test_damaged_times_are_named_with_their_line(line: str, words: str) -> None:
    with pytest.raises(TurnsError, match=rf"call.srt, {words}"):
        parsed(f"1\n{line}\nWell.\n")


def test_an_arrow_in_a_text_is_no_time() -> None:
    assert parsed("1\n00:00:01,000 --> 00:00:02,000\nfrom A --> to B\n") == [Turn(1, 2, None, "from A --> to B")]


TEXTS = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="<>&{}[]:"), min_size=1),
    min_size=1,
).map(" ".join)


@given(
    cues=st.lists(st.tuples(st.integers(0, 10**8), st.integers(1, 10**6), TEXTS), min_size=1),
    kind=st.sampled_from(["srt", "vtt"]),
)
def test_what_another_library_writes_is_read(cues: list[tuple[int, int, str]], kind: str) -> None:
    written = webvtt.WebVTT()
    for start, length, text in cues:
        start_text, end_text = (
            f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1_000 % 60:02}.{ms % 1_000:03}"
            for ms in (start, start + length)
        )
        written.captions.append(webvtt.Caption(start_text, end_text, text))
    out = io.StringIO()
    written.write(out, format=kind)
    expected = [Turn(start / 1_000, (start + length) / 1_000, None, text) for start, length, text in cues]
    assert parsed(out.getvalue()) == expected

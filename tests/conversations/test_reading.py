from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affetto import ParameterError, Turn, TurnsError, read_turns
from affetto.conversations import reading

if TYPE_CHECKING:
    from pathlib import Path

SRT = "1\n00:00:01,000 --> 00:00:02,500\nDas wär's – 好.\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.500\nDas wär's – 好.\n"
WHISPER = '{"segments": [{"start": 1, "end": 2.5, "text": " Das wär\'s – 好."}]}'
RTTM = "SPEAKER call 1 0.9 2.0 <NA> <NA> Anna <NA> <NA>\n"
SAID = Turn(1, 2.5, None, "Das wär's – 好.")


@pytest.mark.parametrize("text", [SRT, VTT, WHISPER])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_the_format_follows_from_the_content(text: str, encoding: str, tmp_path: Path) -> None:
    for content in (text, text.replace("\n", "\r\n"), text.replace("\n", "\r")):
        (tmp_path / "call.txt").write_bytes(content.encode(encoding))
        assert read_turns(tmp_path / "call.txt") == read_turns(content.encode(encoding)) == (SAID,)


def test_big_endian_marks_are_known() -> None:
    assert read_turns(codecs.BOM_UTF16_BE + SRT.encode("utf-16-be")) == (SAID,)


def test_speakers_alone_are_turns_and_with_a_transcript_name_it(tmp_path: Path) -> None:
    (tmp_path / "call.rttm").write_text(RTTM)
    assert read_turns(speakers=str(tmp_path / "call.rttm")) == (Turn(0.9, 2.9, "Anna"),)
    assert read_turns(SRT.encode(), speakers=RTTM.encode()) == (Turn(1, 2.5, "Anna", SAID.text),)


def test_turns_are_in_order() -> None:
    lines = [RTTM.replace("0.9", str(start)) for start in (5, 1, 3)]
    assert [turn.start_s for turn in read_turns(speakers="".join(lines).encode())] == [1, 3, 5]


@pytest.mark.parametrize("empty", [b"", b"\n \n", b"WEBVTT\n", b'{"segments": []}'])
def test_a_transcript_of_silence_has_no_turns(empty: bytes) -> None:
    assert read_turns(empty) == ()
    assert read_turns(speakers=b"") == ()
    assert read_turns(SRT.encode(), speakers=b"") == (SAID,)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SRT.encode("latin-1", "replace"), "line 3.*UTF-8"),
        (b"RIFF\x00\x00\x00\x00WAVE", "not text"),
        (b"Hello, how are you?", "neither SRT"),
        (RTTM.encode(), "speakers"),
        (b"1\n00:00:01,000 --> 00:00:0", "line 2"),
    ],
)
def test_what_is_no_transcript_is_refused_with_its_name(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "call.srt"
    path.write_bytes(content)
    with pytest.raises(TurnsError, match=f"call.srt.*{words}"):
        read_turns(path)
    with pytest.raises(TurnsError, match=f"the file of the transcript.*{words}"):
        read_turns(content)


@pytest.mark.parametrize("content", [SRT, VTT, WHISPER])
def test_a_transcript_in_the_place_of_speakers_is_told(content: str) -> None:
    with pytest.raises(TurnsError, match="give it as the transcript"):
        read_turns(speakers=content.encode())


@pytest.mark.parametrize("name", ["missing.srt", "", "a\0b", "x" * 5_000])
def test_a_file_that_cannot_be_read_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(TurnsError, match="cannot be read"):
        read_turns(str(tmp_path / name))


@pytest.mark.parametrize("arguments", [(), (5,), (None, 5), ([Turn(0, 1)],)])
def test_other_arguments_are_refused(arguments: Any) -> None:
    with pytest.raises(ParameterError):
        read_turns(*arguments)


def test_absurd_files_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reading, "MAX_TURNS", 3)
    assert len(read_turns(speakers=(RTTM * 3).encode())) == 3
    with pytest.raises(TurnsError, match="more than 3 turns"):
        read_turns(speakers=(RTTM * 4).encode())
    monkeypatch.setattr(reading, "MAX_TURNS", 100)
    with pytest.raises(TurnsError, match=r"moment 0\.9 s"):
        read_turns(speakers=(RTTM * 50).encode())
    monkeypatch.setattr(reading, "MAX_BYTES", 1_000)
    (tmp_path / "call.wav").write_bytes(bytes(2_000))
    with pytest.raises(TurnsError, match=r"call.wav.*larger"):
        read_turns(tmp_path / "call.wav")


def test_too_many_turns_at_once_after_joining_are_refused() -> None:
    speakers = "".join(RTTM.replace("Anna", str(n)).replace("2.0", "20") for n in range(15)).encode()
    cue = WHISPER.partition("[")[2].partition("]")[0].replace("2.5", "12")
    transcript = f'{{"segments": [{", ".join([cue] * 15)}]}}'.encode()
    assert len(read_turns(transcript)) == len(read_turns(speakers=speakers)) == 15
    with pytest.raises(TurnsError, match=r"transcript with the speakers.*leave out"):
        read_turns(transcript, speakers)


@given(data=st.data())
def test_damaged_files_are_refused_or_read(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([SRT, VTT, WHISPER, RTTM])).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=5))
        content = content or bytearray(b" ")
    for arguments in ((bytes(content), None), (None, bytes(content)), (bytes(content), RTTM.encode())):
        try:
            turns = read_turns(*arguments)
        except TurnsError:
            continue
        assert all(isinstance(turn, Turn) for turn in turns)

from __future__ import annotations

import json
from typing import Any

import pytest

from affetto import Turn, TurnsError
from affetto.conversations.whisper import parse_whisper


def parsed(result: Any) -> list[Turn]:
    return list(parse_whisper(json.dumps(result), name="call.json"))


def test_segments_of_whisper_are_turns() -> None:
    segments = [
        {"id": 0, "seek": 0, "start": 0.0, "end": 2.64, "text": " I told you.", "tokens": [50364], "avg_logprob": -0.2},
        {"id": 1, "seek": 0, "start": 2.64, "end": 2.64, "text": " Twice."},
    ]
    assert parsed({"text": " I told you. Twice.", "segments": segments, "language": "en"}) == [
        Turn(0, 2.64, None, "I told you."),
        Turn(2.64, 2.64, None, "Twice."),
    ]
    assert parsed({"segments": []}) == []


def test_whisperx_names_speakers() -> None:
    words = [{"word": "Hello", "start": 0.5, "end": 0.9, "score": 0.8, "speaker": "SPEAKER_01"}, {"word": "5"}]
    segments = [{"start": 0.5, "end": 1, "text": " Hello 5", "words": words, "speaker": "SPEAKER_01"}]
    expected = [Turn(0.5, 1, "SPEAKER_01", "Hello 5")]
    assert parsed({"segments": segments, "word_segments": words}) == parsed(segments) == expected


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"text": "Hello"}, "segments"),
        ({"segments": {"start": 1}}, "segments"),
        ("Hello", "segments"),
        ([{"start": 0, "end": 1}, "Hello"], "segment 2"),
        ([{"start": 0}], "segment 1 has end None"),
        ([{"start": "0", "end": 1}], "segment 1 has start '0'"),
        ([{"start": float("nan"), "end": 1}], "segment 1.*nan"),
        ([{"start": 0, "end": 10**400}], "segment 1.*401 digits"),
        ([{"start": 3, "end": 1}], "segment 1.*before its start"),
        ([{"start": 0, "end": 1, "text": 5}], "segment 1.*text.*int"),
    ],
)
def test_other_json_is_refused_with_the_segment(result: Any, words: str) -> None:
    with pytest.raises(TurnsError, match=rf"call.json.*{words}"):
        parsed(result)


@pytest.mark.parametrize("text", ["{", "[" * 100_000, '{"segments": [1' + "0" * 5_000 + "]}"])
def test_damaged_json_is_refused(text: str) -> None:
    with pytest.raises(TurnsError, match=r"call.json"):
        list(parse_whisper(text, name="call.json"))


@pytest.mark.parametrize("value", ["a" * 10_000, ["a"] * 10_000])
def test_an_error_quotes_only_the_beginning(value: Any) -> None:
    with pytest.raises(TurnsError, match=r"segment 1.*'a") as refused:
        parsed([{"start": 0, "end": value}])
    assert len(str(refused.value)) < 300

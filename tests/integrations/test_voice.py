from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.integrations.trouble import Recording
from tests.recordings import segment

from affetto.integrations._voice import Sound, Voice, summarize

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from affetto import Recognition, Recognizer, Segment


def hear(voice: Voice, recording: Recording, start_s: float = 0.0, end_s: float | None = None) -> list[Segment]:
    pieces = recording.pieces(start_s, end_s)
    return [found for piece in pieces for found in voice.push(Sound(piece, recording.sample_rate_hz, 1))]


def spans(segments: Sequence[Segment]) -> list[tuple[float, float]]:
    return [(segment.start_s, segment.end_s) for segment in segments]


def turn_spans(voice: Voice) -> list[tuple[float, float]]:
    """The times of the segments of a turn."""
    turn = voice.turn()
    return [] if turn is None else [(part["start_s"], part["end_s"]) for part in turn["segments"]]


def test_segments_are_those_of_the_whole_recording(
    recognizer: Recognizer, sequence: Recording, recognized: Recognition
) -> None:
    voice = Voice(recognizer)
    segments = hear(voice, sequence) + voice.end()
    assert spans(segments) == spans(recognized.segments)
    for found, expected in zip(segments, recognized.segments, strict=True):
        assert found.probabilities == pytest.approx(expected.probabilities, abs=0.02)


def test_channels_are_averaged(recognizer: Recognizer, sequence: Recording) -> None:
    mono = sequence.samples[:40_000]
    (expected,) = Voice(recognizer).push(Sound(mono.tobytes(), sequence.sample_rate_hz, 1))
    (found,) = Voice(recognizer).push(Sound(mono.repeat(2).tobytes(), sequence.sample_rate_hz, 2))
    assert found.probabilities == pytest.approx(expected.probabilities, abs=1e-3)


def test_another_sample_rate_ends_the_segment_and_times_go_on(recognizer: Recognizer, root: Path) -> None:
    path = root / "examples" / "sad.flac"
    (alone,) = recognizer.recognize(path).segments
    cut_s = alone.start_s + 0.8
    voice = Voice(recognizer)
    assert hear(voice, Recording(path, sample_rate_hz=8_000), end_s=cut_s) == []
    cut, following = hear(voice, Recording(path, sample_rate_hz=48_000)) + voice.end()
    assert cut.end_s == pytest.approx(cut_s, abs=0.1)
    assert following.start_s - cut_s == pytest.approx(alone.start_s, abs=0.1)
    assert following.emotion == alone.emotion


def test_lost_sound_ends_the_segment_and_counts_as_time(
    recognizer: Recognizer, sequence: Recording, recognized: Recognition
) -> None:
    first, _, third, *_ = recognized.segments
    voice = Voice(recognizer)
    hear(voice, sequence, end_s=first.end_s - 0.5)
    lost_s = third.start_s - 0.3 - (first.end_s - 0.5)
    piece, *others = sequence.pieces(third.start_s - 0.3, third.end_s + 0.5)
    segments = voice.push(Sound(piece, sequence.sample_rate_hz, 1, lost_s=lost_s))
    assert segments[0].end_s == pytest.approx(first.end_s - 0.5, abs=0.1)
    (found,) = (found for other in others for found in voice.push(Sound(other, sequence.sample_rate_hz, 1)))
    assert (found.start_s, found.end_s) == pytest.approx((third.start_s, third.end_s), abs=0.1)


def test_a_turn_has_the_segments_since_the_last_and_the_one_being_spoken(
    recognizer: Recognizer, sequence: Recording, recognized: Recognition
) -> None:
    first, second, third, *_ = spans(recognized.segments)
    voice = Voice(recognizer)
    assert voice.turn() is None
    hear(voice, sequence, end_s=second[1] - 0.5)
    heard, speaking = turn_spans(voice)
    assert (heard, speaking[0]) == (first, second[0])
    assert speaking[1] == pytest.approx(second[1] - 0.5, abs=0.1)
    assert len(hear(voice, sequence, second[1] - 0.5, third[1] + 0.5)) == 2
    assert turn_spans(voice) == [second, third]  # of the second, more was heard since
    assert voice.turn() is None


def test_what_one_turn_knew_to_its_end_is_not_in_the_next(
    recognizer: Recognizer, sequence: Recording, recognized: Recognition
) -> None:
    end_s = recognized.segments[0].end_s + 0.2  # the pause is too short yet to end the segment
    voice = Voice(recognizer)
    assert hear(voice, sequence, end_s=end_s) == []
    assert len(turn_spans(voice)) == 1
    assert len(hear(voice, sequence, end_s, end_s + 0.4)) == 1
    assert voice.turn() is None


def test_after_an_error_the_next_sound_begins_anew(
    recognizer: Recognizer, sequence: Recording, recognized: Recognition
) -> None:
    second = recognized.segments[1]
    voice = Voice(recognizer)
    hear(voice, sequence, end_s=1.0)
    with pytest.raises(ValueError, match="reshape"):
        voice.push(Sound(bytes(160), sequence.sample_rate_hz, 3))
    voice.discard()
    (found,) = hear(voice, sequence, start_s=second.start_s - 0.4, end_s=second.end_s + 0.4)
    assert found.start_s == pytest.approx(1.4, abs=0.1)


def test_without_transcripts_memory_is_bounded(recognizer: Recognizer, sequence: Recording) -> None:
    voice = Voice(recognizer)
    for _ in range(8):
        assert len(voice.push(Sound(sequence.samples.tobytes(), sequence.sample_rate_hz, 1)) + voice.end()) == 6
    assert len(turn_spans(voice)) < 40


def test_a_summary_weighs_the_segments_by_their_length() -> None:
    summary = summarize([segment(0, 1, 0.2, 0.6, 0.2), segment(1.5, 4.5, 0.2, 0.2, 0.6)], threshold=0.5)
    assert summary["probabilities"] == pytest.approx({"neutral": 0.2, "happy": 0.3, "angry": 0.5})
    assert (summary["emotion"], summary["confidence"], summary["status"]) == ("angry", pytest.approx(0.5), "ok")
    assert summary["valence"] < 0 < summary["arousal"]
    assert [part["emotion"] for part in json.loads(json.dumps(summary))["segments"]] == ["happy", "angry"]


def test_a_summary_of_little_confidence_is_uncertain() -> None:
    assert summarize([segment(0, 1, 0.2, 0.5, 0.3)], threshold=0.51)["status"] == "uncertain"

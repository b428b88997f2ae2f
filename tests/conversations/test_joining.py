from __future__ import annotations

from affetto import Turn
from affetto.conversations.joining import join_speakers


def test_each_turn_gets_the_speaker_who_speaks_longest_in_it() -> None:
    transcript = [Turn(0, 3, None, "One."), Turn(3, 5, None, "Two."), Turn(9, 10, None, "Three.")]
    diarization = [Turn(0.1, 2.9, "Anna"), Turn(2.9, 3.2, "Ben"), Turn(3.2, 3.9, "Anna"), Turn(3.9, 5.2, "Ben")]
    assert join_speakers(transcript, diarization)[:3] == [
        Turn(0, 3, "Anna", "One."),
        Turn(3, 5, "Ben", "Two."),
        Turn(9, 10, None, "Three."),
    ]


def test_a_name_in_the_transcript_gives_way_to_the_diarization() -> None:
    transcript = [Turn(0, 3, "Anna", "One."), Turn(5, 6, "Anna", "Two.")]
    assert join_speakers(transcript, [Turn(0, 3, "SPEAKER_00")]) == [
        Turn(0, 3, "SPEAKER_00", "One."),
        Turn(5, 6, "Anna", "Two."),
    ]


def test_another_speaker_within_a_turn_gets_one_without_text() -> None:
    transcript = [Turn(0, 6, None, "A question. And the answer."), Turn(6, 9, None, "More of it.")]
    diarization = [Turn(0.2, 3.5, "Anna"), Turn(3.5, 9.2, "Ben")]
    assert join_speakers(transcript, diarization) == [
        Turn(0, 6, "Anna", "A question. And the answer."),
        Turn(6, 9, "Ben", "More of it."),
        Turn(3.5, 6, "Ben"),
    ]


def test_speech_that_the_transcript_misses_gets_a_turn_without_text() -> None:
    transcript = [Turn(0, 3, None, "One."), Turn(3.8, 5, None, "Two.")]
    diarization = [Turn(0, 5.4, "Anna"), Turn(7, 8, "Anna"), Turn(10, 12.5, "Anna")]
    # Pauses between turns, and short sounds, are not speech that is missing.
    assert join_speakers(transcript, diarization)[2:] == [Turn(10, 12.5, "Anna")]

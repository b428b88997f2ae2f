from __future__ import annotations

import time
from itertools import groupby
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from affetto import Turn
from affetto.conversations.joining import join_speakers
from affetto.conversations.turn import in_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Times are quarters of a second, so that they are exact.
TURNS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30), st.sampled_from("AB")), max_size=8).map(
    lambda spans: in_order(Turn(start / 4, (start + length) / 4, speaker) for start, length, speaker in spans)
)


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


def test_speech_of_another_counts_only_as_far_as_the_part_goes() -> None:
    # Ben has 1.5 s within Anna's speech; what comes after her pause changes nothing.
    transcript = [Turn(0, 2, "Ben"), Turn(1.5, 4, "Anna"), Turn(5, 5.5, "Ben")]
    diarization = [Turn(0, 2, "Ben"), Turn(0.5, 6, "Anna")]
    assert Turn(0.5, 1.5, "Anna") in join_speakers(transcript, diarization)[3:]


@given(transcript=TURNS, diarization=TURNS)
def test_turns_without_text_are_those_of_the_definition(
    transcript: tuple[Turn, ...], diarization: tuple[Turn, ...]
) -> None:
    result = join_speakers(transcript, diarization)
    assert result[len(transcript) :] == list(_without_text(result[: len(transcript)], diarization))


def _without_text(named: Sequence[Turn], diarization: Sequence[Turn]) -> Iterator[Turn]:
    """Look at each quarter of a second of each turn of the diarization."""
    for piece in diarization:
        own = {quarter for turn in named if turn.speaker == piece.speaker for quarter in _quarters(turn)}
        others = {quarter for turn in named if turn.speaker != piece.speaker for quarter in _quarters(turn)}
        for is_own, group in groupby(_quarters(piece), own.__contains__):
            part = list(group)
            of_others_s, length_s = len(others.intersection(part)) / 4, len(part) / 4
            if not is_own and (of_others_s >= 0.5 or length_s >= 2):
                yield Turn(part[0] / 4, (part[-1] + 1) / 4, piece.speaker)


def _quarters(turn: Turn) -> range:
    return range(int(turn.start_s * 4), int(turn.end_s * 4))


def test_a_day_of_turns_under_a_long_one_is_joined_at_once() -> None:
    transcript = [Turn(n, n + 0.9) for n in range(20_000)]
    halves = [Turn(n + start, n + start + 0.45, "Ben") for n in range(20_000) for start in (0.0, 0.45)]
    begin_s = time.perf_counter()
    result = join_speakers(transcript, in_order([Turn(0, 20_000, "Anna"), *halves]))
    assert time.perf_counter() - begin_s < 2
    assert len(result) > 20_000

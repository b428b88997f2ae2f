from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from affetto import Turn
from affetto.conversations.overlaps import common_span, joined, overlapping, several_speakers, uncovered
from affetto.conversations.turn import in_order

TURNS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=15).map(
    lambda spans: in_order(Turn(start, start + length, str(n)) for n, (start, length) in enumerate(spans))
)


@given(turns=TURNS, others=TURNS)
def test_all_that_overlap_are_found(turns: tuple[Turn, ...], others: tuple[Turn, ...]) -> None:
    found = overlapping(turns, others)
    for turn, of_turn in zip(turns, found, strict=True):
        # Turns without length overlap by nothing; whether they are found is all the same.
        assert [o for o in others if _common_s(turn, o) > 0] == [o for o in of_turn if _common_s(turn, o) > 0]
        assert all(_common_s(turn, other) >= 0 for other in of_turn)


SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=15).map(
    lambda spans: [(start, start + length) for start, length in spans]
)


@given(spans=SPANS, span=st.tuples(st.integers(0, 20), st.integers(1, 20)), least_s=st.integers(1, 3))
def test_parts_are_those_that_no_span_covers(
    spans: list[tuple[float, float]], span: tuple[int, int], least_s: int
) -> None:
    start, end = span[0], span[0] + span[1]
    # Spans without length cover nothing, but divide what is around them.
    spans = [(first, last) for first, last in spans if first < last]
    free = [n for n in range(start, end) if not any(first <= n < last for first, last in spans)]
    parts = uncovered((start, end), joined(spans), least_s=1)
    assert [n for first, last in parts for n in range(int(first), int(last))] == free
    longer = [(first, last) for first, last in parts if last - first >= least_s]
    assert uncovered((start, end), joined(spans), least_s=least_s) == longer


@given(turns=TURNS, names=st.lists(st.sampled_from(["Anna", "Ben", None]), min_size=15, max_size=15))
def test_several_speakers_are_two_names_at_once(turns: tuple[Turn, ...], names: list[str | None]) -> None:
    turns = tuple(Turn(turn.start_s, turn.end_s, name) for turn, name in zip(turns, names, strict=False))
    spans = several_speakers(turns)
    assert spans == joined(spans)
    expected = [n for n in range(40) if len({t.speaker for t in turns if t.start_s <= n < t.end_s}) > 1]
    assert [n for start, end in spans for n in range(int(start), int(end))] == expected


def _common_s(turn: Turn, other: Turn) -> float:
    start, end = common_span(turn, other)
    return end - start

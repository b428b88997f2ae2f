from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from affetto import Turn
from affetto.conversations.overlaps import common_span, overlapping
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


def _common_s(turn: Turn, other: Turn) -> float:
    start, end = common_span(turn, other)
    return end - start

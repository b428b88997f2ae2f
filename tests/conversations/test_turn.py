from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest

from affetto import ParameterError, Turn
from affetto.conversations.turn import MAX_AT_ONCE, in_order


def test_white_space_around_names_and_texts_does_not_count() -> None:
    turn = Turn(0, 1, speaker=" Anna \n", text="I told\n  you twice. ")
    assert (turn.speaker, turn.text) == ("Anna", "I told you twice.")
    assert Turn(0, 1, speaker="  ", text="") == Turn(0.0, 1.0)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((nan, 1), "start_s.*nan"),
        ((0, inf), "end_s.*inf"),
        ((0, 1e308), "end_s.*1e"),
        ((-0.5, 1), "-0.5"),
        ((2, 1), "1 s, before its start at 2 s"),
        (("0", 1), "start_s.*'0'"),
        ((0, True), "end_s.*True"),
        ((0, 1, 7), "speaker.*int"),
        ((0, 1, None, b"text"), "text.*bytes"),
    ],
)
def test_a_turn_that_cannot_be_is_refused(values: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        Turn(*values)


def test_turns_are_ordered_by_their_start_and_keep_their_order_beyond_that() -> None:
    late, first, second = Turn(5, 6), Turn(1, 3, "Anna"), Turn(1, 2, "Ben")
    assert in_order([late, first, second]) == (first, second, late)
    assert in_order(iter([])) == ()


def test_anything_else_is_not_a_turn() -> None:
    for turns, words in ((5, "int"), ("call.srt", "str"), ([(0, 1)], "tuple")):
        with pytest.raises(ParameterError, match=f"{words}.*read_turns"):
            in_order(turns)  # type: ignore[arg-type]


def test_turns_that_repeat_each_other_are_refused() -> None:
    assert len(in_order([Turn(0, 9)] * MAX_AT_ONCE + [Turn(9, 10)])) == MAX_AT_ONCE + 1
    with pytest.raises(ParameterError, match="moment 3 s"):
        in_order([Turn(0, 9)] * MAX_AT_ONCE + [Turn(3, 4)])

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affetto.preprocessing.vad.endpointer import Endpointer, FrameSpan

USUAL = {"pause": 5, "margin": 2, "before": 9, "least": 3, "longest": 40}


def found(probabilities: list[float], **parameters: float) -> list[FrameSpan]:
    utterances = Endpointer(**(USUAL | parameters))  # type: ignore[arg-type] # integers
    return [*utterances.push(probabilities), *utterances.end()]


def spans(probabilities: list[float], **parameters: float) -> list[tuple[int, int]]:
    return [(utterance.start, utterance.end) for utterance in found(probabilities, **parameters)]


def test_an_utterance_is_speech_with_margins() -> None:
    assert spans([0.0] * 10 + [0.9] * 8 + [0.0] * 10) == [(8, 20)]


def test_speech_at_either_end_has_no_margin_outside() -> None:
    assert spans([0.9] * 8) == [(0, 8)]
    assert spans([0.0] + [0.9] * 8 + [0.0]) == [(0, 10)]


def test_a_short_pause_is_within_an_utterance_and_a_long_one_between_two() -> None:
    assert spans([0.9] * 6 + [0.0] * 4 + [0.9] * 6) == [(0, 16)]
    assert spans([0.9] * 6 + [0.0] * 5 + [0.9] * 6) == [(0, 8), (9, 17)]


def test_margins_of_neighbours_do_not_overlap() -> None:
    assert spans([0.9] * 6 + [0.0] * 5 + [0.9] * 6, margin=4) == [(0, 10), (10, 17)]


def test_speech_begins_at_the_onset_and_goes_on_to_the_offset() -> None:
    assert spans([0.0] * 5 + [0.35] * 5 + [0.9] * 5 + [0.35] * 5 + [0.25] * 9, margin=0) == [(10, 20)]


def test_what_sounds_like_speech_for_a_moment_is_noise() -> None:
    assert spans([0.0] * 9 + [0.9] * 3 + [0.0] * 9) == []
    assert spans([0.0] * 9 + [0.45, 0.0, 0.0, 0.45, 0.0, 0.0, 0.45] + [0.0] * 9) == []


def test_a_long_utterance_is_cut_where_a_pause_is_most_probable() -> None:
    speech = [0.9] * 50
    speech[29:32] = [0.3, 0.2, 0.3]
    first, second = found(speech)
    assert first.end == second.start
    assert 28 < first.end < 33
    assert (first.start, second.end) == (0, 50)


def test_steady_speech_is_not_cut_at_its_end() -> None:
    first, second = found([0.9] * 50)
    assert first.end == second.start
    assert 20 <= first.end < 38


@pytest.mark.parametrize("n_speech", [35, 36, 37, 38, 39])
def test_nothing_comes_after_a_cut_in_the_last_pause(n_speech: int) -> None:
    (only,) = found([0.9] * n_speech + [0.0] * 60)
    assert only.start == 0
    assert n_speech - 2 <= only.end <= n_speech + 2


def test_an_utterance_comes_out_as_soon_as_its_pause_is_over() -> None:
    utterances = Endpointer(**USUAL)
    assert list(utterances.push([0.9] * 6 + [0.0] * 4)) == []
    assert list(utterances.push([0.0])) == [(0, 8, 0, 11)]


def test_what_is_around_an_utterance_is_no_other_utterance() -> None:
    assert found([0.0] * 20 + [0.9] * 8 + [0.0] * 20) == [(18, 30, 11, 33)]
    first, second = found([0.0] + [0.9] * 6 + [0.0] * 6 + [0.9] * 6)
    # No speech of a neighbour's, and before an utterance nothing that is nearer to the one before.
    assert first == (0, 9, 0, 12)
    assert second == (11, 19, 10, 19)
    assert found([0.9] * 6 + [0.0] * 40 + [0.9] * 6)[1].first == 46 - 9


def test_a_cut_has_nothing_around_it() -> None:
    first, second = found([0.9] * 50)
    assert first.last == first.end == second.first == second.start


probabilities = st.lists(st.sampled_from([0.0, 0.05, 0.2, 0.5, 0.95]), max_size=300)


@given(probabilities, st.integers(1, 50))
def test_pieces_make_no_difference(heard: list[float], size: int) -> None:
    utterances = Endpointer(**USUAL)
    pieces = [heard[start : start + size] for start in range(0, len(heard), size)]
    got = [utterance for piece in pieces for utterance in utterances.push(piece)]
    assert [*got, *utterances.end()] == found(heard)


@given(probabilities)
def test_utterances_are_in_order_apart_and_not_too_long(heard: list[float]) -> None:
    utterances = Endpointer(**USUAL)
    last, needed = 0, 0
    for probability in heard:
        for utterance in utterances.push([probability]):
            # What was let go of is never asked for.
            assert needed <= utterance.first <= utterance.start < utterance.end <= utterance.last <= len(heard)
            assert last <= utterance.start
            assert utterance.end - utterance.start <= 40 + 4
            last = utterance.end
        assert utterances.needed_from >= needed
        needed = utterances.needed_from
    every = found(heard)
    inside = np.zeros(len(heard), bool)
    for utterance in every:
        assert not inside[utterance.start : utterance.end].any()
        inside[utterance.start : utterance.end] = True

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affetto.preprocessing.vad.endpointer import Endpointer, FrameSpan

USUAL = {"pause": 5, "margin": 2, "before": 9, "min_speech": 3, "max_frames": 40}


def found(probabilities: list[float], **parameters: float) -> list[FrameSpan]:
    endpointer = Endpointer(**(USUAL | parameters))  # type: ignore[arg-type] # integers
    return [*endpointer.push(probabilities), *endpointer.end()]


def spans(probabilities: list[float], **parameters: float) -> list[tuple[int, int]]:
    return [(segment.start, segment.end) for segment in found(probabilities, **parameters)]


def test_a_segment_is_speech_with_margins() -> None:
    assert spans([0.0] * 10 + [0.9] * 8 + [0.0] * 10) == [(8, 20)]


def test_margins_end_with_the_sound() -> None:
    assert spans([0.9] * 8) == [(0, 8)]
    assert spans([0.0] + [0.9] * 8 + [0.0]) == [(0, 10)]


def test_only_long_pauses_separate_segments() -> None:
    assert spans([0.9] * 6 + [0.0] * 4 + [0.9] * 6) == [(0, 16)]
    assert spans([0.9] * 6 + [0.0] * 5 + [0.9] * 6) == [(0, 8), (9, 17)]


def test_margins_of_neighbours_do_not_overlap() -> None:
    assert spans([0.9] * 6 + [0.0] * 5 + [0.9] * 6, margin=4) == [(0, 10), (10, 17)]


def test_speech_begins_above_the_onset_and_ends_below_the_offset() -> None:
    assert spans([0.0] * 5 + [0.35] * 5 + [0.9] * 5 + [0.35] * 5 + [0.25] * 9, margin=0) == [(10, 20)]


def test_too_little_speech_is_noise() -> None:
    assert spans([0.0] * 9 + [0.9] * 3 + [0.0] * 9) == []
    assert spans([0.0] * 9 + [0.45, 0.0, 0.0, 0.45, 0.0, 0.0, 0.45] + [0.0] * 9) == []


def test_a_long_segment_is_cut_where_a_pause_is_most_probable() -> None:
    speech = [0.9] * 50
    speech[29:32] = [0.3, 0.2, 0.3]
    first, second = found(speech)
    assert first.end == second.start
    assert 28 < first.end < 33
    assert (first.start, second.end) == (0, 50)


def test_continuous_speech_is_not_cut_at_its_end() -> None:
    first, second = found([0.9] * 50)
    assert first.end == second.start
    assert 20 <= first.end < 38


@pytest.mark.parametrize("n_speech", [35, 36, 37, 38, 39])
def test_a_cut_in_the_last_pause_leaves_no_second_segment(n_speech: int) -> None:
    (only,) = found([0.9] * n_speech + [0.0] * 60)
    assert only.start == 0
    assert n_speech - 2 <= only.end <= n_speech + 2


def test_a_segment_is_returned_when_its_pause_is_over() -> None:
    endpointer = Endpointer(**USUAL)
    assert list(endpointer.push([0.9] * 6 + [0.0] * 4)) == []
    assert list(endpointer.push([0.0])) == [(0, 8, 0, 11)]


def test_padding_ends_at_the_neighbours() -> None:
    assert found([0.0] * 20 + [0.9] * 8 + [0.0] * 20) == [(18, 30, 11, 33)]
    first, second = found([0.0] + [0.9] * 6 + [0.0] * 6 + [0.9] * 6)
    # Before a segment, frames nearer to the segment before do not count.
    assert first == (0, 9, 0, 12)
    assert second == (11, 19, 10, 19)
    assert found([0.9] * 6 + [0.0] * 40 + [0.9] * 6)[1].padded_start == 46 - 9


def test_a_cut_has_no_padding() -> None:
    first, second = found([0.9] * 50)
    assert first.padded_end == first.end == second.padded_start == second.start


probabilities = st.lists(st.sampled_from([0.0, 0.05, 0.2, 0.5, 0.95]), max_size=300)


@given(probabilities, st.integers(1, 50))
def test_the_block_size_makes_no_difference(values: list[float], size: int) -> None:
    endpointer = Endpointer(**USUAL)
    pieces = [values[start : start + size] for start in range(0, len(values), size)]
    output = [segment for piece in pieces for segment in endpointer.push(piece)]
    assert [*output, *endpointer.end()] == found(values)


@given(probabilities)
def test_segments_are_in_order_apart_and_not_too_long(values: list[float]) -> None:
    endpointer = Endpointer(**USUAL)
    last, needed = 0, 0
    for probability in values:
        for segment in endpointer.push([probability]):
            # No segment needs discarded frames.
            assert needed <= segment.padded_start <= segment.start < segment.end <= segment.padded_end <= len(values)
            assert last <= segment.start
            assert segment.end - segment.start <= 40 + 4
            last = segment.end
        assert endpointer.needed_from >= needed
        needed = endpointer.needed_from
    every = found(values)
    inside = np.zeros(len(values), bool)
    for segment in every:
        assert not inside[segment.start : segment.end].any()
        inside[segment.start : segment.end] = True

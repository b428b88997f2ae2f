from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from affetto import Turn, read
from affetto.conversations.turn import in_order
from affetto.recognition.turn_windows import Window, find_speech_in_windows, plan_windows
from affetto.speech import open_stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

RATE = 16_000


class Blocks:
    """A stream of blocks of a given size."""

    sample_rate_hz = RATE

    def __init__(self, samples: NDArray[np.float32], size: int) -> None:
        self.samples, self.size, self.position_s = samples, size, 0.0

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        for start in range(0, len(self.samples), self.size):
            block = self.samples[start : start + self.size]
            self.position_s = (start + len(block)) / RATE
            yield block


def spans(*turns: Turn) -> list[tuple[int, float, float]]:
    return sorted(window[:3] for window in plan_windows(turns).windows)


def test_a_turn_is_listened_to_from_its_start_to_its_end() -> None:
    plan = plan_windows([Turn(2.0, 3.0, "Anna"), Turn(4.0, 6.0, "Ben"), Turn(9.0, 9.2, "Ben")])
    # The sound around each ends half-way to its neighbours.
    expected = [(0, 2.0, 3.0, 1.0, 3.4), (1, 4.0, 6.0, 3.5, 6.4), (2, 9.0, 9.2, 8.0, 9.6)]
    assert [tuple(window) for window in plan.windows] == [pytest.approx(window) for window in expected]
    assert plan.overlapped == plan.shortened == frozenset()


def test_sound_around_a_turn_never_belongs_to_another() -> None:
    windows = plan_windows([Turn(0.2, 3.0, "Anna"), Turn(1.0, 1.4, "Anna"), Turn(3.0, 4.0), Turn(4.2, 5.0)]).windows
    around = {window.turn: (window.before_s, window.after_s) for window in windows}
    assert around[0] == (0.0, 3.0)
    assert around[1][0] == 1.0
    assert around[2] == pytest.approx((3.0, 4.1))
    assert around[3] == pytest.approx((4.1, 5.4))


def test_only_the_part_without_other_speakers_answers() -> None:
    # Ben interrupts Anna twice, Carla speaks at her end.
    anna, ben, again, carla = Turn(0, 10, "Anna"), Turn(2, 3, "Ben"), Turn(3.1, 5, "Ben"), Turn(9, 12, "Carla")
    assert spans(anna, ben, again, carla)[:2] == [(0, 0, 2), (0, 5, 9)]
    assert spans(anna, ben, again, carla)[-1] == (3, 10, 12)
    # A speaker does not disturb herself.
    assert spans(Turn(0, 10, "Anna"), Turn(4, 6, "Anna")) == [(0, 0, 10), (1, 4, 6)]


def test_a_turn_that_others_cover_is_listened_to_as_a_whole() -> None:
    turns = [Turn(0, 10, "Anna"), Turn(1, 2, "Ben"), Turn(2.5, 5.0, "Ben"), Turn(9.2, 12.0)]
    plan = plan_windows(turns)
    assert plan.overlapped == {1, 2}
    assert plan.shortened == {0, 3}
    assert [tuple(window[:3]) for window in plan.windows if window.turn in (1, 2)] == [(1, 1, 2), (2, 2.5, 5.0)]
    # Of a short turn two thirds must be free of others, of a long one two seconds.
    assert not plan_windows([Turn(0, 1, "Anna"), Turn(0.7, 3, "Ben")]).overlapped
    assert plan_windows([Turn(0, 1, "Anna"), Turn(0.6, 3, "Ben")]).overlapped == {0}
    assert not plan_windows([Turn(0, 9, "Anna"), Turn(2, 12, "Ben")]).overlapped


def test_a_turn_without_length_is_not_listened_to() -> None:
    assert spans(Turn(1, 1, "Anna"), Turn(1, 2, "Ben")) == [(1, 1, 2)]


def test_a_turn_too_short_for_speech_is_not_listened_to() -> None:
    plan = plan_windows([Turn(n / 100, n / 100 + 0.006, str(n % 3)) for n in range(500)])
    assert (plan.windows, plan.overlapped) == ([], frozenset())
    assert spans(Turn(1.0, 1.05), Turn(2.0, 2.2)) == [(1, 2.0, 2.2)]


def test_many_turns_beside_long_ones_are_planned_at_once() -> None:
    turns = in_order([Turn(n, n + 0.9, "Ben") for n in range(20_000)] + [Turn(0, 20_000, str(n)) for n in range(18)])
    begin_s = time.perf_counter()
    assert len(plan_windows(turns).overlapped) == len(turns)
    assert time.perf_counter() - begin_s < 2


def test_progress_can_end_the_work_on_thousands_of_windows_in_one_block() -> None:
    class TimeIsUpError(Exception):
        pass

    def progress(position_s: float) -> None:
        if time.perf_counter() > begin_s + 0.2:
            raise TimeIsUpError

    blocks = Blocks(np.zeros(60 * RATE, np.float32), 60 * RATE)
    windows = [Window(n, n / 100, n / 100 + 0.5, max(n / 100 - 1, 0), n / 100 + 0.9) for n in range(5_000)]
    begin_s = time.perf_counter()
    with pytest.raises(TimeIsUpError):
        list(find_speech_in_windows(blocks, windows, progress=progress))  # type: ignore[arg-type]
    assert time.perf_counter() - begin_s < 1.2


@pytest.mark.parametrize("size", [160, 7_001, 1_000_000])
def test_the_size_of_the_blocks_makes_no_difference(root: Path, size: int) -> None:
    samples = read(root / "examples" / "sequence.flac", sample_rate_hz=RATE).samples
    windows = plan_windows([Turn(0.5, 6, "Anna"), Turn(1, 4, "Ben"), Turn(6.5, 9, "Anna"), Turn(9, 99)]).windows
    with open_stream((samples, RATE)) as stream:
        expected = list(find_speech_in_windows(stream, windows))
    found = list(find_speech_in_windows(Blocks(samples, size), windows))  # type: ignore[arg-type]
    assert len(expected) >= 5
    key = lambda item: (item[0], item[1].start)  # noqa: E731
    for (turn, segment), (other, same) in zip(sorted(expected, key=key), sorted(found, key=key), strict=True):
        assert (turn, segment.start) == (other, same.start)
        assert np.array_equal(segment.padded, same.padded)


def test_speech_outside_of_a_window_does_not_count(root: Path) -> None:
    samples = read(root / "examples" / "reading-long.flac", sample_rate_hz=RATE).samples
    (found,) = find_speech_in_windows(Blocks(samples, 4_000), [Window(0, 4.0, 5.0, 3.0, 5.4)])  # type: ignore[arg-type]
    start, samples_found = found[1].start, found[1].samples
    assert 3.9 < start / RATE < 4.5
    assert 4.6 < (start + len(samples_found)) / RATE < 5.1
    assert np.array_equal(samples_found, samples[start : start + len(samples_found)])

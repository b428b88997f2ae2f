from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from affetto import read
from affetto.bundles.bundle import find_bundle, load_bundle
from affetto.preprocessing.vad import SpeechSegment, SpeechSegmenter
from affetto.recognition.inference_pool import InferencePool, find_segments
from affetto.speech import open_stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RATE = 16_000


@pytest.fixture(scope="module")
def pool() -> InferencePool:
    return InferencePool(load_bundle(find_bundle("transformer")), threads=2)


@pytest.fixture(scope="module")
def segments(root: Path) -> list[tuple[int, SpeechSegment]]:
    """Two channels, in which two speak in turn."""
    pause = np.zeros(RATE, np.float32)
    angry, sad = (read(root / "examples" / f"{name}.flac", sample_rate_hz=RATE).samples for name in ("angry", "sad"))
    turns = [np.concatenate([pause, *parts, pause]) for parts in ((angry, 0 * sad, angry), (0 * angry, sad, 0 * angry))]
    with open_stream((np.stack(turns, axis=1), RATE), sample_rate_hz=RATE, channels="each") as stream:
        return list(find_segments(stream, [SpeechSegmenter(RATE) for _ in turns]))


def test_segments_of_all_channels_come_as_they_end(segments: list[tuple[int, SpeechSegment]]) -> None:
    assert [channel for channel, _ in segments] == [0, 1, 0]
    starts = [segment.start for _, segment in segments]
    assert starts == sorted(starts)


def test_several_at_a_time_give_the_same_numbers_as_one_after_the_other(
    pool: InferencePool, segments: list[tuple[int, SpeechSegment]]
) -> None:
    together = list(pool.predict_each(iter(segments)))
    in_turn = list(pool.predict_each(iter(segments), threads=1))
    assert [channel for channel, _ in together] == [channel for channel, _ in in_turn] == [0, 1, 0]
    for (_, one), (_, other) in zip(together, in_turn, strict=True):
        assert (one.start_s, one.end_s) == (other.start_s, other.end_s)
        assert np.array_equal(one.output.probabilities, other.output.probabilities)
        assert one.acoustics is None


def test_no_thread_is_left_behind(pool: InferencePool, segments: list[tuple[int, SpeechSegment]]) -> None:
    list(pool.predict_each(iter(segments)))
    for thread in threading.enumerate():
        if "ThreadPoolExecutor" in thread.name:
            thread.join(timeout=5)
    assert not [thread for thread in threading.enumerate() if "ThreadPoolExecutor" in thread.name]


def test_segments_are_detected_only_shortly_before_they_are_needed(
    pool: InferencePool, segments: list[tuple[int, SpeechSegment]]
) -> None:
    asked = threading.Semaphore(0)

    def endless() -> Iterator[tuple[int, SpeechSegment]]:
        while True:
            asked.release()
            yield segments[0]

    predicted = pool.predict_each(endless())
    for _ in range(3):
        next(predicted)
    count = 0
    while asked.acquire(blocking=False):
        count += 1
    assert count < 12


def test_the_model_gets_the_padded_segment(pool: InferencePool, segments: list[tuple[int, SpeechSegment]]) -> None:
    _, segment = segments[0]
    sob = np.random.default_rng(0).normal(0, 0.05, RATE // 4).astype(np.float32)
    longer = segment._replace(padded=np.concatenate([sob, segment.samples]))
    alone, padded = (pool.predict(one) for one in (segment, longer))
    assert (alone.start_s, alone.end_s) == (padded.start_s, padded.end_s)
    assert not np.allclose(alone.output.probabilities, padded.output.probabilities, atol=1e-3)


def test_acoustics_are_measured_on_request(pool: InferencePool, segments: list[tuple[int, SpeechSegment]]) -> None:
    for threads in (1, 2):
        predicted = pool.predict_each(iter(segments), acoustics=True, threads=threads)
        assert all(utterance.acoustics is not None for _, utterance in predicted)

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from affetto import read
from affetto.preprocessing.voice_activity import SpeechSegmenter, Stretch
from affetto.recognition.bundle import find_bundle, load_bundle
from affetto.recognition.hearing import Hearing, find_stretches
from affetto.recognition.inference import Inference
from affetto.speech import open_stream

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000


@pytest.fixture(scope="module")
def hearing() -> Hearing:
    return Hearing(load_bundle(find_bundle("transformer")), threads=2)


@pytest.fixture(scope="module")
def stretches(root: Path) -> list[tuple[int, Stretch]]:
    """Two channels, in which two speak in turn."""
    pause = np.zeros(RATE, np.float32)
    angry, sad = (read(root / "examples" / f"{name}.flac", sample_rate_hz=RATE).samples for name in ("angry", "sad"))
    turns = [np.concatenate([pause, *parts, pause]) for parts in ((angry, 0 * sad, angry), (0 * angry, sad, 0 * angry))]
    with open_stream((np.stack(turns, axis=1), RATE), sample_rate_hz=RATE, channels="each") as stream:
        return list(find_stretches(stream, [SpeechSegmenter(RATE) for _ in turns]))


def test_stretches_come_channel_by_channel_as_they_end(stretches: list[tuple[int, Stretch]]) -> None:
    assert [channel for channel, _ in stretches] == [0, 1, 0]
    starts = [stretch.start for _, stretch in stretches]
    assert starts == sorted(starts)


def test_several_at_a_time_are_heard_as_in_turn(hearing: Hearing, stretches: list[tuple[int, Stretch]]) -> None:
    together = list(hearing.hear_together(iter(stretches)))
    in_turn = list(hearing.hear_in_turn(iter(stretches)))
    assert [channel for channel, _ in together] == [channel for channel, _ in in_turn] == [0, 1, 0]
    for (_, one), (_, other) in zip(together, in_turn, strict=True):
        assert (one.start_s, one.end_s) == (other.start_s, other.end_s)
        assert np.allclose(one.heard.probabilities, other.heard.probabilities, atol=1e-5)
        assert one.explanation is None


def test_however_many_hear_at_once_the_model_is_loaded_once_more(
    stretches: list[tuple[int, Stretch]], monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    class Counted(Inference):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            loaded.append(options)
            super().__init__(*arguments, **options)

    monkeypatch.setattr("affetto.recognition.hearing.Inference", Counted)
    hearing = Hearing(load_bundle(find_bundle("transformer")), threads=2)
    with ThreadPoolExecutor(4) as pool:
        heard = list(pool.map(lambda _: list(hearing.hear_in_turn(iter(stretches[:1]))), range(8)))
    assert len(heard) == 8
    assert loaded == [{"threads": 2}, {"threads": 1}]


def test_no_more_stretches_are_looked_for_than_can_be_heard_soon(
    hearing: Hearing, stretches: list[tuple[int, Stretch]]
) -> None:
    asked = threading.Semaphore(0)

    def endless() -> object:
        while True:
            asked.release()
            yield stretches[0]

    heard = hearing.hear_together(endless())  # type: ignore[arg-type] # a generator
    for _ in range(3):
        next(heard)
    count = 0
    while asked.acquire(blocking=False):
        count += 1
    assert count < 12


def test_what_is_around_an_utterance_is_heard_and_does_not_count_as_it(
    hearing: Hearing, stretches: list[tuple[int, Stretch]]
) -> None:
    _, stretch = stretches[0]
    sob = np.random.default_rng(0).normal(0, 0.05, RATE // 4).astype(np.float32)
    longer = stretch._replace(surrounded=np.concatenate([sob, stretch.samples]))
    alone, surrounded = (hearing.hear(one) for one in (stretch, longer))
    assert (alone.start_s, alone.end_s) == (surrounded.start_s, surrounded.end_s)
    assert not np.allclose(alone.heard.probabilities, surrounded.heard.probabilities, atol=1e-3)


def test_how_it_sounds_is_measured_where_that_is_asked_for(
    hearing: Hearing, stretches: list[tuple[int, Stretch]]
) -> None:
    for hear in (hearing.hear_together, hearing.hear_in_turn):
        assert all(utterance.explanation is not None for _, utterance in hear(iter(stretches), explain=True))

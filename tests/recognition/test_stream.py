from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
import soxr

from affetto import AudioError, Recognition, Recognizer, Segment, TruncatedAudioWarning

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

RATE = 48_000


def joined(folder: Path, *names: str, pause_s: float = 1.2) -> NDArray[np.float32]:
    """Join clips of one actor, with inaudible noise between them."""
    random = np.random.default_rng(0)
    parts = []
    for name in names:
        samples, rate = soundfile.read(folder / f"{name}.flac", dtype="float32")
        assert rate == RATE
        mono = samples if samples.ndim == 1 else samples.mean(axis=1)
        parts += [mono, random.normal(0, 1e-4, round(pause_s * RATE)).astype(np.float32)]
    return np.concatenate(parts)


@pytest.fixture(scope="module")
def call(ravdess_dir: Path) -> NDArray[np.float32]:
    names = [f"03-01-{emotion:02}-01-0{1 + emotion % 2}-01-06" for emotion in range(1, 9)]
    return joined(ravdess_dir / "Actor_06", *names)


@pytest.fixture(scope="module")
def other_call(ravdess_dir: Path) -> NDArray[np.float32]:
    names = [f"03-01-{emotion:02}-01-01-02-11" for emotion in (5, 8, 4)]
    return joined(ravdess_dir / "Actor_11", *names, pause_s=0.9)


@pytest.fixture(scope="module")
def whole(recognizer: Recognizer, call: NDArray[np.float32]) -> Recognition:
    result = recognizer.recognize((call, RATE))
    assert len(result.segments) >= 8
    return result


def pieces(samples: NDArray[np.generic], sizes: int | None) -> Iterator[NDArray[np.generic]]:
    """Cut sound into pieces of one size, or of all kinds of sizes, nothing included."""
    random = np.random.default_rng(1)
    start = 0
    while start < len(samples):
        size = int(10 ** random.uniform(0, 5)) - 1 if sizes is None else sizes
        yield samples[start : start + size]
        start += size


def assert_same(found: list[Segment], expected: tuple[Segment, ...] | list[Segment]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.start_s == pytest.approx(other.start_s, abs=0.02)
        assert one.end_s == pytest.approx(other.end_s, abs=0.02)
        assert one.probabilities == pytest.approx(other.probabilities, abs=0.02)


@pytest.mark.parametrize("size", [160, 4_096, None, 10_000_000])
def test_sizes_of_chunks_make_no_difference(
    recognizer: Recognizer, call: NDArray[np.float32], whole: Recognition, size: int | None
) -> None:
    assert_same(list(recognizer.stream(pieces(call, size), sample_rate_hz=RATE)), whole.segments)


def test_single_samples_are_chunks_too(recognizer: Recognizer, other_call: NDArray[np.float32]) -> None:
    slow = soxr.resample(other_call, RATE, 16_000)
    expected = recognizer.recognize((slow, 16_000)).segments
    assert_same(list(recognizer.stream(pieces(slow, 1), sample_rate_hz=16_000)), expected)


def test_single_samples_may_have_several_channels(recognizer: Recognizer) -> None:
    live = recognizer.listen(sample_rate_hz=16_000)
    for chunk in (np.zeros((1, 2)), np.zeros((0, 200)), np.zeros((3, 16))):
        live.push(chunk)
    assert live.end().duration_s == 0.0


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_streams_of_every_rate_give_the_segments_of_recognize(
    recognizer: Recognizer, other_call: NDArray[np.float32], rate: int
) -> None:
    samples = soxr.resample(other_call, RATE, rate)
    expected = recognizer.recognize((samples, rate))
    assert expected.segments
    for size in (rate // 50, None):
        assert_same(list(recognizer.stream(pieces(samples, size), sample_rate_hz=rate)), expected.segments)


@pytest.mark.parametrize("dtype", ["float64", "float16", "int16", "int32", "uint8"])
@pytest.mark.parametrize("n_channels", [1, 2, 6])
def test_streams_of_every_type_give_the_segments_of_recognize(
    recognizer: Recognizer, other_call: NDArray[np.float32], dtype: str, n_channels: int
) -> None:
    mono = other_call[: 6 * RATE]
    samples = np.outer(mono, np.linspace(1, 0.5, n_channels))
    if np.dtype(dtype).kind != "f":
        info = np.iinfo(dtype)
        middle = 0 if info.min else (info.max + 1) // 2
        samples = samples * (info.max - middle) + middle
    converted = samples.astype(dtype)
    expected = recognizer.recognize((converted, RATE))
    assert expected.segments
    assert_same(list(recognizer.stream(pieces(converted, 1_024), sample_rate_hz=RATE)), expected.segments)


def test_the_end_gives_the_result_of_recognize(
    recognizer: Recognizer, call: NDArray[np.float32], whole: Recognition
) -> None:
    live = recognizer.listen(sample_rate_hz=RATE)
    segments = [segment for chunk in pieces(call, 2_400) for segment in live.push(chunk)]
    result = live.end(source="call", warnings=("so it is",))
    assert (result.source, result.warnings) == ("call", ("so it is",))
    assert (result.status, result.emotion, result.model) == (whole.status, whole.emotion, whole.model)
    assert result.duration_s == pytest.approx(whole.duration_s, abs=0.002)
    assert result.probabilities == pytest.approx(whole.probabilities, abs=0.02)
    assert_same(list(result.segments), whole.segments)
    assert segments == list(result.segments[: len(segments)])


def test_a_segment_comes_soon_after_its_speech_ends(
    recognizer: Recognizer, call: NDArray[np.float32], whole: Recognition
) -> None:
    live = recognizer.listen(sample_rate_hz=RATE)
    heard_s = 0.0
    delays: list[float] = []
    for chunk in pieces(call, RATE // 50):
        heard_s += len(chunk) / RATE
        delays += [heard_s - whole.segments[len(delays)].end_s for _ in live.push(chunk)]
    assert len(delays) == len(whole.segments)
    assert max(delays) <= 0.7


def test_interim_results_and_speaking(recognizer: Recognizer, call: NDArray[np.float32], whole: Recognition) -> None:
    live = recognizer.listen(sample_rate_hz=RATE)
    first = whole.segments[0]
    interims: list[Segment] = []
    for chunk in pieces(call[: round((first.end_s + 1.1) * RATE)], RATE // 10):
        done = live.push(chunk)
        interim = live.interim()
        if live.position_s < first.start_s or done:
            assert (live.speaking, interim) == (False, None)
        if first.start_s + 0.5 < live.position_s < first.end_s - 0.2:
            assert interim is not None
        if interim is not None:
            assert interim.start_s == pytest.approx(first.start_s, abs=0.02)
            assert interim.end_s <= live.position_s
            assert sum(interim.probabilities.values()) == pytest.approx(1, abs=1e-4)
            interims.append(interim)
    assert [i.end_s for i in interims] == sorted(i.end_s for i in interims)
    # The last interim result, during the pause that ends the segment, has all of the utterance.
    assert_same([interims[-1]], [first])


def test_interim_results_do_not_change_the_final_one(recognizer: Recognizer, other_call: NDArray[np.float32]) -> None:
    asked, left_alone = recognizer.listen(sample_rate_hz=RATE), recognizer.listen(sample_rate_hz=RATE)
    for chunk in pieces(other_call, RATE // 4):
        assert asked.push(chunk) == left_alone.push(chunk)
        asked.interim()
    assert asked.end() == left_alone.end()


def test_streams_side_by_side_share_nothing(
    recognizer: Recognizer, call: NDArray[np.float32], other_call: NDArray[np.float32]
) -> None:
    calls = [call, other_call, call[::-1].copy()]
    alone = [list(recognizer.stream(pieces(samples, 1_600), sample_rate_hz=RATE)) for samples in calls]
    lives = [recognizer.listen(sample_rate_hz=RATE) for _ in calls]
    for chunks in zip_longest(*(pieces(samples, 1_600) for samples in calls), fillvalue=np.empty(0, np.float32)):
        for live, chunk in zip(lives, chunks, strict=True):
            live.push(chunk)
    assert [list(live.end().segments) for live in lives] == alone
    with ThreadPoolExecutor(len(calls)) as pool:
        streams = [recognizer.stream(pieces(samples, 1_600), sample_rate_hz=RATE) for samples in calls]
        assert list(pool.map(list, streams)) == alone


def test_memory_does_not_grow(recognizer: Recognizer, other_call: NDArray[np.float32]) -> None:
    minute = np.resize(soxr.resample(other_call, RATE, 16_000), 60 * 16_000)

    def endless() -> Iterator[NDArray[np.float32]]:
        for number in range(8):
            if number in (2, 7):
                held.append(tracemalloc.get_traced_memory()[0])
            yield from np.split(minute, 600)

    held: list[int] = []
    tracemalloc.start()
    try:
        n_segments = sum(1 for _ in recognizer.stream(endless(), sample_rate_hz=16_000))
    finally:
        tracemalloc.stop()
    assert n_segments > 50
    assert held[1] - held[0] < 100_000


@pytest.mark.parametrize("n", [0, 1, 800])
def test_a_few_samples_are_no_speech(recognizer: Recognizer, n: int) -> None:
    live = recognizer.listen(sample_rate_hz=16_000)
    assert live.push(np.zeros(n)) == []
    result = live.end()
    assert (result.status, result.segments, result.duration_s) == ("no_speech", (), round(n / 16_000, 3))
    assert "silence" in str(result.reason)


@pytest.mark.parametrize(
    ("chunk", "message"),
    [
        ([[[0.0]]], "chunk 2 of the stream: samples have the shape"),
        (["speech"], "chunk 2 of the stream: samples are of type"),
        ([[0.0, 0.0], [0.0]], "chunk 2 of the stream.*array"),
        ([0.0, np.nan], "chunk 2 of the stream.*NaN"),
        (
            np.zeros((2, 480)),
            r"chunk 2 of the stream: samples of shape \(2, 480\) would be 480 channels; transpose",
        ),
        (np.zeros((100, 0)), "chunk 2 of the stream: samples have the shape"),
        (np.full(16_000, 1e300), "full scale is 1"),
    ],
)
def test_invalid_chunks_are_refused(recognizer: Recognizer, chunk: object, message: str) -> None:
    live = recognizer.listen(sample_rate_hz=44_100)
    live.push(np.zeros(100))
    with pytest.raises(AudioError, match=message):
        live.push(chunk)  # type: ignore[arg-type]


def test_the_memory_of_a_chunk_may_be_used_again(recognizer: Recognizer, other_call: NDArray[np.float32]) -> None:
    samples = other_call[: 5 * RATE]
    buffer = np.empty(100, np.float32)

    def filled_again() -> Iterator[NDArray[np.float32]]:
        for chunk in pieces(samples, len(buffer)):
            buffer[:] = chunk
            yield buffer

    expected = list(recognizer.stream(pieces(samples, len(buffer)), sample_rate_hz=RATE))
    assert expected
    assert list(recognizer.stream(filled_again(), sample_rate_hz=RATE)) == expected


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_pushing_after_the_end_is_an_error(recognizer: Recognizer, rate: int) -> None:
    live = recognizer.listen(sample_rate_hz=rate)
    live.end()
    for more in (live.end, lambda: live.push(np.zeros(rate))):
        with pytest.raises(AudioError, match="stream has ended"):
            more()


@pytest.mark.parametrize("rate", [0, 7_999, 200_000, float("nan"), "fast"])
def test_invalid_rates_are_refused(recognizer: Recognizer, rate: float) -> None:
    with pytest.raises(AudioError, match="the stream: the sample rate is"):
        recognizer.listen(sample_rate_hz=rate)


@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
def test_integers_of_types_without_audio_are_refused(recognizer: Recognizer, dtype: type) -> None:
    chunks: list[Any] = [np.ones(1_000, dtype), [1, 2, 3], b"\x00\x01", bytearray(4), memoryview(b"\x00\x01")]
    for chunk in chunks:
        with pytest.raises(AudioError, match=r"int16|frombuffer"):
            recognizer.listen(sample_rate_hz=RATE).push(chunk)


def test_integers_wider_than_their_sound_give_a_warning(
    recognizer: Recognizer, other_call: NDArray[np.float32]
) -> None:
    narrow = np.round(other_call[: 5 * RATE] * 32_767).astype(np.int32)
    live = recognizer.listen(sample_rate_hz=RATE)
    live.push(narrow)
    assert "int16" in " ".join(live.end().warnings)
    with pytest.warns(TruncatedAudioWarning, match="int16"):
        assert not list(recognizer.stream([narrow], sample_rate_hz=RATE))
    wide = recognizer.listen(sample_rate_hz=RATE)
    wide.push(narrow * 2**16)
    assert not wide.end().warnings


def test_floats_in_the_scale_of_integers_are_refused(recognizer: Recognizer) -> None:
    with pytest.raises(AudioError, match="32768"):
        recognizer.listen(sample_rate_hz=RATE).push(np.full(1_000, 5_000.0))

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from affetto import read
from affetto.preprocessing.steps import trim_silence
from affetto.preprocessing.vad import MAX_SEGMENT_S, SpeechSegment, SpeechSegmenter

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000


def speech(path: Path) -> np.ndarray:
    return trim_silence(read(path, sample_rate_hz=RATE).samples, RATE)


def pause(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), np.float32)


def sliding(samples: np.ndarray, size: int) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(samples, size)


def segmented(samples: np.ndarray, size: int | None = None) -> list[SpeechSegment]:
    segmenter = SpeechSegmenter(RATE)
    size = size or len(samples)
    segments = [s for start in range(0, len(samples), size) for s in segmenter.push(samples[start : start + size])]
    return segments + segmenter.end()


@pytest.fixture(scope="module")
def clips(ravdess_dir: Path) -> list[np.ndarray]:
    """Two women and two men: calm, sad, angry, and a scream that detectors of speech classify as noise."""
    names = ("02/03-01-02-01-01-01-02", "05/03-01-04-01-02-01-05", "07/03-01-05-02-01-01-07", "18/03-01-05-02-02-01-18")
    return [speech(ravdess_dir / f"Actor_{name}.flac") for name in names]


def test_segments_have_the_times_of_the_utterances(clips: list[np.ndarray]) -> None:
    sound, truth = [pause(1)], []
    for clip in clips:
        start = sum(map(len, sound))
        truth.append((start, start + len(clip)))
        sound += [clip, pause(1.5)]
    segments = segmented(np.concatenate(sound))
    assert len(segments) == len(clips)
    whole = np.concatenate(sound)
    errors = []
    for segment, (start, end) in zip(segments, truth, strict=True):
        errors += [abs(segment.start - start), abs(segment.start + len(segment.samples) - end)]
        assert np.array_equal(segment.samples, whole[segment.start : segment.start + len(segment.samples)])
    # A sob or a breath at the end may be sound, and speech or not.
    assert np.median(errors) < 0.15 * RATE
    assert max(errors) < 0.6 * RATE


@pytest.mark.parametrize("size", [7, 160, 4_096, 50_000])
def test_the_block_size_makes_no_difference(clips: list[np.ndarray], size: int) -> None:
    sound = np.concatenate([pause(0.7), clips[0], pause(1), clips[1], pause(0.2)])
    expected, output = segmented(sound), segmented(sound, size)
    assert [s.start for s in output] == [s.start for s in expected]
    for a, b in zip(output, expected, strict=True):
        assert np.array_equal(a.samples, b.samples)
        assert np.array_equal(a.padded, b.padded)


def with_sob(clip: np.ndarray, silence_s: float) -> tuple[np.ndarray, np.ndarray, SpeechSegment]:
    """Put a breath before an utterance."""
    rng = np.random.default_rng(0)
    sob = (0.1 * np.abs(clip).max() * rng.normal(0, 1, RATE // 5)).astype(np.float32)
    sound = np.concatenate([pause(0.7), sob, pause(silence_s), clip, pause(1)])
    (segment,) = segmented(sound)
    assert segment.start > round(0.7 * RATE) + len(sob)
    return sound, sob, segment


def test_a_sob_right_before_speech_is_in_the_padded_segment(clips: list[np.ndarray]) -> None:
    sound, sob, segment = with_sob(clips[1], 0.06)
    at = round(0.7 * RATE)
    # The whole sob but one frame, and at most one frame of the silence before it.
    core = sob[160:-160]
    (begin,) = np.flatnonzero((sliding(segment.padded, len(core)) == core).all(axis=1))
    assert begin < 480
    assert np.array_equal(sound[at + 160 - begin :][: len(segment.padded)], segment.padded)
    assert len(segment.padded) >= len(segment.samples) + len(core)


def test_a_sob_before_a_silence_is_not_in_the_padded_segment(clips: list[np.ndarray]) -> None:
    _, sob, segment = with_sob(clips[1], 0.3)
    assert not (sliding(segment.padded, 800) == sob[160:960]).all(axis=1).any()
    assert len(segment.padded) < len(segment.samples) + 0.3 * RATE


@pytest.mark.parametrize("snr_db", [10, 20])
def test_segments_are_not_padded_in_noise(clips: list[np.ndarray], snr_db: int) -> None:
    rng = np.random.default_rng(0)
    sound = np.concatenate([pause(0.7), clips[1], pause(1)])
    noise = rng.normal(0, clips[1].std() * 10 ** (-snr_db / 20), len(sound))
    for segment in segmented((sound + noise).astype(np.float32)):
        assert segment.padded is segment.samples


def test_a_bang_before_speech_is_not_in_the_padded_segment(clips: list[np.ndarray]) -> None:
    bang = np.random.default_rng(0).normal(0, 0.5, RATE // 20).astype(np.float32)
    sound = np.concatenate([pause(0.7), bang, pause(0.4), 0.2 * clips[1], pause(1)]).astype(np.float32)
    assert [segment.padded is segment.samples for segment in segmented(sound)] == [True]


def test_padded_segments_hold_no_speech_of_their_neighbours(clips: list[np.ndarray]) -> None:
    sound = np.concatenate([pause(1), clips[1], pause(0.6), clips[0], pause(1)])
    first, second = segmented(sound)
    ends = first.start + len(first.samples)
    assert len(second.padded) - len(second.samples) < 0.5 * (second.start - ends) + 0.3 * RATE
    assert len(first.padded) - len(first.samples) < 1.3 * RATE


@pytest.mark.parametrize("loudest_dbfs", [-50, -60])
def test_quiet_speech_is_found(clips: list[np.ndarray], loudest_dbfs: int) -> None:
    sound = np.concatenate([pause(0.7), clips[0], pause(1), clips[1], pause(0.5)])
    original = segmented(sound)
    quiet = (10 ** (loudest_dbfs / 20) / np.abs(sound).max() * sound).astype(np.float32)
    segments = segmented(quiet)
    assert len(segments) == len(original) == 2
    for segment, expected in zip(segments, original, strict=True):
        assert segment.start == pytest.approx(expected.start, abs=0.15 * RATE)
        assert len(segment.samples) == pytest.approx(len(expected.samples), abs=0.3 * RATE)
    assert [s.start for s in segmented(quiet, 700)] == [s.start for s in segments]


def test_a_segment_is_returned_soon_after_its_speech_ends(clips: list[np.ndarray]) -> None:
    sound = np.concatenate([pause(0.5), clips[2], pause(2)])
    segmenter = SpeechSegmenter(RATE)
    for start in range(0, len(sound), 320):
        segments = segmenter.push(sound[start : start + 320])
        if segments:
            (segment,) = segments
            assert start + 320 - (segment.start + len(segment.samples)) < 0.7 * RATE
            return
    raise AssertionError("nothing came out")


def test_long_speech_is_cut_into_segments(clips: list[np.ndarray]) -> None:
    sound = np.tile(np.concatenate([np.concatenate([clip, pause(0.1)]) for clip in clips[:3]]), 6)
    segments = segmented(sound)
    assert len(sound) / RATE > 2 * MAX_SEGMENT_S
    assert max(len(segment.samples) for segment in segments) <= MAX_SEGMENT_S * RATE
    # Little is lost between them: breaths and sobs.
    assert sum(len(segment.samples) for segment in segments) > 0.85 * len(sound)
    assert len(segments) < 8


@pytest.mark.parametrize(
    "sound",
    [
        pause(3),
        np.full(3 * RATE, 0.3, np.float32),
        np.random.default_rng(0).normal(0, 0.1, 3 * RATE).astype(np.float32),
        (0.3 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE)).astype(np.float32),
    ],
    ids=["silence", "offset", "noise", "tone"],
)
def test_sound_without_speech_has_no_segments(sound: np.ndarray) -> None:
    assert segmented(sound) == []


def test_environmental_sounds_have_no_segments(data_dir: Path) -> None:
    noises = sorted((data_dir / "noise").glob("*.ogg"))
    found = [noise.name for noise in noises if segmented(read(noise, sample_rate_hz=RATE).samples)]
    assert len(noises) == 100
    assert len(found) <= 1, found


def test_the_loudest_frame_is_measured() -> None:
    segmenter = SpeechSegmenter(RATE)
    assert segmenter.loudest_dbfs < -150
    segmenter.push((0.1 * np.sin(2 * np.pi * 500 * np.arange(RATE) / RATE)).astype(np.float32))
    assert segmenter.loudest_dbfs == pytest.approx(-23, abs=0.5)


def test_old_samples_are_discarded(clips: list[np.ndarray]) -> None:
    segmenter = SpeechSegmenter(RATE)
    sound = np.concatenate([clips[0], pause(1)])
    most = 0
    for _ in range(40):
        segmenter.push(sound)
        most = max(most, sum(map(len, segmenter._kept)))
    assert most < 5 * len(sound)


def test_only_speech_within_a_span_counts(root: Path) -> None:
    samples = speech(root / "examples" / "reading-long.flac")
    first, last = round(3.0 * RATE), round(5.0 * RATE)
    for size in (1_000, len(samples)):
        segmenter = SpeechSegmenter(RATE, within=(first, last))
        found = [s for i in range(0, len(samples), size) for s in segmenter.push(samples[i : i + size])]
        found += segmenter.end()
        margin = round(0.1 * RATE)
        assert found
        assert all(first - margin <= s.start and s.start + len(s.samples) <= last + margin for s in found)
    assert SpeechSegmenter(RATE, within=(0, 0)).push(samples) == []

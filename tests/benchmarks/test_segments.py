from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from affetto import Segment
from affetto.corpora import load_corpus
from affetto.corpora.base import Utterance
from benchmarks.segments import RATE, Answer, Placed, make_track, not_recognized, segmentation


def segment(start_s: float, end_s: float) -> Segment:
    return Segment(start_s, end_s, "ok", "sad", 1.0, {"sad": 1.0}, 0.0, 0.0)


def answer(start_s: float, end_s: float, *segments: Segment) -> Answer:
    clip = Placed(Utterance(Path("clip.wav"), "sad", "1"), start_s, end_s)
    return Answer(clip, 1, list(segments), np.ones(1), np.ones(1))


def test_clips_of_two_speakers_take_turns_in_the_track(root: Path) -> None:
    clips = [u for u in load_corpus(root / "examples").utterances if u.speaker in ("1020", "1064")]
    samples, placed = make_track(clips, [root / "examples" / "sad.flac"], np.random.default_rng(0))
    assert len(placed) == len(clips) == 4
    assert all(one.utterance.speaker != other.utterance.speaker for one, other in itertools.pairwise(placed))
    assert all(one.end_s + 0.6 <= other.start_s for one, other in itertools.pairwise(placed))
    assert len(samples) / RATE == pytest.approx(placed[-1].end_s + 1)


def test_missed_split_and_joined_clips_are_counted() -> None:
    both = segment(3.1, 6.0)
    answers = [
        answer(0.0, 1.0, segment(0.1, 0.5), segment(0.6, 1.1)),
        answer(2.0, 2.5),
        answer(3.0, 4.0, both),
        answer(5.0, 6.0, both),
    ]
    found = segmentation(answers)
    assert [found[name] for name in ("clips", "found", "split", "joined_with_another")] == [4, 0.75, 0.25, 0.25]
    assert (found["start_error_median_s"], found["end_error_median_s"]) == (0.1, 0.1)


def test_a_clip_without_speech_counts_as_wrong() -> None:
    probabilities = not_recognized(Utterance(Path("clip.wav"), "sad", "1"), ("happy", "sad", "angry"))
    assert probabilities.tolist() == [0.5, 0.0, 0.5]

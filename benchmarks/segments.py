"""Measure how well segments are found in a long recording, and the UAR on them against clips alone.

    affetto evaluate RAVDESS --classifier transformer --protocol emobox --models MODELS
    python -m benchmarks.segments RAVDESS --noise NOISE --models MODELS

MODELS holds the saved model of each fold of `emobox`, trained without the fold's test actors. A track is made of these
actors' clips: two speakers in turn, with pauses of 0.6 to 2.5 s. Every second pause has a noise from NOISE, 20 dB below
the speech. Writes benchmarks/results/segments.json, and the answers by clip to segments-track.csv and
segments-alone.csv.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from affetto import Recognition, Recognizer, Segment, read
from affetto.corpora import load_corpus
from affetto.evaluation import Predictions, find_recordings, get_protocol, measure_predictions
from affetto.preprocessing.steps import normalize_level, trim_silence
from affetto.training.folds import load_fold
from tools.generated import RESULTS, ROOT, as_json
from tools.provenance import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.corpora import Utterance

RATE = 16_000
MIN_OVERLAP_S = 0.1
"""A segment and a clip belong together if they overlap by more."""


class Placed(NamedTuple):
    """A clip in the track: where its speech starts and ends."""

    utterance: Utterance
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The answers to one clip, in the track and alone."""

    clip: Placed
    fold: int
    segments: list[Segment]
    in_track: NDArray[np.floating]
    alone: NDArray[np.floating]


def make_track(
    utterances: Sequence[Utterance], noises: Sequence[Path], rng: np.random.Generator
) -> tuple[NDArray[np.float32], list[Placed]]:
    """Put clips one after the other, two speakers in turn, with pauses and noise between them."""
    by_speaker: dict[str, list[Utterance]] = {}
    for utterance in rng.permutation(np.array(utterances, dtype=object)):
        by_speaker.setdefault(utterance.speaker, []).append(utterance)
    clips = list(by_speaker.values())
    turns = [u for pair in zip(clips[::2], clips[1::2], strict=True) for both in zip_longest(*pair) for u in both if u]
    pieces, placed, position = [], [], 0
    for number, utterance in enumerate(turns):
        pause = np.zeros(round(rng.uniform(0.6, 2.5) * RATE), np.float32)
        if number % 2:
            noise = normalize_level(read(noises[int(rng.integers(len(noises)))], sample_rate_hz=RATE).samples, RATE)
            noise = np.resize(noise, len(pause)) * np.float32(0.1)
            pause[:] = np.clip(noise, -1, 1)
        # The silence around a clip would make every pause longer.
        speech = trim_silence(read(utterance.path, sample_rate_hz=RATE).samples, RATE, threshold_db=35.0)
        position += len(pause)
        placed.append(Placed(utterance, position / RATE, (position + len(speech)) / RATE))
        position += len(speech)
        pieces += [pause, speech]
    return np.concatenate([*pieces, np.zeros(RATE, np.float32)]), placed


def overlap_s(segment: Segment, clip: Placed) -> float:
    return max(0.0, min(segment.end_s, clip.end_s) - max(segment.start_s, clip.start_s))


def overlapping(segments: Sequence[Segment], clip: Placed) -> list[Segment]:
    return [segment for segment in segments if overlap_s(segment, clip) > MIN_OVERLAP_S]


def answer(recognizer: Recognizer, clips: Sequence[Placed], track: Recognition, fold: int) -> list[Answer]:
    """Return the answers to the clips of a track. The best segment of a clip overlaps with it the longest."""
    answers = []
    for clip in clips:
        segments = overlapping(track.segments, clip)
        best = max(segments, key=lambda segment: overlap_s(segment, clip), default=None)
        alone = recognizer.recognize(clip.utterance.path)
        rows = (_row(result, clip.utterance, recognizer.labels) for result in (best, alone))
        answers.append(Answer(clip, fold, segments, *rows))
    return answers


def false_speech_s(track: Recognition, clips: Sequence[Placed]) -> float:
    """Return for how long segments were found where no clip is."""
    return sum(
        segment.end_s - segment.start_s
        for segment in track.segments
        if not any(overlapping([segment], clip) for clip in clips)
    )


def segmentation(answers: Sequence[Answer]) -> dict[str, float]:
    """Return how well the segments match the clips."""
    ends = [
        (a.segments[0].start_s - a.clip.start_s, a.segments[-1].end_s - a.clip.end_s) for a in answers if a.segments
    ]
    owners = Counter((a.fold, segment.start_s) for a in answers for segment in a.segments)
    return {
        "clips": len(answers),
        "found": round(sum(bool(a.segments) for a in answers) / len(answers), 4),
        "split": round(sum(len(a.segments) > 1 for a in answers) / len(answers), 4),
        "joined_with_another": round(sum(n - 1 for n in owners.values()) / len(answers), 4),
        "start_error_median_s": round(float(np.median(np.abs([start for start, _ in ends]))), 3),
        "end_error_median_s": round(float(np.median(np.abs([end for _, end in ends]))), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure segments and their emotions in long recordings.")
    parser.add_argument("corpus", type=Path, metavar="RAVDESS")
    parser.add_argument("--noise", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True, help="holds the bundles fold-1, fold-2 and so on")
    options = parser.parse_args()
    corpus = load_corpus(options.corpus)
    noises = find_recordings(options.noise)
    rng = np.random.default_rng(0)
    answers: list[Answer] = []
    false_s = track_s = 0.0
    labels: tuple[str, ...] = ()
    for fold in get_protocol("emobox").split(corpus):
        recognizer = Recognizer(load_fold(corpus, fold, options.models).folder)
        labels = recognizer.labels
        samples, clips = make_track([corpus.utterances[i] for i in fold.test], noises, rng)
        track = recognizer.recognize((samples, RATE))
        track_s += track.duration_s
        false_s += false_speech_s(track, clips)
        answers += answer(recognizer, clips, track, fold.number)
        print(f"fold {fold.number}: {len(track.segments)} segments for {len(clips)} clips", flush=True)
    report = {**segmentation(answers), "false_speech": round(false_s / track_s, 4)}
    paths = {name: ROOT / RESULTS / f"segments-{name}.csv" for name in ("track", "alone")}
    for name, rows in (("track", [a.in_track for a in answers]), ("alone", [a.alone for a in answers])):
        predictions = _predictions(answers, rows, labels)
        predictions.to_csv(paths[name])
        report[f"uar_{name}"] = round(measure_predictions(predictions).uar, 4)
    summary = ROOT / RESULTS / "segments.json"
    summary.write_text(as_json(report), encoding="utf-8")
    record(summary, *paths.values())
    print(as_json(report))


def _row(result: Recognition | Segment | None, utterance: Utterance, labels: Sequence[str]) -> NDArray[np.floating]:
    """Return probabilities in the order of the labels."""
    if result is None or not result.probabilities:
        return not_recognized(utterance, labels)
    return np.array([result.probabilities[label] for label in labels])


def not_recognized(utterance: Utterance, labels: Sequence[str]) -> NDArray[np.floating]:
    """Return probabilities for a clip in which no speech is found: every emotion but the right one."""
    return np.array([label != utterance.emotion for label in labels]) / (len(labels) - 1)


def _predictions(
    answers: Sequence[Answer], rows: Sequence[NDArray[np.floating]], labels: tuple[str, ...]
) -> Predictions:
    probabilities = np.array(rows)
    utterances = [a.clip.utterance for a in answers]
    return Predictions(
        clip=tuple(u.clip for u in utterances),
        speaker=tuple(u.speaker for u in utterances),
        fold=np.array([a.fold for a in answers], dtype=np.intp),
        emotion=tuple(u.emotion for u in utterances),
        probabilities=probabilities / probabilities.sum(axis=1, keepdims=True),
        labels=labels,
        gender=tuple(u.gender for u in utterances),
        intensity=tuple(u.intensity for u in utterances),
    )


if __name__ == "__main__":
    main()

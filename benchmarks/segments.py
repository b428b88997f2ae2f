"""How well utterances are found in a long recording, and what their emotions lose against clips that are given alone.

    affetto evaluate DIR --classifier transformer --protocol emobox --models MODELS
    python benchmarks/segments.py DIR --noise NOISE --models MODELS

MODELS holds the saved model of each fold of `emobox`, which does not know the fold's test actors. A track is made of
their clips: two voices in turn, pauses of 0.6 to 2.5 s, in every second pause a noise from NOISE, 20 dB below the
speech. Writes benchmarks/results/segments.json, and what was heard of each clip to segments-track.csv and
segments-alone.csv.
"""

from __future__ import annotations

import argparse
import json
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from affetto import Recognition, Recognizer, Segment, read
from affetto.corpora import load_corpus
from affetto.evaluation import Predictions, find_recordings, get_protocol, measure_predictions
from affetto.preprocessing.steps import normalize_level, trim_silence
from affetto.training.folds import load_fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.corpora import Utterance

RESULTS = Path(__file__).parent / "results"
RATE = 16_000


class Placed(NamedTuple):
    """A clip in the track, and from when to when it speaks there."""

    utterance: Utterance
    start_s: float
    end_s: float


def make_track(
    utterances: Sequence[Utterance], noises: Sequence[Path], rng: np.random.Generator
) -> tuple[NDArray[np.float32], list[Placed]]:
    """Put clips one after the other, voices in turn, with pauses and noise between them."""
    by_speaker: dict[str, list[Utterance]] = {}
    for utterance in rng.permutation(np.array(utterances, dtype=object)):
        by_speaker.setdefault(utterance.speaker, []).append(utterance)
    voices = list(by_speaker.values())
    turns = [
        u for pair in zip(voices[::2], voices[1::2], strict=True) for both in zip_longest(*pair) for u in both if u
    ]
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


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure utterances and their emotions in long recordings.")
    parser.add_argument("corpus", type=Path, metavar="DIR")
    parser.add_argument("--noise", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True, help="holds the bundles fold-1, fold-2 and so on")
    options = parser.parse_args()
    corpus = load_corpus(options.corpus)
    noises = find_recordings(options.noise)
    rng = np.random.default_rng(0)
    clips: list[Placed] = []
    folds: list[int] = []
    in_track: list[NDArray[np.floating]] = []
    alone: list[NDArray[np.floating]] = []
    found: list[list[Segment]] = []
    false_s = sound_s = 0.0
    labels: tuple[str, ...] = ()
    for fold in get_protocol("emobox").split(corpus):
        recognizer = Recognizer(load_fold(corpus, fold, options.models).folder)
        labels = recognizer.labels
        samples, placed = make_track([corpus.utterances[i] for i in fold.test], noises, rng)
        result = recognizer.recognize((samples, RATE))
        sound_s += result.duration_s
        for clip in placed:
            near = [segment for segment in result.segments if overlap_s(segment, clip) > 0.1]
            found.append(near)
            best = max(near, key=lambda segment: overlap_s(segment, clip), default=None)
            in_track.append(_row(best, clip.utterance, labels))
            heard = recognizer.recognize(clip.utterance.path)
            alone.append(_row(heard, clip.utterance, labels))
        false_s += sum(
            segment.end_s - segment.start_s
            for segment in result.segments
            if not any(overlap_s(segment, clip) > 0.1 for clip in placed)
        )
        clips += placed
        folds += [fold.number] * len(placed)
        print(f"fold {fold.number}: {len(result.segments)} segments for {len(placed)} clips", flush=True)
    ends = [
        (near[0].start_s - c.start_s, near[-1].end_s - c.end_s) for c, near in zip(clips, found, strict=True) if near
    ]
    owners: dict[tuple[int, float], int] = {}
    for fold_number, near in zip(folds, found, strict=True):
        for segment in near:
            owners[fold_number, segment.start_s] = owners.get((fold_number, segment.start_s), 0) + 1
    report: dict[str, Any] = {
        "clips": len(clips),
        "found": round(sum(map(bool, found)) / len(clips), 4),
        "split": round(sum(len(near) > 1 for near in found) / len(clips), 4),
        "joined_with_another": round(sum(n - 1 for n in owners.values()) / len(clips), 4),
        "false_speech": round(false_s / sound_s, 4),
        "start_error_median_s": round(float(np.median(np.abs([start for start, _ in ends]))), 3),
        "end_error_median_s": round(float(np.median(np.abs([end for _, end in ends]))), 3),
    }
    for name, rows in (("track", in_track), ("alone", alone)):
        predictions = _predictions(clips, folds, rows, labels)
        predictions.to_csv(RESULTS / f"segments-{name}.csv")
        report[f"uar_{name}"] = round(measure_predictions(predictions).uar, 4)
    (RESULTS / "segments.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


def _row(heard: Recognition | Segment | None, utterance: Utterance, labels: Sequence[str]) -> NDArray[np.floating]:
    """Return probabilities in the order of the labels."""
    if heard is None or not heard.probabilities:
        return not_recognized(utterance, labels)
    return np.array([heard.probabilities[label] for label in labels])


def not_recognized(utterance: Utterance, labels: Sequence[str]) -> NDArray[np.floating]:
    """Return probabilities for a clip in which no speech is found: whatever they are, its emotion is not the answer."""
    return np.array([label != utterance.emotion for label in labels]) / (len(labels) - 1)


def _predictions(
    clips: Sequence[Placed], folds: Sequence[int], rows: Sequence[NDArray[np.floating]], labels: tuple[str, ...]
) -> Predictions:
    probabilities = np.array(rows)
    utterances = [clip.utterance for clip in clips]
    return Predictions(
        clip=tuple(u.clip for u in utterances),
        speaker=tuple(u.speaker for u in utterances),
        fold=np.array(folds, dtype=np.intp),
        emotion=tuple(u.emotion for u in utterances),
        probabilities=probabilities / probabilities.sum(axis=1, keepdims=True),
        labels=labels,
        gender=tuple(u.gender for u in utterances),
        intensity=tuple(u.intensity for u in utterances),
    )


if __name__ == "__main__":
    main()

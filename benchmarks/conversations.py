"""Measure what turns and speakers gain where two voices alternate in one channel.

    affetto evaluate RAVDESS --classifier transformer --protocol emobox --models MODELS
    python -m benchmarks.conversations RAVDESS --models MODELS

MODELS holds the saved model of each fold of `emobox`, trained without the fold's test actors. A conversation is made of
the clips of two of these actors: one of the first, one of the second and so on, with pauses of 0.1 to 0.6 s. It is
recognized five times:

- `turns`: with the turns, each with its speaker.
- `unnamed`: so, but without speakers, as if one person spoke.
- `inexact`: as `turns`, but each turn begins and ends up to 0.25 s too early or too late, as those of transcripts do.
- `without`: without turns. The answer to a clip is that of the segment that overlaps with it the longest.
- `alone`: as `turns`, but each speaker's clips, with the same pauses, without the other's.

Writes benchmarks/results/conversations.json, and the answers by clip to conversations-turns.csv and so on.
"""

from __future__ import annotations

import argparse
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from affetto import Recognizer, Segment, Turn, read
from affetto.corpora import load_corpus
from affetto.evaluation import Predictions, get_protocol, measure_predictions
from affetto.preprocessing.steps import trim_silence
from affetto.training.folds import load_fold
from benchmarks.segments import not_recognized
from tools.generated import RESULTS, ROOT, as_json
from tools.provenance import record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from affetto.corpora import Corpus, Utterance

RATE = 16_000
KINDS = ("turns", "unnamed", "inexact", "without", "alone")
_PAUSE_S = (0.1, 0.6)
_INEXACT_S = 0.25


class Piece(NamedTuple):
    """A clip with some of its silence on both sides."""

    utterance: Utterance
    samples: NDArray[np.float32]
    margin_s: float


class Conversation(NamedTuple):
    """The sound of a conversation, its clips, and the turn of each."""

    samples: NDArray[np.float32]
    utterances: list[Utterance]
    turns: list[Turn]


def cut(utterance: Utterance, rng: np.random.Generator) -> Piece:
    """Cut a clip so that a pause of the clip's own silence is between it and the next."""
    margin_s = rng.uniform(_PAUSE_S[0] / 2, _PAUSE_S[1] / 2)
    # Zeros for clips with less silence.
    samples = np.pad(read(utterance.path, sample_rate_hz=RATE).samples, RATE)
    return Piece(utterance, trim_silence(samples, RATE, threshold_db=35.0, margin_s=margin_s), margin_s)


def alternating(one: Sequence[Piece], other: Sequence[Piece]) -> list[Piece]:
    """Return the clips of two speakers in turn."""
    return [piece for both in zip_longest(one, other) for piece in both if piece]


def join(pieces: Sequence[Piece]) -> Conversation:
    """Put clips one after the other."""
    turns, position = [], 0
    for piece in pieces:
        start_s, end_s = position / RATE + piece.margin_s, (position + len(piece.samples)) / RATE - piece.margin_s
        turns.append(Turn(start_s, end_s, piece.utterance.speaker))
        position += len(piece.samples)
    return Conversation(
        np.concatenate([piece.samples for piece in pieces]), [piece.utterance for piece in pieces], turns
    )


def inexact(turn: Turn, rng: np.random.Generator) -> Turn:
    """Return a turn whose times are wrong by up to a quarter of a second."""
    start, end = (time_s + rng.uniform(-_INEXACT_S, _INEXACT_S) for time_s in (turn.start_s, turn.end_s))
    start = max(start, 0.0)
    return Turn(start, max(start, end), turn.speaker)


def overlap_s(segment: Segment, turn: Turn) -> float:
    return min(segment.end_s, turn.end_s) - max(segment.start_s, turn.start_s)


def recognize(
    recognizer: Recognizer, conversation: Conversation, rng: np.random.Generator
) -> dict[str, dict[str, Segment | None]]:
    """Return the segment that answers for each clip, in each of the kinds but "alone"."""
    sound, turns = (conversation.samples, RATE), conversation.turns
    clips = [utterance.clip for utterance in conversation.utterances]
    found = recognizer.recognize(sound).segments
    without = [max(found, key=lambda segment: overlap_s(segment, turn)) for turn in turns]
    unnamed = [Turn(turn.start_s, turn.end_s) for turn in turns]
    given = {"turns": turns, "unnamed": unnamed, "inexact": [inexact(turn, rng) for turn in turns]}
    answers: dict[str, Sequence[Segment | None]] = {
        "without": [s if overlap_s(s, turn) > 0 else None for s, turn in zip(without, turns, strict=True)]
    }
    for kind, of_kind in given.items():
        # Inexact turns may change places; the text tells which is which.
        named = [Turn(t.start_s, t.end_s, t.speaker, clip) for t, clip in zip(of_kind, clips, strict=True)]
        by_clip = {segment.text: segment for segment in recognizer.recognize(sound, turns=named).segments}
        answers[kind] = [by_clip[clip] for clip in clips]
    return {kind: dict(zip(clips, of_kind, strict=True)) for kind, of_kind in answers.items()}


def recognize_alone(recognizer: Recognizer, conversation: Conversation) -> dict[str, Segment | None]:
    """Return the segment that answers for each clip of one speaker, recognized with turns."""
    segments = recognizer.recognize((conversation.samples, RATE), turns=conversation.turns).segments
    return {u.clip: segment for u, segment in zip(conversation.utterances, segments, strict=True)}


def figures(predictions: Mapping[str, Predictions]) -> dict[str, float]:
    """Return the UAR of each kind, and how much single speakers differ from themselves alone."""
    report = {f"uar_{kind}": round(measure_predictions(predictions[kind]).uar, 4) for kind in KINDS}
    by_speaker = {kind: uar_by_speaker(predictions[kind]) for kind in KINDS}
    for kind in KINDS[:-1]:
        differences = np.array([by_speaker[kind][speaker] - uar for speaker, uar in by_speaker["alone"].items()])
        report[f"difference_{kind}_mean"] = round(float(np.abs(differences).mean()), 4)
        report[f"difference_{kind}_largest"] = round(float(np.abs(differences).max()), 4)
    return report


def uar_by_speaker(predictions: Predictions) -> dict[str, float]:
    """Return the mean recall of the emotions, for each speaker."""
    correct = np.array(predictions.labels)[predictions.probabilities.argmax(axis=1)] == np.array(predictions.emotion)
    speakers, emotions = np.array(predictions.speaker), np.array(predictions.emotion)
    uars = {}
    for speaker in dict.fromkeys(predictions.speaker):
        own = speakers == speaker
        uars[speaker] = float(np.mean([correct[own & (emotions == e)].mean() for e in np.unique(emotions[own])]))
    return uars


def measure(corpus: Corpus, models: Path) -> dict[str, Predictions]:
    """Return the answers to all clips of a corpus, in each of the kinds."""
    rng = np.random.default_rng(0)
    answers: dict[str, list[tuple[Utterance, int, Segment | None]]] = {kind: [] for kind in KINDS}
    labels: tuple[str, ...] = ()
    for fold in get_protocol("emobox").split(corpus):
        recognizer = Recognizer(load_fold(corpus, fold, models).folder)
        labels = recognizer.labels
        pieces: dict[str, list[Piece]] = {}
        for i in rng.permutation(fold.test):
            utterance = corpus.utterances[i]
            pieces.setdefault(utterance.speaker, []).append(cut(utterance, rng))
        speakers = sorted(pieces)
        for pair in zip(speakers[::2], speakers[1::2], strict=True):
            found = recognize(recognizer, join(alternating(*(pieces[speaker] for speaker in pair))), rng)
            alone = [recognize_alone(recognizer, join(pieces[speaker])) for speaker in pair]
            found["alone"] = alone[0] | alone[1]
            utterances = [piece.utterance for speaker in pair for piece in pieces[speaker]]
            for kind in KINDS:
                answers[kind] += [(u, fold.number, found[kind][u.clip]) for u in utterances]
        print(f"fold {fold.number}: {', '.join(speakers)}", flush=True)
    return {kind: _predictions(answers[kind], labels) for kind in KINDS}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what turns and speakers gain in conversations.")
    parser.add_argument("corpus", type=Path, metavar="RAVDESS")
    parser.add_argument("--models", type=Path, required=True, help="holds the bundles fold-1, fold-2 and so on")
    options = parser.parse_args()
    predictions = measure(load_corpus(options.corpus), options.models)
    paths = {kind: ROOT / RESULTS / f"conversations-{kind}.csv" for kind in KINDS}
    for kind, path in paths.items():
        predictions[kind].to_csv(path)
    summary = ROOT / RESULTS / "conversations.json"
    summary.write_text(as_json(figures(predictions)), encoding="utf-8")
    record(summary, *paths.values())
    print(summary.read_text(encoding="utf-8"))


def _predictions(answers: Sequence[tuple[Utterance, int, Segment | None]], labels: tuple[str, ...]) -> Predictions:
    rows = [
        np.array([segment.probabilities[label] for label in labels])
        if segment is not None and segment.probabilities
        else not_recognized(utterance, labels)
        for utterance, _, segment in answers
    ]
    utterances, probabilities = [utterance for utterance, _, _ in answers], np.array(rows)
    return Predictions(
        clip=tuple(u.clip for u in utterances),
        speaker=tuple(u.speaker for u in utterances),
        fold=np.array([fold for _, fold, _ in answers], dtype=np.intp),
        emotion=tuple(u.emotion for u in utterances),
        probabilities=probabilities / probabilities.sum(axis=1, keepdims=True),
        labels=labels,
        gender=tuple(u.gender for u in utterances),
        intensity=tuple(u.intensity for u in utterances),
    )


if __name__ == "__main__":
    main()

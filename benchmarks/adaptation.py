"""What it is worth to know a voice: clips of test speakers, adapted to other clips of the same speaker, unlabelled.

    affetto evaluate DIR --classifier transformer --protocol emobox --encoder STEADY --train-with NEMO --models MODELS
    python benchmarks/adaptation.py DIR --models MODELS --name transformer+nemo

MODELS holds the saved model of each fold. Every clip is heard once by the model that does not know its speaker, as
`Recognizer.hear` hears it, and answered with profiles of all other clips of the speaker, of 20, 5 and 1 of them, of
the neutral and calm ones, and of those of one emotion. Then the clips are put one after the other, of one speaker,
or of two or four in turn, and each is understood by those before it, as a recording adapts to itself. Writes
benchmarks/results/NAME-emobox-adapted-{all,20,5,none}.csv and NAME-emobox-adaptation.json.
"""

from __future__ import annotations

import argparse
import json
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto import Recognizer
from affetto.corpora import load_corpus
from affetto.evaluation import Predictions, get_protocol, measure
from affetto.recognition.adaptation import SpeakerProfile, VoiceMemory
from affetto.training.folds import load_fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from affetto.corpora import Utterance
    from affetto.recognition.answers import HeardUtterance

RESULTS = Path(__file__).parent / "results"
PUBLISHED = ("all", "20", "5", "none")


class Clip:
    """A clip and what was heard of it."""

    def __init__(self, utterance: Utterance, fold: int, heard: list[HeardUtterance]) -> None:
        self.utterance = utterance
        self.fold = fold
        self.heard = heard

    def probabilities(self, memory: VoiceMemory, labels: Sequence[str]) -> NDArray[np.floating]:
        """Answer as a recognizer does: the mean over the utterances, weighted by their length."""
        if not self.heard:
            return not_recognized(self.utterance, labels)
        total = np.zeros(len(labels))
        for one in self.heard:
            total += (one.end_s - one.start_s) * memory.probabilities(one.heard)
        return np.asarray(total / total.sum())


def not_recognized(utterance: Utterance, labels: Sequence[str]) -> NDArray[np.floating]:
    """Return probabilities for a clip in which nobody was heard: whatever it may be, its emotion is not the answer."""
    return np.array([label != utterance.emotion for label in labels]) / (len(labels) - 1)


def contexts(clip: Clip, others: Sequence[Clip]) -> Iterator[tuple[str, list[Clip]]]:
    """Yield by name what is known of the voice before the clip is answered."""
    rng = np.random.default_rng(zlib.crc32(clip.utterance.clip.encode()))
    order = rng.permutation(len(others))
    yield "none", []
    yield "all", list(others)
    for size in (20, 5, 1):
        yield str(size), [others[index] for index in order[:size]]
    yield "neutral and calm", [other for other in others if other.utterance.emotion in ("neutral", "calm")]
    for emotion in sorted({other.utterance.emotion for other in others}):
        yield f"only {emotion}", [other for other in others if other.utterance.emotion == emotion]


def predictions(rows: Sequence[tuple[Clip, NDArray[np.floating]]], labels: tuple[str, ...]) -> Predictions:
    clips = sorted(rows, key=lambda row: row[0].utterance.clip)
    utterances = [clip.utterance for clip, _ in clips]
    probabilities = np.array([row for _, row in clips])
    return Predictions(
        clip=tuple(u.clip for u in utterances),
        speaker=tuple(u.speaker for u in utterances),
        fold=np.array([clip.fold for clip, _ in clips], dtype=np.intp),
        emotion=tuple(u.emotion for u in utterances),
        probabilities=probabilities / probabilities.sum(axis=1, keepdims=True),
        labels=labels,
        gender=tuple(u.gender for u in utterances),
        intensity=tuple(u.intensity for u in utterances),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure adaptation to voices.")
    parser.add_argument("corpus", type=Path, metavar="DIR")
    parser.add_argument("--models", type=Path, required=True, help="holds the bundles fold-1, fold-2 and so on")
    parser.add_argument("--name", default="transformer", help="of the results")
    options = parser.parse_args()
    corpus = load_corpus(options.corpus)
    answers: dict[str, list[tuple[Clip, NDArray[np.floating]]]] = {}
    labels: tuple[str, ...] = ()
    for fold in get_protocol("emobox").split(corpus):
        recognizer = Recognizer(load_fold(corpus, fold, options.models).folder)
        labels, space = recognizer.labels, recognizer.bundle.voices
        if space is None:
            raise SystemExit(f"{recognizer.bundle.folder} cannot be adapted")
        clips = [
            Clip(utterance, fold.number, recognizer.hear(utterance.path))
            for utterance in (corpus.utterances[index] for index in fold.test)
        ]
        by_speaker: dict[str, list[Clip]] = {}
        for clip in clips:
            by_speaker.setdefault(clip.utterance.speaker, []).append(clip)
        for clip in clips:
            others = [other for other in by_speaker[clip.utterance.speaker] if other is not clip]
            for name, known in contexts(clip, others):
                utterances = [utterance for other in known for utterance in other.heard]
                voice = None
                if utterances:
                    voice = SpeakerProfile.of(recognizer.bundle, utterances).voice(recognizer.bundle, space)
                row = clip.probabilities(VoiceMemory(space, voice), labels)
                answers.setdefault(name, []).append((clip, row))
        rng = np.random.default_rng(fold.number)
        voices = [[own[index] for index in rng.permutation(len(own))] for _, own in sorted(by_speaker.items())]
        for n_voices in (1, 2, 4):
            for start in range(0, len(voices), n_voices):
                memory = VoiceMemory(space)
                for turn in zip(*voices[start : start + n_voices], strict=True):
                    for clip in turn:
                        row = clip.probabilities(memory, labels)
                        answers.setdefault(f"recording of {n_voices}", []).append((clip, row))
                        for one in clip.heard:
                            memory.add(one.heard)
        print(f"fold {fold.number}: {len(clips)} clips", flush=True)
    report: dict[str, Any] = {}
    for name, rows in answers.items():
        result = predictions(rows, labels)
        metrics = measure(result)
        report[name] = {
            "uar": round(metrics.uar, 4),
            "accuracy": round(metrics.accuracy, 4),
            "expected_calibration_error": round(metrics.expected_calibration_error, 4),
        }
        if name in PUBLISHED:
            result.to_csv(RESULTS / f"{options.name}-emobox-adapted-{name}.csv")
        print(f"{name}: UAR {100 * metrics.uar:.1f} %", flush=True)
    (RESULTS / f"{options.name}-emobox-adaptation.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()

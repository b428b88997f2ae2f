"""The shipped default on a corpus that it never saw: EMO-DB, German, four emotions.

    python benchmarks/emodb.py DIR

Calm counts as neutral, since EMO-DB does not tell them apart; the other emotions that EMO-DB has, and the model's
probabilities of others, are left out. Writes benchmarks/results/default-emodb.csv.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from affetto import Failure, Recognizer
from affetto.corpora import load_corpus
from affetto.evaluation import Predictions, measure

RESULT = Path(__file__).parent / "results" / "default-emodb.csv"
EMOTIONS = ("neutral", "happy", "sad", "angry")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the shipped default on EMO-DB.")
    parser.add_argument("corpus", type=Path, metavar="DIR")
    parser.add_argument("--model", help="another model, to compare; nothing is written then")
    options = parser.parse_args()
    utterances = [u for u in load_corpus(options.corpus).utterances if u.emotion in EMOTIONS]
    recognizer = Recognizer(options.model) if options.model else Recognizer()
    rows = []
    for outcome in recognizer.recognize_each(u.path for u in utterances):
        if isinstance(outcome, Failure):
            raise SystemExit(outcome.error)
        heard = dict(outcome.probabilities)
        heard["neutral"] += heard.pop("calm", 0.0)
        rows.append([heard[emotion] for emotion in EMOTIONS])
    probabilities = np.array(rows)
    predictions = Predictions(
        clip=tuple(u.clip for u in utterances),
        speaker=tuple(u.speaker for u in utterances),
        fold=np.ones(len(utterances), dtype=np.intp),
        emotion=tuple(u.emotion for u in utterances),
        probabilities=probabilities / probabilities.sum(axis=1, keepdims=True),
        labels=EMOTIONS,
        gender=tuple(u.gender for u in utterances),
        intensity=tuple(u.intensity for u in utterances),
    )
    metrics = measure(predictions)
    recalls = ", ".join(f"{emotion} {100 * recall:.1f}" for emotion, recall in metrics.recall.items())
    print(
        f"{len(utterances)} clips: UAR {100 * metrics.uar:.1f} %, accuracy {100 * metrics.accuracy:.1f} % ({recalls})"
    )
    if not options.model:
        predictions.to_csv(RESULT)


if __name__ == "__main__":
    main()

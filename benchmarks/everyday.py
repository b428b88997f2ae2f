"""What ordinary speech is called: an ordinary reader's sentences, and neutral clips of corpora left out, by each prior.

    python benchmarks/everyday.py FREE_SPEECH

FREE_SPEECH holds sentences of LJ Speech (LJ*.flac, LJ*.opus), which no model learns from. The shipped default answers
them: benchmarks/results/everyday-clips.csv. The clips of corpora left out are those of corpora-transformer.csv, whose
probabilities are weighed by each prior, with the threshold that ships. Writes benchmarks/results/everyday.json.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from affetto import Recognizer
from affetto.adaptation.prior import apply_prior, resolve_prior, trained_shares
from affetto.bundles.bundle import find_bundle, load_bundle
from affetto.evaluation.corpora_predictions import CorporaPredictions
from generated import as_json, keep

if TYPE_CHECKING:
    from affetto import Recognition
    from affetto.adaptation.prior import Prior
    from affetto.bundles.bundle import Bundle

RESULTS = Path(__file__).parent / "results"
PRIORS: tuple[Literal["balanced", "everyday"], ...] = ("balanced", "everyday")
UNEMOTIONAL = ("neutral", "calm")
COLUMNS = ("clip", "prior", "emotion", "confidence", "status", "arousal", "valence")


def answer_reader(folder: Path) -> dict[Literal["balanced", "everyday"], list[tuple[str, Recognition]]]:
    """Return what the default says of each sentence, by prior."""
    clips = sorted(path for path in folder.glob("LJ*") if path.suffix in (".flac", ".opus"))
    if not clips:
        raise SystemExit(f"{folder} has no LJ*.flac or LJ*.opus; give the folder of LJ Speech's sentences")
    return {prior: [(p.stem, Recognizer(prior=prior).recognize(p)) for p in clips] for prior in PRIORS}


def reader_figures(answers: list[tuple[str, Recognition]]) -> dict[str, Any]:
    """Count what the sentences are called, and how many are `ok` and called an emotion."""
    emotions = [str(answer.emotion) for _, answer in answers]
    alarms = [a for _, a in answers if a.status == "ok" and a.emotion not in UNEMOTIONAL]
    return {
        "clips": len(answers),
        "emotions": {emotion: emotions.count(emotion) for emotion in sorted(set(emotions))},
        "ok": sum(answer.status == "ok" for _, answer in answers),
        "ok_and_emotional": len(alarms),
    }


def corpora_figures(predictions: CorporaPredictions, prior: Prior, bundle: Bundle) -> dict[str, Any]:
    """Return what the prior makes of neutral and of emotional clips, every corpus weighing the same.

    Calm counts as neutral there, so its share does too: as many are neutral or calm as where the bundle is used.
    """
    labels = list(predictions.labels)

    def merged(shares: np.ndarray) -> np.ndarray:
        by_label = dict(zip(bundle.labels, shares, strict=True))
        by_label["neutral"] += by_label.pop("calm")
        return np.array([by_label[label] for label in labels])

    shares = merged(resolve_prior(prior, bundle.labels, bundle.frequencies))
    trained = merged(trained_shares(bundle.labels, bundle.frequencies))
    rows = np.array([apply_prior(row, shares, trained) for row in predictions.probabilities])
    called = np.array(labels)[rows.argmax(axis=1)]
    is_sure = rows.max(axis=1) >= bundle.threshold
    emotion, corpus = np.array(predictions.emotion), np.array(predictions.corpus)
    neutral, said_neutral = np.isin(emotion, UNEMOTIONAL), np.isin(called, UNEMOTIONAL)

    def mean(values: np.ndarray, chosen: np.ndarray) -> float:
        each = [values[chosen & (corpus == one)].mean() for one in np.unique(corpus[chosen])]
        return round(float(np.mean(each)), 4)

    return {
        "neutral_clips_ok_and_emotional": mean(is_sure & ~said_neutral, neutral),
        "neutral_clips_called_neutral": mean(said_neutral, neutral),
        "emotional_clips_called_neutral": mean(said_neutral, ~neutral),
        "accuracy": mean(called == emotion, np.ones(len(called), dtype=bool)),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What ordinary speech is called.")
    parser.add_argument("folder", type=Path, metavar="FREE_SPEECH")
    options = parser.parse_args()
    answers = answer_reader(options.folder)
    predictions = CorporaPredictions.from_csv(RESULTS / "corpora-transformer.csv")
    bundle = load_bundle(find_bundle("transformer"))
    figures: dict[str, Any] = {
        prior: {
            "reader": reader_figures(answers[prior]),
            "corpora_left_out": corpora_figures(predictions, prior, bundle),
        }
        for prior in PRIORS
    }
    keep({RESULTS / "everyday.json": as_json(figures)}, check=False, script="everyday")
    with (RESULTS / "everyday-clips.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for prior, heard in answers.items():
            for clip, a in heard:
                numbers = (f"{value:.4f}" for value in (a.confidence, a.arousal, a.valence))
                confidence, arousal, valence = numbers
                writer.writerow((clip, prior, a.emotion, confidence, a.status, arousal, valence))
    print(as_json(figures))

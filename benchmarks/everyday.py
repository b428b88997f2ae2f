"""Measure the answers on ordinary speech by each prior: a reader's sentences, and neutral clips of left-out corpora.

    python -m benchmarks.everyday FREE_SPEECH

FREE_SPEECH holds sentences of LJ Speech (LJ*.flac, LJ*.opus), from which no model learns. The default model recognizes
them: benchmarks/results/everyday-clips.csv. The clips of left-out corpora are those of corpora-transformer.csv. Each
prior is applied to their probabilities, with the threshold that ships. Writes benchmarks/results/everyday.json.
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
from affetto.evaluation.predictions import CorporaPredictions
from tools.generated import RESULTS, ROOT, as_json
from tools.provenance import record

if TYPE_CHECKING:
    from affetto import Recognition
    from affetto.adaptation.prior import Prior
    from affetto.bundles.bundle import Bundle

PRIORS: tuple[Literal["balanced", "everyday"], ...] = ("balanced", "everyday")
UNEMOTIONAL = ("neutral", "calm")
COLUMNS = ("clip", "prior", "emotion", "confidence", "status", "arousal", "valence")


def answer_reader(folder: Path) -> dict[Literal["balanced", "everyday"], list[tuple[str, Recognition]]]:
    """Return the answers of the default model to each sentence, by prior."""
    clips = sorted(path for path in folder.glob("LJ*") if path.suffix in (".flac", ".opus"))
    if not clips:
        raise SystemExit(f"{folder} has no LJ*.flac or LJ*.opus; give the folder of LJ Speech's sentences")
    return {prior: [(p.stem, Recognizer(prior=prior).recognize(p)) for p in clips] for prior in PRIORS}


def reader_figures(answers: list[tuple[str, Recognition]]) -> dict[str, Any]:
    """Count the answers by emotion, and those that are `ok` and emotional."""
    emotions = [str(answer.emotion) for _, answer in answers]
    alarms = [a for _, a in answers if a.status == "ok" and a.emotion not in UNEMOTIONAL]
    return {
        "clips": len(answers),
        "emotions": {emotion: emotions.count(emotion) for emotion in sorted(set(emotions))},
        "ok": sum(answer.status == "ok" for _, answer in answers),
        "ok_and_emotional": len(alarms),
    }


def corpora_figures(predictions: CorporaPredictions, prior: Prior, bundle: Bundle) -> dict[str, Any]:
    """Return the figures by a prior on neutral and on emotional clips. Every corpus has the same weight.

    Calm counts as neutral there, and so does its share of the prior.
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
    neutral, called_neutral = np.isin(emotion, UNEMOTIONAL), np.isin(called, UNEMOTIONAL)

    def mean(values: np.ndarray, chosen: np.ndarray) -> float:
        each = [values[chosen & (corpus == one)].mean() for one in np.unique(corpus[chosen])]
        return round(float(np.mean(each)), 4)

    return {
        "neutral_clips_ok_and_emotional": mean(is_sure & ~called_neutral, neutral),
        "neutral_clips_called_neutral": mean(called_neutral, neutral),
        "emotional_clips_called_neutral": mean(called_neutral, ~neutral),
        "accuracy": mean(called == emotion, np.ones(len(called), dtype=bool)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the answers on ordinary speech.")
    parser.add_argument("folder", type=Path, metavar="FREE_SPEECH")
    options = parser.parse_args()
    answers = answer_reader(options.folder)
    predictions = CorporaPredictions.from_csv(ROOT / RESULTS / "corpora-transformer.csv")
    bundle = load_bundle(find_bundle("transformer"))
    figures: dict[str, Any] = {
        prior: {
            "reader": reader_figures(answers[prior]),
            "corpora_left_out": corpora_figures(predictions, prior, bundle),
        }
        for prior in PRIORS
    }
    summary, table = ROOT / RESULTS / "everyday.json", ROOT / RESULTS / "everyday-clips.csv"
    summary.write_text(as_json(figures), encoding="utf-8")
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for prior, recognitions in answers.items():
            for clip, a in recognitions:
                numbers = (f"{value:.4f}" for value in (a.confidence, a.arousal, a.valence))
                confidence, arousal, valence = numbers
                writer.writerow((clip, prior, a.emotion, confidence, a.status, arousal, valence))
    record(summary, table)
    print(as_json(figures))


if __name__ == "__main__":
    main()

"""Train the bundles that ship with the package, each with the figures of its recipe.

    python benchmarks/ship.py DIR

The figures come from the per-clip predictions in benchmarks/results/, so measure first.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from affetto.corpora import load_corpus
from affetto.evaluation import Predictions, measure
from affetto.training.chains import CLASSIFIERS, make_chain
from affetto.training.train import train

ROOT = Path(__file__).resolve().parents[1]
PROTOCOLS = ("emobox", "luna")


def measured(classifier: str, corpus: str) -> list[dict[str, Any]]:
    """Return the published figures of a recipe, for its manifest."""
    entries = []
    for protocol in PROTOCOLS:
        metrics = measure(Predictions.from_csv(ROOT / "benchmarks" / "results" / f"{classifier}-{protocol}.csv"))
        interval = metrics.uar_interval and [round(metrics.uar_interval.low, 4), round(metrics.uar_interval.high, 4)]
        entries.append(
            {
                "corpus": corpus,
                "protocol": protocol,
                "command": f"affetto evaluate DIR --classifier {classifier} --protocol {protocol}",
                "clips": metrics.clips,
                "uar": round(metrics.uar, 4),
                "uar_interval": interval,
                "accuracy": round(metrics.accuracy, 4),
                "macro_f1": round(metrics.macro_f1, 4),
                "expected_calibration_error": round(metrics.expected_calibration_error, 4),
                "recall": {emotion: round(value, 4) for emotion, value in metrics.recall.items()},
            }
        )
    return entries


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train the bundles that ship.")
    parser.add_argument("corpus", type=Path, metavar="DIR")
    parser.add_argument("--classifier", choices=CLASSIFIERS, action="append", help="only these")
    options = parser.parse_args()
    corpus = load_corpus(options.corpus)
    for classifier in options.classifier or CLASSIFIERS:
        folder = ROOT / "src" / "affetto" / "models" / classifier
        results = measured(classifier, corpus.name)
        bundle = train(make_chain(classifier), corpus, folder, classifier=classifier, results=results)
        print(f"{folder.name}: {bundle.manifest['model']['bytes'] / 1e6:.2f} MB")

"""Train the bundles that ship with the package, each with the figures of its recipe.

    python benchmarks/ship.py DIR --nemo NEMO --encoder PATH_OR_NAME

The transformer, which is the default, is trained on nEMO too; the others on RAVDESS alone. The figures come from the
per-clip predictions in benchmarks/results/, so measure first.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from affetto.corpora import load_corpus
from affetto.evaluation import Predictions, measure
from affetto.training.chains import CLASSIFIERS, make_chain
from affetto.training.train import train

ROOT = Path(__file__).resolve().parents[1]
PROTOCOLS = ("emobox", "luna")


def measured(classifier: str, corpus: str, *, further: str | None = None) -> list[dict[str, Any]]:
    """Return the published figures of a recipe, for its manifest."""
    name = f"{classifier}+{further}" if further else classifier
    choice = f"{classifier} --train-with {further.upper()}" if further else classifier
    entries = []
    for protocol in PROTOCOLS:
        metrics = measure(Predictions.from_csv(ROOT / "benchmarks" / "results" / f"{name}-{protocol}.csv"))
        interval = metrics.uar_interval and [round(metrics.uar_interval.low, 4), round(metrics.uar_interval.high, 4)]
        entries.append(
            {
                "corpus": corpus,
                "protocol": protocol,
                "command": f"affetto evaluate DIR --classifier {choice} --protocol {protocol}",
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
    parser.add_argument("--nemo", type=Path, required=True)
    parser.add_argument("--encoder", action="append", help="for the transformer; by default from the hub")
    parser.add_argument("--classifier", choices=CLASSIFIERS, action="append", help="only these")
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    corpus = load_corpus(options.corpus)
    for classifier in options.classifier or CLASSIFIERS:
        folder = ROOT / "src" / "affetto" / "models" / classifier
        is_default = classifier == "transformer"
        further = [load_corpus(options.nemo)] if is_default else []
        bundle = train(
            make_chain(classifier, encoders=options.encoder if is_default else None),
            corpus,
            folder,
            classifier=classifier,
            train_with=further,
            results=measured(classifier, corpus.name, further=further[0].name if further else None),
            resume=options.resume,
        )
        print(f"{folder.name}: {bundle.manifest['model']['bytes'] / 1e6:.2f} MB")

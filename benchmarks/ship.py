"""Train the bundles that ship with the package, each with the figures of its recipe, and write their cards.

    python benchmarks/ship.py DIR --nemo NEMO --encoder PATH_OR_NAME

The transformer, which is the default, is trained on nEMO too; the others on RAVDESS alone. The figures come from the
per-clip predictions in benchmarks/results/, so measure recipes first. What is measured of the bundles themselves
(emodb.py) comes after, and `python benchmarks/cards.py` puts it into their manifests.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from affetto.corpora import load_corpus
from affetto.training.chains import CLASSIFIERS, make_chain
from affetto.training.train import train
from cards import ROOT, card_files, refresh
from figures import results_of
from generated import keep

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
        # That figures are missing shows before hours of training.
        results_of(classifier, [corpus.name, *(part.name for part in further)], ROOT / "benchmarks" / "results")
        train(
            make_chain(classifier, encoders=options.encoder if is_default else None),
            corpus,
            folder,
            classifier=classifier,
            train_with=further,
            resume=options.resume,
        )
        bundle = refresh(folder)
        keep(card_files(), check=False, script="cards")
        print(f"{folder.name}: {bundle.manifest['model']['bytes'] / 1e6:.2f} MB")

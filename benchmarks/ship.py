"""Train the bundles that ship with the package, and write their cards.

    python benchmarks/ship.py DIR --nemo NEMO --emodb EMODB --crema-d CREMA-D

The transformer, which is the default, is trained on all four corpora, their clips of RAVDESS's eight emotions; the
speakers of CREMA-D in examples/ are left out. The others are trained on RAVDESS alone. Figures come from the per-clip
predictions in benchmarks/results/; what is measured later, `python benchmarks/cards.py` puts into the manifests.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from affetto.classifiers import CLASSIFIERS
from affetto.corpora import load_corpus
from affetto.recognition.recognizer import DEFAULT_MODEL
from affetto.training.pipelines import build_pipeline
from affetto.training.train import train
from cards import ROOT, card_files, refresh
from generated import keep
from recipe import default_corpora

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train the bundles that ship.")
    parser.add_argument("corpus", type=Path, metavar="DIR", help="RAVDESS")
    for name in ("nemo", "emodb", "crema-d"):
        parser.add_argument(f"--{name}", type=Path, metavar="DIR", help="for the default, which needs it")
    parser.add_argument("--encoder", action="append", help="for the transformer; by default from the hub")
    parser.add_argument("--classifier", choices=CLASSIFIERS, action="append", help="only these")
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    classifiers = options.classifier or CLASSIFIERS
    further = [options.nemo, options.emodb, options.crema_d]
    if DEFAULT_MODEL in classifiers and None in further:
        parser.error("the default is trained on --nemo, --emodb and --crema-d too; give all three")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    corpus = load_corpus(options.corpus)
    for classifier in classifiers:
        folder = ROOT / "src" / "affetto" / "models" / classifier
        is_default = classifier == DEFAULT_MODEL
        first, *others = default_corpora([corpus, *map(load_corpus, further)]) if is_default else [corpus]
        train(
            build_pipeline(classifier, encoders=options.encoder if classifier == "transformer" else None),
            first,
            folder,
            classifier=classifier,
            train_with=others,
            resume=options.resume,
        )
        bundle = refresh(folder)
        keep(card_files(), check=False, script="cards")
        print(f"{folder.name}: {bundle.manifest['model']['bytes'] / 1e6:.2f} MB")

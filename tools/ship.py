"""Train the bundles that ship, and write their cards.

    python -m tools.ship RAVDESS --nemo NEMO --emodb EMODB --crema-d CREMA-D

The transformer is the default model. It is trained on the eight emotions of RAVDESS in all four corpora, without the
speakers of CREMA-D in examples/. The others are trained on RAVDESS alone. Figures come from the per-clip predictions in
`benchmarks/results`.
"""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.classifiers import CLASSIFIERS
from affetto.corpora import load_corpus
from affetto.corpora.base import EMOTIONS, choose_emotions
from affetto.recognition.recognizer import DEFAULT_MODEL
from affetto.training.pipelines import build_pipeline
from affetto.training.train import train
from tools import cards
from tools.generated import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affetto.corpora import Corpus

EXAMPLE_SPEAKERS = ("1020", "1058", "1064")
"""The speakers of CREMA-D in examples/. No bundle learns from them: the examples must show unknown speakers."""


def default_corpora(corpora: Sequence[Corpus]) -> list[Corpus]:
    """Return the clips that the default model learns from.

    Parameters
    ----------
    corpora : sequence of Corpus
        RAVDESS, nEMO, EMO-DB and CREMA-D.

    Returns
    -------
    list of Corpus
        The clips of RAVDESS's eight emotions, without those of `EXAMPLE_SPEAKERS`.
    """
    others = [
        replace(corpus, utterances=[u for u in corpus.utterances if u.speaker not in EXAMPLE_SPEAKERS])
        if corpus.name == "crema-d"
        else corpus
        for corpus in corpora
    ]
    return choose_emotions(others, EMOTIONS)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Train the bundles that ship.")
    parser.add_argument("corpus", type=Path, metavar="RAVDESS")
    for name in ("nemo", "emodb", "crema-d"):
        parser.add_argument(f"--{name}", type=Path, metavar="DIR", help="for the default model, which needs it")
    parser.add_argument("--encoder", action="append", help="for the transformer; from the hub by default")
    parser.add_argument("--classifier", choices=CLASSIFIERS, action="append", help="only these")
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args(arguments)
    classifiers = options.classifier or CLASSIFIERS
    further = [options.nemo, options.emodb, options.crema_d]
    if DEFAULT_MODEL in classifiers and None in further:
        parser.error("the default model is trained on --nemo, --emodb and --crema-d too; give all three")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    corpus = load_corpus(options.corpus)
    for classifier in classifiers:
        folder = ROOT / "src" / "affetto" / "models" / classifier
        is_default = classifier == DEFAULT_MODEL
        first, *others = default_corpora([corpus, *map(load_corpus, further)]) if is_default else [corpus]
        encoders = options.encoder if classifier == "transformer" else None
        pipeline = build_pipeline(classifier, encoders=encoders)
        train(pipeline, first, folder, classifier=classifier, train_with=others, resume=options.resume)
    sys.exit(cards.main([]))


if __name__ == "__main__":
    main()

"""What int8 costs: the saved model of every fold, on the fold's test clips.

    python benchmarks/quantization.py DIR --encoder PATH_OR_NAME --protocol emobox

Trains each fold as `affetto evaluate` does, saves it as a bundle's model, and recognizes the test clips by that. Writes
benchmarks/results/int8-transformer-PROTOCOL.csv, to be compared with transformer-PROTOCOL.csv.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto import Recognizer
from affetto.corpora import Corpus, load_corpus
from affetto.evaluation import evaluate, get_protocol, measure
from affetto.training.chains import make_chain
from affetto.training.train import train

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESULTS = Path(__file__).parent / "results"


class SavedClassifier:
    """Fits a chain, saves it as a bundle, and answers by the bundle."""

    def __init__(self, corpus: Corpus, encoders: list[str]) -> None:
        self.corpus = corpus
        self.encoders = encoders

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002 (scikit-learn's signature)
        """Return the parameters, as `affetto.training.fitting.fit_chain` asks for them."""
        return {"corpus": self.corpus, "encoders": self.encoders}

    def __sklearn_clone__(self) -> SavedClassifier:
        return SavedClassifier(self.corpus, self.encoders)

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> SavedClassifier:
        """Train a bundle on these recordings."""
        wanted = set(X.tolist())
        utterances = [utterance for utterance in self.corpus.utterances if utterance.path in wanted]
        part = Corpus(self.corpus.name, self.corpus.licence, self.corpus.citation, utterances)
        self.classes_ = np.unique(y)
        with tempfile.TemporaryDirectory() as folder:
            chain = make_chain("transformer", encoders=self.encoders)
            train(chain, part, Path(folder), classifier="transformer")
            self.recognizer_ = Recognizer(folder)
        return self

    def predict_proba(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Recognize recordings."""
        rows = []
        for path in X.tolist():
            probabilities = self.recognizer_.recognize(path).probabilities
            rows.append([probabilities[label] for label in self.recognizer_.labels])
        return np.array(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what int8 costs.")
    parser.add_argument("corpus", type=Path, metavar="DIR")
    parser.add_argument("--encoder", action="append", required=True)
    parser.add_argument("--protocol", default="emobox")
    parser.add_argument("--fold", type=int, action="append", help="only this one; nothing is written then")
    options = parser.parse_args()
    corpus = load_corpus(options.corpus)
    saved = SavedClassifier(corpus, options.encoder)
    predictions = evaluate(saved, corpus, get_protocol(options.protocol), folds=options.fold)
    if not options.fold:
        predictions.to_csv(RESULTS / f"int8-transformer-{options.protocol}.csv")
    print(f"UAR {100 * measure(predictions).uar:.2f} %")


if __name__ == "__main__":
    main()

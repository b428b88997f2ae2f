"""Measure the pipeline that most tutorials teach: mean MFCC, chroma and mel, then MLPClassifier.

    python -m benchmarks.tutorial RAVDESS --protocol random
    python -m benchmarks.tutorial RAVDESS --protocol emobox

Its usual figures come from shuffled clips (`random`), where the same speakers are in the training and the test set.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import librosa
import numpy as np
import soundfile
from joblib import Parallel, delayed
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from affetto.corpora import load_corpus
from affetto.evaluation import get_protocol, measure_predictions, percent
from affetto.training.cross_validation import cross_validate
from tools.generated import RESULTS, ROOT
from tools.provenance import record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def tutorial_features(path: Path) -> NDArray[np.float32]:
    """Return the means over time of 40 MFCC, 12 chroma and 128 mel bands."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    magnitude = np.abs(librosa.stft(mono))
    rows = (
        librosa.feature.mfcc(y=mono, sr=rate, n_mfcc=40),
        librosa.feature.chroma_stft(S=magnitude, sr=rate),
        librosa.feature.melspectrogram(y=mono, sr=rate),
    )
    return np.concatenate([row.mean(axis=1) for row in rows]).astype(np.float32)


def all_features(paths: Sequence[Path]) -> NDArray[np.float32]:
    return np.stack(Parallel(n_jobs=-1)(delayed(tutorial_features)(path) for path in paths))


def tutorial_pipeline() -> Pipeline:
    # The hyper-parameters are the tutorials' own.
    network = MLPClassifier(
        alpha=0.01,
        batch_size=256,
        epsilon=1e-08,
        hidden_layer_sizes=(300,),
        learning_rate="adaptive",
        max_iter=500,
        random_state=0,
    )
    return make_pipeline(FunctionTransformer(all_features), network)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the tutorials' pipeline.")
    parser.add_argument("corpus", type=Path, metavar="RAVDESS")
    parser.add_argument("--protocol", default="emobox")
    options = parser.parse_args()
    protocol = get_protocol(options.protocol)
    predictions = cross_validate(tutorial_pipeline(), load_corpus(options.corpus), protocol)
    result = ROOT / RESULTS / f"tutorial-{protocol.name}.csv"
    predictions.to_csv(result)
    record(result)
    metrics = measure_predictions(predictions)
    print(f"UAR % {percent(metrics.uar, metrics.uar_interval, leaks_speakers=protocol.leaks_speakers)}")
    print(f"accuracy % {percent(metrics.accuracy, leaks_speakers=protocol.leaks_speakers)}")


if __name__ == "__main__":
    main()

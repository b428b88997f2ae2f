"""Training on a few real clips of a few speakers."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from affetto import Recognizer
from affetto.bundles.card import model_card
from affetto.corpora import load_corpus
from affetto.errors import CorpusError
from affetto.training.pipelines import build_pipeline
from affetto.training.train import train

if TYPE_CHECKING:
    from pathlib import Path

    from affetto.corpora.base import Corpus


@pytest.fixture(scope="module")
def ravdess(ravdess_dir: Path) -> Corpus:
    return load_corpus(ravdess_dir)


def part(ravdess: Corpus, speakers: str, emotions: str, each: int) -> Corpus:
    """So many clips of each emotion by each speaker."""
    chosen = []
    for speaker in speakers.split():
        for emotion in emotions.split():
            own = [u for u in ravdess.utterances if (u.speaker, u.emotion) == (speaker, emotion)]
            chosen += own[:each]
    return replace(ravdess, utterances=chosen)


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFFETTO_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.mark.parametrize(
    ("classifier", "speakers", "emotions", "each"),
    [
        ("mlp", "1 2 3", "angry sad happy", 1),
        ("svm", "1 2 3", "angry sad happy calm", 2),
        ("gmm", "1 2 3", "angry sad happy", 1),
        ("transformer", "1 2", "angry sad", 2),
        pytest.param("cnn", "1 2 3", "angry sad happy", 1, marks=pytest.mark.slow),
    ],
)
def test_a_model_of_a_few_clips_gives_varied_but_uncertain_results(
    classifier: str,
    speakers: str,
    emotions: str,
    each: int,
    ravdess: Corpus,
    tiny_encoder: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    known, new = part(ravdess, speakers, emotions, each), part(ravdess, "8 9", emotions, 2)
    pipeline = build_pipeline(classifier, encoders=[tiny_encoder] if classifier == "transformer" else None, n_jobs=1)
    with caplog.at_level(logging.INFO, logger="affetto"):
        bundle = train(pipeline, known, tmp_path / "model", classifier=classifier)
    recognizer = Recognizer(tmp_path / "model")
    answers = [recognizer.recognize(u.path) for u in new.utterances]
    shown = [tuple(answer.probabilities.values()) for answer in answers]
    assert len(set(shown)) == len(shown)
    assert np.max(shown) < 0.999
    # The log has the figures of the exported model.
    right = [recognizer.recognize(u.path).emotion == u.emotion for u in known.utterances]
    (uar,) = (float(found[1]) for m in caplog.messages if (found := re.search(r"([\d.]+) % \(UAR\)", m)))
    assert uar == pytest.approx(100 * np.mean(right), abs=0.05)  # every emotion has as many clips
    assert uar > 80
    # So few clips do not show how reliable it is.
    assert {answer.status for answer in answers} == {"uncertain"}
    assert bundle.manifest["calibration"]["coverage"] == 0
    assert any("`uncertain`" in message for message in caplog.messages)
    assert "Every answer has the status `uncertain`" in model_card(bundle.manifest)
    if classifier == "transformer":
        recognizer.adapt([utterance.path for utterance in new.utterances])
        adapted = [tuple(recognizer.recognize(u.path).probabilities.values()) for u in new.utterances]
        assert np.isfinite(adapted).all()
        assert len(set(adapted)) == len(adapted)


_TRAINING = """
import sys
from pathlib import Path
from affetto.corpora import load_corpus
from affetto.training.pipelines import build_pipeline
from affetto.training.train import train

corpus, folder, classifier, n_jobs = sys.argv[1:]
train(build_pipeline(classifier, n_jobs=int(n_jobs)), load_corpus(Path(corpus)), Path(folder), classifier=classifier)
"""


@pytest.mark.parametrize("classifier", ["gmm", pytest.param("cnn", marks=pytest.mark.slow)])
def test_the_same_training_gives_the_same_bytes(classifier: str, ravdess: Corpus, tmp_path: Path) -> None:
    written = []
    for number, seed in enumerate(("1", "77")):
        folder = tmp_path / seed
        (folder / "corpus").mkdir(parents=True)
        utterances = part(ravdess, "1 2", "angry sad", 2).utterances
        for utterance in utterances[:: -1 if number else 1]:  # in another order on disk
            shutil.copy(utterance.path, folder / "corpus")
        environment = {**os.environ, "PYTHONHASHSEED": seed, "AFFETTO_CACHE": str(folder / "cache")}
        command = [sys.executable, "-c", _TRAINING, "corpus", "model", classifier, str(number + 1)]
        subprocess.run(command, check=True, cwd=folder, env=environment, capture_output=True)
        written.append([(folder / "model" / name).read_bytes() for name in ("model.onnx", "manifest.json")])
    assert written[0] == written[1]


def test_a_corpus_that_is_too_small_is_refused_before_a_folder_is_made(ravdess: Corpus, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"ravdess has 4 .*cnn"):
        train(build_pipeline("cnn"), part(ravdess, "1 2", "angry sad", 1), tmp_path / "model", classifier="cnn")
    assert not (tmp_path / "model").exists()

"""Corpora as small as people have: a few real clips of a few speakers."""

from __future__ import annotations

import logging
import os
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


def check(
    classifier: str,
    known: Corpus,
    new: Corpus,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
    *,
    encoders: list[Path] | None = None,
) -> None:
    """Train, and look at what the bundle and its chain answer about speakers that they never heard."""
    with caplog.at_level(logging.INFO, logger="affetto"):
        chain = build_pipeline(classifier, encoders=encoders, n_jobs=1)
        bundle = train(chain, known, folder, classifier=classifier)
    recognizer = Recognizer(folder)
    # Different recordings get different probabilities, also as they are shown.
    shown = [tuple(recognizer.recognize(u.path).probabilities.values()) for u in new.utterances]
    assert len(set(shown)) == len(shown)
    assert np.max(shown) < 0.999
    exact = chain.predict_proba([u.path for u in new.utterances])
    assert len(np.unique(exact.round(6), axis=0)) == len(exact)
    # What training says is what the model does.
    own = [recognizer.recognize(u.path).emotion == u.emotion for u in known.utterances]
    (said,) = [message for message in caplog.messages if "the saved model recognizes" in message]
    assert f"of {len(own)} recordings" in said
    assert f" {100 * np.mean(own):.1f} %" in said  # as many of each emotion
    assert np.mean(own) > 0.8
    # So few show nothing of how often it is right.
    assert all(recognizer.recognize(u.path).status == "uncertain" for u in new.utterances)
    assert bundle.manifest["calibration"]["coverage"] == 0
    assert any("every answer will be `uncertain`" in message for message in caplog.messages)
    assert "Every answer has the status `uncertain`" in model_card(bundle.manifest)


@pytest.mark.parametrize("classifier", ["mlp", "svm", "gmm"])
@pytest.mark.parametrize(
    ("emotions", "each"), [("angry sad happy", 1), ("angry sad happy calm", 2)], ids=["9 clips", "24 clips"]
)
def test_different_recordings_get_different_answers(
    classifier: str, emotions: str, each: int, ravdess: Corpus, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = part(ravdess, "1 2 3", emotions, each)
    check(classifier, known, part(ravdess, "8 9", emotions, 3), tmp_path / "model", caplog)


@pytest.mark.parametrize(
    ("speakers", "emotions", "each"),
    [("1 2", "angry sad", 2), ("1 2 3", "angry sad happy calm", 2)],
    ids=["8 clips", "24 clips"],
)
def test_a_transformer_of_next_to_nothing_does_what_training_says(
    speakers: str,
    emotions: str,
    each: int,
    ravdess: Corpus,
    tiny_encoder: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """There are far more features than clips, and the answers differ all the same, adapted or not."""
    known, new = part(ravdess, speakers, emotions, each), part(ravdess, "8 9", emotions, 3)
    check("transformer", known, new, tmp_path / "model", caplog, encoders=[tiny_encoder])
    recognizer = Recognizer(tmp_path / "model")
    recognizer.adapt([utterance.path for utterance in new.utterances])
    adapted = [tuple(recognizer.recognize(u.path).probabilities.values()) for u in new.utterances]
    assert np.isfinite(adapted).all()
    assert len(set(adapted)) == len(adapted)


@pytest.mark.slow
def test_a_convolutional_network_of_nine_clips_does_what_training_says(
    ravdess: Corpus, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = part(ravdess, "1 2 3", "angry sad happy", 1)
    check("cnn", known, part(ravdess, "8 9", "angry sad happy", 3), tmp_path / "model", caplog)


_TRAINING = """
import sys
from pathlib import Path
from affetto.corpora import load_corpus
from affetto.training.pipelines import build_pipeline
from affetto.training.train import train

corpus, folder, classifier, n_jobs = sys.argv[1:]
train(build_pipeline(classifier, n_jobs=int(n_jobs)), load_corpus(Path(corpus)), Path(folder), classifier=classifier)
"""


@pytest.mark.parametrize("classifier", ["svm", pytest.param("cnn", marks=pytest.mark.slow)])
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


def test_a_corpus_too_small_is_refused_before_anything_is_made(ravdess: Corpus, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="ravdess has 4 recordings, too few for the cnn"):
        train(build_pipeline("cnn"), part(ravdess, "1 2", "angry sad", 1), tmp_path / "model", classifier="cnn")
    assert not (tmp_path / "model").exists()

"""Shared by the tests of the tools: a repository that holds only published results and two bundles."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from affetto.evaluation import CorporaPredictions
from affetto.recognition.dimensions import dimensions
from tools.provenance import PROVENANCE_FILE, record


@pytest.fixture
def published(root: Path, tmp_path: Path) -> Path:
    """Copy the published predictions within RAVDESS and two bundles, without robustness tests and adaptation."""
    results = Path("benchmarks", "results")
    (tmp_path / results).mkdir(parents=True)
    for path in (root / results).glob("*.csv"):
        if not path.stem.startswith(("robustness-", "corpora-")) and "-adapted" not in path.stem:
            shutil.copy(path, tmp_path / results)
    shutil.copy(root / results / PROVENANCE_FILE, tmp_path / results)
    for name in ("svm", "transformer"):
        model = Path("src", "affetto", "models", name)
        shutil.copytree(root / model, tmp_path / model)
    return tmp_path


def publish_corpora(folder: Path, name: str, *, skill: float = 1.5) -> Path:
    """Write predictions about two left-out corpora, of a system of this skill, and the record of a run."""
    labels = ("neutral", "happy", "sad", "angry", "fearful")
    # Six speakers of one corpus and four of the other, each clip by each of them.
    speakers = [("ravdess", str(n)) for n in range(6)] + [("crema-d", str(n)) for n in range(1001, 1005)]
    rows = [(*who, emotion, take) for who in speakers for emotion in labels for take in range(4)]
    truth = np.array([labels.index(emotion) for *_, emotion, _ in rows])
    scores = np.random.default_rng(len(name)).normal(size=(len(rows), len(labels)))
    scores[np.arange(len(rows)), truth] += skill
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    arousal, valence = dimensions(labels, probabilities)
    path = folder / f"{name}.csv"
    CorporaPredictions(
        corpus=tuple(corpus for corpus, *_ in rows),
        clip=tuple(f"{speaker}-{emotion}-{take}" for _, speaker, emotion, take in rows),
        speaker=tuple(speaker for _, speaker, *_ in rows),
        emotion=tuple(emotion for *_, emotion, _ in rows),
        probabilities=probabilities,
        labels=labels,
        status=tuple("ok" if row.max() > 0.5 else "uncertain" for row in probabilities),
        arousal=arousal,
        valence=valence,
    ).to_csv(path)
    return recorded(path)


def recorded(path: Path) -> Path:
    """Record a run for a file of results; its command names the file."""
    record(path, run={"command": f"affetto evaluate --made {path.stem}"})
    return path

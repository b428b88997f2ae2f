from __future__ import annotations

import csv
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from affetto.bundles.bundle import find_bundle, load_bundle, write_bundle
from affetto.corpora import load_corpus
from affetto.evaluation import Outcome, get_protocol, summarize_robustness
from affetto.training.pipelines import build_pipeline
from affetto.training.provenance import describe_corpus, describe_encoders, describe_recipe

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["robustness-transformer", "denoise-transformer"])
def test_the_published_figures_follow_from_the_predictions_by_clip(root: Path, name: str) -> None:
    folder = root / "benchmarks" / "results"
    rows = list(csv.DictReader((folder / f"{name}.csv").open(encoding="utf-8", newline="")))
    clips = list(csv.DictReader((folder / f"{name}-clips.csv").open(encoding="utf-8", newline="")))
    assert len(clips) == 1440
    outcomes = []
    for clip in clips:
        for row in rows:
            title = f"{row['condition']} {row['level']}".strip()
            for denoised in (False, True) if row.get("uar_denoised") else (False,):
                answer = clip[title + ", denoised" * denoised] or None
                outcomes.append(
                    Outcome(
                        clip=clip["clip"],
                        speaker=clip["actor"],
                        truth=clip["emotion"],
                        condition=row["condition"],
                        level=row["level"],
                        denoised=denoised,
                        emotion=answer,
                        confidence=None,
                    )
                )
    for row, computed in zip(rows, summarize_robustness(outcomes), strict=True):
        for column in ("uar", "drop", "labels_kept", "accuracy", "no_speech", "uar_denoised", "gain"):
            if column in row:
                assert float(row[column]) == getattr(computed, column), (row["condition"], row["level"], column)


def test_each_fold_is_recognized_by_its_bundle_and_all_are_pooled(
    root: Path, tmp_path: Path, ravdess_dir: Path, tiny_encoder: Path
) -> None:
    corpus, shipped = load_corpus(ravdess_dir), load_bundle(find_bundle("transformer"))
    pipeline = build_pipeline("transformer", encoders=[tiny_encoder])
    made = {"encoders": describe_encoders(pipeline), "training": {"recipe": describe_recipe(pipeline)}}
    for fold in get_protocol("emobox").split(corpus):
        if fold.number in (2, 5):
            known = replace(corpus, utterances=[corpus.utterances[index] for index in fold.train.tolist()])
            described = {"name": f"fold-{fold.number}", "corpora": [describe_corpus(known)], **made}
            manifest = {**shipped.manifest, **described}
            write_bundle(tmp_path / "bundles" / f"fold-{fold.number}", manifest, shipped.model)
    soundfile.write(tmp_path / "hum.wav", np.sin(np.arange(16_000) * 0.05) / 3, 16_000)
    before = sorted((root / "benchmarks" / "results").iterdir())
    options: list[str | Path] = ["--noise", tmp_path, "--encoder", tiny_encoder, "--bundles", tmp_path / "bundles"]
    options += ["--limit", "2", "--fold", "2", "--fold", "5", "--condition", "telephone", "--condition", "noise 10 dB"]
    command: list[str | Path] = [sys.executable, "-m", "benchmarks.robustness", ravdess_dir.resolve(), *options]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=120, cwd=root)
    assert "fold 2: 2 clips in 3 conditions" in done.stdout
    assert "transformer, emobox, 4 clips" in done.stdout
    assert [line.split()[1] for line in done.stdout.splitlines() if "│" in line] == ["clean", "noise", "telephone"]
    assert sorted((root / "benchmarks" / "results").iterdir()) == before

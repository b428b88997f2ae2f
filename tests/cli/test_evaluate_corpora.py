"""`affetto evaluate --protocol corpora` on a few clips of three real corpora, as a user runs it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from affetto.bundles.bundle import load_bundle
from affetto.evaluation import CorporaPredictions, measure_corpora

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory, ravdess_dir: Path, nemo_dir: Path, emodb_dir: Path) -> Path:
    """Folders of RAVDESS, nEMO and EMO-DB: two or three speakers each, a few clips of each emotion."""
    folder = tmp_path_factory.mktemp("corpora")
    clips = {
        # Neutral, calm, sad, angry.
        "ravdess": [*ravdess_dir.glob("Actor_0[12]/03-01-0[1245]-01-01-01-??.flac")],
        "nemo": [*nemo_dir.glob("IC0_*_10.opus"), *nemo_dir.glob("WR0_*_10.opus")],
        "emodb": [
            clip for who in ("03", "08") for code in "NTW" for clip in sorted(emodb_dir.glob(f"{who}*{code}?.*"))[:1]
        ],
    }
    for name, found in clips.items():
        (folder / name).mkdir()
        for clip in found:
            if clip.stem.split("_")[1:2] not in (["fear"], ["happiness"]):
                shutil.copy(clip, folder / name)
    return folder


@pytest.fixture(scope="module")
def report(corpora: Path, run: Run) -> Path:
    """The report about all three, with the models beside it."""
    arguments = ["--protocol", "corpora", "--classifier", "gmm", "--output", "report", "--models", "models"]
    done = run("evaluate", "ravdess", "nemo", "emodb", *arguments, cwd=corpora)
    assert done.returncode == 0, done.stderr
    (corpora / "stdout").write_text(done.stdout, encoding="utf-8")
    return corpora / "report"


def test_three_corpora_are_left_out_in_turn(report: Path) -> None:
    predictions = CorporaPredictions.from_csv(report / "predictions.csv")
    assert predictions.corpora == ("ravdess", "nemo", "emodb")
    assert predictions.labels == ("neutral", "sad", "angry", "surprised")
    # Calm counts as neutral, and nEMO's surprise was never learned.
    of = {
        name: [e for c, e in zip(predictions.corpus, predictions.emotion, strict=True) if c == name]
        for name in predictions.corpora
    }
    assert {name: sorted(set(emotions)) for name, emotions in of.items()} == {
        name: ["angry", "neutral", "sad"] for name in predictions.corpora
    }
    assert of["ravdess"].count("neutral") == 2 * of["ravdess"].count("sad")
    metrics = json.loads((report / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["untestable_emotions"] == ["surprised"]
    nemo = metrics["left_out"][1]
    assert nemo["corpus"] == "nemo"
    assert list(nemo["unlearned_clips"]) == ["surprised"]
    assert nemo["clips"] == len(of["nemo"])
    measured = measure_corpora(predictions)
    assert metrics["mean"]["uar"]["value"] == measured.mean.uar.value
    # With so few clips only loud and soft speech are distinguished.
    assert measured.mean.auc_arousal.value is not None
    assert measured.mean.auc_arousal.value > 0.6


def test_the_table_names_every_corpus_and_the_untested_clips(report: Path) -> None:
    text = (report.parent / "stdout").read_text(encoding="utf-8")
    for name in ("mean", "ravdess", "nemo", "emodb"):
        assert f"│ {name} " in text
    assert "surprised" in text
    assert text.splitlines()[-1] == "Report in report: predictions.csv, metrics.json, run.json"


def test_the_model_of_each_fold_is_kept_and_not_replaced_by_another(report: Path, run: Run) -> None:
    models = report.parent / "models"
    assert sorted(path.name for path in models.iterdir()) == ["fold-1", "fold-2", "fold-3"]
    bundle = load_bundle(models / "fold-3")
    assert [part["name"] for part in bundle.manifest["corpora"]] == ["ravdess", "nemo"]
    assert "calm" in bundle.labels
    arguments = ["--protocol", "corpora", "--folds", "3", "--classifier", "svm", "--models", "models"]
    refused = run("evaluate", "ravdess", "nemo", "emodb", *arguments, cwd=report.parent)
    assert refused.returncode != 0
    assert "fold-3" in refused.stderr
    assert not (report.parent / "svm-corpora").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ravdess", "--protocol", "corpora"], 2, "two or more"),
        (["ravdess", "nemo", "--protocol", "corpora", "--models", "nemo/models"], 2, "inside the corpus"),
        (["ravdess", "nemo", "--protocol", "corpora", "--train-with", "emodb"], 2, "--train-with"),
        (["ravdess", "nemo", "--protocol", "loso"], 2, "--protocol corpora"),
    ],
)
def test_a_wrong_command_is_refused_before_anything_is_written(
    arguments: list[str], code: int, message: str, corpora: Path, run: Run
) -> None:
    before = sorted(corpora.rglob("*"))
    done = run("evaluate", *arguments, "--classifier", "gmm", cwd=corpora)
    assert done.returncode == code
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(corpora.rglob("*")) == before


def test_classifiers_are_not_compared_with_corpora_left_out(corpora: Path, run: Run) -> None:
    done = run("compare", "ravdess", "--protocol", "corpora", cwd=corpora)
    assert done.returncode == 2
    assert "affetto evaluate" in done.stderr

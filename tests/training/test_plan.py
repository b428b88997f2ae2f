"""Plans: an impossible task is refused before anything is fitted or written."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from affetto.bundles.bundle import load_bundle
from affetto.errors import AffettoError, BundleError, ParameterError
from affetto.training.plan import ComparisonPlan, CorpusSplit, EvaluationPlan, SpeakerSplit, TrainingPlan

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, ravdess_dir: Path) -> Path:
    """Three actors, one take of one sentence of three emotions: 9 clips."""
    folder = tmp_path_factory.mktemp("corpus")
    for clip in ravdess_dir.glob("Actor_0[123]/03-01-0[245]-01-01-01-??.flac"):
        shutil.copy(clip, folder)
    return folder


@pytest.fixture(scope="module")
def polish(tmp_path_factory: pytest.TempPathFactory, nemo_dir: Path) -> Path:
    """Two speakers of nEMO, sad and angry."""
    folder = tmp_path_factory.mktemp("polish")
    for clip in (*nemo_dir.glob("IC0_*_10.opus"), *nemo_dir.glob("WR0_*_10.opus")):
        if clip.stem.split("_")[1] in ("anger", "sadness"):
            shutil.copy(clip, folder)
    return folder


@pytest.mark.parametrize(
    ("datasets", "folder", "options", "message"),
    [
        (["nowhere"], "model", {}, "nowhere"),
        (["CORPUS"], "CORPUS/model", {}, "inside the corpus"),
        (["CORPUS"], "taken", {}, "taken"),
        (["CORPUS", "CORPUS"], "model", {}, "given twice"),
        (["CORPUS", "CORPUS"], "model", {"name": "ravdess"}, "name.*2"),
        (["CORPUS"], "model", {"encoders": ["tiny"]}, "transformer"),
        (["CORPUS"], "model", {"emotions": ["bored"]}, "bored"),
        (["CORPUS"], "model", {"emotions": ["sad"]}, "two"),
    ],
)
def test_a_training_that_cannot_work_is_refused(
    datasets: list[str], folder: str, options: dict[str, Any], message: str, corpus: Path, tmp_path: Path
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/notes.txt").write_text("mine")
    places = [str(corpus) if dataset == "CORPUS" else str(tmp_path / dataset) for dataset in datasets]
    target = folder.replace("CORPUS", str(corpus)) if "CORPUS" in folder else tmp_path / folder
    with pytest.raises(AffettoError, match=message):
        TrainingPlan(places, target, classifier="svm", **options)
    assert [path.name for path in tmp_path.rglob("*")] == ["taken", "notes.txt"]
    assert not (corpus / "model").exists()


@pytest.mark.parametrize(
    ("protocol", "options", "message"),
    [
        ("emobox", {}, "24 actors"),
        ("best", {}, "best"),
        ("corpora", {}, "corpora"),
        ("loso", {"folds": [9]}, "9"),
        ("loso", {"train_with": ["CORPUS"]}, "given twice"),
        ("loso", {"emotions": ["bored"]}, "bored"),
    ],
)
def test_a_split_that_cannot_work_is_refused(
    protocol: str, options: dict[str, Any], message: str, corpus: Path
) -> None:
    if "train_with" in options:
        options = {"train_with": [corpus]}
    with pytest.raises(AffettoError, match=message):
        SpeakerSplit(corpus, protocol, **options)


@pytest.mark.parametrize(
    ("classifier", "options", "message"),
    [
        ("svm", {"encoders": ["tiny"]}, "transformer"),
        ("svm", {"adapted": 5}, "transformer"),
        ("svm", {"folder": "CORPUS/report"}, "inside the corpus"),
        ("svm", {"models": "CORPUS/models"}, "inside the corpus"),
        ("svm", {"models": "taken"}, "fold-1"),
    ],
)
def test_an_evaluation_that_cannot_work_is_refused(
    classifier: str,
    options: dict[str, Any],
    message: str,
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken/fold-1").mkdir(parents=True)
    (tmp_path / "taken/fold-1/notes.txt").write_text("mine")
    given: dict[str, Any] = {
        name: str(v).replace("CORPUS", str(corpus)) if isinstance(v, str) else v for name, v in options.items()
    }
    with pytest.raises(ParameterError, match=message):
        EvaluationPlan(SpeakerSplit(corpus, "loso"), classifier, **given)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    assert not (corpus / "models").exists()


def test_an_evaluation_writes_its_report_and_keeps_the_models(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    split = SpeakerSplit(corpus, "loso", folds=[2], emotions=["sad", "angry"])
    predictions, metrics = EvaluationPlan(split, "gmm", models="models").run()
    assert set(predictions.speaker) == {"2"}
    content = json.loads((tmp_path / "gmm-loso/metrics.json").read_text(encoding="utf-8"))
    assert (content["uar"], content["folds"], content["emotions"]) == (metrics.uar, [2], ["sad", "angry"])
    assert load_bundle(tmp_path / "models/fold-2").labels == ("sad", "angry")
    # The same report may be written again, another one may not.
    EvaluationPlan(split, "gmm", models="models")
    with pytest.raises(BundleError, match="fold-2"):
        EvaluationPlan(split, "svm", models="models")
    with pytest.raises(ParameterError, match="emotions"):
        EvaluationPlan(SpeakerSplit(corpus, "loso", folds=[2]), "gmm")


def test_corpora_are_left_out(corpus: Path, polish: Path, tmp_path: Path) -> None:
    for datasets, folds, message in (
        ([corpus], None, "two"),
        ([corpus, corpus], None, "given twice"),
        ([corpus, polish], [3], "1 to 2"),
    ):
        with pytest.raises(AffettoError, match=message):
            CorpusSplit(datasets, folds=folds)
    split = CorpusSplit([corpus, polish], folds=[2])
    with pytest.raises(ParameterError, match="inside the corpus"):
        EvaluationPlan(split, "gmm", polish / "report")
    predictions, metrics = EvaluationPlan(split, "gmm", tmp_path / "report").run()
    assert predictions.corpora == ("nemo",)
    assert [part.corpus for part in metrics.corpora] == ["nemo"]
    assert split.table("gmm", metrics).row_count == 2


def test_a_comparison_that_cannot_work_is_refused(corpus: Path, tmp_path: Path) -> None:
    split = SpeakerSplit(corpus, "loso", folds=[1, 2])
    with pytest.raises(ParameterError, match="mlp"):
        ComparisonPlan(split, ["mlp", "mlp"], tmp_path / "all")
    with pytest.raises(ParameterError, match="transformer"):
        ComparisonPlan(split, ["mlp", "svm"], tmp_path / "all", encoders=["tiny"])
    with pytest.raises(ParameterError, match="two test speakers"):
        ComparisonPlan(SpeakerSplit(corpus, "loso", folds=[1]), ["mlp", "svm"], tmp_path / "all")
    assert list(tmp_path.iterdir()) == []

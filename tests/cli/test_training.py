"""`train`, `evaluate` and `compare` on a part of RAVDESS, as a user runs them."""

from __future__ import annotations

import csv
import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from affetto import Recognizer
from affetto.bundles.bundle import load_bundle
from affetto.classifiers.front_ends import acoustic_front_end
from affetto.corpora import load_corpus
from affetto.features import AcousticFeatures
from affetto.preprocessing import ReadSpeech, apply_steps

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, ravdess_dir: Path) -> Path:
    """Four actors, one take of each sentence with normal intensity: 64 clips."""
    folder = tmp_path_factory.mktemp("corpus")
    for actor in (1, 2, 3, 4):
        for clip in (ravdess_dir / f"Actor_{actor:02}").glob("03-01-??-01-??-01-??.flac"):
            shutil.copy(clip, folder)
    return folder


@pytest.mark.parametrize("classifier", ["mlp", "svm", "gmm"])
def test_a_trained_bundle_recognizes_as_its_pipeline_would(
    classifier: str, corpus: Path, tmp_path: Path, run: Run
) -> None:
    before = sorted(p.name for p in corpus.iterdir())
    done = run("train", corpus, "--classifier", classifier, "--output", "model", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    bundle = load_bundle(tmp_path / "model")
    assert bundle.manifest["corpora"][0]["utterances"] == 64
    assert sorted(p.name for p in corpus.iterdir()) == before
    recognizer = Recognizer(tmp_path / "model")
    utterances = load_corpus(corpus).utterances
    found = [recognizer.recognize(utterance.path).emotion for utterance in utterances]
    assert np.mean([h == u.emotion for h, u in zip(found, utterances, strict=True)]) > 0.6


def test_the_recognizer_prepares_sound_as_training_did(corpus: Path) -> None:
    path = load_corpus(corpus).utterances[0].path
    waveform = ReadSpeech().transform([path])[0]
    by_pipeline = acoustic_front_end().transform([path])[0]
    manifest_steps = [
        step.recorded() for step in acoustic_front_end().named_steps.values() if hasattr(step, "recorded")
    ]
    by_record = AcousticFeatures().transform(
        [waveform.with_samples(apply_steps(waveform.samples, waveform.sample_rate_hz, manifest_steps))]
    )[0]
    assert np.array_equal(by_pipeline, by_record)


def test_a_single_fold_is_reported(corpus: Path, tmp_path: Path, run: Run) -> None:
    arguments = ["--classifier", "gmm", "--protocol", "loso", "--folds", "2", "--output", "report"]
    done = run("evaluate", corpus, *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "UAR" in done.stdout
    with (tmp_path / "report/predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["actor"] for row in rows} == {"2"}
    assert {row["fold"] for row in rows} == {"2"}
    metrics = json.loads((tmp_path / "report/metrics.json").read_text(encoding="utf-8"))
    recalls = [
        np.mean([row["predicted"] == emotion for row in rows if row["emotion"] == emotion])
        for emotion in {row["emotion"] for row in rows}
    ]
    assert metrics["uar"] == pytest.approx(np.mean(recalls))
    for picture in ("confusion.png", "reliability.png"):
        assert (tmp_path / "report" / picture).read_bytes().startswith(b"\x89PNG")
    again = run("evaluate", corpus, *arguments[:-1], "again", cwd=tmp_path)
    assert again.returncode == 0
    assert (tmp_path / "again/predictions.csv").read_bytes() == (tmp_path / "report/predictions.csv").read_bytes()


def test_only_the_chosen_emotions_are_evaluated(corpus: Path, tmp_path: Path, run: Run) -> None:
    arguments = ["--classifier", "gmm", "--protocol", "loso", "--folds", "1", "--output", "report"]
    done = run("evaluate", corpus, *arguments, "--emotions", "sad, angry", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "report/metrics.json").read_text(encoding="utf-8"))
    assert metrics["emotions"] == ["sad", "angry"]
    assert set(metrics["recall"]) == {"sad", "angry"}
    # A report about all emotions is another one, and does not replace it.
    assert "emotions differ" in run("evaluate", corpus, *arguments, cwd=tmp_path).stderr


def test_the_models_of_folds_are_kept_on_request(corpus: Path, tmp_path: Path, run: Run) -> None:
    options = ["--classifier", "gmm", "--protocol", "loso", "--folds", "2", "--output", "report"]
    arguments: list[str | Path] = ["evaluate", corpus, *options]
    (tmp_path / "taken/fold-2").mkdir(parents=True)
    (tmp_path / "taken/fold-2/diary.txt").write_text("dear diary")
    refused = run(*arguments, "--models", "taken", cwd=tmp_path)
    assert refused.returncode == 2
    assert "taken/fold-2" in refused.stderr
    within = run(*arguments, "--models", corpus / "models", cwd=tmp_path)
    assert within.returncode != 0
    assert not (corpus / "models").exists()
    done = run(*arguments, "--models", "models", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["fold-2"]
    (part,) = load_bundle(tmp_path / "models/fold-2").manifest["corpora"]
    assert (part["utterances"], part["speakers"]) == (48, 3)
    with (tmp_path / "report/predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["clip"]: row for row in csv.DictReader(file)}
    recognizer = Recognizer(tmp_path / "models/fold-2")
    found = {path.stem: recognizer.recognize(path).emotion for path in corpus.glob("*-02.flac")}
    # The recognizer cuts by voice activity detection, the evaluation did not.
    assert np.mean([found[clip] == row["predicted"] for clip, row in rows.items()]) > 0.5


def test_every_figure_is_marked_if_speakers_leak(corpus: Path, tmp_path: Path, run: Run) -> None:
    done = run("evaluate", corpus, "--classifier", "gmm", "--protocol", "random", "--folds", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    figures = [line for line in done.stdout.splitlines() if "UAR" in line or "recall" in line or "accuracy" in line]
    assert len(figures) > 9
    assert all("speakers leak" in line for line in figures)
    assert (tmp_path / "gmm-random/metrics.json").exists()


def test_compare_puts_the_chosen_classifiers_in_one_table(corpus: Path, tmp_path: Path, run: Run) -> None:
    names = ("svm", "gmm")
    chosen = [argument for name in names for argument in ("--classifier", name)]
    arguments = ["--protocol", "loso", "--folds", "1,2", "--output", "all", *chosen]
    done = run("compare", corpus, *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for name in names:
        assert name in done.stdout
        assert (tmp_path / "all" / name / "predictions.csv").exists()
    assert "p (UAR)" in done.stdout
    assert sorted(folder.name for folder in (tmp_path / "all").iterdir()) == ["gmm", "svm"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "nowhere", "--output", "model"], 1, "nowhere"),
        (["train", "CORPUS", "--output", "CORPUS/model"], 2, "inside the corpus"),
        (["train", "CORPUS"], 2, "--output"),
        (["train", "CORPUS", "--output", "model", "--classifier", "oracle"], 2, "oracle"),
        (["evaluate", "nowhere"], 1, "nowhere"),
        (["evaluate", "CORPUS", "--protocol", "best"], 2, "best"),
        (["evaluate", "CORPUS", "--protocol", "loso", "--folds", "one"], 2, "one"),
        (["evaluate", "CORPUS", "--protocol", "loso", "--adapted", "5"], 2, "transformer"),
        (["evaluate", "CORPUS", "--protocol", "loso", "--emotions", "sad,bored"], 2, "bored"),
        (["compare", "CORPUS", "--protocol", "loso", "--classifier", "mlp"], 2, "mlp"),
    ],
)
def test_a_wrong_command_is_refused_before_anything_is_written(
    arguments: list[str], code: int, message: str, corpus: Path, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/notes.txt").write_text("mine")
    done = run(*(a.replace("CORPUS", str(corpus)) for a in arguments), cwd=tmp_path)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    if "oracle" not in arguments and arguments[-1] != "one" and len(arguments) > 2:
        assert len(done.stderr.splitlines()) == 1  # typer's own usage errors take a few lines
    assert [path.name for path in tmp_path.rglob("*")] == ["taken", "notes.txt"]
    assert not (corpus / "model").exists()
    assert not (corpus / "report").exists()


def test_a_further_corpus_is_trained_on_and_not_tested(
    corpus: Path, few_polish: Path, tmp_path: Path, run: Run
) -> None:
    arguments = ["--classifier", "gmm", "--protocol", "loso", "--folds", "2"]
    done = run("evaluate", corpus, *arguments, "--train-with", few_polish, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert run("evaluate", corpus, *arguments, cwd=tmp_path).returncode == 0
    tables = []
    # Neither replaces the other, and each names its corpora.
    for report, train_with in (("gmm+nemo-loso", ["nemo"]), ("gmm-loso", [])):
        metrics = json.loads((tmp_path / report / "metrics.json").read_text(encoding="utf-8"))
        assert (metrics["corpus"], metrics["train_with"]) == ("ravdess", train_with)
        with (tmp_path / report / "predictions.csv").open(encoding="utf-8", newline="") as file:
            tables.append(list(csv.DictReader(file)))
    assert {row["actor"] for row in tables[0]} == {"2"}
    assert [row["emotion"] for row in tables[0]] == [row["emotion"] for row in tables[1]]
    assert tables[0] != tables[1]


def test_clips_that_harm_training_give_warnings(corpus: Path, tmp_path: Path, run: Run) -> None:
    utterances = load_corpus(corpus).utterances
    rows = [f"{u.path},{u.emotion},{u.speaker}" for u in utterances]
    rows += ["more/copy.flac,happy,1", "more/silent.wav,happy,1"]
    (tmp_path / "mine.csv").write_text("\n".join(["path,emotion,speaker", *rows, ""]), encoding="utf-8")
    (tmp_path / "more").mkdir()
    shutil.copy(next(corpus.glob("03-01-05-*-01.flac")), tmp_path / "more/copy.flac")
    soundfile.write(tmp_path / "more/silent.wav", np.zeros(16_000), 16_000)

    done = run("train", "mine.csv", "--classifier", "svm", "--output", "model", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if line.startswith("affetto: warning: mine: ")]
    assert len(warnings) == 2
    assert any("silent" in line for line in warnings)
    assert any("copy is 03-01-05" in line and "another emotion" in line for line in warnings)


def test_labels_that_make_training_meaningless_are_refused(corpus: Path, tmp_path: Path, run: Run) -> None:
    rows = [f"{u.path},{u.emotion},{u.speaker}" for u in load_corpus(corpus).utterances]
    for label, complaint in (("nan", "'nan'"), ("Happy", "'Happy'")):
        table = "\n".join(["path,emotion,speaker", *rows[1:], rows[0].replace(",neutral,", f",{label},"), ""])
        (tmp_path / "mine.csv").write_text(table, encoding="utf-8")

        done = run("train", "mine.csv", "--output", "model", cwd=tmp_path)

        assert done.returncode == 1
        assert complaint in done.stderr
        assert done.stderr.count("\n") == 1
        assert not (tmp_path / "model").exists()


def test_one_speaker_can_be_measured_by_a_protocol_that_leaks(ravdess_dir: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "alone").mkdir()
    for clip in (ravdess_dir / "Actor_01").glob("03-01-0[45]-*.flac"):
        shutil.copy(clip, tmp_path / "alone")

    for command in (["train", "alone", "--output", "model"], ["evaluate", "alone", "--protocol", "loso"]):
        refused = run(*command, "--classifier", "gmm", cwd=tmp_path)
        assert refused.returncode == 1
        assert "--protocol random" in refused.stderr
    done = run("evaluate", "alone", "--classifier", "gmm", "--protocol", "random", "--folds", "1", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "speakers leak" in done.stdout
    with (tmp_path / "gmm-random/predictions.csv").open(encoding="utf-8", newline="") as file:
        assert {row["actor"] for row in csv.DictReader(file)} == {"1"}

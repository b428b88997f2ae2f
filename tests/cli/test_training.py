"""`train`, `evaluate` and `compare` on a part of RAVDESS, as a user runs them."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from affetto import Recognizer
from affetto.corpora import load_corpus
from affetto.features import AcousticFeatures
from affetto.preprocessing import ReadSpeech, apply_steps
from affetto.recognition.bundle import load_bundle
from affetto.training.chains import make_front_end

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, ravdess_dir: Path) -> Path:
    """Four actors, one take of each sentence with normal intensity: 64 clips."""
    folder = tmp_path_factory.mktemp("corpus")
    for actor in (1, 2, 3, 4):
        for clip in (ravdess_dir / f"Actor_{actor:02}").glob("03-01-??-01-??-01-??.flac"):
            shutil.copy(clip, folder)
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def run(*arguments: str | Path, cwd: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from affetto.cli import main; main()", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", cwd=cwd, env=environment(cache), timeout=300)


def environment(cache: Path) -> dict[str, str]:
    return {**os.environ, "AFFETTO_CACHE": str(cache), "PYTHONIOENCODING": "utf-8", "HF_HUB_OFFLINE": "1"}


@pytest.mark.parametrize("classifier", ["mlp", "svm", "gmm"])
def test_a_trained_bundle_recognizes_as_its_chain_would(
    classifier: str, corpus: Path, tmp_path: Path, cache: Path
) -> None:
    before = sorted(p.name for p in corpus.iterdir())
    done = run("train", corpus, "--classifier", classifier, "--output", "model", cwd=tmp_path, cache=cache)
    assert done.returncode == 0, done.stderr
    bundle = load_bundle(tmp_path / "model")
    assert bundle.manifest["corpora"][0]["utterances"] == 64
    assert sorted(p.name for p in corpus.iterdir()) == before
    recognizer = Recognizer(tmp_path / "model")
    utterances = load_corpus(corpus).utterances
    heard = [recognizer.recognize(utterance.path).emotion for utterance in utterances]
    assert np.mean([h == u.emotion for h, u in zip(heard, utterances, strict=True)]) > 0.6


def test_the_recognizer_prepares_sound_as_training_did(corpus: Path) -> None:
    path = load_corpus(corpus).utterances[0].path
    waveform = ReadSpeech().transform([path])[0]
    by_chain = make_front_end().transform([path])[0]
    manifest_steps = [step.recorded() for step in make_front_end().named_steps.values() if hasattr(step, "recorded")]
    by_record = AcousticFeatures().transform(
        [waveform.with_samples(apply_steps(waveform.samples, waveform.sample_rate_hz, manifest_steps))]
    )[0]
    assert np.array_equal(by_chain, by_record)


def test_a_single_fold_is_reported(corpus: Path, tmp_path: Path, cache: Path) -> None:
    arguments = ["--classifier", "gmm", "--protocol", "loso", "--folds", "2", "--output", "report"]
    done = run("evaluate", corpus, *arguments, cwd=tmp_path, cache=cache)
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
    again = run("evaluate", corpus, *arguments[:-1], "again", cwd=tmp_path, cache=cache)
    assert again.returncode == 0
    assert (tmp_path / "again/predictions.csv").read_bytes() == (tmp_path / "report/predictions.csv").read_bytes()


def test_the_models_of_folds_are_kept_where_that_is_asked_for(corpus: Path, tmp_path: Path, cache: Path) -> None:
    options = ["--classifier", "gmm", "--protocol", "loso", "--folds", "2", "--output", "report"]
    arguments: list[str | Path] = ["evaluate", corpus, *options]
    (tmp_path / "taken/fold-2").mkdir(parents=True)
    (tmp_path / "taken/fold-2/diary.txt").write_text("dear diary")
    refused = run(*arguments, "--models", "taken", cwd=tmp_path, cache=cache)
    assert refused.returncode == 2
    assert refused.stderr.startswith("affetto: taken/fold-2 is a folder with other things in it")
    within = run(*arguments, "--models", corpus / "models", cwd=tmp_path, cache=cache)
    assert within.returncode != 0
    assert not (corpus / "models").exists()
    done = run(*arguments, "--models", "models", cwd=tmp_path, cache=cache)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["fold-2"]
    (part,) = load_bundle(tmp_path / "models/fold-2").manifest["corpora"]
    assert (part["utterances"], part["speakers"]) == (48, 3)
    with (tmp_path / "report/predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["clip"]: row for row in csv.DictReader(file)}
    recognizer = Recognizer(tmp_path / "models/fold-2")
    heard = {path.stem: recognizer.recognize(path).emotion for path in corpus.glob("*-02.flac")}
    # Voice activity leaves away what the evaluation heard around.
    assert np.mean([heard[clip] == row["predicted"] for clip, row in rows.items()]) > 0.5


def test_leaking_speakers_is_said_beside_every_figure(corpus: Path, tmp_path: Path, cache: Path) -> None:
    done = run("evaluate", corpus, "--classifier", "gmm", "--protocol", "random", cwd=tmp_path, cache=cache)
    assert done.returncode == 0, done.stderr
    figures = [line for line in done.stdout.splitlines() if "UAR" in line or "recall" in line or "accuracy" in line]
    assert len(figures) > 9
    assert all("speakers leak" in line for line in figures)
    assert (tmp_path / "gmm-random/metrics.json").exists()


def test_compare_puts_the_chosen_classifiers_in_one_table(corpus: Path, tmp_path: Path, cache: Path) -> None:
    chosen = [argument for name in ("mlp", "svm", "gmm") for argument in ("--classifier", name)]
    arguments = ["--protocol", "loso", "--folds", "1,2", "--output", "all", *chosen]
    done = run("compare", corpus, *arguments, cwd=tmp_path, cache=cache)
    assert done.returncode == 0, done.stderr
    for name in ("mlp", "svm", "gmm"):
        assert name in done.stdout
        assert (tmp_path / "all" / name / "predictions.csv").exists()
    assert "p (UAR)" in done.stdout
    assert sorted(folder.name for folder in (tmp_path / "all").iterdir()) == ["gmm", "mlp", "svm"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "nowhere", "--output", "model"], 1, "nowhere"),
        (["train", "CORPUS", "--output", "CORPUS/model"], 2, "inside the corpus"),
        (["train", "CORPUS", "--output", "taken"], 2, "other things"),
        (["train", "CORPUS"], 2, "--output"),
        (["train", "CORPUS", "--output", "model", "--classifier", "oracle"], 2, "oracle"),
        (["train", "CORPUS", "--output", "model", "--encoder", "tiny"], 2, "encoders are for the transformer"),
        (["train", "CORPUS", "--output", "model", "--train-with", "nowhere"], 1, "nowhere"),
        (["train", "CORPUS", "--output", "model", "--train-with", "CORPUS"], 1, "given twice"),
        (["evaluate", "nowhere"], 1, "nowhere"),
        (["evaluate", "CORPUS", "--protocol", "emobox"], 1, "24 actors"),
        (["evaluate", "CORPUS", "--protocol", "best"], 2, "best"),
        (["evaluate", "CORPUS", "--protocol", "loso", "--folds", "9"], 2, "9"),
        (["evaluate", "CORPUS", "--protocol", "loso", "--folds", "one"], 2, "one"),
        (["evaluate", "CORPUS", "--protocol", "loso", "--output", "CORPUS/report"], 2, "inside the corpus"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_written(
    arguments: list[str], code: int, message: str, corpus: Path, tmp_path: Path, cache: Path
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/notes.txt").write_text("mine")
    done = run(*(a.replace("CORPUS", str(corpus)) for a in arguments), cwd=tmp_path, cache=cache)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    if "oracle" not in arguments and arguments[-1] != "one" and len(arguments) > 2:
        assert len(done.stderr.splitlines()) == 1  # typer's own usage errors take a few lines
    assert not (corpus / "model").exists()
    assert not (corpus / "report").exists()


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory, ravdess_dir: Path) -> Path:
    """Two actors, three emotions: 12 clips."""
    folder = tmp_path_factory.mktemp("few")
    for actor in (1, 2):
        for clip in (ravdess_dir / f"Actor_{actor:02}").glob("03-01-0[245]-01-??-01-??.flac"):
            shutil.copy(clip, folder)
    return folder


@pytest.fixture(scope="module")
def few_polish(tmp_path_factory: pytest.TempPathFactory, nemo_dir: Path) -> Path:
    """Two speakers of nEMO, two emotions, of which RAVDESS's few clips have one: 8 clips."""
    folder = tmp_path_factory.mktemp("polish")
    for clip in nemo_dir.glob("*0_*_1[01].opus"):
        if clip.stem[:2] in ("IC", "WR") and clip.stem.split("_")[1] in ("anger", "surprised"):
            shutil.copy(clip, folder)
    assert len(list(folder.iterdir())) == 8
    return folder


@dataclass
class Trained:
    """What `train` wrote and said."""

    bundle: Path
    said: str


@pytest.fixture(scope="module")
def cnn(few: Path, tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Trained:
    folder = tmp_path_factory.mktemp("cnn")
    done = run("train", few, "--classifier", "cnn", "--output", "model", cwd=folder, cache=cache)
    assert done.returncode == 0, done.stderr
    return Trained(folder / "model", done.stderr)


@pytest.fixture(scope="module")
def transformer(
    few: Path, few_polish: Path, tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory, cache: Path
) -> Trained:
    folder = tmp_path_factory.mktemp("transformer")
    further: list[str | Path] = ["--encoder", tiny_encoder, "--train-with", few_polish, "--output", "model"]
    done = run("train", few, "--classifier", "transformer", *further, cwd=folder, cache=cache)
    assert done.returncode == 0, done.stderr
    return Trained(folder / "model", done.stderr)


PROGRESS = re.compile(r"network (\d) of (\d), epoch (\d) of (\d): loss [\d.]+, training UAR [\d.]+ %, [\d:]+ left")


@pytest.mark.parametrize(("name", "n_groups"), [("cnn", 2), ("transformer", 3)])
def test_the_progress_of_a_network_is_told_line_by_line(
    name: str, n_groups: int, request: pytest.FixtureRequest
) -> None:
    trained: Trained = request.getfixturevalue(name)
    whole, *groups = re.split(r"calibrating: group (\d of \d) of speakers left out\n", trained.said)
    assert groups[::2] == [f"{number + 1} of {n_groups}" for number in range(n_groups)]
    # All of it on everybody, then a draft of it for each group of speakers left out; nothing else is said.
    for said, least in ((whole, 5), *((draft, 4) for draft in groups[1::2])):
        lines = [PROGRESS.fullmatch(line) for line in said.splitlines()]
        told = [tuple(map(int, line.groups())) for line in lines if line]
        assert len(told) == len(lines)
        _, networks, _, epochs = told[0]
        assert networks * epochs >= least
        assert told == [(n + 1, networks, e + 1, epochs) for n in range(networks) for e in range(epochs)]


@pytest.mark.parametrize("name", ["cnn", "transformer"])
def test_the_bundle_of_a_network_recognizes_by_command(
    name: str, request: pytest.FixtureRequest, few: Path, tmp_path: Path, cache: Path
) -> None:
    trained: Trained = request.getfixturevalue(name)
    clips = sorted(few.glob("*.flac"))[:3]
    done = run("recognize", *clips, "--model", trained.bundle, "--format", "json", cwd=tmp_path, cache=cache)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert len(answers) == 3
    for answer in answers:
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-4)
        assert list(answer["probabilities"]) == list(load_bundle(trained.bundle).labels)
    assert sorted(path.name for path in trained.bundle.iterdir()) == ["manifest.json", "model.onnx"]


def test_the_manifest_of_a_network_says_what_it_hears(cnn: Trained, transformer: Trained) -> None:
    for trained in (cnn, transformer):
        manifest = load_bundle(trained.bundle).manifest
        assert manifest["input"] == {"kind": "waveform", "sample_rate_hz": 16_000}
        assert manifest["preprocessing"] == []
        assert "int8" in manifest["quantization"]["weights"]
        assert manifest["quantization"]["largest_difference"] < 0.1
        assert 0 <= manifest["calibration"]["threshold"] <= 1
        assert manifest["calibration"]["cases"] == sum(corpus["utterances"] for corpus in manifest["corpora"])
        text = (trained.bundle / "manifest.json").read_text(encoding="utf-8")
        assert str(trained.bundle.parent) not in text  # nothing of where it was trained
        assert "checkpoints=PosixPath" not in text


def test_a_network_hears_loudness_and_silence_as_nothing(transformer: Trained, few: Path) -> None:
    recognizer = Recognizer(transformer.bundle)
    samples, rate = soundfile.read(sorted(few.glob("*.flac"))[0], dtype="float64")
    samples = 0.2 * samples / np.abs(samples).max()
    plain = recognizer.recognize((samples, rate)).probabilities
    for other in (samples * 0.25, samples * 4, np.pad(samples, (rate // 2, rate))):
        heard = recognizer.recognize((other, rate)).probabilities
        # Silence moves the grid of 26 ms on which utterances are found.
        assert max(abs(heard[label] - plain[label]) for label in plain) < 0.05


def test_further_corpora_bring_their_emotions(transformer: Trained, few: Path, few_polish: Path) -> None:
    bundle = load_bundle(transformer.bundle)
    assert bundle.labels == ("calm", "sad", "angry", "surprised")
    assert [(c["name"], c["speech"], c["utterances"], c["speakers"]) for c in bundle.manifest["corpora"]] == [
        ("ravdess", "acted, North American English", 12, 2),
        ("nemo", "acted, Polish", 8, 2),
    ]
    assert bundle.manifest["licence"] == "CC-BY-NC-SA-4.0"
    assert bundle.manifest["encoders"]["names"] == ["whisper-tiny.en"]
    recognizer = Recognizer(transformer.bundle)
    utterances = [*load_corpus(few).utterances, *load_corpus(few_polish).utterances]
    right = [recognizer.recognize(utterance.path).emotion == utterance.emotion for utterance in utterances]
    assert np.mean(right) > 0.7


def test_a_killed_training_goes_on_where_it_was(cnn: Trained, few: Path, tmp_path: Path, cache: Path) -> None:
    arguments = ["train", str(few), "--classifier", "cnn", "--output", "model"]
    command = [sys.executable, "-c", "from affetto.cli import main; main()", *arguments]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(cache), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as training:
        assert training.stderr
        for line in training.stderr:
            if line.startswith("network 2 of "):
                training.kill()
                break
    assert training.returncode != 0
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["checkpoints"]
    assert len(list((tmp_path / "model/checkpoints").glob("*.pt"))) >= 2
    done = run(*arguments, "--resume", cwd=tmp_path, cache=cache)
    assert done.returncode == 0, done.stderr
    whole, *groups = done.stderr.split("calibrating: ")
    assert "network 1 of" not in whole
    assert len(groups) == 2
    assert cnn.said.splitlines()[-1].split(":")[0] in groups[-1]
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["manifest.json", "model.onnx"]
    ours, theirs = load_bundle(tmp_path / "model"), load_bundle(cnn.bundle)
    assert ours.manifest["model"] == theirs.manifest["model"]
    assert ours.manifest["quantization"] == theirs.manifest["quantization"]


@pytest.fixture(scope="module")
def without_encoder(
    few: Path, tmp_path_factory: pytest.TempPathFactory, cache: Path
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("without")
    arguments = ["--classifier", "transformer", "--encoder", "nowhere", "--output", "model"]
    return folder, run("train", few, *arguments, cwd=folder, cache=cache)


def test_an_encoder_that_is_nowhere_is_named(
    without_encoder: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = without_encoder
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "the encoder 'nowhere' is neither a folder nor" in done.stderr


def test_an_encoder_that_is_nowhere_is_named_before_anything_is_written(
    without_encoder: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = without_encoder
    assert list(folder.iterdir()) == []
    assert done.stdout == ""


def test_a_further_corpus_is_learnt_from_and_not_tested_on(
    corpus: Path, few_polish: Path, tmp_path: Path, cache: Path
) -> None:
    arguments = ["--classifier", "gmm", "--protocol", "loso", "--folds", "2"]
    done = run(
        "evaluate", corpus, *arguments, "--train-with", few_polish, "--output", "report", cwd=tmp_path, cache=cache
    )
    assert done.returncode == 0, done.stderr
    assert run("evaluate", corpus, *arguments, "--output", "alone", cwd=tmp_path, cache=cache).returncode == 0
    tables = []
    for report in ("report", "alone"):
        with (tmp_path / report / "predictions.csv").open(encoding="utf-8", newline="") as file:
            tables.append(list(csv.DictReader(file)))
    assert {row["actor"] for row in tables[0]} == {"2"}
    assert [row["emotion"] for row in tables[0]] == [row["emotion"] for row in tables[1]]
    assert tables[0] != tables[1]

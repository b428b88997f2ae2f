"""`train` for the networks, as a user runs it."""

from __future__ import annotations

import json
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
from affetto.bundles.bundle import load_bundle
from affetto.corpora import load_corpus

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


@dataclass
class Trained:
    """The bundle and the log of `train`."""

    bundle: Path
    log: str


@pytest.fixture(scope="module")
def cnn(few: Path, tmp_path_factory: pytest.TempPathFactory, run: Run) -> Trained:
    folder = tmp_path_factory.mktemp("cnn")
    done = run("train", few, "--classifier", "cnn", "--output", "model", cwd=folder)
    assert done.returncode == 0, done.stderr
    return Trained(folder / "model", done.stderr)


@pytest.fixture(scope="module")
def transformer(
    few: Path, few_polish: Path, tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory, run: Run
) -> Trained:
    folder = tmp_path_factory.mktemp("transformer")
    further: list[str | Path] = ["--encoder", tiny_encoder, "--output", "model"]
    done = run("train", few, few_polish, "--classifier", "transformer", *further, cwd=folder)
    assert done.returncode == 0, done.stderr
    return Trained(folder / "model", done.stderr)


PROGRESS = re.compile(r"network (\d) of (\d), epoch (\d) of (\d): loss [\d.]+, [\d:]+ left")


def test_the_progress_of_a_network_is_logged_line_by_line(cnn: Trained) -> None:
    log = cnn.log.partition("the exported model recognizes")[0]
    whole, *parts = re.split(r"calibrating: part (\d of \d) left out\n", log)
    assert parts[::2] == ["1 of 2", "2 of 2"]
    # The pipeline on all speakers, then a reduced pipeline without each group of speakers.
    for log, least in ((whole, 5), *((reduced, 4) for reduced in parts[1::2])):
        lines = [PROGRESS.fullmatch(line) for line in log.splitlines()]
        counted = [tuple(map(int, line.groups())) for line in lines if line]
        assert len(counted) == len(lines)
        _, networks, _, epochs = counted[0]
        assert networks * epochs >= least
        assert counted == [(n + 1, networks, e + 1, epochs) for n in range(networks) for e in range(epochs)]


def test_calibration_is_logged_line_by_line(transformer: Trained) -> None:
    """Calibrated on speakers left out: with one common emotion the corpora cannot be left out."""
    log = transformer.log.partition("the exported model recognizes")[0]
    assert re.findall(r"calibrating: part (\d of \d) left out\n", log) == [f"{number} of 4" for number in range(1, 5)]
    assert "network" not in log


@pytest.mark.parametrize("name", ["cnn", "transformer"])
def test_the_bundle_of_a_network_recognizes_by_command(
    name: str, request: pytest.FixtureRequest, few: Path, tmp_path: Path, run: Run
) -> None:
    trained: Trained = request.getfixturevalue(name)
    clips = sorted(few.glob("*.flac"))[:3]
    done = run("recognize", *clips, "--model", trained.bundle, "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    assert len(answers) == 3
    for answer in answers:
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-4)
        assert list(answer["probabilities"]) == list(load_bundle(trained.bundle).labels)
    assert sorted(path.name for path in trained.bundle.iterdir()) == ["manifest.json", "model.onnx"]


def test_the_manifest_of_a_network_names_its_input(cnn: Trained, transformer: Trained) -> None:
    for trained in (cnn, transformer):
        manifest = load_bundle(trained.bundle).manifest
        assert manifest["input"] == {"kind": "waveform", "sample_rate_hz": 16_000}
        assert manifest["preprocessing"] == []
        assert "int8" in manifest["quantization"]["weights"]
        assert manifest["quantization"]["largest_difference"] < 0.1
        # A dozen predictions for speakers left out are too few for a threshold.
        assert manifest["calibration"]["threshold"] > 1
        assert manifest["calibration"]["coverage"] == 0
        assert manifest["calibration"]["cases"] == sum(corpus["utterances"] for corpus in manifest["corpora"])
        assert "speakers left out" in manifest["calibration"]["method"]
        assert ("offset_model" in manifest) == (trained is transformer)
        text = (trained.bundle / "manifest.json").read_text(encoding="utf-8")
        assert str(trained.bundle.parent) not in text  # no path of the training
        assert "checkpoints=PosixPath" not in text


def test_loudness_and_silence_do_not_matter_to_a_network(transformer: Trained, few: Path) -> None:
    recognizer = Recognizer(transformer.bundle)
    samples, rate = soundfile.read(sorted(few.glob("*.flac"))[0], dtype="float64")
    samples = 0.2 * samples / np.abs(samples).max()
    plain = recognizer.recognize((samples, rate)).probabilities
    for other in (samples * 0.25, samples * 4, np.pad(samples, (rate // 2, rate))):
        found = recognizer.recognize((other, rate)).probabilities
        # Silence moves the grid of 26 ms on which utterances are found.
        assert max(abs(found[label] - plain[label]) for label in plain) < 0.05


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


@pytest.mark.slow
def test_a_killed_training_is_resumed(cnn: Trained, few: Path, tmp_path: Path, run: Run) -> None:
    arguments = ["train", str(few), "--classifier", "cnn", "--output", "model"]
    command = [sys.executable, "-c", "from affetto.cli import main; main()", *arguments]
    with subprocess.Popen(
        command, cwd=tmp_path, env=run.environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as training:
        assert training.stderr
        for line in training.stderr:
            if line.startswith("network 2 of "):
                training.kill()
                break
    assert training.returncode != 0
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["affetto-checkpoints"]
    assert len(list((tmp_path / "model/affetto-checkpoints").glob("*.pt"))) >= 2
    done = run(*arguments, "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    whole, *groups = done.stderr.split("calibrating: ")
    assert "network 1 of" not in whole
    assert len(groups) == 2
    assert cnn.log.splitlines()[-1].split(":")[0] in groups[-1]
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["manifest.json", "model.onnx"]
    ours, theirs = load_bundle(tmp_path / "model"), load_bundle(cnn.bundle)
    assert ours.manifest["model"] == theirs.manifest["model"]
    assert ours.manifest["quantization"] == theirs.manifest["quantization"]


@pytest.mark.slow
def test_a_killed_comparison_fits_no_network_again(ravdess_dir: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "three").mkdir()  # actors, so that each fold has two to learn from
    for clip in ravdess_dir.glob("Actor_0[123]/03-01-0[245]-01-??-01-??.flac"):
        shutil.copy(clip, tmp_path / "three")
    arguments = ["compare", "three", "--protocol", "loso", "--folds", "1,2", "--output", "all"]
    arguments += ["--classifier", "cnn", "--classifier", "gmm"]
    command = [sys.executable, "-c", "from affetto.cli import main; main()", *arguments]
    folds = 0
    with subprocess.Popen(
        command, cwd=tmp_path, env=run.environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as comparing:
        assert comparing.stderr
        for line in comparing.stderr:
            folds += line.startswith("fold ")
            if folds == 3:  # the second classifier's first
                comparing.kill()
                break
    assert comparing.returncode != 0
    assert (tmp_path / "all/cnn/predictions.csv").exists()
    done = run(*arguments, "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "network 1 of" not in done.stderr
    assert "p (UAR)" in done.stdout
    assert not list(tmp_path.glob("all/*/affetto-checkpoints"))


@pytest.fixture(scope="module")
def without_encoder(
    few: Path, tmp_path_factory: pytest.TempPathFactory, run: Run
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("without")
    arguments = ["--classifier", "transformer", "--encoder", "nowhere", "--output", "model"]
    return folder, run("train", few, *arguments, cwd=folder)


def test_a_missing_encoder_is_named(
    without_encoder: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = without_encoder
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "'nowhere'" in done.stderr


def test_a_missing_encoder_is_named_before_anything_is_written(
    without_encoder: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = without_encoder
    assert list(folder.iterdir()) == []
    assert done.stdout == ""

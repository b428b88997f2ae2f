"""`affetto models` as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from tests.cli.conftest import run_text

from affetto.bundles.bundle import bundled_models, load_bundle, update_manifest
from affetto.bundles.card import model_card

run = partial(run_text, "models")


def card_of(name: str) -> str:
    return model_card(load_bundle(bundled_models()[name]).manifest)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A bundle in a folder."""
    folder = Path(shutil.copytree(bundled_models()["svm"], tmp_path / "mine"))
    update_manifest(folder, {"name": "mine", "results": None})
    return folder


def test_the_list_shows_shipped_models_with_their_figures() -> None:
    manifests = json.loads(run("--format", "json").stdout)
    assert {manifest["name"] for manifest in manifests} == set(bundled_models())
    table = run().stdout
    assert run("--format", "table").stdout == table
    for manifest in manifests:
        assert manifest["name"] in table
        for result in manifest["results"]:
            assert f"{100 * result['uar']:.1f}" in table


def test_the_prior_is_shown_in_list_and_card(mine: Path) -> None:
    assert run().stdout.count("balanced") == len(bundled_models())
    update_manifest(mine, {"prior": {"neutral": 0.6, "sad": 0.1}})
    assert "neutral=0.6,sad=0.1" in run(mine).stdout
    assert "neutral=0.6,sad=0.1" in run(mine, "--format", "table").stdout


@pytest.mark.parametrize("arguments", [["gmm"], ["gmm", "--format", "markdown"]])
def test_a_pipe_gets_the_card_as_markdown(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 0
    assert done.stdout == card_of("gmm")


def test_a_bundle_in_a_folder_has_a_card(mine: Path) -> None:
    assert run(mine).stdout == run("mine", cwd=mine.parent).stdout
    assert run(mine).stdout.startswith("# mine ")
    assert "Not measured." in run(mine).stdout


def test_json_of_one_model_is_its_manifest(mine: Path) -> None:
    manifest = json.loads(run(mine, "--format", "json").stdout)
    assert manifest == load_bundle(mine).manifest


def test_a_table_of_one_model_has_only_that(mine: Path) -> None:
    table = run("gmm", "--format", "table").stdout
    assert "gmm" in table
    assert "svm" not in table
    assert "mine" in run(mine, "--format", "table").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are a thing of Unix")
def test_a_terminal_shows_the_card_laid_out() -> None:
    import pty

    leader, follower = pty.openpty()
    command = [sys.executable, "-c", "from affetto.cli import main; main()", "models", "gmm"]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    with subprocess.Popen(command, stdout=follower, stderr=follower, env=environment):
        os.close(follower)
        shown = b""
        # Depending on the system, reading a closed pseudo-terminal gives nothing or an error.
        while chunk := _read(leader):
            shown += chunk
    os.close(leader)
    text = shown.decode()
    assert "Forbidden uses" in text
    assert "## Forbidden uses" not in text
    assert "| --- |" not in text
    assert load_bundle(bundled_models()["gmm"]).manifest["model"]["sha256"] in text  # never cut


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65_536)
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["no-such-model"], 1, "there is no model 'no-such-model'"),
        (["--format", "markdown"], 2, "name it"),
        (["gmm", "--format", "xml"], 2, "xml"),
    ],
)
def test_wrong_arguments_of_models_are_one_sentence(arguments: list[str], code: int, message: str) -> None:
    done = run(*arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stdout == ""


def test_a_damaged_bundle_has_no_card(mine: Path) -> None:
    (mine / "model.onnx").write_bytes(b"something else")
    done = run(mine)
    assert done.returncode == 1
    assert "its sha256 differs" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_list_shows_plain_names_and_refuses_invalid_results(mine: Path) -> None:
    update_manifest(mine, {"name": "run[bold]x"})
    assert "run[bold]x" in run(mine, "--format", "table").stdout
    update_manifest(mine, {"results": [{"corpus": "ravdess", "protocol": "emobox", "uar": None, "accuracy": 0.5}]})
    done = run(mine, "--format", "table")
    assert done.returncode == 1
    assert "cannot be listed" in done.stderr


def test_a_model_is_written_for_other_languages(tmp_path: Path) -> None:
    done = run("transformer", "--portable", tmp_path / "portable")
    assert done.returncode == 0
    assert str(tmp_path / "portable") in done.stdout
    assert load_bundle(tmp_path / "portable").name == "transformer-portable"
    done = run("--portable", tmp_path / "portable")
    assert done.returncode != 0
    assert "affetto models BUNDLE --portable FOLDER" in " ".join(done.stderr.split())

"""What the documentation shows, runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import shutil
from typing import TYPE_CHECKING

import pytest
import soundfile

import affetto
from affetto.preprocessing.vad import SpeechSegmenter
from affetto.speech import read

if TYPE_CHECKING:
    from pathlib import Path

MODULES = sorted(module.name for module in pkgutil.walk_packages(affetto.__path__, "affetto."))


def python_blocks(path: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    failures, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failures == 0


def test_readme_example(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(root)
    (block,) = python_blocks(root / "README.md")
    exec(compile(block, "README.md", "exec"), {})
    assert any(emotion in capsys.readouterr().out for emotion in affetto.Recognizer().labels)


def test_python_example(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    blocks = python_blocks(root / "docs" / "how-to" / "python.md")
    assert len(blocks) == 2
    for block in blocks:
        exec(compile(block, "python.md", "exec"), {})


def test_dimensions_example(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(root)
    (block,) = python_blocks(root / "docs" / "reference" / "arousal-valence.md")
    exec(compile(block, "dimensions.md", "exec"), {})
    assert f"```\n{capsys.readouterr().out}```" in (root / "docs" / "reference" / "arousal-valence.md").read_text(
        encoding="utf-8"
    )


def test_exports_example(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(root / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    (block,) = python_blocks(root / "docs" / "how-to" / "export.md")
    exec(compile(block, "exports.md", "exec"), {})
    assert '"segments"' in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"examples", "sad.TextGrid", "sad.png"}


def test_explain_example(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(root)
    (block,) = python_blocks(root / "docs" / "reference" / "acoustics.md")
    exec(compile(block, "explain.md", "exec"), {})
    assert f"```\n{capsys.readouterr().out}```" in (root / "docs" / "reference" / "acoustics.md").read_text(
        encoding="utf-8"
    )


def test_live_example(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(root)
    (block,) = python_blocks(root / "docs" / "how-to" / "live.md")
    namespace: dict[str, object] = {}
    exec(compile(block, "live.md", "exec"), namespace)
    printed = capsys.readouterr().out
    assert "over: " in printed
    assert "so far: " in printed
    assert getattr(namespace["result"], "status") in ("ok", "uncertain")  # noqa: B009 (of a type that mypy cannot know)


def test_adaptation_example(root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(root)
    (block,) = python_blocks(root / "docs" / "explanation" / "adaptation.md")
    exec(compile(block, "adaptation.md", "exec"), {})
    assert capsys.readouterr().out == "unknown profile\n"


def test_the_saved_model_runs_without_affetto_as_the_docs_say(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waveform = read(root / "examples" / "angry.flac", sample_rate_hz=16_000)
    # The model hears an utterance; where utterances are, the recognizer finds out.
    segmenter = SpeechSegmenter(16_000)
    (segment,) = [*segmenter.push(waveform.samples), *segmenter.end()]
    soundfile.write(tmp_path / "clip.wav", segment.padded, 16_000, subtype="FLOAT")
    monkeypatch.chdir(root)
    (block,) = python_blocks(root / "docs" / "research" / "networks.md")
    exec(compile(block.replace("clip.wav", (tmp_path / "clip.wav").as_posix()), "networks.md", "exec"), {})
    printed = [float(number) for number in re.findall(r"\d\.[\de+-]+", capsys.readouterr().out)]
    expected = affetto.Recognizer().recognize(waveform).probabilities
    assert printed == pytest.approx(list(expected.values()), abs=1e-4)


@pytest.mark.slow
def test_own_chain_in_the_docs(
    root: Path, ravdess_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ravdess_dir.parent)
    (block,) = python_blocks(root / "docs" / "explanation" / "phases.md")
    exec(compile(block, "chain.md", "exec"), {})
    assert float(capsys.readouterr().out) > 0.5

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from affetto.classifiers.estimators.checkpoints import keeping_checkpoints, reading_checkpoint, save_checkpoint
from affetto.errors import ParameterError
from affetto.training.pipelines import build_pipeline

if TYPE_CHECKING:
    from pathlib import Path


def test_a_saved_state_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.pt"
    for epochs in (2, 3):
        save_checkpoint(path, {"weights": torch.arange(epochs + 1.0), "epochs": epochs})
    with reading_checkpoint(path) as state:
        assert state["epochs"] == 3
        torch.testing.assert_close(state["weights"], torch.arange(4.0))
    assert [file.name for file in path.parent.iterdir()] == ["state.pt"]


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("executed",)


@pytest.mark.parametrize("content", [b"", b"something else", "truncated", "code"])
def test_a_damaged_checkpoint_is_refused_and_its_code_is_not_run(
    content: bytes | str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "state.pt"
    save_checkpoint(path, {"weights": torch.arange(3.0)})
    if content == "code":
        torch.save(Evil(), path)
    else:
        path.write_bytes(path.read_bytes()[:200] if content == "truncated" else bytes(content))  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"state\.pt is damaged"), reading_checkpoint(path):
        pass
    assert capsys.readouterr().out == ""


def test_a_state_that_does_not_fit_is_damaged(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "state.pt", {"weights": torch.arange(3.0)})
    with pytest.raises(ParameterError, match="damaged"), reading_checkpoint(tmp_path / "state.pt") as state:
        state["epochs"]


def checkpoint_folders(pipeline: Any) -> list[Any]:
    return [v for name, v in pipeline.get_params(deep=True).items() if name.split("__")[-1] == "checkpoints"]


@pytest.fixture
def left_over(tmp_path: Path) -> Path:
    """A checkpoint of an interrupted training."""
    (tmp_path / "affetto-checkpoints").mkdir()
    (tmp_path / "affetto-checkpoints/state.pt").write_bytes(b"state")
    return tmp_path / "affetto-checkpoints/state.pt"


def test_networks_write_checkpoints_within_the_block(tmp_path: Path) -> None:
    pipeline = build_pipeline("cnn")
    assert checkpoint_folders(pipeline) == [None]
    with keeping_checkpoints(pipeline, tmp_path, resume=False):
        assert checkpoint_folders(pipeline) == [tmp_path / "affetto-checkpoints"]
    assert checkpoint_folders(pipeline) == [None]


@pytest.mark.parametrize("resume", [True, False])
def test_old_checkpoints_are_used_only_to_resume(resume: bool, left_over: Path, tmp_path: Path) -> None:
    with keeping_checkpoints(build_pipeline("cnn"), tmp_path, resume=resume):
        assert left_over.exists() == resume
    assert not left_over.parent.exists()


def test_other_files_stay(left_over: Path, tmp_path: Path) -> None:
    theirs = [left_over.with_name("notes.txt"), tmp_path / "checkpoints" / "model.pt"]
    for path in theirs:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"mine")
    with keeping_checkpoints(build_pipeline("cnn"), tmp_path, resume=False):
        pass
    assert not left_over.exists()
    assert [path.read_bytes() for path in theirs] == [b"mine"] * 2


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interrupted_training_leaves_its_checkpoint(
    error: type[BaseException], left_over: Path, tmp_path: Path
) -> None:
    pipeline = build_pipeline("cnn")
    with pytest.raises(error), keeping_checkpoints(pipeline, tmp_path, resume=True):
        raise error
    assert left_over.read_bytes() == b"state"
    assert checkpoint_folders(pipeline) == [None]


@pytest.mark.parametrize("classifier", ["svm", "transformer"])
def test_a_pipeline_without_networks_is_not_changed(classifier: str, tiny_encoder: Path, tmp_path: Path) -> None:
    pipeline = build_pipeline(classifier, encoders=[tiny_encoder] if classifier == "transformer" else None)
    before = str(pipeline.get_params(deep=True).keys())
    with keeping_checkpoints(pipeline, tmp_path, resume=False):
        assert str(pipeline.get_params(deep=True).keys()) == before
    assert list(tmp_path.iterdir()) == []

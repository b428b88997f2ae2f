from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from affetto.classifiers.estimators.states import reading_state, save_state
from affetto.errors import ParameterError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_state_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.pt"
    save_state(path, {"weights": torch.arange(3.0), "epochs": 2})
    save_state(path, {"weights": torch.arange(4.0), "epochs": 3})
    with reading_state(path) as state:
        assert state["epochs"] == 3
        torch.testing.assert_close(state["weights"], torch.arange(4.0))
    assert [file.name for file in path.parent.iterdir()] == ["state.pt"]


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("executed",)


@pytest.mark.parametrize("content", [b"", b"something else", "truncated", "code"])
def test_what_is_no_state_is_named_and_nothing_of_it_is_run(
    content: bytes | str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "state.pt"
    save_state(path, {"weights": torch.arange(3.0)})
    if content == "code":
        torch.save(Evil(), path)
    else:
        path.write_bytes(path.read_bytes()[:200] if content == "truncated" else bytes(content))  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"state.pt is damaged; train again"), reading_state(path):
        pass
    assert capsys.readouterr().out == ""


def test_what_does_not_fit_where_it_is_used_counts_as_damage(tmp_path: Path) -> None:
    save_state(tmp_path / "state.pt", {"weights": torch.arange(3.0)})
    with pytest.raises(ParameterError, match="is damaged"), reading_state(tmp_path / "state.pt") as state:
        state["epochs"]
    with pytest.raises(ParameterError, match="is of another"), reading_state(tmp_path / "state.pt"):
        raise ParameterError("it is of another training")

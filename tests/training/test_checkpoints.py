from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from affetto.training.checkpoints import keeping_checkpoints, without_checkpoints
from affetto.training.pipelines import build_pipeline
from affetto.training.train import described_recipe

if TYPE_CHECKING:
    from pathlib import Path


def kept_by(chain: Any) -> list[Any]:
    return [v for name, v in chain.get_params(deep=True).items() if name.split("__")[-1] == "checkpoints"]


@pytest.fixture
def left_over(tmp_path: Path) -> Path:
    """What an interrupted training left."""
    (tmp_path / "affetto-checkpoints").mkdir()
    (tmp_path / "affetto-checkpoints/state.pt").write_bytes(b"state")
    return tmp_path / "affetto-checkpoints/state.pt"


def test_every_network_keeps_its_state_while_it_is_trained(tmp_path: Path) -> None:
    chain = build_pipeline("cnn")
    assert kept_by(chain) == [None]
    with keeping_checkpoints(chain, tmp_path, resume=False):
        assert kept_by(chain) == [tmp_path / "affetto-checkpoints"]
    assert kept_by(chain) == [None]


@pytest.mark.parametrize("resume", [True, False])
def test_what_is_left_is_used_only_if_that_is_wanted(resume: bool, left_over: Path, tmp_path: Path) -> None:
    with keeping_checkpoints(build_pipeline("cnn"), tmp_path, resume=resume):
        assert left_over.exists() == resume
    assert not left_over.parent.exists()


def test_files_of_others_stay(left_over: Path, tmp_path: Path) -> None:
    theirs = [left_over.with_name("notes.txt"), tmp_path / "checkpoints" / "model.pt"]
    for path in theirs:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"mine")
    with keeping_checkpoints(build_pipeline("cnn"), tmp_path, resume=False):
        pass
    assert not left_over.exists()
    assert [path.read_bytes() for path in theirs] == [b"mine"] * 2


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interrupted_training_leaves_its_state(error: type[BaseException], left_over: Path, tmp_path: Path) -> None:
    chain = build_pipeline("cnn")
    with pytest.raises(error), keeping_checkpoints(chain, tmp_path, resume=True):
        raise error
    assert left_over.read_bytes() == b"state"
    assert kept_by(chain) == [None]


@pytest.mark.parametrize("classifier", ["svm", "transformer"])
def test_a_chain_that_trains_no_network_is_left_alone(classifier: str, tiny_encoder: Path, tmp_path: Path) -> None:
    chain = build_pipeline(classifier, encoders=[tiny_encoder] if classifier == "transformer" else None)
    before = str(chain.get_params(deep=True).keys())
    with keeping_checkpoints(chain, tmp_path, resume=False):
        assert str(chain.get_params(deep=True).keys()) == before
    assert list(tmp_path.iterdir()) == []


def test_a_recipe_says_all_that_a_chain_is_fitted_by() -> None:
    made = {name: str(described_recipe(build_pipeline(name))) for name in ("cnn", "svm")}
    assert "learning_rate=0.003" in made["cnn"]
    assert "n_networks=2" in made["cnn"]
    assert "'balanced': True" in made["cnn"]
    assert "limit=4.0" in made["svm"]  # a default
    assert not any("..." in recipe for recipe in made.values())


def test_a_recipe_does_not_say_where_its_state_is_kept(tmp_path: Path) -> None:
    chain = build_pipeline("cnn")
    with keeping_checkpoints(chain, tmp_path, resume=False):
        assert repr(without_checkpoints(chain.chain.classifier)) == repr(build_pipeline("cnn").chain.classifier)
        assert kept_by(chain) == [tmp_path / "affetto-checkpoints"]

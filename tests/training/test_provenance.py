from __future__ import annotations

from typing import TYPE_CHECKING

from affetto.classifiers.estimators.checkpoints import keeping_checkpoints
from affetto.training.pipelines import build_pipeline
from affetto.training.provenance import describe_recipe

if TYPE_CHECKING:
    from pathlib import Path


def test_a_recipe_records_all_parameters_of_training() -> None:
    made = {name: str(describe_recipe(build_pipeline(name))) for name in ("cnn", "svm")}
    assert "learning_rate=0.003" in made["cnn"]
    assert "n_networks=2" in made["cnn"]
    assert "'balanced': True" in made["cnn"]
    assert "limit=4.0" in made["svm"]  # a default
    assert not any("..." in recipe for recipe in made.values())


def test_a_recipe_does_not_record_checkpoints(tmp_path: Path) -> None:
    pipeline = build_pipeline("cnn")
    before = describe_recipe(pipeline)
    with keeping_checkpoints(pipeline, tmp_path, resume=False):
        assert describe_recipe(pipeline) == before

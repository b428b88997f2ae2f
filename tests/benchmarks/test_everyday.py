from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from affetto.bundles.bundle import find_bundle, load_bundle
from affetto.evaluation.predictions import CorporaPredictions
from benchmarks.everyday import PRIORS, corpora_figures

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("prior", PRIORS)
def test_the_published_figures_follow_from_the_predictions(root: Path, prior: str) -> None:
    results = root / "benchmarks" / "results"
    predictions = CorporaPredictions.from_csv(results / "corpora-transformer.csv")
    published = json.loads((results / "everyday.json").read_text(encoding="utf-8"))
    found = corpora_figures(predictions, prior, load_bundle(find_bundle("transformer")))  # type: ignore[arg-type]
    assert found == published[prior]["corpora_left_out"]

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from affetto.acoustics.reference import NEUTRAL, Percentiles

if TYPE_CHECKING:
    from pathlib import Path


def test_the_table_equals_the_measured_percentiles(root: Path) -> None:
    content = json.loads((root / "benchmarks" / "results" / "neutral.json").read_text(encoding="utf-8"))
    measured = {
        voices: {name: Percentiles(*usual) for name, usual in part["usual"].items()}
        for voices, part in content["voices"].items()
    }
    assert measured == NEUTRAL
    assert content["corpora"] == ["ravdess", "nemo"]
    # RAVDESS has twelve actors of either gender, nEMO four women and five men.
    assert [content["voices"][voices]["speakers"] for voices in ("low", "high")] == [17, 16]

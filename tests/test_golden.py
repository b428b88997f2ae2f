"""The shipped models give the probabilities that they gave when they were shipped.

After a model is replaced on purpose, `python tests/test_golden.py` writes `golden.json` anew.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from affetto import Recognizer
from affetto.bundles.bundle import bundled_models

GOLDEN = Path(__file__).with_name("golden.json")
EXAMPLES = Path(__file__).parents[1] / "examples"

# int8 kernels differ between processors, and other versions of librosa and soxr round differently.
TOLERANCE = 0.03


def probabilities(model: str) -> dict[str, dict[str, float]]:
    recognizer = Recognizer(model)
    return {
        path.name: {label: round(p, 4) for label, p in recognizer.recognize(path).probabilities.items()}
        for path in sorted(EXAMPLES.glob("*.flac"))
    }


@pytest.mark.parametrize("model", sorted(bundled_models()))
def test_a_shipped_model_gives_its_golden_probabilities(model: str) -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))[model]
    output = probabilities(model)
    assert output.keys() == golden.keys()
    for name, expected in golden.items():
        assert output[name] == pytest.approx(expected, abs=TOLERANCE), name


def test_golden_probabilities_differ_between_models() -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    models = sorted(golden)
    assert models == sorted(bundled_models())
    for index, model in enumerate(models):
        for other in models[index + 1 :]:
            differences = [
                abs(p - golden[other][name][label])
                for name, expected in golden[model].items()
                for label, p in expected.items()
            ]
            assert max(differences) > 5 * TOLERANCE


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps({model: probabilities(model) for model in sorted(bundled_models())}, indent=1) + "\n")

"""Tell how far the probabilities of each classifier can be believed, from the per-clip predictions of `emobox`.

python benchmarks/calibration.py            write benchmarks/results/calibration-<classifier>.json
python benchmarks/calibration.py --check    fail if one of them is not what its predictions give

The files hold the reliability diagram's bins, the expected calibration error, and accuracy by coverage.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.classifiers import CLASSIFIERS
from affetto.errors import AffettoError
from affetto.evaluation import Predictions, measure_calibration
from generated import as_json, keep

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
PROTOCOL = "emobox"


def calibration_files(folder: Path) -> dict[Path, str]:
    """Return what each classifier's file must hold, by its path, from the predictions in the same folder."""
    files = {}
    for classifier in CLASSIFIERS:
        calibration = measure_calibration(Predictions.from_csv(folder / f"{classifier}-{PROTOCOL}.csv"))
        content = {"classifier": classifier, "protocol": PROTOCOL, **calibration.to_dict()}
        files[folder / f"calibration-{classifier}.json"] = as_json(content)
    return files


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Run the command; 0: done, 1: a file is out of date, 2: predictions are missing or make no sense."""
    parser = argparse.ArgumentParser(description="Measure calibration from published predictions.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is another")
    options = parser.parse_args(arguments)
    try:
        return keep(calibration_files(root / "benchmarks" / "results"), check=options.check, script="calibration")
    except (AffettoError, OSError) as error:
        print(f"calibration: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

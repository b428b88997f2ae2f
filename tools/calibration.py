"""Measure the calibration of each classifier from its per-clip predictions of `emobox`.

    python -m tools.calibration            write benchmarks/results/calibration-<classifier>.json
    python -m tools.calibration --check    fail if a file differs

The files hold the bins of the reliability diagram, the expected calibration error, and accuracy by coverage.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from affetto.classifiers import CLASSIFIERS
from affetto.evaluation import Predictions, measure_calibration
from tools.generated import RESULTS, ROOT, as_json, generate
from tools.provenance import entries, record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PROTOCOL = "emobox"


def files(root: Path) -> dict[Path, str]:
    """Return the text of each classifier's file."""
    found = {}
    for classifier in CLASSIFIERS:
        calibration = measure_calibration(Predictions.from_csv(root / RESULTS / f"{classifier}-{PROTOCOL}.csv"))
        content = {"classifier": classifier, "protocol": PROTOCOL, **calibration.to_dict()}
        found[root / RESULTS / f"calibration-{classifier}.json"] = as_json(content)
    return found


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Run the command; see `tools.generated.generate`."""
    code = generate("calibration", files, description=__doc__, arguments=arguments, root=root)
    if code == 0 and "--check" not in (sys.argv if arguments is None else arguments):
        for classifier in CLASSIFIERS:
            source = root / RESULTS / f"{classifier}-{PROTOCOL}.csv"
            remark = f"Computed from {source.name}, whose commit, date, processor and versions these are."
            run = {**entries(source.parent)[source.name], "command": "python -m tools.calibration", "remark": remark}
            record(source.with_name(f"calibration-{classifier}.json"), run=run)
    return code


if __name__ == "__main__":
    sys.exit(main())

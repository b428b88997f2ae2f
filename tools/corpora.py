"""Write the table of left-out corpora from the per-clip predictions in `benchmarks/results`.

    python -m tools.corpora            write the table into docs/research/results.md
    python -m tools.corpora --check    fail if docs/research/results.md has another table

A file belongs to the table if it is named `corpora-<classifier>.csv`. If answers were adapted to N other recordings of
the same speaker, it is `corpora-<classifier>-adapted-N.csv`, and of the same corpus
`corpora-<classifier>-adapted-corpus-N.csv`. Each is the `predictions.csv` of `affetto evaluate --protocol corpora`.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.classifiers import CLASSIFIERS
from affetto.evaluation import CorporaMetrics, CorporaPredictions, measure_corpora, percent
from tools.generated import RESULTS, ROOT, generate, replace_block
from tools.provenance import command_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affetto.evaluation import CorporaFigures, Figure

DOCUMENT = Path("docs", "research", "results.md")

_NAME = re.compile(r"corpora-(?P<classifier>\w+)(?:-adapted-(?P<corpus>corpus-)?(?P<count>[1-9]\d*))?")


@dataclass(frozen=True, order=True, slots=True)
class Adaptation:
    """To how many other recordings answers were adapted, and whether to any speaker of the corpus."""

    to_corpus: bool
    count: int

    @property
    def described(self) -> str:
        """The adaptation in words."""
        return f"{self.count} recordings of the {'corpus' if self.to_corpus else 'speaker'}"

    @property
    def as_json(self) -> dict[str, int]:
        """The adaptation as in reports and manifests."""
        return {"corpus" if self.to_corpus else "speaker": self.count}


@dataclass(frozen=True, slots=True)
class Measurement:
    """One published evaluation."""

    classifier: str
    adapted_to: Adaptation | None
    metrics: CorporaMetrics
    command: str


def parse_name(stem: str) -> tuple[str, Adaptation | None] | None:
    """Return the classifier and the adaptation in a file's stem; None if the file is not one of this table."""
    found = _NAME.fullmatch(stem)
    if found is None or found["classifier"] not in CLASSIFIERS:
        return None
    return found["classifier"], Adaptation(bool(found["corpus"]), int(found["count"])) if found["count"] else None


def collect(folder: Path, classifier: str | None = None) -> list[Measurement]:
    """Read and measure the published files, of one classifier or of all.

    Returns
    -------
    list of Measurement
        By the classifiers' UAR, the best first. The unadapted answers of each come first.
    """
    groups: dict[str, list[Measurement]] = {}
    for path in folder.glob("corpora-*.csv"):
        parsed = parse_name(path.stem)
        if parsed and classifier in (None, parsed[0]):
            metrics = measure_corpora(CorporaPredictions.from_csv(path))
            groups.setdefault(parsed[0], []).append(Measurement(*parsed, metrics, command_of(path)))
    for group in groups.values():
        group.sort(key=lambda m: (m.adapted_to is not None, m.adapted_to or Adaptation(to_corpus=False, count=0)))
    ordered = sorted(
        groups.values(), key=lambda group: (-(group[0].metrics.mean.uar.value or 0.0), group[0].classifier)
    )
    return [measurement for group in ordered for measurement in group]


_FIGURES = {
    "uar": "UAR %",
    "uar_four": "UAR of four %",
    "accuracy": "accuracy %",
    "ok_precision": "right of `ok` %",
    "ok_coverage": "`ok` %",
    "expected_calibration_error": "calibration error %",
    "auc_arousal": "AUC arousal %",
    "auc_valence": "AUC valence %",
}
_WITH_INTERVAL = ("uar", "uar_four")


def markdown(measurements: Sequence[Measurement]) -> str:
    """Return the results as a Markdown table, with the commands below it."""
    if not measurements:
        return "No predictions are published yet."
    header = ("classifier", "adapted to", "left out", "clips", "speakers", *_FIGURES.values())
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]

    def add(measurement: Measurement, name: str, clips: int, speakers: int, figures: CorporaFigures) -> None:
        adapted_to = measurement.adapted_to
        cells = [measurement.classifier, adapted_to.described if adapted_to else "", name, str(clips), str(speakers)]
        cells += [_text(getattr(figures, figure), interval=figure in _WITH_INTERVAL) for figure in _FIGURES]
        lines.append(f"| {' | '.join(cells)} |")

    for measurement in measurements:
        parts = measurement.metrics.corpora
        for part in parts:
            add(measurement, part.corpus, part.clips, part.speakers, part.figures)
        clips, speakers = sum(part.clips for part in parts), sum(part.speakers for part in parts)
        add(measurement, "mean", clips, speakers, measurement.metrics.mean)
    return "\n".join([*lines, "", "Made by:", "", *(f"- `{measurement.command}`" for measurement in measurements)])


def _text(figure: Figure, *, interval: bool) -> str:
    if figure.value is None:
        return "–"
    return percent(figure.value, figure.interval if interval else None, leaks_speakers=False)


def files(root: Path) -> dict[Path, str]:
    """Return the document as it must be."""
    document = root / DOCUMENT
    return {document: replace_block(document, "corpora", markdown(collect(root / RESULTS)))}


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Run the command; see `tools.generated.generate`."""
    return generate("corpora", files, description=__doc__, arguments=arguments, root=root)


if __name__ == "__main__":
    sys.exit(main())

"""Recompute the table of left-out corpora in docs/research/results.md from the per-clip predictions.

    python benchmarks/corpora.py            print the table
    python benchmarks/corpora.py --check    fail if docs/research/results.md says anything else
    python benchmarks/corpora.py --write    put it into docs/research/results.md

A file counts if it is named `corpora-<classifier>.csv`. Where answers were adapted to N other recordings of the same
speaker, it is `corpora-<classifier>-adapted-N.csv`, and of the same corpus `corpora-<classifier>-adapted-corpus-N.csv`.
It is what `affetto evaluate --protocol corpora` calls predictions.csv.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.classifiers import CLASSIFIERS
from affetto.corpora.base import EMOTIONS
from affetto.errors import AffettoError
from affetto.evaluation import CorporaMetrics, CorporaPredictions, measure_corpora, percent
from results import replace_block

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affetto.evaluation import CorporaFigures, Figure

ROOT = Path(__file__).resolve().parents[1]
START, END = "<!-- corpora:start -->", "<!-- corpora:end -->"

_NAME = re.compile(r"corpora-(?P<classifier>\w+)(?:-adapted-(?P<corpus>corpus-)?(?P<count>[1-9]\d*))?")


@dataclass(frozen=True, order=True, slots=True)
class Adaptation:
    """To how many other recordings answers were adapted, and whether these are of the same speaker or of anybody."""

    to_corpus: bool
    count: int

    @property
    def options(self) -> str:
        """The options of `affetto evaluate`."""
        return f" --adapted {self.count}" + " --adapted-to corpus" * self.to_corpus

    @property
    def described(self) -> str:
        """In words."""
        return f"{self.count} recordings of the {'corpus' if self.to_corpus else 'speaker'}"

    @property
    def as_json(self) -> dict[str, int]:
        """As reports and manifests have it."""
        return {"corpus" if self.to_corpus else "speaker": self.count}


@dataclass(frozen=True, slots=True)
class Measurement:
    """One published evaluation."""

    classifier: str
    adapted_to: Adaptation | None
    metrics: CorporaMetrics

    @property
    def command(self) -> str:
        """The command that made it; a name in capitals stands for the folder of that corpus."""
        folders = " ".join(part.corpus.upper() for part in self.metrics.corpora)
        options = f"--protocol corpora --classifier {self.classifier} --emotions {','.join(EMOTIONS)}"
        return f"affetto evaluate {folders} {options}" + (self.adapted_to.options if self.adapted_to else "")


def parse_name(stem: str) -> tuple[str, Adaptation | None] | None:
    """Tell classifier and adaptation from a file's stem; None if the file is not one of this table."""
    found = _NAME.fullmatch(stem)
    if found is None or found["classifier"] not in CLASSIFIERS:
        return None
    return found["classifier"], Adaptation(bool(found["corpus"]), int(found["count"])) if found["count"] else None


def collect(folder: Path, classifier: str | None = None) -> list[Measurement]:
    """Read and measure what is published, of one classifier or of all.

    Returns
    -------
    list of Measurement
        In the order of the classifiers' UAR, the best first; of each the unadapted answers first.

    Raises
    ------
    ParameterError
        If a file cannot be read.
    """
    found: dict[str, list[tuple[Adaptation | None, Path]]] = {}
    for path in folder.glob("corpora-*.csv"):
        parsed = parse_name(path.stem)
        if parsed is not None and classifier in (None, parsed[0]):
            found.setdefault(parsed[0], []).append((parsed[1], path))
    groups = []
    for name, files in found.items():
        files.sort(key=lambda file: (file[0] is not None, file[0] or Adaptation(to_corpus=False, count=0)))
        measured = [(adapted_to, measure_corpora(CorporaPredictions.from_csv(path))) for adapted_to, path in files]
        groups.append([Measurement(name, adapted_to, metrics) for adapted_to, metrics in measured])
    groups.sort(key=lambda group: (-(group[0].metrics.mean.uar.value or 0.0), group[0].classifier))
    return [measurement for group in groups for measurement in group]


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
    """Lay the results out as a Markdown table, and the commands below it."""
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


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Run the command; 0: done, 1: docs/research/results.md is out of date, 2: something is wrong with a file."""
    parser = argparse.ArgumentParser(description="Recompute the table of corpora left out.")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="fail if the table in docs/research/results.md is another")
    mode.add_argument("--write", action="store_true", help="put the table into docs/research/results.md")
    options = parser.parse_args(arguments)
    document = root / "docs" / "research" / "results.md"
    try:
        table = markdown(collect(root / "benchmarks" / "results"))
        if not (options.check or options.write):
            print(table)
            return 0
        old = document.read_text(encoding="utf-8")
        new = replace_block(old, table, START, END)
    except (AffettoError, OSError, ValueError) as error:
        where = "" if isinstance(error, (AffettoError, OSError)) else f"{document}: "
        print(f"corpora: {where}{error}", file=sys.stderr)
        return 2
    if options.write:
        document.write_text(new, encoding="utf-8", newline="\n")
    elif new != old:
        print(f"corpora: {document} is out of date; run: python benchmarks/corpora.py --write", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Recompute the README's table of results from the per-clip predictions in benchmarks/results/ alone.

    python benchmarks/results.py            print the table
    python benchmarks/results.py --check    fail if the README says anything else
    python benchmarks/results.py --write    put it into the README

A file counts if it is named `<classifier>-<protocol>.csv`, with a protocol of `affetto evaluate`; both
names may have hyphens. The classifier is trained on RAVDESS alone. Robustness tests (`robustness-...`), adapted answers
(`...-adapted-...`) and corpora left out (`corpora-...`, see corpora.py) answer other questions and stay out of this
table.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.corpora.base import Corpus
from affetto.corpora.published import RAVDESS
from affetto.errors import AffettoError, CorpusError
from affetto.evaluation import PROTOCOLS, Metrics, Predictions, Protocol, measure_predictions, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
START, END = "<!-- results:start -->", "<!-- results:end -->"


@dataclass(frozen=True, slots=True)
class Row:
    """One published result."""

    classifier: str
    protocol: Protocol
    metrics: Metrics


def parse_name(stem: str) -> tuple[str, Protocol] | None:
    """Tell classifier and protocol from a file's stem; None if the file is not one of this table."""
    if stem.startswith("robustness-"):
        return None
    for name, protocol in PROTOCOLS.items():
        classifier = stem.removesuffix(f"-{name}")
        if classifier != stem and classifier and "-adapted" not in classifier:
            return classifier, protocol
    return None


def require_protocol(predictions: Predictions, protocol: Protocol, path: Path) -> None:
    """Refuse a file that is not about all of RAVDESS, or whose folds are not those of the protocol in its name."""
    different = set(predictions.clip).symmetric_difference(RAVDESS.clips)
    if different:
        few = ", ".join(sorted(different)[:3])
        raise CorpusError(f"{path}: {len(different)} clips are missing or not RAVDESS's ({few}); publish all 1440")
    utterances = [RAVDESS.parse(Path(f"{clip}.wav")) for clip in predictions.clip]
    corpus = Corpus(RAVDESS.name, RAVDESS.licence, RAVDESS.citation, utterances)
    # Which clips are shuffled into which fold of a protocol that leaks is of no consequence.
    folds = predictions.fold if protocol.leaks_speakers else protocol.assign(corpus)
    claimed = zip(predictions.speaker, predictions.emotion, predictions.fold.tolist(), strict=True)
    for utterance, (speaker, emotion, fold), right in zip(utterances, claimed, folds.tolist(), strict=True):
        for what, given, true in (
            ("actor", speaker, utterance.speaker),
            ("emotion", emotion, utterance.emotion),
            ("fold", fold, right),
        ):
            if given != true:
                raise CorpusError(f"{path}: the {what} of {utterance.clip} is {true}, but the file says {given}")


def collect(folder: Path) -> list[Row]:
    """Read and measure every published result, by protocol and then by UAR."""
    rows = []
    for path in sorted(folder.glob("*.csv")):
        name = parse_name(path.stem)
        if name is not None:
            classifier, protocol = name
            predictions = Predictions.from_csv(path)
            require_protocol(predictions, protocol, path)
            rows.append(Row(classifier, protocol, measure_predictions(predictions)))
    order = list(PROTOCOLS)
    return sorted(rows, key=lambda row: (order.index(row.protocol.name), -row.metrics.uar, row.classifier))


def command(classifier: str, protocol: str, benchmarks: Path = ROOT / "benchmarks") -> str:
    """Name the command that measures a classifier: the benchmark script of that name, or else `affetto evaluate`."""
    script = benchmarks / f"{classifier}.py"
    if script.is_file():
        return f"python benchmarks/{script.name} DIR --protocol {protocol}"
    return f"affetto evaluate DIR --classifier {classifier} --protocol {protocol}"


def markdown(rows: Sequence[Row], benchmarks: Path) -> str:
    """Lay the results out as a Markdown table."""
    lines = [
        "| classifier | protocol | UAR % (95 % interval) | accuracy % | macro-F1 % | clips | made by |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        metrics, leaks = row.metrics, row.protocol.leaks_speakers
        cells = (
            row.classifier,
            f"`{row.protocol.name}`",
            percent(metrics.uar, metrics.uar_interval, leaks_speakers=leaks),
            percent(metrics.accuracy, leaks_speakers=leaks),
            percent(metrics.macro_f1, leaks_speakers=leaks),
            str(metrics.clips),
            f"`{command(row.classifier, row.protocol.name, benchmarks)}`",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def replace_block(document: str, table: str, start: str = START, end: str = END) -> str:
    """Put a table between its two markers; ValueError if they are not there once each, in order."""
    if document.count(start) != 1 or document.count(end) != 1 or document.index(start) > document.index(end):
        raise ValueError(f"it needs one {start} and, after it, one {end}")
    before, _, rest = document.partition(start)
    after = rest.partition(end)[2]
    return f"{before}{start}\n{table}\n{end}{after}"


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Run the command; 0: done, 1: the README is out of date, 2: something is wrong with a file."""
    parser = argparse.ArgumentParser(description="Recompute the README's table of results.")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="fail if the README's table is another")
    mode.add_argument("--write", action="store_true", help="put the table into the README")
    options = parser.parse_args(arguments)
    readme = root / "README.md"
    folder = root / "benchmarks" / "results"
    try:
        rows = collect(folder)
        if not rows:
            raise CorpusError(f"there is no <classifier>-<protocol>.csv in {folder}")
        table = markdown(rows, root / "benchmarks")
        if not (options.check or options.write):
            print(table)
            return 0
        old = readme.read_text(encoding="utf-8")
        new = replace_block(old, table)
    except (AffettoError, OSError, ValueError) as error:
        where = "" if isinstance(error, (AffettoError, OSError)) else f"{readme}: "
        print(f"results: {where}{error}", file=sys.stderr)
        return 2
    if options.write:
        readme.write_text(new, encoding="utf-8", newline="\n")
    elif new != old:
        print(f"results: {readme} is out of date; run: python benchmarks/results.py --write", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

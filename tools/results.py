"""Write the README's table of results from the per-clip predictions in `benchmarks/results`.

    python -m tools.results            write the table
    python -m tools.results --check    fail if the README has another table

A file belongs to the table if it is named `<classifier>-<protocol>.csv`, with a protocol of `affetto evaluate`. The
classifier is trained on RAVDESS alone. Robustness tests (`robustness-...`), adapted answers (`...-adapted-...`) and
left-out corpora (`corpora-...`) answer other questions.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from affetto.corpora.base import Corpus
from affetto.corpora.published import RAVDESS
from affetto.errors import CorpusError
from affetto.evaluation import PROTOCOLS, Metrics, Predictions, Protocol, measure_predictions, percent
from tools.generated import RESULTS, ROOT, generate, replace_block
from tools.provenance import command_of

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Row:
    """One published result."""

    classifier: str
    protocol: Protocol
    metrics: Metrics
    command: str


def parse_name(stem: str) -> tuple[str, Protocol] | None:
    """Return the classifier and the protocol in a file's stem; None if the file is not one of this table."""
    if stem.startswith("robustness-"):
        return None
    for name, protocol in PROTOCOLS.items():
        classifier = stem.removesuffix(f"-{name}")
        if classifier != stem and classifier and "-adapted" not in classifier:
            return classifier, protocol
    return None


def require_protocol(predictions: Predictions, protocol: Protocol, path: Path) -> None:
    """Raise `CorpusError` unless a file has all of RAVDESS and the folds of the protocol in its name."""
    different = set(predictions.clip).symmetric_difference(RAVDESS.clips)
    if different:
        few = ", ".join(sorted(different)[:3])
        raise CorpusError(f"{path}: {len(different)} clips are missing or not RAVDESS's ({few}); publish all 1440")
    utterances = [RAVDESS.parse(Path(f"{clip}.wav")) for clip in predictions.clip]
    corpus = Corpus(RAVDESS.name, RAVDESS.licence, RAVDESS.citation, utterances)
    # Where speakers leak, any fold is right.
    folds = predictions.fold if protocol.leaks_speakers else protocol.assign(corpus)
    claimed = zip(predictions.speaker, predictions.emotion, predictions.fold.tolist(), strict=True)
    for utterance, (speaker, emotion, fold), right in zip(utterances, claimed, folds.tolist(), strict=True):
        for name, given, true in (
            ("actor", speaker, utterance.speaker),
            ("emotion", emotion, utterance.emotion),
            ("fold", fold, right),
        ):
            if given != true:
                raise CorpusError(f"{path}: the {name} of {utterance.clip} is {true}, but the file says {given}")


def collect(folder: Path) -> list[Row]:
    """Read and measure every published result, by protocol and then by UAR."""
    rows = []
    for path in sorted(folder.glob("*.csv")):
        if name := parse_name(path.stem):
            predictions = Predictions.from_csv(path)
            require_protocol(predictions, name[1], path)
            rows.append(Row(*name, measure_predictions(predictions), command_of(path)))
    if not rows:
        raise CorpusError(f"there is no <classifier>-<protocol>.csv in {folder}")
    order = list(PROTOCOLS)
    return sorted(rows, key=lambda row: (order.index(row.protocol.name), -row.metrics.uar, row.classifier))


def markdown(rows: Sequence[Row]) -> str:
    """Return the results as a Markdown table."""
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
            f"`{row.command}`",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def files(root: Path) -> dict[Path, str]:
    """Return the README as it must be."""
    readme = root / "README.md"
    return {readme: replace_block(readme, "results", markdown(collect(root / RESULTS)))}


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Run the command; see `tools.generated.generate`."""
    return generate("results", files, description=__doc__, arguments=arguments, root=root)


if __name__ == "__main__":
    sys.exit(main())

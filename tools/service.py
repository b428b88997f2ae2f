"""Write the table of the service's speed and safety from `benchmarks/results`.

python -m tools.service            write the table into docs/how-to/deploy.md
python -m tools.service --check    fail if docs/how-to/deploy.md has another table
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.generated import RESULTS, ROOT, generate, replace_block
from tools.provenance import command_of, entries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DOCUMENT = Path("docs", "how-to", "deploy.md")


def table(load: Mapping[str, Any], fuzz: Mapping[str, Any]) -> str:
    """Return the table, in Markdown.

    Parameters
    ----------
    load, fuzz : mapping
        The content of ``load.json`` and ``fuzz_uploads.json``.
    """
    rows = ["| what | measured |", "|---|---|"]
    rows += [
        f"| {what} | {measured} |" for what, measured in (*_requests(load), *_streams(load), *_lasting(load, fuzz))
    ]
    return "\n".join(rows)


def _requests(load: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    figures = load["throughput"]
    yield "from start to ready", f"{figures['start_to_ready_s']:.2f} s"
    yield "clips of 3.7 s in one process, without the service", f"{figures['in_process_clips_per_s']:.0f} a second"
    for name, summary in figures.items():
        if name.startswith("clients_"):
            number = int(name.partition("_")[2])
            refused = summary["statuses"].get("503", 0) / sum(summary["statuses"].values())
            answered = f"{summary['clips_per_s']:.0f} a second, median {summary['p50_ms']:.0f} ms, "
            answered += f"99 % within {summary['p99_ms']:.0f} ms"
            yield (
                f"the same clips from {number} client{'s' * (number > 1)}",
                answered + (f"; {refused:.0%} refused with 503" if refused else ""),
            )
    yield "share of the speed without the service, at best", f"{figures['share_of_in_process']:.0%}"


def _streams(load: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, summary in load["streams"].items():
        number = int(name.partition("_")[2])
        late = f"{summary['late_p50_s']:.2f} s (median), {summary['late_most_s']:.2f} s (most)"
        yield f"a segment's answer after its end, {number} live stream{'s' * (number > 1)} at once", late


def _lasting(load: Mapping[str, Any], fuzz: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    mixed, statuses = load["mixed"], load["mixed"]["statuses"]
    failed = sum(count for status, count in statuses.items() if status >= "500" and status != "503")
    yield (
        f"{mixed['minutes']:.0f} minutes of requests and streams, 5 % of the inputs bad",
        f"{sum(statuses.values()):,} answers, {failed} of them 5xx but 503; memory "
        f"{mixed['memory_after_a_minute_mb']:.0f} MB after a minute, {mixed['memory_at_the_end_mb']:.0f} MB at the end",
    )
    yield (
        f"{fuzz['cases']:,} damaged uploads of {fuzz['formats']} formats",
        f"{'no crash' if fuzz['lived'] else 'a crash'}, {fuzz['statuses'].get('500', 0)} answers with 500, "
        f"the slowest after {fuzz['slowest_s']:.0f} s",
    )


def _files(root: Path) -> dict[Path, str]:
    paths = [root / RESULTS / f"{name}.json" for name in ("load", "fuzz_uploads")]
    processor = entries(root / RESULTS)["load.json"]["processor"]
    text = table(*(json.loads(path.read_text(encoding="utf-8")) for path in paths))
    made = " and ".join(f"`{command_of(path)}`" for path in paths)
    text += f"\n\nMade by {made}\non {processor}, with clients on the same machine."
    return {root / DOCUMENT: replace_block(root / DOCUMENT, "load", text)}


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Write or check the table."""
    return generate("service", _files, description=__doc__, arguments=arguments, root=root)


if __name__ == "__main__":
    sys.exit(main())

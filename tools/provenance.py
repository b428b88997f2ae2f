"""Keep `benchmarks/results/provenance.json`: how each file of results was made.

    python -m tools.provenance --check            fail if a file of results has no complete entry, or was changed since
    python -m tools.provenance --add NAME=REPORT  publish the predictions of a report of `affetto evaluate` as NAME.csv

An entry has the file's `sha256`, `command`, `commit`, `date`, `processor` and `versions`. A field that was not recorded
is null, and `remark` says so. The scripts in `benchmarks` add their entries themselves.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affetto._provenance import describe_run
from affetto.errors import AffettoError, ParameterError
from affetto.evaluation.report import PREDICTIONS_FILE, RUN_FILE
from tools.generated import RESULTS, ROOT, as_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROVENANCE_FILE = "provenance.json"
FIELDS = ("sha256", "command", "commit", "date", "processor", "versions")
_COMMIT = re.compile(r"[0-9a-f]{40}(-changed)?")


def entries(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the entry of each file of results, by its name."""
    path = folder / PROVENANCE_FILE
    found: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def command_of(path: Path) -> str:
    """Return the command that makes a file of results.

    Raises
    ------
    ParameterError
        If it was not recorded.
    """
    command = entries(path.parent).get(path.name, {}).get("command")
    if not command:
        raise ParameterError(f"{path.parent / PROVENANCE_FILE} has no command for {path.name}; record how it was made")
    return str(command)


def record(*paths: Path, run: Mapping[str, Any] | None = None) -> None:
    """Write how files of results were made into the `provenance.json` beside them.

    Parameters
    ----------
    *paths : Path
        Files of one folder.
    run : mapping, optional
        How they were made; by this process if it is not given.
    """
    described = describe_run() if run is None else run
    folder = paths[0].parent
    everything = entries(folder) | {
        path.name: {"sha256": "", **described} | {"sha256": _sha256(path)} for path in paths
    }
    text = as_json({name: everything[name] for name in sorted(everything)})
    (folder / PROVENANCE_FILE).write_text(text, encoding="utf-8", newline="\n")


def problems(folder: Path) -> list[str]:
    """Return a sentence for each file of results whose entry is missing, incomplete or of another content."""
    recorded = entries(folder)
    files = {path.name: path for path in folder.iterdir() if path.name != PROVENANCE_FILE}
    missing = [f"{name} has no entry; run its command again" for name in files if name not in recorded]
    gone = [f"{name} has an entry, but there is no such file" for name in recorded if name not in files]
    both = sorted(files.keys() & recorded.keys())
    return sorted(missing + gone) + [problem for name in both for problem in _problems(files[name], recorded[name])]


def _problems(path: Path, entry: Mapping[str, Any]) -> list[str]:
    found = [f"the entry of {path.name} has no {field}" for field in FIELDS if field not in entry]
    if not found and None in entry.values() and not entry.get("remark"):
        found.append(f"the entry of {path.name} has a null and no remark that says why")
    if entry.get("commit") and not _COMMIT.fullmatch(entry["commit"]):
        found.append(f"the entry of {path.name} has {entry['commit']!r} where a commit belongs")
    if entry.get("sha256") != _sha256(path):
        found.append(f"{path.name} was changed since it was made; run its command again")
    return found


def add(report: Path, path: Path) -> None:
    """Publish the predictions of a report of `affetto evaluate`, with the record of its run."""
    run = json.loads((report / RUN_FILE).read_text(encoding="utf-8"))
    shutil.copyfile(report / PREDICTIONS_FILE, path)
    record(path, run=run)


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Run the command; 0: done, 1: an entry is missing or wrong, 2: a file cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true", help="fail if an entry is missing or wrong")
    mode.add_argument("--add", metavar="NAME=REPORT", help="publish the predictions of a report")
    options = parser.parse_args(arguments)
    try:
        if options.add:
            name, _, report = options.add.partition("=")
            add(Path(report), root / RESULTS / f"{name}.csv")
            return 0
        found = problems(root / RESULTS)
    except (AffettoError, OSError, ValueError) as error:
        print(f"provenance: {error}", file=sys.stderr)
        return 2
    for problem in found:
        print(f"provenance: {problem}", file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())

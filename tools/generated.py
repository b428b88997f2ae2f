"""Shared by the scripts that generate files from results: they write the files, or check that they are up to date."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affetto.errors import AffettoError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
"""The repository."""

RESULTS = Path("benchmarks", "results")
"""The folder of the results, within the repository."""


def as_json(content: Mapping[str, Any]) -> str:
    """Return the text of a JSON file."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def replace_block(document: Path, name: str, text: str) -> str:
    """Return a document with `text` between ``<!-- name:start -->`` and ``<!-- name:end -->``.

    Raises
    ------
    ValueError
        If the document does not have both markers once, in this order.
    """
    start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    content = document.read_text(encoding="utf-8")
    if content.count(start) != 1 or content.count(end) != 1 or content.index(start) > content.index(end):
        raise ValueError(f"{document} needs one {start} and, after it, one {end}")
    before, _, rest = content.partition(start)
    return f"{before}{start}\n{text}\n{end}{rest.partition(end)[2]}"


def generate(
    script: str,
    files: Callable[[Path], Mapping[Path, str]],
    *,
    description: str | None,
    arguments: Sequence[str] | None = None,
    root: Path = ROOT,
) -> int:
    """Write generated files; with ``--check``, report those that are out of date instead.

    Parameters
    ----------
    script : str
        The name of the module in `tools`, for messages.
    files : callable
        Returns the text of each file by its path. It takes the repository.
    description : str, optional
        Printed by ``--help``.
    arguments : sequence of str, optional
        Of the command line; those of the process by default.
    root : Path
        The repository.

    Returns
    -------
    int
        The exit code. 0: done; 1: a file is out of date; 2: a file cannot be read, or makes no sense.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")
    check = parser.parse_args(arguments).check
    try:
        stale = {path: text for path, text in files(root).items() if not _holds(path, text)}
        for path, text in stale.items():
            if check:
                print(f"{script}: {path} is out of date; run: python -m tools.{script}", file=sys.stderr)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")
    except (AffettoError, OSError, ValueError) as error:
        print(f"{script}: {error}", file=sys.stderr)
        return 2
    return int(check and bool(stale))


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()

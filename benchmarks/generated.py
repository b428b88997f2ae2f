"""What the scripts share that write files from others: write them, or notice that one is out of date."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def as_json(content: Mapping[str, Any]) -> str:
    """Return the text of a JSON file."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def keep(files: Mapping[Path, str], *, check: bool, script: str) -> int:
    """Write files that are generated, or only tell which of them are not what they should be.

    Parameters
    ----------
    files : mapping of Path to str
        What each file must hold.
    check : bool
        Whether to write nothing.
    script : str
        Which script writes them, for the message.

    Returns
    -------
    int
        The exit code: 1 if `check` and a file is missing or another, else 0.

    Raises
    ------
    OSError
        If a file cannot be read or written.
    """
    changed = {path: text for path, text in files.items() if not (path.is_file() and _read(path) == text)}
    for path, text in changed.items():
        if check:
            report_stale(path, script=script)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    return int(check and bool(changed))


def report_stale(path: Path, *, script: str) -> None:
    """Say on stderr that a file is not what it should be, and which script mends that."""
    print(f"{script}: {path} is out of date; run: python benchmarks/{script}.py", file=sys.stderr)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")

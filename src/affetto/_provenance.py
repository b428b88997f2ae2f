"""How a model or a result was made: commit, versions, processor, date and command."""

from __future__ import annotations

import datetime
import platform
import re
import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import Any

from affetto._cpus import usable_cpus

_OPTIONS_WITHOUT_PATHS = ("--classifier", "--protocol")
"""Their values are names, even if a folder here has the same name, as the reports of `affetto compare` have."""

LIBRARIES = ("librosa", "numpy", "onnxruntime", "opensmile", "scikit-learn", "skorch", "torch")
"""The libraries on which figures depend."""


def describe_run() -> dict[str, Any]:
    """Return the provenance of what this process makes.

    Returns
    -------
    dict
        `command`, `commit`, `date`, `processor` and `versions`, ready for JSON.
    """
    return {
        "command": command(),
        "commit": commit(),
        "date": today(),
        "processor": processor(),
        "versions": versions(),
    }


def today() -> str:
    """Return the date in UTC."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def command() -> str:
    """Return the command line of this process. The name of a folder in capitals stands for its path.

    Examples
    --------
    ``affetto evaluate corpora/ravdess --classifier svm`` gives ``affetto evaluate RAVDESS --classifier svm``.
    """
    spec = sys.modules["__main__"].__spec__
    program = Path(sys.argv[0]).name if spec is None else f"python -m {spec.name.removesuffix('.__main__')}"
    shown = [
        argument if option in _OPTIONS_WITHOUT_PATHS else _without_path(argument)
        for option, argument in pairwise(["", *sys.argv[1:]])
    ]
    return " ".join((program, *map(shlex.quote, shown)))


def _without_path(argument: str) -> str:
    name, equals, value = argument.rpartition("=")
    path = Path(value)
    if not path.exists():
        return argument
    path = path.resolve()
    return name + equals + (path.name.upper() if path.is_dir() else path.name)


def commit() -> str | None:
    """Return the commit of a checkout, marked "-changed" if its code was changed; None if there is no checkout."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None

    def git(*arguments: str) -> str:
        run = subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True)
        return run.stdout.strip()

    try:
        # New results or models do not change the code.
        changed = git("status", "--porcelain", "--", "src/affetto", "benchmarks/*.py", ":!src/affetto/models")
        return git("rev-parse", "HEAD") + ("-changed" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def versions() -> dict[str, str]:
    """Return the versions of Python, of Affetto, and of those `LIBRARIES` that are installed."""
    from affetto import __version__

    found = {"python": platform.python_version(), "affetto": __version__}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def processor() -> str:
    """Return the processor's name, its instructions for products of int8, and the number of usable cores."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8", errors="replace") if cpuinfo.is_file() else ""
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    name = named[1] if named else platform.processor() or platform.machine()
    # Without these instructions ONNX Runtime computes products of int8 in another way, and answers differ slightly.
    vnni = [label for flag, label in (("avx512_vnni", "AVX-512 VNNI"), ("avx_vnni", "AVX VNNI")) if f" {flag}" in text]
    return ", ".join((name, *vnni, f"{usable_cpus()} cores"))

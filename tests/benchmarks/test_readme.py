from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("folder", ["benchmarks", "tools"])
def test_the_readme_names_every_script(root: Path, folder: str) -> None:
    readme = (root / folder / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `(\w+)` \|", readme, re.MULTILINE))
    scripts = {path.stem for path in (root / folder).glob("*.py") if "__main__" in path.read_text(encoding="utf-8")}
    assert named == scripts
    for script in sorted(scripts):
        import_module(f"{folder}.{script}")

"""What the page uses from others is unchanged, and its licences are in the wheel."""

from __future__ import annotations

import hashlib
import re
import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_PAGE = "src/affetto/server/page"


def test_wavesurfer_is_what_npm_has(root: Path) -> None:
    folder = root / _PAGE / "vendor" / "wavesurfer"
    checksums = dict(re.findall(r"^\| `([^`]+)` \|.*`([0-9a-f]{64})` \|$", (folder / "README.md").read_text(), re.M))
    assert checksums == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name != "README.md"
    }


def test_licences_are_installed(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"{_PAGE}/vendor/wavesurfer/LICENSE" in project["license-files"]
    assert f"{_PAGE}/examples/README.md" in project["license-files"]
    assert all((root / path).is_file() for path in project["license-files"])


def test_each_example_tells_its_licence(root: Path) -> None:
    folder = root / _PAGE / "examples"
    told = (folder / "README.md").read_text(encoding="utf-8")
    assert all(f"`{path.name}`" in told for path in folder.glob("*.mp3"))

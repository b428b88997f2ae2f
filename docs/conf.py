"""How Sphinx builds the documentation: `make docs`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import affetto

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent

project = "Affetto"
author = "The Affetto founders"
copyright = f"2026, {author}"  # noqa: A001 (Sphinx reads this name)
version = release = affetto.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
]
exclude_patterns = ["reference/generated/*.md"]  # included by other pages
smartquotes = False  # options begin with two hyphens
default_role = "literal"  # docstrings write `name` for names

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_mock_imports = ["livekit", "pipecat"]  # large, and not needed for the texts
autodoc_typehints = "none"  # numpydoc's sections have the types
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "furo"
html_title = f"Affetto {release}"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
copybutton_prompt_text = "$ "


def write_cli_reference(app: Sphinx) -> None:  # noqa: ARG001 (Sphinx passes it)
    """Write the reference of the command line from the commands themselves."""
    target = HERE / "reference" / "generated" / "cli.md"
    command = [sys.executable, "-m", "typer", "affetto.cli.app", "utils", "docs", "--name", "affetto"]
    text = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout
    # The page that includes it has a title, and its contents list the commands, there in full.
    text = re.sub(r"\*\*Commands\*\*:\n\n(\* .*\n)+\n", "", text.partition("\n")[2])
    target.parent.mkdir(exist_ok=True)
    if not target.is_file() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8", newline="\n")


def setup(app: Sphinx) -> None:
    """Register what is generated before the pages are read."""
    app.connect("builder-inited", write_cli_reference)

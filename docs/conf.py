"""How Sphinx builds the documentation: `make docs`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import affetto

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydantic.fields import FieldInfo
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
    command = [sys.executable, "-m", "typer", "affetto.cli.app", "utils", "docs", "--name", "affetto"]
    text = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout
    # The page that includes it has a title, and its contents list the commands, there in full.
    text = re.sub(r"\*\*Commands\*\*:\n\n(\* .*\n)+\n", "", text.partition("\n")[2])
    _write_generated("cli.md", text)


def write_http_reference(app: Sphinx) -> None:  # noqa: ARG001 (as above)
    """Write the tables of the reference of the service from its code."""
    from affetto.server.negotiation import MEDIA_TYPES
    from affetto.server.problems import KINDS
    from affetto.server.recognitions import Options
    from affetto.server.settings import PREFIX, Settings
    from affetto.server.stream import Start

    settings = {f"{PREFIX}{name.upper()}": field for name, field in Settings.model_fields.items()}
    for page, fields in (("options", Options.model_fields), ("start", Start.model_fields), ("settings", settings)):
        rows = [(f"`{name}`", _default(field), field.description or "") for name, field in fields.items()]
        _write_generated(f"http-{page}.md", _table(("name", "default", "meaning"), rows))
    problems = [(f"`{name}`", str(kind.status), kind.title, kind.advice) for name, kind in KINDS.items()]
    _write_generated("http-problems.md", _table(("`/problems/...`", "status", "title", "what to do"), problems))
    formats = [(f"`{name}`", f"`{media_type}`") for name, media_type in MEDIA_TYPES.items()]
    _write_generated("http-formats.md", _table(("`format`", "`Accept`"), formats))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    if field.default in (None, ()):
        return ""
    return f"`{json.dumps(field.default).strip(chr(34))}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _write_generated(name: str, text: str) -> None:
    target = HERE / "reference" / "generated" / name
    target.parent.mkdir(exist_ok=True)
    if not target.is_file() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8", newline="\n")


def setup(app: Sphinx) -> None:
    """Register what is generated before the pages are read."""
    app.connect("builder-inited", write_cli_reference)
    app.connect("builder-inited", write_http_reference)

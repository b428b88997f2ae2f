"""The documentation: every example runs, and prints what its page shows.

The examples of a page run from top to bottom, in a folder that holds a copy of `examples/` and the recordings that the
pages name. Python examples of a page share their names. Examples that address ``localhost:8000`` talk to
`affetto serve`, which runs beside them. A block directly behind an example is its output. If it is marked ``text``,
``...`` in it stands for anything. If it is marked ``json``, ``"..."`` does, and members may be left out. Numbers may
differ a little, as between processors.
A comment ``<!-- not run: why -->`` in front of a block skips it.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
import soundfile

import affetto
from affetto.preprocessing.vad import SpeechSegmenter

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
MODULES = sorted(module.name for module in pkgutil.walk_packages(affetto.__path__, "affetto."))
PAGES = [
    *(ROOT / "README.md", ROOT / "examples" / "README.md"),
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if "generated" not in page.parts),
    ROOT / "src" / "affetto" / "server" / "page" / "agents.md",
]
EXAMPLES = {"python", "pycon", "shell"}
OUTPUTS = {"text", "json"}
OTHER_BLOCKS = {"toctree", "include", "literalinclude", "eval", "nginx", "javascript"}
SERVICE = "localhost:8000"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

_FENCE = re.compile(
    r"(?P<skip><!-- not run: [^>]+ -->\s*\n)?^(?P<fence>```+)\{?(?P<language>\w*)[^\n]*\n(?P<text>.*?)^(?P=fence)$",
    flags=re.DOTALL | re.MULTILINE,
)
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_BAR = re.compile("[█▉▊▋▌▍▎▏]+")


class Output(NamedTuple):
    """What a page says that an example prints."""

    language: str
    text: str


class Example(NamedTuple):
    """A block of a page, and the output that the page shows."""

    line: int
    language: str
    text: str
    output: Output | None


def find_examples(page: Path) -> list[Example]:
    content = page.read_text(encoding="utf-8")
    blocks = list(_FENCE.finditer(content))
    found = []
    for block, following in pairwise([*blocks, None]):
        if block is None or block["language"] not in EXAMPLES or block["skip"]:
            continue
        output = None
        if following and following["language"] in OUTPUTS and not content[block.end() : following.start()].strip():
            output = Output(following["language"], following["text"])
        line = content.count("\n", 0, block.start("fence")) + 1
        found.append(Example(line, block["language"], block["text"], output))
    return found


def run_python(example: Example, page: Path, names: dict[str, object]) -> str:
    printed = io.StringIO()
    source = "\n" * example.line + example.text  # a traceback then names the line of the page
    with contextlib.redirect_stdout(printed):
        exec(compile(source, str(page), "exec"), names)
    return printed.getvalue()


def run_doctest(example: Example, page: Path, names: dict[str, object]) -> str:
    test = doctest.DocTestParser().get_doctest(example.text, names, page.name, str(page), example.line)
    report = io.StringIO()
    doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.write, clear_globs=False)
    assert not report.getvalue(), report.getvalue()
    return ""


def run_shell(example: Example, folder: Path) -> str:
    if sys.platform == "win32":
        pytest.skip("there is no bash")
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", example.text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_prints(printed: str, expected: str, where: str) -> None:
    """Compare texts, with numbers within two units of hundredths or percent."""
    shown, output = (_BAR.sub("█", text) for text in (expected, printed))
    checker = doctest.OutputChecker()
    if not checker.check_output(_NUMBER.sub("0", shown), _NUMBER.sub("0", output), FLAGS):
        raise AssertionError(f"{where}: expected\n{expected}\nprinted\n{printed}")
    if "..." not in shown:
        numbers = [[float(number) for number in _NUMBER.findall(text)] for text in (shown, output)]
        assert numbers[1] == pytest.approx(numbers[0], abs=0.021, rel=0.05), f"{where}: printed\n{printed}"


def assert_prints_json(printed: str, expected: str, where: str) -> None:
    """Compare what the page shows of a JSON text, with numbers within two units of hundredths."""
    shown, output = json.loads(expected), json.loads(printed)
    assert is_shown(output, shown), f"{where}: expected\n{expected}\nprinted\n{printed}"


def is_shown(value: Any, shown: Any) -> bool:
    if shown == "...":
        return True
    if isinstance(shown, dict):
        return isinstance(value, dict) and all(name in value and is_shown(value[name], shown[name]) for name in shown)
    if isinstance(shown, list):
        if shown[-1:] == ["..."]:
            shown, value = shown[:-1], value[: len(shown) - 1]
        return isinstance(value, list) and len(value) == len(shown) and all(map(is_shown, value, shown))
    if isinstance(shown, float):
        return bool(value == pytest.approx(shown, abs=0.021))
    return bool(value == shown)


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    """Host and port of `affetto serve`."""
    command = [sys.executable, "-m", "affetto", "serve", "--port", "0"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        address = re.search(r"http://(\S+)", process.stderr.readline())
        assert address
        yield address[1]
        process.terminate()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the recordings that the pages name."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("node_modules", "model"))
    rate = 16_000
    parts = [
        affetto.read(ROOT / "examples" / name, sample_rate_hz=rate).samples
        for name in ("reading-long.flac", "sequence.flac")
    ]
    call = np.zeros((max(map(len, parts)), len(parts)), np.float32)
    for channel, part in enumerate(parts):
        call[: len(part), channel] = part
    soundfile.write(tmp_path / "call.wav", call, rate)
    for name in ("calls/1.wav", "calls/2.wav", "recordings/ada/angry/1.wav", "coded/1_ada_W.wav", "coded/2_ben_N.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tmp_path / "call.wav", tmp_path / name)
    segmenter = SpeechSegmenter(rate)
    samples = affetto.read(ROOT / "examples" / "angry.flac", sample_rate_hz=rate).samples
    (segment,) = [*segmenter.push(samples), *segmenter.end()]
    soundfile.write(tmp_path / "utterance.wav", segment.padded, rate, subtype="FLOAT")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    try:
        module = importlib.import_module(name)
    except affetto.MissingExtraError as error:  # the frameworks for voice agents are in no common environment
        pytest.skip(str(error))
    failures, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert failures == 0


@pytest.mark.parametrize(
    "page", [page for page in PAGES if find_examples(page)], ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_examples_of_a_page(page: Path, folder: Path, request: pytest.FixtureRequest) -> None:
    names: dict[str, object] = {"__name__": "__main__"}
    for example in find_examples(page):
        if SERVICE in example.text:
            example = example._replace(text=example.text.replace(SERVICE, request.getfixturevalue("service")))
        if example.language == "shell":
            printed = run_shell(example, folder)
        else:
            run = run_python if example.language == "python" else run_doctest
            printed = run(example, page, names)
        if example.output is not None:
            check = assert_prints_json if example.output.language == "json" else assert_prints
            check(printed, example.output.text, f"{page}:{example.line}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_names_its_language(page: Path) -> None:
    # A block without a language would be run by no test.
    languages = {block["language"] for block in _FENCE.finditer(page.read_text(encoding="utf-8"))}
    assert languages <= EXAMPLES | OUTPUTS | OTHER_BLOCKS


@pytest.mark.parametrize("name", ["README.md", "examples/README.md", "CONTRIBUTING.md"])
def test_links_lead_to_files(name: str) -> None:
    # Sphinx checks the links of the other pages.
    page = ROOT / name
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_saved_model_alone_gives_the_probabilities_of_the_recognizer(folder: Path) -> None:
    page = ROOT / "docs" / "how-to" / "other-languages.md"
    (example,) = find_examples(page)
    printed = run_python(example, page, {})
    probabilities = {label: float(number) for label, number in re.findall(r"(\w+)\s+(\S+)", printed)}
    assert probabilities == pytest.approx(affetto.Recognizer().recognize("examples/angry.flac").probabilities, abs=1e-3)


def test_the_reference_documents_every_public_name() -> None:
    page = (ROOT / "docs" / "reference" / "api" / "affetto.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\.\. auto\w+:: (\w+)$", page, flags=re.MULTILINE))
    assert documented == {name for name in dir(affetto) if not name.startswith("_")}

"""Recognition sends nothing over the network and writes no file that was not requested."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Every way to the network of a Python program or library.
_RECOGNIZE = """
import socket, sys
def refuse(*arguments, **options):
    sys.exit(f"a name was looked up: {arguments}")
socket.getaddrinfo = socket.gethostbyname = socket.create_connection = refuse
import affetto, time
recognizer = affetto.Recognizer(sys.argv[1])
assert recognizer.recognize(sys.argv[2]).segments
time.sleep(1)  # a reporter sends from a thread of its own
"""
# These variables, set in CI, switch some telemetry off.
_KEEPS_STILL = ("CI", "GITHUB_ACTIONS", "TF_BUILD", "JENKINS_URL", "DO_NOT_TRACK", "ORT_DISABLE_TELEMETRY")


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _KEEPS_STILL and "XDG" not in name}
    return {**kept, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.mark.parametrize("model", ["transformer", "svm"])
def test_recognizing_writes_no_file_and_looks_up_no_name(tmp_path: Path, root: Path, model: str) -> None:
    home, work, log = tmp_path / "home", tmp_path / "work", tmp_path / "calls"
    home.mkdir()
    work.mkdir()
    command = [sys.executable, "-c", _RECOGNIZE, model, str(root / "examples" / "angry.flac")]
    if strace := shutil.which("strace"):
        command = [strace, "-f", "-qq", "-e", "trace=socket,connect,sendto", "-o", str(log), *command]
    result = subprocess.run(command, capture_output=True, text=True, cwd=work, env=environment(home), check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert not list(home.rglob("*"))
    assert not list(work.rglob("*"))
    if strace:
        assert "AF_INET" not in log.read_text()


def test_a_picture_writes_nothing_into_the_home(tmp_path: Path, root: Path) -> None:
    home, picture = tmp_path / "home", tmp_path / "picture.png"
    home.mkdir()
    command = [
        sys.executable,
        "-m",
        "affetto",
        "recognize",
        str(root / "examples" / "angry.flac"),
        "--plot",
        str(picture),
    ]
    result = subprocess.run(command, capture_output=True, text=True, env=environment(home), check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert picture.is_file()
    assert not list(home.rglob("*"))


def test_the_setting_of_the_user_is_kept() -> None:
    code = "import affetto, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    own = {**os.environ, "ORT_DISABLE_TELEMETRY": "0"}
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=own)
    assert result.stdout == "0\n"


def test_no_module_imports_onnx_runtime_directly(root: Path) -> None:
    files = [path for folder in ("src", "benchmarks", "tools", "tests") for path in (root / folder).rglob("*.py")]
    assert files
    importing = re.compile(r"^\s*(import|from) onnxruntime", re.MULTILINE)
    assert not [path for path in files if importing.search(path.read_text(encoding="utf-8"))]

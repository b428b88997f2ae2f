from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# numba may neither write into librosa's folder nor into the user's cache folder, only into a folder that is set.
_READ_ONLY = """
from numba.core import caching
caching.CacheImpl._locator_classes = caching.CacheImpl._locator_classes[:1]
"""
# The user has no home, as in some containers.
_NO_HOME = "import os; os.environ.pop('HOME', 0); os.path.expanduser = lambda path: path\n"


def output_of(code: str, root: Path, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in ("AFFETTO_CACHE", "XDG_CACHE_HOME")}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root, env={**kept, **environment}
    ).stdout.strip()


def test_classic_models_work_without_a_cache_folder(root: Path) -> None:
    code = 'import affetto; print(affetto.Recognizer("svm").recognize("examples/angry.flac").probabilities)'
    assert output_of(f"{_READ_ONLY + _NO_HOME}\n{code}", root) == output_of(code, root)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder in which nobody can write")
def test_without_a_home_the_cache_is_temporary(root: Path) -> None:
    code = "from affetto.features.cache import cache_dir; folder = cache_dir(); (folder / 'x').touch(); print(folder)"
    folder = Path(output_of(code, root, HOME="/proc/no-home"))
    assert folder.is_absolute()
    assert not folder.exists()

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Where neither librosa's folder nor the user's can be written.
_NO_PLACE_TO_CACHE = "import numba.core.caching; numba.core.caching.CacheImpl._locator_classes = []\n"
# Where a user has no home, as some containers' do.
_NO_HOME = "import os; os.environ.pop('HOME', 0); os.path.expanduser = lambda path: path\n"


def output_of(code: str, root: Path, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name not in ("AFFETTO_CACHE", "XDG_CACHE_HOME")}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root, env={**kept, **environment}
    ).stdout.strip()


@pytest.mark.parametrize("lack", [_NO_PLACE_TO_CACHE, _NO_HOME, _NO_PLACE_TO_CACHE + _NO_HOME])
def test_the_classic_models_run_where_nothing_can_be_kept(root: Path, lack: str) -> None:
    code = 'import affetto; print(affetto.Recognizer("svm").recognize("examples/angry.flac").probabilities)'
    assert output_of(f"{lack}\n{code}", root) == output_of(code, root)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="this system has no folder in which nobody can write")
def test_features_are_kept_in_a_temporary_folder_where_there_is_no_home(root: Path) -> None:
    code = "from affetto.features.cache import cache_dir; folder = cache_dir(); (folder / 'x').touch(); print(folder)"
    folder = Path(output_of(code, root, HOME="/proc/no-home"))
    assert folder.is_absolute()
    assert not folder.exists()

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest


@pytest.mark.parametrize("package", ["affetto", "affetto.augmentation", "affetto.features", "affetto.preprocessing"])
def test_every_listed_name_can_be_imported(package: str) -> None:
    module = import_module(package)
    assert sorted(module.__all__) == dir(module)
    for name in module.__all__:
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = module.nothing


def test_importing_affetto_imports_no_other_module_of_it() -> None:
    code = "import sys, affetto; print(dir(affetto), [name for name in sys.modules if name.startswith('affetto.')])"
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert "'__version__'" in output
    assert output.endswith("[]\n")

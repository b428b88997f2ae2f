from __future__ import annotations

import sys

import pytest

from affetto import MissingExtraError
from affetto._extras import require_extra


@pytest.mark.parametrize("extra", ["denoise", "plot", "train"])
def test_installed_extras_are_accepted(extra: str) -> None:
    require_extra(extra)


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    # Libraries in `sys.modules` count as installed.
    for name in [name for name in sys.modules if name.partition(".")[0] == "onnxscript"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    with pytest.raises(MissingExtraError, match=r"onnxscript.*affetto\[train\]"):
        require_extra("train")

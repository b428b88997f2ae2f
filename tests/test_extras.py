from __future__ import annotations

from importlib.util import find_spec

import pytest

from affetto import MissingExtraError
from affetto._extras import require_extra


@pytest.mark.parametrize("extra", ["denoise", "plot", "train"])
def test_installed_extras_are_accepted(extra: str) -> None:
    require_extra(extra, purpose="this")


@pytest.mark.parametrize(
    ("hidden", "needed"), [(["onnxscript"], "onnxscript"), (["onnxscript", "skorch"], 'the extra "train"')]
)
def test_one_missing_library_is_named_and_several_are_summarized(
    hidden: list[str], needed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("affetto._extras.find_spec", lambda library: None if library in hidden else find_spec(library))
    with pytest.raises(MissingExtraError, match=rf"training needs {needed}.*affetto\[train\]"):
        require_extra("train", purpose="training")

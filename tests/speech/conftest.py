"""Fixtures for the tests of reading."""

from __future__ import annotations

import sys
from importlib import util
from typing import Any

import pytest


@pytest.fixture
def without_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide PyAV, as if the extra ``formats`` were not installed."""
    for name in [name for name in sys.modules if name == "av" or name.startswith("av.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "affetto.speech.decoders.libav", raising=False)
    find_spec = util.find_spec

    def find(name: str, package: str | None = None) -> Any:
        return None if name == "av" else find_spec(name, package)

    monkeypatch.setattr("affetto._extras.find_spec", find)
    monkeypatch.setattr("affetto.speech.decoders.opening.find_spec", find)

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from affetto.corpora.label_files import read_once
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from pathlib import Path


def test_file_is_read_once_until_it_changes(tmp_path: Path) -> None:
    reads = []

    @read_once
    def read(file: Path) -> str:
        reads.append(file)
        return file.read_text()

    file = tmp_path / "a.txt"
    for content in ("sad", "happy"):
        file.write_text(content)
        assert read(file) == read(file) == content
    assert len(reads) == 2


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"nowhere\.txt"):
        read_once(lambda file: file.read_text())(tmp_path / "nowhere.txt")

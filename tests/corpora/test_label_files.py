from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from affetto.corpora.label_files import column, has_columns, text_of
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    table, text = tmp_path / "a.csv", tmp_path / "a.txt"
    for value in ("sad", "happy"):
        table.write_text(f"File;Label\nx.wav;{value}\n")
        text.write_text(value)

        assert column(table, "file", "label") == {"x.wav": value}
        assert text_of(text) == value


def test_columns_are_known_by_name_and_garbage_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("File,Label\n")
    (tmp_path / "b.csv").write_bytes(b"\x89PNG\x00\x01")

    assert has_columns(tmp_path / "a.csv", "file", "label")
    assert not has_columns(tmp_path / "a.csv", "file", "emotion")
    assert not has_columns(tmp_path / "b.csv", "file")
    assert not has_columns(tmp_path / "nowhere.csv", "file")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("file\nx.wav\n")

    with pytest.raises(CorpusError, match=r"a\.csv lacks the column label"):
        column(tmp_path / "a.csv", "file", "label")
    with pytest.raises(CorpusError, match=r"nowhere\.txt cannot be read"):
        text_of(tmp_path / "nowhere.txt")

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from affetto.corpora.spreadsheet import Row, read_column_once, read_sheet
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "path,emotion,speaker\na.wav,wütend,Jörg\n"
ROWS = [Row(2, {"path": "a.wav", "emotion": "wütend", "speaker": "Jörg"}, [])]


def write(folder: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "corpus.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", " , ", "; "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_separator_and_line_end_is_read(tmp_path: Path, separator: str, end: str) -> None:
    sheet = read_sheet(write(tmp_path, TABLE.replace(",", separator).replace("\n", end)))

    assert sheet.columns == ["path", "emotion", "speaker"]
    assert [[value.strip() for value in row.values.values()] for row in sheet.rows] == [["a.wav", "wütend", "Jörg"]]
    assert [row.line for row in sheet.rows] == [2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_of_spreadsheets_are_read(tmp_path: Path, encoding: str) -> None:
    assert read_sheet(write(tmp_path, TABLE, encoding)).rows == ROWS


def test_unicode_text_of_excel_is_read(tmp_path: Path) -> None:
    assert read_sheet(write(tmp_path, TABLE.replace(",", "\t").replace("\n", "\r\n"), "utf-16")).rows == ROWS


def test_separator_line_of_excel_is_not_the_header(tmp_path: Path) -> None:
    [row] = read_sheet(write(tmp_path, "sep=;\r\npath;emotion;speaker\r\n1,5.wav;sad;1\r\n")).rows

    assert row == Row(3, {"path": "1,5.wav", "emotion": "sad", "speaker": "1"}, [])


def test_empty_rows_and_columns_are_left_out(tmp_path: Path) -> None:
    sheet = read_sheet(write(tmp_path, "\n,path,emotion,,\n,,,,\n0,a.wav,sad,,,,\n\n , ,\n1,b.wav,sad,x,,y\n"))

    assert sheet.columns == ["path", "emotion"]
    assert sheet.rows == [
        Row(4, {"path": "a.wav", "emotion": "sad"}, []),
        Row(7, {"path": "b.wav", "emotion": "sad"}, ["y"]),
    ]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"PK\x03\x04 xl/workbook.xml", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "spreadsheet"),
        (b"RIFF....WAVE", "a recording"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>", "a web page"),
        (b'[{"path": "a.wav"}]', "JSON"),
        (b"path,emotion\x00,speaker\n", "not text"),
        ("path,emotion\nwütend\n".encode("latin-1"), "not UTF-8"),
    ],
)
def test_other_files_are_refused_by_their_type(tmp_path: Path, content: bytes, named: str) -> None:
    with pytest.raises(CorpusError, match=rf"corpus\.csv.*{named}.*CSV"):
        read_sheet(write(tmp_path, content))


def test_column_is_read_by_another_one(tmp_path: Path) -> None:
    table = write(tmp_path, "File;Label\nx.wav;sad\ny.wav;happy\n")

    assert read_column_once(table, "file", "label") == {"x.wav": "sad", "y.wav": "happy"}
    with pytest.raises(CorpusError, match=r"corpus\.csv.*emotion.*'Label'"):
        read_column_once(table, "file", "emotion")

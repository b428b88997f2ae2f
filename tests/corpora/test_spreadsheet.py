from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from affetto.corpora.spreadsheet import Row, read_sheet
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


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"], ids=lambda name: name
)
def test_every_unicode_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    assert read_sheet(write(tmp_path, TABLE, encoding)).rows == ROWS


def test_what_excel_saves_as_unicode_text_is_read(tmp_path: Path) -> None:
    assert read_sheet(write(tmp_path, TABLE.replace(",", "\t").replace("\n", "\r\n"), "utf-16")).rows == ROWS


def test_excels_note_about_the_separator_is_no_header(tmp_path: Path) -> None:
    [row] = read_sheet(write(tmp_path, "sep=;\r\npath;emotion;speaker\r\n1,5.wav;sad;1\r\n")).rows

    assert row == Row(3, {"path": "1,5.wav", "emotion": "sad", "speaker": "1"}, [])


def test_empty_rows_and_columns_are_left_out(tmp_path: Path) -> None:
    sheet = read_sheet(write(tmp_path, "\n,path,emotion,,\n,,,,\n0,a.wav,sad,,,,\n\n , ,\n1,b.wav,sad,x,,y\n"))

    assert sheet.columns == ["path", "emotion"]
    assert sheet.rows == [
        Row(4, {"path": "a.wav", "emotion": "sad"}, []),
        Row(7, {"path": "b.wav", "emotion": "sad"}, ["y"]),
    ]


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (zipped("xl/workbook.xml"), "an Excel workbook.*save it as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an Excel workbook.*save it as CSV"),
        (zipped("content.xml"), "an OpenDocument spreadsheet.*save it as CSV"),
        (zipped("a.csv"), "a zip archive.*unpack"),
        (b"PK\x03\x04 broken", "a zip archive"),
        (b"\x1f\x8b\x08" + bytes(20), "gzip.*unpack"),
        (b"PAR1" + bytes(20), "Parquet"),
        (b"RIFF....WAVE", "a recording"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html>", "a web page"),
        (b'[{"path": "a.wav"}]', "JSON"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"path,emotion\x00,speaker\n", "not text"),
        (b"\xff\xfep\x00a", "not UTF-16"),
    ],
)
def test_what_is_no_csv_is_named_for_what_it_is(tmp_path: Path, content: bytes, named: str) -> None:
    with pytest.raises(CorpusError, match=named):
        read_sheet(write(tmp_path, content))

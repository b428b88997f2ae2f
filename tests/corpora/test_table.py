from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from affetto.corpora.table import load_table
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def write(touch: Callable[..., Path]) -> Callable[..., Path]:
    """Write a table beside three recordings."""

    def make(text: str, *, name: str = "corpus.csv", encoding: str = "utf-8") -> Path:
        folder = touch("a.wav", "DC/01.wav", "JE/01.wav")
        (folder / name).write_text(text, encoding=encoding)
        return folder / name

    return make


def test_reads_any_labels_and_relative_and_absolute_paths(write: Callable[..., Path], tmp_path: Path) -> None:
    other = tmp_path / "elsewhere.wav"
    other.touch()
    table = write(f"speaker,path,emotion,gender,text,remark\nAnna,a.wav,bored,female,,x\n1,{other},angry,,t1,\n")

    corpus = load_table(table)

    assert corpus.name == "corpus"  # the folder
    assert corpus.emotions == ("angry", "bored")
    first, second = corpus.utterances
    assert (first.path, first.emotion, first.speaker, first.gender, first.text) == (
        table.parent / "a.wav",
        "bored",
        "Anna",
        "female",
        None,
    )
    assert (second.path, second.gender, second.text) == (other, None, "t1")


def test_clips_of_the_same_file_name_keep_apart(write: Callable[..., Path], touch: Callable[..., Path]) -> None:
    touch("DC/01.flac")
    # The second path is as a spreadsheet on Windows writes it
    rows = "JE/01.wav,sad,JE\nDC\\01.wav,sad,DC\nDC/01.flac,sad,DC\na.wav,sad,DC\n"

    corpus = load_table(write("path,emotion,speaker\n" + rows))

    assert [u.clip for u in corpus.utterances] == ["DC/01.flac", "DC/01.wav", "JE/01.wav", "a"]


def test_one_file_by_two_paths_is_one_file(write: Callable[..., Path]) -> None:
    with pytest.raises(CorpusError, match=r"line 3: 'DC/../a.wav' is listed in line 2 already"):
        load_table(write("path,emotion,speaker\na.wav,sad,1\nDC/../a.wav,sad,1\n"))


def test_reads_what_excel_writes(write: Callable[..., Path]) -> None:
    table = write("path,emotion,speaker\r\na.wav,wütend,Jörg\r\n", name="meine.csv", encoding="utf-8-sig")

    corpus = load_table(table)

    assert corpus.name == "meine"
    assert (corpus.utterances[0].emotion, corpus.utterances[0].speaker) == ("wütend", "Jörg")


def test_every_wrong_row_is_named_by_line_and_what_is_wrong(write: Callable[..., Path]) -> None:
    table = write(
        "path,emotion,speaker,gender\n"
        "a.wav,sad,1,\n"
        "b.wav,sad,1,\n"
        "a.wav,sad,1,\n"
        "DC/01.wav,,1,\n"
        "DC/01.wav,sad\n"
        "DC/01.wav,sad,1,man\n"
        "DC/01.wav,sad,1,male,extra\n"
        "DC,sad,1,\n"
    )

    with pytest.raises(CorpusError) as caught:
        load_table(table)

    assert str(caught.value).splitlines() == [
        f"{table}: 7 of 8 rows are wrong:",
        "  line 3: there is no file 'b.wav'",
        "  line 4: 'a.wav' is listed in line 2 already",
        "  line 5: the emotion is empty",
        "  line 6: the speaker is empty",
        "  line 7: the gender is 'man'; it must be female, male or empty",
        "  line 8: there are more values than columns; put values that contain commas in quotes",
        "  line 9: there is no file 'DC'",
    ]


def test_a_long_list_of_wrong_rows_is_cut(write: Callable[..., Path]) -> None:
    table = write("path,emotion,speaker\n" + "x.wav,sad,1\n" * 30)

    with pytest.raises(CorpusError, match=r"30 of 30 rows are wrong(?s:.*)and 10 more$"):
        load_table(table)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "path;emotion;speaker\na.wav;sad;1\n",
            r"lacks the columns path, emotion, speaker \(its first line says: path;",
        ),
        ("path,emotion\na.wav,sad\n", "lacks the column speaker"),
        ("", r"its first line says: nothing"),
        ("path,emotion,speaker\n", "no rows below its header"),
        ('path,emotion,speaker\na.wav,"sad,1\n', "line 2: this is no valid CSV"),
    ],
)
def test_a_table_of_the_wrong_form_is_refused(write: Callable[..., Path], text: str, complaint: str) -> None:
    with pytest.raises(CorpusError, match=complaint):
        load_table(write(text))


def test_a_table_in_another_encoding_is_refused(write: Callable[..., Path]) -> None:
    with pytest.raises(CorpusError, match="not UTF-8"):
        load_table(write("path,emotion,speaker\na.wav,wütend,1\n", encoding="latin-1"))


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="there is no such file"):
        load_table(tmp_path / "none.csv")

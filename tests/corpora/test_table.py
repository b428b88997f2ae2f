from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Literal

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
    with pytest.raises(CorpusError, match=r"line 3: 'DC/../a.wav'.*line 2"):
        load_table(write("path,emotion,speaker\na.wav,sad,1\nDC/../a.wav,sad,1\n"))


def test_csv_saved_by_excel_is_read(write: Callable[..., Path]) -> None:
    table = write("path,emotion,speaker\r\na.wav,wütend,Jörg\r\n", name="meine.csv", encoding="utf-8-sig")

    corpus = load_table(table)

    assert corpus.name == "meine"
    assert (corpus.utterances[0].emotion, corpus.utterances[0].speaker) == ("wütend", "Jörg")


def test_wrong_rows_are_named_by_line(write: Callable[..., Path]) -> None:
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

    with pytest.raises(CorpusError, match="7 of 8 rows are wrong") as caught:
        load_table(table)

    message = str(caught.value)
    for part in ("line 3: there is no file 'b.wav'", "line 4: 'a.wav'", "line 5: the emotion"):
        assert part in message
    assert message.endswith("and 4 more")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("DC/01.wav,sad", "the speaker is missing"),
        ("DC/01.wav,sad,1,man", "gender.*'man'.*female"),
        ("DC/01.wav,sad,1,male,extra", "more values than columns"),
        ("DC,sad,1,", "no file 'DC'"),
        ("https://example.org/a.wav,sad,1,", "address"),
        (f"{'a' * 5000}.wav,sad,1,", "no file 'aaa"),
    ],
)
def test_problem_of_a_wrong_row_is_named(write: Callable[..., Path], row: str, complaint: str) -> None:
    with pytest.raises(CorpusError, match=f"line 2: .*{complaint}") as caught:
        load_table(write(f"path,emotion,speaker,gender\n{row}\n"))

    assert len(str(caught.value)) < 600


def test_a_long_list_of_wrong_rows_is_cut(write: Callable[..., Path]) -> None:
    table = write("path,emotion,speaker\n" + "x.wav,sad,1\n" * 30)

    with pytest.raises(CorpusError, match=r"30 of 30 rows.*and 27 more") as caught:
        load_table(table)

    assert str(caught.value).count("x.wav") == 3
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a.wav,sad,1\n", "lacks the columns path, emotion, speaker.*'a.wav', 'sad', '1'"),
        ("path,emotion,Emotion,speaker\na.wav,sad,sad,1\n", "the column emotion twice"),
        ("path,emotion\na.wav,sad\n", "lacks the column speaker"),
        ("", "lacks the columns"),
        ("path,emotion,speaker\n", "no rows below its header"),
        ('path,emotion,speaker\na.wav,"sad,1\n', "line 2: invalid CSV"),
    ],
)
def test_a_table_of_the_wrong_form_is_refused(write: Callable[..., Path], text: str, complaint: str) -> None:
    with pytest.raises(CorpusError, match=complaint):
        load_table(write(text))


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"none\.csv"):
        load_table(tmp_path / "none.csv")


@pytest.mark.parametrize(
    "header", [" path , emotion , speaker ", "Path,EMOTION,Speaker", "\xa0path,emotion\u200b,speaker"]
)
def test_blanks_and_case_in_the_header_do_not_matter(write: Callable[..., Path], header: str) -> None:
    [utterance] = load_table(write(f"{header}\na.wav,sad,1\n")).utterances

    assert (utterance.emotion, utterance.speaker) == ("sad", "1")


@pytest.mark.parametrize("missing", ["nan", "NaN", "None", "NULL", "<NA>", "N/A", "#N/A", " "])
@pytest.mark.parametrize("column", ["path", "emotion", "speaker"])
def test_missing_label_is_refused(write: Callable[..., Path], missing: str, column: str) -> None:
    values = {"path": "a.wav", "emotion": "sad", "speaker": "1"} | {column: missing}

    with pytest.raises(CorpusError, match=f"line 2: the {column} is missing"):
        load_table(write("path,emotion,speaker\n" + ",".join(values.values()) + "\nDC/01.wav,sad,2\n"))


def test_missing_value_of_another_column_is_accepted(write: Callable[..., Path]) -> None:
    table = write("path,emotion,speaker,gender,text\na.wav,sad,1,nan,NaN\nDC/01.wav,sad,2,Male ,t1\n")

    first, second = load_table(table).utterances

    assert (first.gender, first.text) == ("male", "t1")
    assert (second.gender, second.text) == (None, None)


def test_blanks_around_and_within_labels_do_not_matter(write: Callable[..., Path]) -> None:
    table = write('path,emotion,speaker\na.wav," very  sad\u00a0",Anna \nDC/01.wav,very sad, Anna\n')

    corpus = load_table(table)

    assert corpus.emotions == ("very sad",)
    assert {u.speaker for u in corpus.utterances} == {"Anna"}


@pytest.mark.parametrize(
    ("first", "second", "named"),
    [
        ("Happy,1", "happy,2", "emotions 'Happy' .* and 'happy'"),
        ("sad,anna", "sad,Anna", "speakers 'anna' .* and 'Anna'"),
        ("sad,1", "sad,01", "speakers '1' .* and '01'"),
        ("sad,1.0", "sad,1", "speakers '1.0' .* and '1'"),
    ],
)
def test_labels_that_differ_in_case_or_zeros_only_are_refused(
    write: Callable[..., Path], first: str, second: str, named: str
) -> None:
    with pytest.raises(CorpusError, match=named):
        load_table(write(f"path,emotion,speaker\na.wav,{first}\nDC/01.wav,{second}\n"))


@pytest.mark.parametrize("composed", [True, False])
def test_a_name_is_found_in_any_unicode_form(
    write: Callable[..., Path], touch: Callable[..., Path], composed: bool
) -> None:
    forms: tuple[Literal["NFC", "NFD"], ...] = ("NFD", "NFC") if composed else ("NFC", "NFD")
    on_disk, in_table = forms
    touch(unicodedata.normalize(on_disk, "Jörg/Wütend.wav"))
    table = write(f"path,emotion,speaker\n{unicodedata.normalize(in_table, 'Jörg/Wütend.wav')},angry,1\n")

    assert load_table(table).utterances[0].path.is_file()


def test_a_name_is_found_in_any_case(write: Callable[..., Path], touch: Callable[..., Path]) -> None:
    touch("Both/x.wav", "Both/X.wav")
    table = write("path,emotion,speaker\na.WAV,sad,1\ndc\\01.Wav,sad,2\nBoth/X.wav,sad,3\n")

    assert [u.path.relative_to(table.parent).as_posix() for u in load_table(table).utterances] == [
        "DC/01.wav",
        "Both/X.wav",
        "a.wav",
    ]
    with pytest.raises(CorpusError, match=r"no file 'both/X\.WAV'"):  # which of the two is not known
        load_table(write("path,emotion,speaker\nboth/X.WAV,sad,1\n"))


def test_file_addresses_are_paths(write: Callable[..., Path], touch: Callable[..., Path]) -> None:
    folder = touch("a b.wav")
    table = write(f"path,emotion,speaker\n{(folder / 'a b.wav').as_uri()},sad,1\nfile://DC/01.wav,sad,2\n")

    assert sorted(u.path.name for u in load_table(table).utterances) == ["01.wav", "a b.wav"]

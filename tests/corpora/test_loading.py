from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from affetto.corpora import load_corpus
from affetto.corpora.base import require_outside
from affetto.errors import CorpusError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("file", "name", "language"),
    [
        ("x/03-01-01-01-01-01-01.flac", "ravdess", "English"),
        ("samples/EB0_anger_1.opus", "nemo", "Polish"),
        ("wav/03a01Fa.wav", "emodb", "German"),
        ("AudioWAV/1001_DFA_ANG_XX.wav", "crema-d", "English"),
        ("YAF_pleasant_surprised/YAF_back_ps.wav", "tess", "English"),
        ("DC/a01.wav", "savee", "English"),
    ],
)
def test_recognizes_a_corpus_by_its_file_names(touch: Callable[..., Path], file: str, name: str, language: str) -> None:
    corpus = load_corpus(touch(file, "other.wav", "readme.txt"))
    assert corpus.name == name
    assert corpus.speech is not None
    assert corpus.speech.startswith("acted, ")
    assert corpus.speech.endswith(language)
    assert corpus.licence
    assert corpus.weights


def test_table_has_precedence_over_file_names(touch: Callable[..., Path]) -> None:
    folder = touch("03-01-01-01-01-01-01.wav")
    (folder / "corpus.csv").write_text("path,emotion,speaker\n03-01-01-01-01-01-01.wav,mine,me\n", encoding="utf-8")

    assert load_corpus(folder).emotions == ("mine",)
    assert load_corpus(folder).speech is None
    assert load_corpus(folder).weights is None
    assert load_corpus(str(folder / "corpus.csv")).emotions == ("mine",)
    assert load_corpus(folder, name="table").emotions == ("mine",)
    assert load_corpus(folder, name="ravdess").emotions == ("neutral",)


def test_unknown_folder_is_refused_with_examples(touch: Callable[..., Path]) -> None:
    with pytest.raises(CorpusError, match=r"corpus\.csv.*RAVDESS.*03-01-06.*EMO-DB.*03a01Fa"):
        load_corpus(touch("mine/1.wav"))


def test_folders_named_by_emotions_need_a_table(touch: Callable[..., Path]) -> None:
    with pytest.raises(CorpusError, match="affetto corpus table"):
        load_corpus(touch("train/Happy/1.wav", "test/anger/1.mp3", "readme.txt"))


def test_table_of_another_name_is_suggested(touch: Callable[..., Path]) -> None:
    with pytest.raises(CorpusError, match=r"labels\.csv"):
        load_corpus(touch("mine/1.wav", "labels.csv"))


@pytest.mark.parametrize("name", ["Corpus.csv", "CORPUS.CSV"])
def test_case_of_the_name_of_a_table_does_not_matter(touch: Callable[..., Path], name: str) -> None:
    folder = touch("mine/1.wav")
    (folder / name).write_text("path,emotion,speaker\nmine/1.wav,sad,me\n", encoding="utf-8")

    assert load_corpus(folder).emotions == ("sad",)
    assert load_corpus(folder, name="table").name == "corpus"  # the folder


@pytest.mark.parametrize("ending", ["tsv", "tab", "txt"])
def test_tables_with_other_suffixes_are_loaded(touch: Callable[..., Path], ending: str) -> None:
    table = touch("mine/1.wav") / f"mine.{ending}"
    table.write_text("path\temotion\tspeaker\nmine/1.wav\tsad\tme\n", encoding="utf-8")

    assert load_corpus(table).emotions == ("sad",)


def test_folder_with_two_corpora_needs_a_name(touch: Callable[..., Path]) -> None:
    folder = touch("03a01Fa.wav", "03-01-01-01-01-01-01.wav")

    with pytest.raises(CorpusError, match="EMO-DB and RAVDESS"):
        load_corpus(folder)
    assert len(load_corpus(folder, name="emodb").utterances) == 1


def test_unknown_name_missing_folder_and_recording_are_refused(touch: Callable[..., Path]) -> None:
    folder = touch("03a01Fa.wav")

    with pytest.raises(ParameterError, match=r"'mine'.*ravdess.*table"):
        load_corpus(folder, name="mine")
    with pytest.raises(CorpusError, match="nowhere"):
        load_corpus(folder / "nowhere")
    with pytest.raises(CorpusError, match="03a01Fa"):
        load_corpus(folder / "03a01Fa.wav")


def test_importing_the_package_is_light() -> None:
    code = "import sys, affetto.corpora; print({'numpy', 'soundfile', 'pooch', 'requests'}.intersection(sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_output_may_be_beside_a_table_but_not_beside_recordings(touch: Callable[..., Path]) -> None:
    folder = touch("wav/a.wav", "table.csv", "wav/b/c.txt", "mine/corpus.csv")

    require_outside(folder / "model", folder / "table.csv")
    for output, corpus in (("wav/model", "table.csv"), ("wav/b/model", "table.csv"), ("mine/model", "mine/corpus.csv")):
        with pytest.raises(ParameterError, match="inside the corpus"):
            require_outside(folder / output, folder / corpus)

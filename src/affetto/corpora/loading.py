"""Loading of any corpus, which is recognized by its content."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from affetto.corpora.base import TABLE_NAME
from affetto.corpora.labels import some
from affetto.corpora.naming import find_files
from affetto.corpora.published import PUBLISHED, corpora_of
from affetto.corpora.table import load_table
from affetto.errors import CorpusError, ParameterError

if TYPE_CHECKING:
    import os

    from affetto.corpora.base import Corpus

_TABLES = (".csv", ".tsv", ".tab", ".xlsx", ".xls", ".xlsm", ".ods")  # spreadsheets, to be refused by name


def load_corpus(path: str | os.PathLike[str], *, name: str | None = None) -> Corpus:
    """Load a corpus of labelled speech.

    A CSV file, or a folder with a ``corpus.csv``, is a corpus described by a table. Any other folder is the published
    corpus whose clips are below it. So is a folder of CREMA-D whose ``corpus.csv`` only adds the column ``heard``.

    Parameters
    ----------
    path : path
        A folder, or a CSV table as for `affetto.corpora.table.load_table`.
    name : str, optional
        A published corpus such as "ravdess", or "table". By default the corpus is recognized.

    Raises
    ------
    CorpusError
        If there is no such path, or it contains no known corpus, or more than one.
    ParameterError
        If there is no corpus of that name.
    """
    path = Path(path)
    name = recognize_corpus(path) if name is None else name
    if name == "table":
        return load_table((_table_in(path) or path / TABLE_NAME) if path.is_dir() else path)
    if name not in PUBLISHED:
        raise ParameterError(f"there is no corpus named {name!r}; choose from {', '.join(PUBLISHED)}, table")
    return PUBLISHED[name].load(path)


def recognize_corpus(path: Path) -> str:
    """Return the name of the published corpus at a path, or "table".

    Raises
    ------
    CorpusError
        As `load_corpus`.
    """
    if path.is_file():
        if path.suffix.lower() in (*_TABLES, ".txt"):
            return "table"
        raise CorpusError(f"{path} is neither a folder nor a CSV table (.csv); give one of these")
    if path.is_dir() and (table := _table_in(path)) is not None:
        return "crema-d" if _only_adds_heard(table) else "table"
    files = list(find_files(path))
    match sorted(corpora_of(files)):
        case [name]:
            return name
        case []:
            raise CorpusError(_unknown(path, files))
        case names:
            titles = " and ".join(PUBLISHED[name].title for name in names)
            raise CorpusError(f"{path} contains clips of {titles}; give the folder of one, or name the corpus")


def _table_in(folder: Path) -> Path | None:
    """Return the table of a folder, whatever the case of its name; None if it has none."""
    tables = folder.glob("*.[cC][sS][vV]")
    alike = sorted(path for path in tables if path.name.lower() == TABLE_NAME and path.is_file())
    return alike[-1] if alike else None  # lower case is last


def _only_adds_heard(table: Path) -> bool:
    """Whether a table lists the clips of CREMA-D below it, with `heard` and the emotions of their names."""
    listed = load_table(table).utterances
    if not any(utterance.heard for utterance in listed):
        return False
    named = PUBLISHED["crema-d"].scan(table.parent).utterances
    return {(u.path, u.emotion) for u in listed} == {(u.path, u.emotion) for u in named}


def _unknown(folder: Path, files: list[Path]) -> str:
    """Return the message for a folder without a known corpus."""
    if tables := [file.name for file in files if file.suffix.lower() in _TABLES and file.parent == folder]:
        return (
            f"{folder} contains no published corpus, but {some(tables)}; give that file if it has the columns path, "
            "emotion and speaker"
        )
    examples = ", ".join(f"{corpus.title} ({corpus.example})" for corpus in PUBLISHED.values())
    return (
        f"{folder} contains neither a table {TABLE_NAME} nor files named as in {examples}; `affetto corpus table DIR` "
        "writes a table from other names, such as folders named by emotions"
    )

"""One door for every corpus: what a path holds is recognized, then loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from affetto.corpora.base import TABLE_NAME
from affetto.corpora.cremad import CREMA_D, is_supplement
from affetto.corpora.drafting import recognize_layout
from affetto.corpora.known import NAMED_CORPORA, corpora_of
from affetto.corpora.labels import some
from affetto.corpora.naming import files_below
from affetto.corpora.table import load_table
from affetto.errors import CorpusError, ParameterError

if TYPE_CHECKING:
    import os

    from affetto.corpora.base import Corpus

NAMES = (*NAMED_CORPORA, "table")
"""What `load_corpus` takes as a name."""

# What is no text among these is named for what it is when it is read.
_TABLES = (".csv", ".tsv", ".tab", ".xlsx", ".xls", ".xlsm", ".ods")


def load_corpus(path: str | os.PathLike[str], *, name: str | None = None) -> Corpus:
    """Load a corpus of labelled speech.

    A CSV file, or a folder with a ``corpus.csv`` in it, is a corpus by table. Any other folder is the one corpus whose
    file names occur below it; so is a folder of CREMA-D whose ``corpus.csv`` only adds what was heard in the clips.

    Parameters
    ----------
    path : path
        A folder, or a CSV table.
    name : str, optional
        One of `NAMES`, such as "ravdess" or "table", to say which corpus it is instead of having it recognized.

    Returns
    -------
    Corpus
        Its utterances, licence and citation, and what the licence allows the weights.

    Raises
    ------
    CorpusError
        If there is nothing at that path, or no known corpus, or more than one.
    ParameterError
        If there is no corpus of that name.

    See Also
    --------
    affetto.corpora.table.load_table : which columns the table has.
    """
    path = Path(path)
    name = recognize(path) if name is None else name
    if name == "table":
        return load_table((table_in(path) or path / TABLE_NAME) if path.is_dir() else path)
    if name not in NAMED_CORPORA:
        raise ParameterError(f"there is no corpus named {name!r}; choose from {', '.join(NAMES)}")
    return NAMED_CORPORA[name].load(path)


def recognize(path: Path) -> str:
    """Return which corpus a path holds: one of `NAMES`.

    Raises
    ------
    CorpusError
        If there is nothing at that path, or no known corpus, or more than one.
    """
    if path.is_file():
        if path.suffix.lower() in (*_TABLES, ".txt"):
            return "table"
        raise CorpusError(f"{path} is neither a folder nor a CSV table (.csv); give one of these")
    if (table := table_in(path)) is not None:
        return CREMA_D.name if is_supplement(table) else "table"
    files = list(files_below(path))
    match sorted(corpora_of(files)):
        case [name]:
            return name
        case []:
            raise CorpusError(_unknown(path, files))
        case names:
            titles = " and ".join(NAMED_CORPORA[name].title for name in names)
            raise CorpusError(f"{path} holds clips of {titles}; give the folder of one, or name the corpus")


def table_in(folder: Path) -> Path | None:
    """Return a folder's table, whatever the case of its name; None where it has none."""
    if (exact := folder / TABLE_NAME).is_file():
        return exact
    try:
        alike = sorted(path for path in folder.iterdir() if path.name.lower() == TABLE_NAME and path.is_file())
    except OSError:  # said of it when it is searched
        return None
    return alike[0] if alike else None


def _unknown(folder: Path, files: list[Path]) -> str:
    """Return what to do with a folder that holds no known corpus."""
    if layout := recognize_layout(folder, files):
        return (
            f"{folder} looks like {layout.title}, which is read by a table: `affetto corpus table DIR` writes "
            "one from the names, with the columns path, emotion and speaker, to be looked through"
        )
    if tables := [file for file in files if file.suffix.lower() in _TABLES and file.parent == folder]:
        return (
            f"{folder} holds no corpus that is known here, but {some(file.name for file in tables)}; give that file "
            "instead of its folder if it has the columns path, emotion and speaker"
        )
    looked_for = ", ".join(f"{c.title} ({c.example})" for c in NAMED_CORPORA.values())
    return (
        f"{folder} holds no corpus that is known here; looked for a table {TABLE_NAME}, and below the folder for names "
        f"as in {looked_for}; `affetto corpus table DIR` writes a table from names of other patterns"
    )

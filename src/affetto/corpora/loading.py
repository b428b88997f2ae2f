"""One door for every corpus: what a path holds is recognized, then loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from affetto.corpora.emodb import EMODB
from affetto.corpora.naming import files_below
from affetto.corpora.nemo import NEMO
from affetto.corpora.ravdess import RAVDESS
from affetto.corpora.table import DEFAULT_NAME, load_table
from affetto.errors import CorpusError, ParameterError

if TYPE_CHECKING:
    import os

    from affetto.corpora.base import Corpus
    from affetto.corpora.naming import NamedCorpus

NAMED_CORPORA: dict[str, NamedCorpus] = {corpus.name: corpus for corpus in (RAVDESS, NEMO, EMODB)}
"""The corpora that are recognized by their file names."""

NAMES = (*NAMED_CORPORA, "table")
"""What `load_corpus` takes as a name."""


def load_corpus(path: str | os.PathLike[str], *, name: str | None = None) -> Corpus:
    """Load a corpus of labelled speech.

    A CSV file, or a folder with a ``corpus.csv`` in it, is a corpus by table. Any other folder is the one corpus whose
    file names occur below it.

    Parameters
    ----------
    path : path
        A folder, or a CSV table.
    name : str, optional
        "ravdess", "nemo", "emodb" or "table", to say which corpus it is instead of having it recognized.

    Returns
    -------
    Corpus
        Its utterances, licence and citation.

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
        return load_table(path / DEFAULT_NAME if path.is_dir() else path)
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
        if path.suffix.lower() == ".csv":
            return "table"
        raise CorpusError(f"{path} is neither a folder nor a CSV table (.csv); give one of these")
    if (path / DEFAULT_NAME).is_file():
        return "table"
    found = {name for file in files_below(path) for name, corpus in NAMED_CORPORA.items() if corpus.claims(file)}
    match sorted(found):
        case [name]:
            return name
        case []:
            looked_for = "; ".join(f"{c.title}: {c.looks_like}" for c in NAMED_CORPORA.values())
            raise CorpusError(
                f"{path} holds no corpus that is known here; looked for a table {DEFAULT_NAME}, and below the folder "
                f"for {looked_for}"
            )
        case names:
            titles = " and ".join(NAMED_CORPORA[name].title for name in names)
            raise CorpusError(f"{path} holds clips of {titles}; give the folder of one, or name the corpus")

"""The corpora that are known by their file names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from affetto.corpora.cremad import CREMA_D
from affetto.corpora.emodb import EMODB
from affetto.corpora.emozionalmente import EMOZIONALMENTE
from affetto.corpora.iemocap import IEMOCAP
from affetto.corpora.nemo import NEMO
from affetto.corpora.published import PUBLISHED
from affetto.corpora.ravdess import RAVDESS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from affetto.corpora.naming import NamedCorpus

NAMED_CORPORA: dict[str, NamedCorpus] = {
    corpus.name: corpus for corpus in (RAVDESS, NEMO, EMODB, CREMA_D, *PUBLISHED, EMOZIONALMENTE, IEMOCAP)
}
"""By their short names."""


def corpora_of(files: Iterable[Path]) -> set[str]:
    """Return the names of the corpora of which there are clips among files."""
    found: set[str] = set()
    for file in files:
        found.update(name for name, corpus in NAMED_CORPORA.items() if name not in found and corpus.claims(file))
    return found

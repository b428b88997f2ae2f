"""What the bundles that ship learn from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from affetto.corpora.base import EMOTIONS, choose_emotions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affetto.corpora import Corpus

EXAMPLE_SPEAKERS = ("1020", "1058", "1064")
"""The speakers of CREMA-D in examples/, which no bundle learns from: what the examples show is about new voices."""


def default_corpora(corpora: Sequence[Corpus]) -> list[Corpus]:
    """Leave out of the default's corpora what it does not learn from.

    Parameters
    ----------
    corpora : sequence of Corpus
        RAVDESS, nEMO, EMO-DB and CREMA-D.

    Returns
    -------
    list of Corpus
        The clips of RAVDESS's eight emotions, by others than `EXAMPLE_SPEAKERS`.
    """
    others = [
        replace(corpus, utterances=[u for u in corpus.utterances if u.speaker not in EXAMPLE_SPEAKERS])
        if corpus.name == "crema-d"
        else corpus
        for corpus in corpora
    ]
    return choose_emotions(others, EMOTIONS)

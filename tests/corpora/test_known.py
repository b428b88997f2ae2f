from __future__ import annotations

import re
from pathlib import Path

import pytest

from affetto.corpora.known import NAMED_CORPORA, corpora_of


@pytest.mark.parametrize("name", sorted(NAMED_CORPORA.keys() - {"iemocap", "emozionalmente"}))
def test_the_example_of_a_corpus_is_its_own(name: str) -> None:
    assert corpora_of([Path("any/where") / NAMED_CORPORA[name].example]) == {name}


@pytest.mark.parametrize("name", sorted(NAMED_CORPORA))
def test_the_documentation_names_every_corpus_and_its_terms(name: str, root: Path) -> None:
    corpus = NAMED_CORPORA[name]
    rows = (root / "docs" / "reference" / "corpora.md").read_text(encoding="utf-8").splitlines()

    [row] = [row for row in rows if re.match(rf"\| {re.escape(corpus.title)} \|", row)]
    for part in (Path(corpus.example).stem, corpus.licence, corpus.weights):
        assert part in row

"""Checks of corpora before training and evaluation."""

from __future__ import annotations

import warnings
from collections import defaultdict
from typing import TYPE_CHECKING

from affetto.corpora.clips import differing_labels, find_fault, find_identical
from affetto.corpora.labels import count_clips, find_synonyms, require_sound_labels, some
from affetto.corpora.published import is_published_duplicate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from affetto.corpora.base import Corpus


class CorpusWarning(UserWarning):
    """A corpus has clips or labels that worsen a model, or make its figures too good."""


def vet(corpora: Sequence[Corpus]) -> None:
    """Check the labels and clips of corpora, without decoding more of each clip than necessary.

    Parameters
    ----------
    corpora : sequence of Corpus
        All corpora for training or testing.

    Raises
    ------
    CorpusError
        If emotions or speakers are missing, or written in two ways.

    Warns
    -----
    CorpusWarning
        Of clips that are silent, nearly empty, or there twice, and of an emotion under two names.
    """
    require_sound_labels(corpora)
    found = [f"{problem}; write them alike" for problem in find_synonyms(corpora)]
    found += [f"{corpus.name}: {problem}" for corpus in corpora for problem in find_clip_problems(corpus)]
    for problem in found:
        warnings.warn(problem, CorpusWarning, stacklevel=3)  # in the caller of training or evaluation


def find_clip_problems(corpus: Corpus) -> Iterator[str]:
    """Yield the problems of the clips of a corpus, a sentence for each kind."""
    faults: dict[str, list[str]] = defaultdict(list)
    for utterance in corpus.utterances:
        if (fault := find_fault(utterance.path)) is not None:
            faults[fault].append(utterance.clip)
    for fault, clips in faults.items():
        yield f"{count_clips(len(clips))} {fault}: {some(clips)}; leave {'it' if len(clips) == 1 else 'them'} out"
    repeated = [
        f"{other.clip} is {first.clip}{differing_labels(first, other)}"
        for (_, first), *others in find_identical([corpus])
        for _, other in others
        if not is_published_duplicate(corpus.name, first, other)
    ]
    if repeated:
        yield f"{count_clips(len(repeated))} there twice, byte for byte: {some(repeated)}; leave one of each out"

"""Splits of training clips by speaker, to choose hyperparameters and calibrate on left-out speakers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from affetto.errors import ParameterError
from affetto.evaluation.protocols import deal_speakers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.corpora.base import Corpus
    from affetto.evaluation.protocols import Protocol

    Indices = NDArray[np.intp]

_PARTS = 10


def inner_groups(speakers: Sequence[str], n_splits: int) -> list[tuple[Indices, Indices]]:
    """Split training clips by speaker, to choose hyperparameters on left-out speakers.

    Parameters
    ----------
    speakers : sequence of str
        The speaker of each training clip.
    n_splits : int
        Number of splits, at least 2 and at most the number of speakers.

    Returns
    -------
    list of (ndarray of int, ndarray of int)
        Train and test indices into `speakers`, a `cv` of scikit-learn. The groups depend on the speakers' names and
        numbers of clips, not on the order of the clips.

    Raises
    ------
    ParameterError
        If `n_splits` is below 2 or above the number of speakers.
    """
    found = len(set(speakers))
    if not 2 <= n_splits <= found:
        remedy = f"ask for 2 to {found}" if found > 1 else "give recordings of two speakers or more"
        raise ParameterError(f"cannot split {found} speaker{'s' * (found != 1)} into {n_splits} groups: {remedy}")
    fold_of = deal_speakers(speakers, n_splits)
    return [(np.flatnonzero(fold_of != n), np.flatnonzero(fold_of == n)) for n in range(1, n_splits + 1)]


def with_inner_speakers(corpus: Corpus, protocol: Protocol) -> Corpus:
    """Return a corpus with the speakers that hyperparameters are chosen on: the same clips in the same order.

    These are its own speakers, except for a single speaker and a protocol that leaks speakers. Then ten parts of the
    clips, each of all emotions, replace the speaker.
    """
    if not protocol.leaks_speakers or len({utterance.speaker for utterance in corpus.utterances}) > 1:
        return corpus
    seen: Counter[str] = Counter()
    parts = []
    for utterance in corpus.utterances:
        parts.append(replace(utterance, speaker=f"{utterance.speaker}, part {seen[utterance.emotion] % _PARTS + 1}"))
        seen[utterance.emotion] += 1
    return replace(corpus, utterances=tuple(parts))

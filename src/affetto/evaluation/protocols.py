"""Protocols: how a corpus is split into training and test clips.

Every protocol but `random` keeps each speaker on one side of every split, so its figures are for unknown speakers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from affetto.errors import CorpusError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from affetto.corpora.base import Corpus
    from affetto.evaluation.corpora import CorpusFold

    Indices = NDArray[np.intp]
    AnyFold = TypeVar("AnyFold", "Fold", CorpusFold)

SEED = 0
"""Seed of every seeded protocol, so that a protocol's name alone defines its folds."""

CORPORA = "corpora"
"""Name of the protocol that leaves whole corpora out: see `affetto.evaluation.corpora`."""

EMOBOX_ACTORS = (
    ("1", "11", "20", "21"),
    ("4", "10", "12", "14"),
    ("8", "9", "19", "23"),
    ("3", "5", "7", "24"),
    ("2", "15", "16", "18"),
    ("6", "13", "17", "22"),
)
"""Test actors of each fold of the protocol `emobox` (EmoBox, Ma et al., Interspeech 2024)."""

LUNA_JIMENEZ_ACTORS = (
    ("2", "5", "14", "15", "16"),
    ("3", "6", "7", "13", "18"),
    ("10", "11", "12", "19", "20"),
    ("8", "17", "21", "23", "24"),
    ("1", "4", "9", "22"),
)
"""Test actors of each fold of the protocol `luna-jimenez`.

Luna-Jiménez et al. published this split of RAVDESS in 2021 (Sensors 21:7665) and used it again in 2022
(Appl. Sci. 12:327).
"""


@dataclass(frozen=True, slots=True)
class Fold:
    """One split of a corpus.

    Attributes
    ----------
    number : int
        Counted from 1.
    train, test : ndarray of int
        Indices into `corpus.utterances`, ascending.
    """

    number: int
    train: Indices
    test: Indices


@dataclass(frozen=True, slots=True)
class Protocol:
    """A rule that assigns each utterance to the fold in which it is tested.

    Attributes
    ----------
    name : str
        Name on the command line and in every report.
    leaks_speakers : bool
        Whether the speakers of the test clips are also trained on, which flatters every figure.
    description : str
        One line for people.
    assign : callable
        Takes a corpus and returns the fold of each utterance, counted from 1.
    """

    name: str
    leaks_speakers: bool
    description: str
    assign: Callable[[Corpus], Indices]

    def split(self, corpus: Corpus) -> Iterator[Fold]:
        """Yield the folds in order; every utterance is tested exactly once.

        Raises
        ------
        CorpusError
            If the corpus has too few speakers or clips, or lacks actors that the protocol names.
        ParameterError
            If the protocol is for another corpus.
        """
        fold_of = self.assign(corpus)
        for number in np.unique(fold_of):
            tested = fold_of == number
            yield Fold(int(number), np.flatnonzero(~tested), np.flatnonzero(tested))


def get_protocol(name: str) -> Protocol:
    """Return the protocol of a name; raise a ParameterError if there is none, or if it needs several corpora."""
    if name == CORPORA:
        raise ParameterError(
            f"protocol {name!r} leaves whole corpora out and cannot split one corpus; choose one of "
            f"{', '.join(PROTOCOLS)}, or use `affetto evaluate` with two corpora or more"
        )
    if name not in PROTOCOLS:
        raise ParameterError(f"there is no protocol {name!r}: choose one of {', '.join((*PROTOCOLS, CORPORA))}")
    return PROTOCOLS[name]


def choose_folds(protocol: Protocol, corpus: Corpus, numbers: Collection[int] | None) -> list[Fold]:
    """Split a corpus, and return the folds of these numbers, counted from 1, by `select_folds`."""
    return select_folds(list(protocol.split(corpus)), numbers, protocol=protocol.name)


def select_folds(folds: Sequence[AnyFold], numbers: Collection[int] | None, *, protocol: str) -> list[AnyFold]:
    """Return the folds of these numbers, or all; raise a ParameterError if one does not exist or none is given."""
    if numbers is None:
        return list(folds)
    unknown = sorted(set(numbers).difference(fold.number for fold in folds))
    if unknown or not numbers:
        raise ParameterError(
            f"protocol {protocol!r} has folds 1 to {len(folds)} here; "
            f"there is no fold {', '.join(map(str, unknown)) or 'to test'}"
        )
    return [fold for fold in folds if fold.number in numbers]


def _in_order(speakers: Sequence[str]) -> list[str]:
    """Return the sorted names; numbers are sorted by value."""
    return sorted(set(speakers), key=lambda name: (0, int(name), name) if name.isdecimal() else (1, 0, name))


def deal_speakers(speakers: Sequence[str], n_folds: int) -> Indices:
    """Assign whole speakers to folds of about equal numbers of clips, in a seeded order."""
    # The stream of RandomState is frozen (NEP 19), so the folds are the same with every version of NumPy.
    order = np.random.RandomState(SEED).permutation(_in_order(speakers)).tolist()
    clips = Counter(speakers)
    sizes = [0] * n_folds
    fold_of: dict[str, int] = {}
    for speaker in sorted(order, key=lambda name: -clips[name]):
        smallest = sizes.index(min(sizes))
        fold_of[speaker] = smallest + 1
        sizes[smallest] += clips[speaker]
    return np.array([fold_of[speaker] for speaker in speakers], dtype=np.intp)


def _speakers(name: str, corpus: Corpus) -> list[str]:
    """Return the speaker of each utterance; refuse fewer than two speakers."""
    speakers = [utterance.speaker for utterance in corpus.utterances]
    found = len(set(speakers))
    if found < 2:
        raise CorpusError(
            f"protocol {name!r} needs two speakers or more, corpus {corpus.name!r} has {found}: record others, or use "
            "--protocol random, which tests on a known speaker and flatters every figure"
        )
    return speakers


def _assign_table(corpus: Corpus, *, name: str, table: tuple[tuple[str, ...], ...]) -> Indices:
    if corpus.name != "ravdess":
        general = ", ".join(p.name for p in PROTOCOLS.values() if p.name not in ("emobox", "luna-jimenez"))
        raise ParameterError(
            f"protocol {name!r} is defined on RAVDESS only, and this corpus is {corpus.name!r}: use {general}"
        )
    fold_of = {actor: number for number, actors in enumerate(table, start=1) for actor in actors}
    speakers = [utterance.speaker for utterance in corpus.utterances]
    for problem, actors in (
        ("lacks", set(fold_of).difference(speakers)),
        ("has unknown", set(speakers).difference(fold_of)),
    ):
        if actors:
            raise CorpusError(
                f"protocol {name!r} needs the 24 actors of RAVDESS, and this corpus {problem} "
                f"{', '.join(_in_order(list(actors)))}: complete it, or use the protocol 'speakers'"
            )
    return np.array([fold_of[speaker] for speaker in speakers], dtype=np.intp)


def _assign_loso(corpus: Corpus) -> Indices:
    speakers = _speakers("loso", corpus)
    fold_of = {speaker: number for number, speaker in enumerate(_in_order(speakers), start=1)}
    return np.array([fold_of[speaker] for speaker in speakers], dtype=np.intp)


def _assign_speakers(corpus: Corpus, *, folds: int) -> Indices:
    speakers = _speakers("speakers", corpus)
    return deal_speakers(speakers, min(folds, len(set(speakers))))


def _assign_random(corpus: Corpus, *, folds: int) -> Indices:
    from sklearn.model_selection import StratifiedKFold

    emotions = [utterance.emotion for utterance in corpus.utterances]
    if not emotions:
        raise CorpusError(f"protocol 'random' needs clips, and corpus {corpus.name!r} is empty")
    rarest, clips = min(Counter(emotions).items(), key=lambda item: item[1])
    if clips < folds:
        raise CorpusError(
            f"protocol 'random' needs {folds} clips of each emotion, "
            f"and corpus {corpus.name!r} has {clips} of {rarest!r}"
        )
    fold_of = np.zeros(len(emotions), dtype=np.intp)
    splitter = StratifiedKFold(folds, shuffle=True, random_state=SEED)
    for number, (_, test) in enumerate(splitter.split(emotions, emotions), start=1):
        fold_of[test] = number
    return fold_of


_FOLDS = 5

PROTOCOLS = {
    name: Protocol(name, leaks_speakers=name == "random", description=description, assign=assign)
    for name, description, assign in (
        (
            "emobox",
            "RAVDESS, six folds of four actors (EmoBox, 2024)",
            partial(_assign_table, name="emobox", table=EMOBOX_ACTORS),
        ),
        (
            "luna-jimenez",
            "RAVDESS, five folds of four or five actors (Luna-Jiménez et al., 2021)",
            partial(_assign_table, name="luna-jimenez", table=LUNA_JIMENEZ_ACTORS),
        ),
        ("loso", "any corpus, leaves one speaker out", _assign_loso),
        ("speakers", "any corpus, five folds of whole speakers", partial(_assign_speakers, folds=_FOLDS)),
        (
            "random",
            "any corpus, five folds of shuffled clips: speakers leak, which flatters every figure",
            partial(_assign_random, folds=_FOLDS),
        ),
    )
}
"""Every protocol by its name, the headline first."""

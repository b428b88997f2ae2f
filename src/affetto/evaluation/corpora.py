"""The protocol `corpora`: each corpus in turn is answered by a chain that was fitted on all the others.

Figures within one corpus are for its microphones, its sentences and its way of acting. A recording of somebody else's
has none of these, so this protocol comes closest to what a user gets.

Corpora name emotions differently, hence two rules. A clip counts if the chain has learned its emotion: the others are
left out of the predictions. And only some corpora tell calm from neutral speech: unless both the corpus that is left
out and the corpora that are learned from have calm, it counts as neutral on both sides, and its probability is added to
that of neutral (the *calm rule*).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from affetto.corpora.base import in_order
from affetto.corpora.pooling import require_trainable
from affetto.errors import CorpusError, ParameterError
from affetto.evaluation.protocols import CORPORA

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from affetto.corpora.base import Corpus


@dataclass(frozen=True, slots=True)
class CorpusFold:
    """One corpus that is left out, and what counts of it.

    Attributes
    ----------
    number : int
        Counted from 1, in the order in which the corpora are given.
    corpus : Corpus
        The corpus that is left out.
    training : tuple of Corpus
        All the others.
    merges_calm : bool
        Whether calm counts as neutral.
    learned : tuple of str
        The emotions of the training corpora, by the calm rule.
    shared : tuple of str
        Those of them that the left-out corpus has too: what is tested.
    unlearned : mapping of str to int
        How many clips the left-out corpus has of each emotion that was not learned. They are not tested.
    """

    number: int
    corpus: Corpus
    training: tuple[Corpus, ...]
    merges_calm: bool
    learned: tuple[str, ...]
    shared: tuple[str, ...]
    unlearned: Mapping[str, int]

    def counted_as(self, emotion: str) -> str:
        """Apply the calm rule to the name of an emotion."""
        return "neutral" if self.merges_calm and emotion == "calm" else emotion


def corpus_folds(corpora: Sequence[Corpus]) -> list[CorpusFold]:
    """Leave each corpus out in turn.

    Parameters
    ----------
    corpora : sequence of Corpus
        Two or more, of different names.

    Returns
    -------
    list of CorpusFold
        In the order of the corpora.

    Raises
    ------
    ParameterError
        If there are fewer than two corpora.
    """
    if len(corpora) < 2:
        given = f", and only {corpora[0].name!r} was given" if corpora else ""
        raise ParameterError(
            f"protocol {CORPORA!r} leaves one corpus out and so needs two or more{given}; name another"
        )
    folds = []
    for number, corpus in enumerate(corpora, start=1):
        training = tuple(other for other in corpora if other is not corpus)
        trained = {emotion for other in training for emotion in other.emotions}
        merges_calm = not ("calm" in corpus.emotions and "calm" in trained)
        fold = CorpusFold(number, corpus, training, merges_calm, learned=(), shared=(), unlearned={})
        learned = in_order({fold.counted_as(emotion) for emotion in trained})
        clips = Counter(fold.counted_as(utterance.emotion) for utterance in corpus.utterances)
        folds.append(
            replace(
                fold,
                learned=learned,
                shared=tuple(emotion for emotion in learned if emotion in clips),
                unlearned={emotion: clips[emotion] for emotion in in_order(set(clips).difference(learned))},
            )
        )
    return folds


def choose_corpus_folds(folds: Sequence[CorpusFold], numbers: Collection[int] | None) -> list[CorpusFold]:
    """Return the folds of these numbers, or all, if they can be fitted and tested.

    Parameters
    ----------
    folds : sequence of CorpusFold
        From `corpus_folds`.
    numbers : collection of int, optional
        Counted from 1.

    Returns
    -------
    list of CorpusFold

    Raises
    ------
    ParameterError
        If a fold does not exist, or none was asked for.
    CorpusError
        If a corpus shares fewer than two emotions with the others, or these are too few to be trained on.
    """
    wanted = {fold.number for fold in folds} if numbers is None else set(numbers)
    unknown = sorted(wanted.difference(fold.number for fold in folds))
    if unknown or not wanted:
        raise ParameterError(
            f"protocol {CORPORA!r} has folds 1 to {len(folds)} here, one for each corpus, and "
            f"{', '.join(map(str, unknown)) or 'none'} was asked for"
        )
    chosen = [fold for fold in folds if fold.number in wanted]
    for fold in chosen:
        if len(fold.shared) < 2:
            raise CorpusError(
                f"corpus {fold.corpus.name!r} shares {', '.join(fold.shared) or 'no emotion'} with the other corpora, "
                "and two emotions or more are needed to tell them apart: choose the folds of the others, or add a "
                "corpus that has more of its emotions under the same names"
            )
        require_trainable(
            [
                replace(utterance, speaker=f"{other.name}/{utterance.speaker}")
                for other in fold.training
                for utterance in other.utterances
            ],
            name=f"what is trained on without {fold.corpus.name!r}",
        )
    return chosen


def untestable_emotions(folds: Sequence[CorpusFold]) -> tuple[str, ...]:
    """Name the emotions that no fold tests: those that one corpus alone has, by the calm rule.

    Parameters
    ----------
    folds : sequence of CorpusFold
        All of them, from `corpus_folds`.
    """
    shared = {emotion for fold in folds for emotion in fold.shared}
    return in_order({emotion for fold in folds for emotion in (*fold.learned, *fold.unlearned)}.difference(shared))

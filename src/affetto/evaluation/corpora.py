"""The protocol `corpora`: each corpus in turn is left out, and a classifier of all other corpora predicts it.

Figures within one corpus hold for its microphones, its sentences and its way of acting. A user's recordings share none
of these, so this protocol comes closest to what a user gets.

Corpora name emotions differently, hence two rules. A clip counts only if the classifier has learned its emotion. And
calm counts as neutral, in truth and prediction, unless both the left-out corpus and the training corpora have calm (the
*calm rule*), since only some corpora separate the two.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from affetto.corpora.base import in_order
from affetto.corpora.pooling import require_trainable
from affetto.errors import CorpusError, ParameterError
from affetto.evaluation.protocols import CORPORA, select_folds

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from affetto.corpora.base import Corpus


@dataclass(frozen=True, slots=True)
class CorpusFold:
    """One left-out corpus.

    Attributes
    ----------
    number : int
        Counted from 1, in the order of the corpora.
    corpus : Corpus
        The left-out corpus.
    training : tuple of Corpus
        All others.
    merges_calm : bool
        Whether calm counts as neutral.
    learned : tuple of str
        The emotions of the training corpora, by the calm rule.
    shared : tuple of str
        Those of them that the left-out corpus has too. They are tested.
    unlearned : mapping of str to int
        The left-out corpus's number of clips of each emotion that was not learned. They are not tested.
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
    """Leave each corpus out in turn; raise a ParameterError for fewer than two corpora."""
    if len(corpora) < 2:
        given = f", and only {corpora[0].name!r} was given" if corpora else ""
        raise ParameterError(f"protocol {CORPORA!r} leaves one corpus out and needs two or more{given}; name another")
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
    """Return the folds of these numbers, counted from 1, after a check that they can be fitted and tested.

    Raises
    ------
    ParameterError
        If a fold does not exist, or the numbers are empty.
    CorpusError
        If a corpus shares fewer than two emotions with the others, or these have too few speakers or emotions.
    """
    chosen = select_folds(folds, numbers, protocol=CORPORA)
    for fold in chosen:
        if len(fold.shared) < 2:
            raise CorpusError(
                f"corpus {fold.corpus.name!r} shares {', '.join(fold.shared) or 'no emotion'} with the other corpora, "
                "and two emotions or more are needed: choose the folds of the others, or add a corpus that has more of "
                "its emotions under the same names"
            )
        require_trainable(
            [
                replace(utterance, speaker=f"{other.name}/{utterance.speaker}")
                for other in fold.training
                for utterance in other.utterances
            ],
            name=f"the training part without {fold.corpus.name!r}",
        )
    return chosen


def untestable_emotions(folds: Sequence[CorpusFold]) -> tuple[str, ...]:
    """Return the emotions that none of all folds tests: only one corpus has them, by the calm rule."""
    shared = {emotion for fold in folds for emotion in fold.shared}
    return in_order({emotion for fold in folds for emotion in (*fold.learned, *fold.unlearned)}.difference(shared))

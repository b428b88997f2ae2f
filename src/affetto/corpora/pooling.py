"""Pooling of several corpora into one training set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto.corpora.base import in_order
from affetto.corpora.clips import find_identical
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.corpora.base import Corpus, Utterance


@dataclass(frozen=True)
class TrainingSet:
    """The data on which a pipeline is fitted.

    Attributes
    ----------
    X : ndarray of Path, shape (n_clips,)
        The recordings.
    y : ndarray of int, shape (n_clips,)
        Indices into `labels`.
    speakers, corpora : ndarray of str, shape (n_clips,)
        Speaker, unique over all corpora, and corpus of each clip.
    labels : tuple of str
        The emotions of all corpora, as `in_order` sorts them.
    frequencies : ndarray, shape (n_clips,)
        Assumed frequency of the emotion of each clip relative to the others: 1, except for calm, see `pool`.
    """

    X: NDArray[Any]
    y: NDArray[np.intp]
    speakers: NDArray[np.str_]
    corpora: NDArray[np.str_]
    labels: tuple[str, ...]
    frequencies: NDArray[np.float64]


def pool(*corpora: Corpus) -> TrainingSet:
    """Concatenate the utterances of corpora.

    Few corpora distinguish calm from neutral speech. If calm were as frequent as any other emotion, speech that other
    corpora call neutral would count twice. So the frequency of calm is the share of the corpora with calm or neutral
    clips that have calm. Networks weight emotions by it (`CalibratedPipeline`), the classic classifiers do not.

    Raises
    ------
    CorpusError
        If two of them have the same name, or a recording in common.
    """
    require_different(corpora)
    labels = in_order({emotion for corpus in corpora for emotion in corpus.emotions})
    rows = [(corpus.name, utterance) for corpus in corpora for utterance in corpus.utterances]
    # The speakers of a single corpus keep their names: how they are dealt to inner folds depends on them.
    speakers = [f"{name}/{utterance.speaker}" if len(corpora) > 1 else utterance.speaker for name, utterance in rows]
    X = np.empty(len(rows), dtype=object)
    X[:] = [utterance.path for _, utterance in rows]
    y = np.array([labels.index(utterance.emotion) for _, utterance in rows])
    n_calm = sum("calm" in corpus.emotions for corpus in corpora)
    n_calm_or_neutral = sum(not {"calm", "neutral"}.isdisjoint(corpus.emotions) for corpus in corpora)
    frequency = {"calm": n_calm / max(1, n_calm_or_neutral)}
    return TrainingSet(
        X=X,
        y=y,
        speakers=np.array(speakers),
        corpora=np.array([name for name, _ in rows]),
        labels=labels,
        frequencies=np.array([frequency.get(label, 1.0) for label in labels])[y],
    )


def require_different(corpora: Sequence[Corpus]) -> None:
    """Check that no two corpora have the same name, or a recording in common, which would be in training and test.

    Raises
    ------
    CorpusError
        If two of them do.
    """
    names = [corpus.name for corpus in corpora]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise CorpusError(f"the corpus {min(repeated)!r} is given twice; give each corpus once, under its own name")
    for (name, first), *others in find_identical(corpora, across=True):
        for other_name, other in others:
            if other_name != name:
                raise CorpusError(
                    f"the recording {other.path} of {other_name!r} is also in {name!r}, as {first.path}; leave it out "
                    "of one of them, or it is in training and test"
                )


def require_trainable(utterances: Sequence[Utterance], *, name: str) -> None:
    """Check that a model can be fitted and calibrated with speakers left out.

    Parameters
    ----------
    utterances : sequence of Utterance
        The training data.
    name : str
        Its name in messages.

    Raises
    ------
    CorpusError
        If there are fewer than two emotions, or fewer than two speakers of an emotion.
    """
    speakers: dict[str, set[str]] = {}
    for utterance in utterances:
        speakers.setdefault(utterance.emotion, set()).add(utterance.speaker)
    if len(speakers) < 2:
        raise CorpusError(f"{name} has {len(speakers)} emotion(s); training needs two or more")
    if len(found := set().union(*speakers.values())) == 1:
        raise CorpusError(
            f"{name} has one speaker only, {min(found)!r}; training needs two or more, for calibration on speakers "
            "left out; `affetto evaluate --protocol random` measures how well a model recognizes the speaker that it "
            "was trained on"
        )
    if alone := [f"{emotion!r} ({min(those)!r})" for emotion, those in speakers.items() if len(those) < 2]:
        raise CorpusError(
            f"{name} has {', '.join(alone)} of one speaker only; training needs two or more for each emotion, for "
            "calibration on speakers left out"
        )

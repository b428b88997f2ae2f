"""Several corpora as one training set."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto.corpora.base import in_order
from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from affetto.corpora.base import Corpus, Utterance


@dataclass(frozen=True)
class TrainingSet:
    """What a chain is fitted on.

    Attributes
    ----------
    X : ndarray of Path, shape (n_clips,)
        The recordings.
    y : ndarray of int, shape (n_clips,)
        Indices into `labels`.
    speakers, corpora : ndarray of str, shape (n_clips,)
        Who speaks, unique over all corpora, and from which corpus each clip is.
    labels : tuple of str
        The emotions of all corpora, RAVDESS's own in its order, then any others alphabetically.
    frequencies : ndarray, shape (n_clips,)
        How frequent the emotion of each clip is taken to be beside the others: 1, but for calm, see `pool`.
    """

    X: NDArray[Any]
    y: NDArray[np.intp]
    speakers: NDArray[np.str_]
    corpora: NDArray[np.str_]
    labels: tuple[str, ...]
    frequencies: NDArray[np.float64]


def pool(*corpora: Corpus) -> TrainingSet:
    """Put corpora together, their utterances one corpus after the other.

    Few corpora tell calm from neutral speech. Where calm counts as much as any other emotion, what others call neutral
    counts twice. So calm counts as the share of the corpora with calm or neutral clips that have calm. Networks weigh
    emotions so (`CalibratedPipeline`), the classic classifiers do not.

    Raises
    ------
    CorpusError
        If two of them have the same name.
    """
    require_different(corpora)
    labels = in_order({emotion for corpus in corpora for emotion in corpus.emotions})
    rows = [(corpus.name, utterance) for corpus in corpora for utterance in corpus.utterances]
    # One corpus keeps its own names: how speakers are dealt to inner groups depends on them.
    speakers = [f"{name}/{utterance.speaker}" if len(corpora) > 1 else utterance.speaker for name, utterance in rows]
    X = np.empty(len(rows), dtype=object)
    X[:] = [utterance.path for _, utterance in rows]
    y = np.array([labels.index(utterance.emotion) for _, utterance in rows])
    frequency = {"calm": sum("calm" in corpus.emotions for corpus in corpora) / max(1, _with_neutral(corpora))}
    return TrainingSet(
        X=X,
        y=y,
        speakers=np.array(speakers),
        corpora=np.array([name for name, _ in rows]),
        labels=labels,
        frequencies=np.array([frequency.get(label, 1.0) for label in labels])[y],
    )


def _with_neutral(corpora: Sequence[Corpus]) -> int:
    return sum(not {"calm", "neutral"}.isdisjoint(corpus.emotions) for corpus in corpora)


def require_different(corpora: Sequence[Corpus]) -> None:
    """Refuse corpora of which two have the same name or a recording in common.

    They would count as one, or the same recording twice: once to learn from, and once to be tested on.

    Raises
    ------
    CorpusError
        If two of them do.
    """
    names = [corpus.name for corpus in corpora]
    if repeated := {name for name in names if names.count(name) > 1}:
        raise CorpusError(f"the corpus {min(repeated)!r} is given twice; give each corpus once, under its own name")
    for alike in _as_large(corpora):
        found: dict[str, tuple[str, Path]] = {}
        for name, path in alike:
            with path.open("rb") as file:
                other, first = found.setdefault(hashlib.file_digest(file, "sha256").hexdigest(), (name, path))
            if other != name:
                raise CorpusError(
                    f"the recording {path} of {name!r} is in {other!r} too, as {first}; what is learned from one would "
                    "be tested on the other: leave it out of one of them"
                )


def _as_large(corpora: Sequence[Corpus]) -> Iterator[list[tuple[str, Path]]]:
    """Group recordings of equal size, where several corpora have some: only these can be the same."""
    groups: dict[int, list[tuple[str, Path]]] = {}
    for corpus in corpora:
        for utterance in corpus.utterances:
            path = Path(utterance.path)
            with suppress(OSError):  # what cannot be read is refused when it is
                groups.setdefault(path.stat().st_size, []).append((corpus.name, path))
    return (group for group in groups.values() if len({name for name, _ in group}) > 1)


def require_trainable(utterances: Sequence[Utterance], *, name: str) -> None:
    """Refuse utterances on which nothing can be chosen with speakers left out.

    Parameters
    ----------
    utterances : sequence of Utterance
        What is to be fitted on.
    name : str
        What messages call them.

    Raises
    ------
    CorpusError
        If there are fewer than two emotions, or an emotion is expressed by fewer than two speakers.
    """
    speakers: dict[str, set[str]] = {}
    for utterance in utterances:
        speakers.setdefault(utterance.emotion, set()).add(utterance.speaker)
    if len(speakers) < 2:
        raise CorpusError(f"{name} holds {len(speakers)} emotion(s); at least two are needed to tell them apart")
    if len(found := set().union(*speakers.values())) == 1:
        raise CorpusError(
            f"{name} has one speaker only, {min(found)!r}; training needs two or more, to choose and calibrate on "
            "speakers left out; what this voice gives can be measured by `affetto evaluate --protocol random`, which "
            "flatters every figure"
        )
    for emotion, who in speakers.items():
        if len(who) < 2:
            raise CorpusError(
                f"{name} has {emotion!r} from one speaker only, {min(who)!r}; two or more are needed for each emotion, "
                "to choose and calibrate on speakers left out"
            )

"""The per-clip predictions about corpora that were left out: what every figure is computed from, and their CSV file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from affetto.errors import ParameterError
from affetto.evaluation.predictions import DECIMALS, row_problem

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

FIRST_COLUMNS = ("corpus", "clip", "speaker", "emotion")
"""The columns before the probabilities."""

LAST_COLUMNS = ("status", "arousal", "valence")
"""The columns behind the probabilities."""

STATUSES = ("ok", "uncertain")


@dataclass(frozen=True, eq=False, slots=True)
class CorporaPredictions:
    """What chains answered about clips of corpora that they were not fitted on.

    Attributes
    ----------
    corpus : tuple of str
        From which corpus each clip is; the chain was fitted without it.
    clip : tuple of str
        Names of the clips, each once within its corpus.
    speaker : tuple of str
        Who speaks in each clip, as the corpus calls the speaker.
    emotion : tuple of str
        The true emotion of each clip, which the chain has learned. Calm is neutral where the calm rule says so, see
        `affetto.evaluation.corpora`.
    probabilities : ndarray of float, shape (n_clips, n_labels)
        Each row sums to 1. An emotion that the clip's chain has not learned has 0. Kept at six decimals, those of the
        CSV file, and so are arousal and valence: figures from memory and from the file are the same.
    labels : tuple of str
        The emotion of each column.
    status : tuple of str
        "ok" where the answer was certain by the threshold of the clip's chain, else "uncertain".
    arousal, valence : ndarray of float, shape (n_clips,)
        From -1 to 1, see `affetto.recognition.dimensions`.

    Raises
    ------
    ParameterError
        If lengths differ, a clip occurs twice in a corpus, an emotion has no column, or a value makes no sense.
    """

    corpus: tuple[str, ...]
    clip: tuple[str, ...]
    speaker: tuple[str, ...]
    emotion: tuple[str, ...]
    probabilities: NDArray[np.float64]
    labels: tuple[str, ...]
    status: tuple[str, ...]
    arousal: NDArray[np.float64]
    valence: NDArray[np.float64]

    def __post_init__(self) -> None:
        n_clips = len(self.clip)
        if n_clips == 0:
            raise ParameterError("there are no predictions: at least one clip is needed")
        for name in ("probabilities", "arousal", "valence"):
            rounded = np.round(np.array(getattr(self, name), dtype=np.float64), DECIMALS)
            rounded.setflags(write=False)
            object.__setattr__(self, name, rounded)
        for name in ("corpus", "speaker", "emotion", "probabilities", "status", "arousal", "valence"):
            if len(getattr(self, name)) != n_clips:
                raise ParameterError(f"{n_clips} clips, but {len(getattr(self, name))} values of {name}")
        if self.probabilities.shape != (n_clips, len(self.labels)):
            raise ParameterError(
                f"probabilities have the shape {self.probabilities.shape}, but there are {n_clips} clips "
                f"and {len(self.labels)} labels"
            )
        seen: dict[str, set[str]] = {}
        for index, (corpus, clip) in enumerate(zip(self.corpus, self.clip, strict=True)):
            if problem := self._problem(index, seen.setdefault(corpus, set())):
                raise ParameterError(f"clip {clip!r} of {corpus!r}: {problem}")
            seen[corpus].add(clip)

    def _problem(self, index: int, seen: set[str]) -> str | None:
        row = self.probabilities[index]
        if problem := row_problem(self.clip[index], self.emotion[index], row, labels=self.labels, seen=seen):
            return problem
        if self.status[index] not in STATUSES:
            return f"the status is {self.status[index]!r}, not one of {', '.join(STATUSES)}"
        for name, value in (("arousal", self.arousal[index]), ("valence", self.valence[index])):
            if not -1 <= value <= 1:
                return f"the {name} is {value}, not between -1 and 1"
        return None

    def __len__(self) -> int:
        """Count the clips."""
        return len(self.clip)

    @property
    def corpora(self) -> tuple[str, ...]:
        """The corpora that were left out, in the order of their first clips."""
        return tuple(dict.fromkeys(self.corpus))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Put predictions about several corpora together, one behind the other.

        Parameters
        ----------
        parts : sequence of CorporaPredictions
            With the same labels, as the folds of the same corpora have.

        Raises
        ------
        ParameterError
            If there are none, labels differ, or a clip occurs twice in a corpus.
        """
        if len({part.labels for part in parts}) != 1:
            raise ParameterError(
                "only predictions with the same emotions can be put together, and these have "
                f"{' and '.join(sorted({','.join(part.labels) for part in parts})) or 'none'}"
            )
        return cls(
            corpus=tuple(chain.from_iterable(part.corpus for part in parts)),
            clip=tuple(chain.from_iterable(part.clip for part in parts)),
            speaker=tuple(chain.from_iterable(part.speaker for part in parts)),
            emotion=tuple(chain.from_iterable(part.emotion for part in parts)),
            probabilities=np.concatenate([part.probabilities for part in parts]),
            labels=parts[0].labels,
            status=tuple(chain.from_iterable(part.status for part in parts)),
            arousal=np.concatenate([part.arousal for part in parts]),
            valence=np.concatenate([part.valence for part in parts]),
        )

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one row a clip: `FIRST_COLUMNS`, a probability for each emotion, `LAST_COLUMNS`."""
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")  # the same bytes on every system
            writer.writerow([*FIRST_COLUMNS, *self.labels, *LAST_COLUMNS])
            texts = zip(self.corpus, self.clip, self.speaker, self.emotion, strict=True)
            numbers = zip(self.probabilities, self.status, self.arousal, self.valence, strict=True)
            for cells, (row, status, arousal, valence) in zip(texts, numbers, strict=True):
                writer.writerow([*cells, *map(_cell, row), status, _cell(arousal), _cell(valence)])

    @classmethod
    def from_csv(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `to_csv` wrote.

        Parameters
        ----------
        path : path
            The CSV file.

        Raises
        ------
        ParameterError
            If the file cannot be read or a row makes no sense; it names the file, and the line or the clip.
        """
        path = Path(path)
        try:
            # Spreadsheets put a byte order mark in front when they save as UTF-8.
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, strict=True)
                labels = _labels(next(reader, []), path)
                texts: list[Sequence[str]] = []
                numbers: list[list[float]] = []
                for cells in reader:
                    try:
                        numbers.append(_numbers(cells, labels))
                    except ValueError as error:
                        raise ParameterError(f"{path}, line {reader.line_num}: {error}") from None
                    texts.append(cells)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise ParameterError(f"{path} cannot be read as a table of predictions: {error}") from error
        if not texts:
            raise ParameterError(f"{path} has a header and no predictions")
        corpus, clip, speaker, emotion = (tuple(cells[column] for cells in texts) for column in range(4))
        table = np.array(numbers)
        try:
            return cls(
                corpus=corpus,
                clip=clip,
                speaker=speaker,
                emotion=emotion,
                probabilities=table[:, :-2],
                labels=labels,
                status=tuple(cells[-len(LAST_COLUMNS)] for cells in texts),
                arousal=table[:, -2],
                valence=table[:, -1],
            )
        except ParameterError as error:
            raise ParameterError(f"{path}: {error}") from None


def _cell(value: float) -> str:
    return f"{value:.{DECIMALS}f}"


def _labels(header: Sequence[str], path: Path) -> tuple[str, ...]:
    """Check the header and give the emotions that have a column."""
    labels = tuple(header[len(FIRST_COLUMNS) : -len(LAST_COLUMNS)])
    if tuple(header) != (*FIRST_COLUMNS, *labels, *LAST_COLUMNS) or len(labels) < 2:
        raise ParameterError(
            f"{path}, line 1: the columns must be {','.join(FIRST_COLUMNS)}, then one for each emotion, then "
            f"{','.join(LAST_COLUMNS)}, and they are {','.join(header) or 'missing'}"
        )
    if len(set(labels)) < len(labels) or not all(labels):
        raise ParameterError(f"{path}, line 1: a column without a name or twice the same in {','.join(labels)}")
    return labels


def _numbers(cells: Sequence[str], labels: tuple[str, ...]) -> list[float]:
    """Turn one row's probabilities, arousal and valence from text; ValueError says which is no number."""
    expected = len(FIRST_COLUMNS) + len(labels) + len(LAST_COLUMNS)
    if len(cells) != expected:
        raise ValueError(f"{len(cells)} values where the header has {expected} columns")
    for name, text in zip(FIRST_COLUMNS, cells, strict=False):
        if not text:
            raise ValueError(f"the {name} is empty")
    named = zip((*labels, *LAST_COLUMNS[1:]), (*cells[len(FIRST_COLUMNS) : -3], *cells[-2:]), strict=True)
    numbers = []
    for name, text in named:
        try:
            numbers.append(float(text))
        except ValueError:
            raise ValueError(f"the value of {name!r} is {text!r}, not a number") from None
    return numbers

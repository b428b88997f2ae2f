"""The per-clip predictions of one system: what every figure is computed from, and their CSV file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from affetto.errors import CorpusError, ParameterError

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.corpora.base import Utterance

COLUMNS = ("clip", "actor", "fold", "emotion", "predicted")
"""The columns before the probabilities."""

DECIMALS, SUM_TOLERANCE = 6, 1e-3


def ravdess_traits(clip: str) -> tuple[str | None, str | None]:
    """Tell gender and intensity from the name of a RAVDESS clip.

    Parameters
    ----------
    clip : str
        File stem, for example "03-01-05-02-01-01-12".

    Returns
    -------
    gender : str or None
        "male" for odd actors, "female" for even ones; None if this is no name of a RAVDESS clip.
    intensity : str or None
        "normal" or "strong"; None likewise.

    Examples
    --------
    >>> ravdess_traits("03-01-05-02-01-01-12")
    ('female', 'strong')
    """
    from affetto.corpora.published import RAVDESS

    try:
        utterance = RAVDESS.parse(Path(f"{clip}.wav"))
    except CorpusError:
        return None, None
    return utterance.gender, utterance.intensity


@dataclass(frozen=True, eq=False, slots=True)
class Predictions:
    """What one system said about each test clip.

    Attributes
    ----------
    clip : tuple of str
        Names of the clips (file stems where these are unique), each once.
    speaker : tuple of str
        Who speaks in each clip.
    fold : ndarray of int, shape (n_clips,)
        The fold in which each clip was tested, counted from 1.
    emotion : tuple of str
        The true emotion of each clip.
    probabilities : ndarray of float, shape (n_clips, n_labels)
        Each row sums to 1. Kept at six decimals, those of the CSV file, so that figures computed from memory
        and from the file are the same.
    labels : tuple of str
        The emotion of each column.
    gender, intensity : tuple of (str or None)
        Of each clip, where known.

    Raises
    ------
    ParameterError
        If lengths differ, a clip occurs twice, an emotion has no column, or a row is no probability
        distribution.
    """

    clip: tuple[str, ...]
    speaker: tuple[str, ...]
    fold: NDArray[np.intp]
    emotion: tuple[str, ...]
    probabilities: NDArray[np.float64]
    labels: tuple[str, ...]
    gender: tuple[str | None, ...] = ()
    intensity: tuple[str | None, ...] = ()

    def __post_init__(self) -> None:
        n_clips = len(self.clip)
        if n_clips == 0:
            raise ParameterError("there are no predictions: at least one clip is needed")
        for name in ("gender", "intensity"):
            object.__setattr__(self, name, tuple(getattr(self, name)) or (None,) * n_clips)
        for name in ("speaker", "fold", "emotion", "gender", "intensity", "probabilities"):
            if len(getattr(self, name)) != n_clips:
                raise ParameterError(f"{n_clips} clips, but {len(getattr(self, name))} values of {name}")
        rounded = np.round(np.array(self.probabilities, dtype=np.float64), DECIMALS)
        if rounded.shape != (n_clips, len(self.labels)):
            raise ParameterError(
                f"probabilities have the shape {rounded.shape}, but there are {n_clips} clips "
                f"and {len(self.labels)} labels"
            )
        fold = np.array(self.fold, dtype=np.intp)
        rounded.setflags(write=False)
        fold.setflags(write=False)
        object.__setattr__(self, "probabilities", rounded)
        object.__setattr__(self, "fold", fold)
        seen: set[str] = set()
        for clip, emotion, row in zip(self.clip, self.emotion, rounded, strict=True):
            problem = row_problem(clip, emotion, row, labels=self.labels, seen=seen)
            if problem:
                raise ParameterError(f"clip {clip!r}: {problem}")
            seen.add(clip)

    def __len__(self) -> int:
        """Count the clips."""
        return len(self.clip)

    @property
    def predicted_index(self) -> NDArray[np.intp]:
        """The column of the largest probability of each clip; the first of equals."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @property
    def predicted(self) -> tuple[str, ...]:
        """The emotion with the largest probability, of each clip."""
        return tuple(self.labels[index] for index in self.predicted_index)

    @property
    def emotion_index(self) -> NDArray[np.intp]:
        """The column of the true emotion of each clip."""
        return np.array([self.labels.index(emotion) for emotion in self.emotion], dtype=np.intp)

    def aligned_to(self, other: Predictions) -> Predictions:
        """Put clips and columns into the order of another system's, to compare the two clip by clip.

        Raises
        ------
        ParameterError
            If the two do not cover the same clips, or disagree about speakers or emotions.
        """
        mine, theirs = set(self.clip), set(other.clip)
        if mine != theirs:
            raise ParameterError(
                "systems can only be compared over the same clips: "
                f"{_sample(mine - theirs)} are only in one, {_sample(theirs - mine)} only in the other"
            )
        if set(self.labels) != set(other.labels):
            raise ParameterError(
                "systems can only be compared over the same emotions: "
                f"one knows {', '.join(self.labels)}, the other {', '.join(other.labels)}"
            )
        position = {clip: index for index, clip in enumerate(self.clip)}
        rows = [position[clip] for clip in other.clip]
        aligned = Predictions(
            clip=other.clip,
            speaker=tuple(self.speaker[row] for row in rows),
            fold=self.fold[rows],
            emotion=tuple(self.emotion[row] for row in rows),
            probabilities=self.probabilities[rows][:, [self.labels.index(label) for label in other.labels]],
            labels=other.labels,
            gender=tuple(self.gender[row] for row in rows),
            intensity=tuple(self.intensity[row] for row in rows),
        )
        for what in ("speaker", "emotion"):
            for clip, one, two in zip(aligned.clip, getattr(aligned, what), getattr(other, what), strict=True):
                if one != two:
                    raise ParameterError(f"systems disagree about the {what} of clip {clip!r}: {one!r} and {two!r}")
        return aligned

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one row a clip: clip, actor, fold, emotion, predicted, and a probability for each emotion."""
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")  # the same bytes on every system
            writer.writerow([*COLUMNS, *self.labels])
            for *cells, row in zip(
                self.clip,
                self.speaker,
                self.fold,
                self.emotion,
                self.predicted,
                self.probabilities,
                strict=True,
            ):
                writer.writerow([*cells, *(f"{probability:.{DECIMALS}f}" for probability in row)])

    @classmethod
    def from_csv(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `to_csv` wrote; gender and intensity follow from the names of RAVDESS's clips.

        Parameters
        ----------
        path : path
            The CSV file.

        Raises
        ------
        ParameterError
            If the file cannot be read or a row makes no sense; it names file, line and value.
        """
        path = Path(path)
        try:
            # Spreadsheets put a byte order mark in front when they save as UTF-8.
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, strict=True)
                labels = _labels(next(reader, []), path)
                clips, speakers, folds, emotions, rows = [], [], [], [], []
                seen: set[str] = set()
                for cells in reader:
                    try:
                        fold, row = _parse(cells, labels)
                        problem = row_problem(cells[0], cells[3], row, labels=labels, seen=seen)
                        best = labels[int(row.argmax())]
                        if not problem and cells[4] != best:
                            problem = f"predicted is {cells[4]!r}, but the largest probability is that of {best!r}"
                    except ValueError as error:
                        problem = str(error)
                    if problem:
                        raise ParameterError(f"{path}, line {reader.line_num}: {problem}")
                    seen.add(cells[0])
                    clips.append(cells[0])
                    speakers.append(cells[1])
                    folds.append(fold)
                    emotions.append(cells[3])
                    rows.append(row)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise ParameterError(f"{path} cannot be read as a table of predictions: {error}") from error
        if not rows:
            raise ParameterError(f"{path} has a header and no predictions")
        traits = [ravdess_traits(clip) for clip in clips]
        return cls(
            clip=tuple(clips),
            speaker=tuple(speakers),
            fold=np.array(folds, dtype=np.intp),
            emotion=tuple(emotions),
            probabilities=np.array(rows),
            labels=labels,
            gender=tuple(gender for gender, _ in traits),
            intensity=tuple(intensity for _, intensity in traits),
        )


def _sample(clips: set[str]) -> str:
    """Name a few of many clips."""
    few = ", ".join(sorted(clips)[:3])
    return f"{len(clips)} ({few}{', ...' if len(clips) > 3 else ''})" if clips else "0"


def _labels(header: Sequence[str], path: Path) -> tuple[str, ...]:
    """Check the header and give the emotions that have a column."""
    start, labels = tuple(header[: len(COLUMNS)]), tuple(header[len(COLUMNS) :])
    if start != COLUMNS or len(labels) < 2:
        raise ParameterError(
            f"{path}, line 1: the columns must be {','.join(COLUMNS)} and then one for each emotion, "
            f"and they are {','.join(header) or 'missing'}"
        )
    if len(set(labels)) < len(labels) or not all(labels):
        raise ParameterError(f"{path}, line 1: a column without a name or twice the same in {','.join(labels)}")
    return labels


def _parse(cells: Sequence[str], labels: tuple[str, ...]) -> tuple[int, NDArray[np.float64]]:
    """Turn the numbers of one row from text; ValueError says which is none."""
    expected = len(COLUMNS) + len(labels)
    if len(cells) != expected:
        raise ValueError(f"{len(cells)} values where the header has {expected} columns")
    if not cells[0] or not cells[1]:
        raise ValueError("clip or actor is empty")
    if not (cells[2].isdecimal() and int(cells[2]) > 0):
        raise ValueError(f"fold {cells[2]!r} is not a number from 1 up")
    row = np.empty(len(labels))
    for index, text in enumerate(cells[len(COLUMNS) :]):
        try:
            row[index] = float(text)
        except ValueError:
            raise ValueError(f"the probability of {labels[index]!r} is {text!r}, not a number") from None
    return int(cells[2]), row


def row_problem(
    clip: str, emotion: str, row: NDArray[np.float64], *, labels: tuple[str, ...], seen: set[str]
) -> str | None:
    """Say what is wrong with one clip's prediction, if anything is; `seen` are the clips before it."""
    if clip in seen:
        return f"the clip {clip!r} occurs twice"
    if emotion not in labels:
        return f"the emotion {emotion!r} has no column among {', '.join(labels)}"
    for label, probability in zip(labels, row.tolist(), strict=True):
        if not 0 <= probability <= 1:
            return f"the probability of {label!r} is {probability}, not between 0 and 1"
    total = float(row.sum())
    if abs(total - 1) > SUM_TOLERANCE:
        return f"the probabilities sum to {total:.6g}, not to 1"
    return None


def require_unique_clips(utterances: Sequence[Utterance]) -> None:
    """Predictions are told apart by clip name: find out before hours of fitting, not after."""
    seen: dict[str, Utterance] = {}
    for utterance in utterances:
        first = seen.setdefault(utterance.clip, utterance)
        if first is not utterance:
            raise CorpusError(
                f"{first.path} and {utterance.path} have the same name: "
                "rename one, since predictions are listed by name"
            )

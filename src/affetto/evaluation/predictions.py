"""Predictions clip by clip, from which every figure is computed, and their CSV files."""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from affetto.errors import CorpusError, ParameterError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from affetto.corpora.base import Utterance

DECIMALS, SUM_TOLERANCE = 6, 1e-3

STATUSES = ("ok", "uncertain")


def ravdess_traits(clip: str) -> tuple[str | None, str | None]:
    """Return gender and intensity from the name of a RAVDESS clip; None for other names.

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
class _ClipTable:
    """What `Predictions` and `CorporaPredictions` share: one row for each clip."""

    clip: tuple[str, ...]
    speaker: tuple[str, ...]
    emotion: tuple[str, ...]
    probabilities: NDArray[np.float64]
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        n_clips = len(self.clip)
        if n_clips == 0:
            raise ParameterError("there are no predictions: at least one clip is needed")
        for name in self._columns():
            if len(getattr(self, name)) != n_clips:
                raise ParameterError(f"{n_clips} clips, but {len(getattr(self, name))} values of {name}")
        self._freeze("probabilities")
        if self.probabilities.shape != (n_clips, len(self.labels)):
            raise ParameterError(
                f"probabilities have the shape {self.probabilities.shape}, but there are {n_clips} clips "
                f"and {len(self.labels)} labels"
            )
        seen: set[object] = set()
        for index, one in enumerate(self._ids()):
            if problem := "the clip occurs twice" if one in seen else self._problem(index):
                raise ParameterError(f"{self._title(index)}: {problem}")
            seen.add(one)

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

    def take(self, rows: Sequence[int] | NDArray[np.intp]) -> Self:
        """Return the predictions of some clips, by their indices."""
        chosen = np.asarray(rows, dtype=np.intp)
        columns: dict[str, Any] = {name: _taken(getattr(self, name), chosen) for name in self._columns()}
        return replace(self, **columns)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Join predictions, one part after the other; a ParameterError is raised if their labels differ."""
        if len({part.labels for part in parts}) != 1:
            raise ParameterError(
                "only predictions of the same emotions can be joined, and these have "
                f"{' and '.join(sorted({','.join(part.labels) for part in parts})) or 'none'}"
            )
        columns: dict[str, Any] = {}
        for name in cls._columns():
            values = [getattr(part, name) for part in parts]
            columns[name] = np.concatenate(values) if isinstance(values[0], np.ndarray) else tuple(chain(*values))
        return cls(labels=parts[0].labels, **columns)

    @classmethod
    def _columns(cls) -> list[str]:
        return [field.name for field in fields(cls) if field.name != "labels"]

    def _ids(self) -> Iterator[object]:
        return iter(self.clip)

    def _title(self, index: int) -> str:
        return f"clip {self.clip[index]!r}"

    def _freeze(self, name: str) -> None:
        """Round an array to the decimals of the CSV file, and forbid changes."""
        rounded = np.round(np.array(getattr(self, name), dtype=np.float64), DECIMALS)
        rounded.setflags(write=False)
        object.__setattr__(self, name, rounded)

    def _problem(self, index: int) -> str | None:
        """Return what is wrong with one row, if anything is."""
        if self.emotion[index] not in self.labels:
            return f"the emotion {self.emotion[index]!r} has no column among {', '.join(self.labels)}"
        row = self.probabilities[index]
        for label, probability in zip(self.labels, row.tolist(), strict=True):
            if not 0 <= probability <= 1:
                return f"the probability of {label!r} is {probability}, not between 0 and 1"
        if abs(row.sum() - 1) > SUM_TOLERANCE:
            return f"the probabilities sum to {row.sum():.6g}, not to 1"
        return None


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Predictions(_ClipTable):
    """The predictions of one system about the test clips of one corpus.

    Attributes
    ----------
    clip : tuple of str
        Names of the clips (file stems where these are unique), each once.
    speaker : tuple of str
        The speaker of each clip.
    emotion : tuple of str
        The true emotion of each clip.
    probabilities : ndarray of float, shape (n_clips, n_labels)
        Each row sums to 1. They are kept at the six decimals of the CSV file. So figures from memory and from the file
        are the same.
    labels : tuple of str
        The emotion of each column.
    fold : ndarray of int, shape (n_clips,)
        The fold in which each clip was tested, counted from 1.
    gender, intensity : tuple of (str or None)
        Of each clip, where known.

    Raises
    ------
    ParameterError
        If lengths differ, a clip occurs twice, an emotion has no column, or a row is not a probability distribution.
    """

    COLUMNS: ClassVar = ("clip", "actor", "fold", "emotion", "predicted")

    fold: NDArray[np.intp]
    gender: tuple[str | None, ...] = ()
    intensity: tuple[str | None, ...] = ()

    def __post_init__(self) -> None:
        for name in ("gender", "intensity"):
            object.__setattr__(self, name, tuple(getattr(self, name)) or (None,) * len(self.clip))
        object.__setattr__(self, "fold", np.array(self.fold, dtype=np.intp))
        self.fold.setflags(write=False)
        _ClipTable.__post_init__(self)

    def _problem(self, index: int) -> str | None:
        if self.fold[index] < 1:
            return f"the fold is {self.fold[index]}; folds count from 1"
        return _ClipTable._problem(self, index)

    def aligned_to(self, other: Predictions) -> Predictions:
        """Put clips and columns into the order of another system's, to compare the two clip by clip.

        A ParameterError is raised if the two do not cover the same clips, or disagree about speakers or emotions.
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
        aligned = self.take([position[clip] for clip in other.clip])
        columns = [self.labels.index(label) for label in other.labels]
        aligned = replace(aligned, labels=other.labels, probabilities=aligned.probabilities[:, columns])
        for what in ("speaker", "emotion"):
            for clip, one, two in zip(aligned.clip, getattr(aligned, what), getattr(other, what), strict=True):
                if one != two:
                    raise ParameterError(f"systems disagree about the {what} of clip {clip!r}: {one!r} and {two!r}")
        return aligned

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one row for each clip: clip, actor, fold, emotion, predicted, and the probability of each emotion."""
        columns = (self.clip, self.speaker, self.fold, self.emotion, self.predicted, *self.probabilities.T)
        _write_table(path, (*self.COLUMNS, *self.labels), columns)

    @classmethod
    def from_csv(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file of `to_csv`; gender and intensity follow from the names of RAVDESS clips.

        Raises
        ------
        ParameterError
            If the file cannot be read or a row is wrong; the message names the file, and the line or the clip.
        """
        labels, columns = _read_table(Path(path), cls.COLUMNS)
        traits = [ravdess_traits(clip) for clip in columns["clip"]]
        try:
            predictions = cls(
                clip=columns["clip"],
                speaker=columns["actor"],
                fold=np.array(columns["fold"]),
                emotion=columns["emotion"],
                probabilities=np.column_stack([columns[label] for label in labels]),
                labels=labels,
                gender=tuple(gender for gender, _ in traits),
                intensity=tuple(intensity for _, intensity in traits),
            )
        except ParameterError as error:
            raise ParameterError(f"{path}: {error}") from None
        for clip, given, best in zip(predictions.clip, columns["predicted"], predictions.predicted, strict=True):
            if given != best:
                raise ParameterError(
                    f"{path}: clip {clip!r}: predicted is {given!r}, but the largest probability is that of {best!r}"
                )
        return predictions


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CorporaPredictions(_ClipTable):
    """Predictions about the clips of left-out corpora, each by a classifier that was trained without the corpus.

    An emotion that the classifier has not learned has probability 0. Calm may count as neutral, see
    `affetto.evaluation.corpora`.

    Attributes
    ----------
    clip, speaker, emotion, probabilities, labels
        As in `Predictions`; a clip's name is unique within its corpus.
    corpus : tuple of str
        The left-out corpus of each clip.
    status : tuple of str
        "ok" where the largest probability reached the classifier's threshold, else "uncertain".
    arousal, valence : ndarray of float, shape (n_clips,)
        From -1 to 1, see `affetto.recognition.dimensions`.

    Raises
    ------
    ParameterError
        As `Predictions`, or if another value is out of range.
    """

    FIRST_COLUMNS: ClassVar = ("corpus", "clip", "speaker", "emotion")
    LAST_COLUMNS: ClassVar = ("status", "arousal", "valence")

    corpus: tuple[str, ...]
    status: tuple[str, ...]
    arousal: NDArray[np.float64]
    valence: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in ("arousal", "valence"):
            self._freeze(name)
        _ClipTable.__post_init__(self)

    def _problem(self, index: int) -> str | None:
        if self.status[index] not in STATUSES:
            return f"the status is {self.status[index]!r}, not one of {', '.join(STATUSES)}"
        for name, value in (("arousal", self.arousal[index]), ("valence", self.valence[index])):
            if not -1 <= value <= 1:
                return f"the {name} is {value}, not between -1 and 1"
        return _ClipTable._problem(self, index)

    def _ids(self) -> Iterator[object]:
        return zip(self.corpus, self.clip, strict=True)

    def _title(self, index: int) -> str:
        return f"clip {self.clip[index]!r} of {self.corpus[index]!r}"

    @property
    def corpora(self) -> tuple[str, ...]:
        """The left-out corpora, in the order of their first clips."""
        return tuple(dict.fromkeys(self.corpus))

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one row for each clip: `FIRST_COLUMNS`, the probability of each emotion, `LAST_COLUMNS`."""
        columns = (self.corpus, self.clip, self.speaker, self.emotion, *self.probabilities.T)
        columns += (self.status, self.arousal, self.valence)
        _write_table(path, (*self.FIRST_COLUMNS, *self.labels, *self.LAST_COLUMNS), columns)

    @classmethod
    def from_csv(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file of `to_csv`; raise a ParameterError as `Predictions.from_csv`."""
        labels, columns = _read_table(Path(path), cls.FIRST_COLUMNS, cls.LAST_COLUMNS)
        given: dict[str, Any] = {name: columns[name] for name in (*cls.FIRST_COLUMNS, *cls.LAST_COLUMNS)}
        try:
            return cls(labels=labels, probabilities=np.column_stack([columns[label] for label in labels]), **given)
        except ParameterError as error:
            raise ParameterError(f"{path}: {error}") from None


def require_unique_clips(utterances: Sequence[Utterance]) -> None:
    """Raise a CorpusError if two utterances have the same name, since predictions are listed by name."""
    seen: dict[str, Utterance] = {}
    for utterance in utterances:
        if first := seen.get(utterance.clip):
            raise CorpusError(
                f"{first.path} and {utterance.path} have the same name: "
                "rename one, since predictions are listed by name"
            )
        seen[utterance.clip] = utterance


_TEXTS = ("clip", "actor", "speaker", "emotion", "corpus", "predicted", "status")
_TYPES: dict[str, type] = {**dict.fromkeys(_TEXTS, str), "fold": int}
"""The types of columns; all others hold decimals."""


def _write_table(path: str | os.PathLike[str], header: Sequence[str], columns: Sequence[Sequence[Any]]) -> None:
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")  # the same bytes on every system
        writer.writerow(header)
        writer.writerows(map(_cell, row) for row in zip(*columns, strict=True))


def _cell(value: object) -> object:
    return f"{value:.{DECIMALS}f}" if isinstance(value, float) else value


def _read_table(
    path: Path, first: tuple[str, ...], last: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], dict[str, tuple[Any, ...]]]:
    """Return the emotions that have a column, and the values of each column by its name."""
    try:
        # Spreadsheets put a byte order mark in front when they save as UTF-8.
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            labels = tuple(header[len(first) : len(header) - len(last)])
            if tuple(header) != (*first, *labels, *last) or len(labels) < 2:
                raise ParameterError(
                    f"{path}, line 1: the columns must be {', '.join((*first, 'one for each emotion', *last))}, "
                    f"and they are {','.join(header) or 'missing'}"
                )
            if len(set(header)) < len(header) or not all(header):
                raise ParameterError(f"{path}, line 1: a column without a name or twice the same in {','.join(header)}")
            rows = []
            for cells in reader:
                try:
                    rows.append(_values(header, cells))
                except ValueError as error:
                    raise ParameterError(f"{path}, line {reader.line_num}: {error}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ParameterError(f"{path} cannot be read as a table of predictions: {error}") from error
    if not rows:
        raise ParameterError(f"{path} has a header and no predictions")
    return labels, dict(zip(header, zip(*rows, strict=True), strict=True))


def _values(header: Sequence[str], cells: Sequence[str]) -> list[Any]:
    """Convert one row from text; raise a ValueError that names the wrong value."""
    if len(cells) != len(header):
        raise ValueError(f"{len(cells)} values where the header has {len(header)} columns")
    values = []
    for name, text in zip(header, cells, strict=True):
        if not text:
            raise ValueError(f"the {name} is empty")
        try:
            values.append(_TYPES.get(name, float)(text))
        except ValueError:
            raise ValueError(f"the value of {name!r} is {text!r}, not a number") from None
    return values


def _taken(values: tuple[Any, ...] | NDArray[Any], rows: NDArray[np.intp]) -> tuple[Any, ...] | NDArray[Any]:
    return values[rows] if isinstance(values, np.ndarray) else tuple(values[row] for row in rows.tolist())


def _sample(clips: set[str]) -> str:
    """Name a few of many clips."""
    few = ", ".join(sorted(clips)[:3])
    return f"{len(clips)} ({few}{', ...' if len(clips) > 3 else ''})" if clips else "0"

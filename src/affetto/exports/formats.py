"""The table of export formats, and writing results to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from affetto._files import require_writable, write_bytes
from affetto.errors import ParameterError
from affetto.exports.annotations import audacity, text_grid
from affetto.exports.subtitles import srt, vtt
from affetto.exports.tables import csv_rows, json_array, json_lines
from affetto.recognition.result import Failure, Recognition
from affetto.recognition.rows import has_acoustics, labels_of, number_columns

if TYPE_CHECKING:
    import os

Outcomes: TypeAlias = Iterable[Recognition | Failure]
Text: TypeAlias = Callable[[Outcomes, Sequence[str]], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Format:
    """An export format.

    Attributes
    ----------
    name : str
        The value of the option ``--format``.
    ending : str
        The ending of its files.
    text : callable
        Yields the text of results piece by piece, given the results and, for CSV, the `number_columns`.
    holds_several : bool
        Whether one file holds several recordings.
    """

    name: str
    ending: str
    text: Text
    holds_several: bool = True

    def require_room(self, recordings: int, *, each_channel: bool = False, acoustics: bool = False) -> None:
        """Raise `ParameterError` if one file cannot hold so many recordings, channels by themselves, or measures."""
        if self.holds_several:
            return
        several = ", ".join(f.name for f in FORMATS.values() if f.holds_several)
        if recordings != 1:
            raise ParameterError(f"{self.name} holds one recording, not {recordings}; for several use {several}")
        if each_channel:
            raise ParameterError(f"{self.name} holds one channel; choose one, or use {several}")
        if acoustics:
            raise ParameterError(f"{self.name} cannot hold acoustic measures; use {several}")


def _single(name: str, ending: str, text: Callable[[Recognition], Iterator[str]]) -> Format:
    """Return a format that holds one recording."""

    def text_of_one(outcomes: Outcomes, _numbers: Sequence[str]) -> Iterator[str]:
        return chain.from_iterable(text(outcome) for outcome in outcomes if isinstance(outcome, Recognition))

    return Format(name, ending, text_of_one, holds_several=False)


_FORMATS = (
    Format("json", ".json", lambda outcomes, _: json_array(outcomes)),
    Format("jsonl", ".jsonl", lambda outcomes, _: json_lines(outcomes)),
    Format("csv", ".csv", csv_rows),
    _single("vtt", ".vtt", vtt),
    _single("srt", ".srt", srt),
    _single("audacity", ".txt", audacity),
    _single("textgrid", ".TextGrid", text_grid),
)
FORMATS = {format_.name: format_ for format_ in _FORMATS}
"""Every format by its name."""


def find_format(path: str | os.PathLike[str], name: str | None = None) -> Format:
    """Return the format of a file.

    Parameters
    ----------
    path : path
        Its ending, in upper or lower case, decides if there is no `name`.
    name : str, optional
        The name of the format.

    Raises
    ------
    ParameterError
        If there is no such format or ending.

    Examples
    --------
    >>> find_format("call.vtt").name, find_format("call.txt", "srt").name
    ('vtt', 'srt')
    """
    if name is not None:
        if name not in FORMATS:
            raise ParameterError(f"there is no format {name!r}; use one of {', '.join(FORMATS)}")
        return FORMATS[name]
    by_ending = {format_.ending.lower(): format_ for format_ in FORMATS.values()}
    ending = Path(path).suffix.lower()
    if ending not in by_ending:
        endings = ", ".join(format_.ending for format_ in FORMATS.values())
        raise ParameterError(f"{path} has none of the endings {endings}; use one of them, or name the format")
    return by_ending[ending]


def write(
    outcomes: Recognition | Outcomes,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002 (the option of the command has that name too)
    labels: Sequence[str] | None = None,
    acoustics: bool | None = None,
) -> None:
    """Write one or several results to a file; an existing file is replaced once the new one is complete.

    Parameters
    ----------
    outcomes : Recognition, or iterable of Recognition or Failure
        From `Recognizer.recognize` or `Recognizer.recognize_each`.
    path : path
    format : {"json", "jsonl", "csv", "vtt", "srt", "audacity", "textgrid"}, optional
        By default the ending of the file decides. The first three hold several recordings.
    labels : sequence of str, optional
        The model's emotions, each a column of CSV; by default those that occur.
    acoustics : bool, optional
        Whether CSV has the columns of acoustic measures; by default if any segment has them.

    Raises
    ------
    ParameterError
        If the format is unknown or does not hold several recordings, or if the file is one of the recordings or cannot
        be written.

    Examples
    --------
    >>> import affetto, pathlib, tempfile
    >>> from affetto.exports import write
    >>> result = affetto.Recognizer().recognize("examples/angry.flac")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(result, f"{folder}/angry.vtt")
    ...     print(pathlib.Path(folder, "angry.vtt").read_text()[:6])
    WEBVTT
    """
    outcomes = [outcomes] if isinstance(outcomes, Recognition) else list(outcomes)
    require_writable(path, sources=[outcome.source for outcome in outcomes])
    found = find_format(path, format)
    found.require_room(sum(isinstance(outcome, Recognition) for outcome in outcomes))
    labels = labels_of(outcomes) if labels is None else labels
    acoustics = has_acoustics(outcomes) if acoustics is None else acoustics
    text = "".join(found.text(outcomes, number_columns(labels, acoustics=acoustics)))
    # Linux allows names that are not valid Unicode.
    write_bytes(path, text.encode("utf-8", "backslashreplace"))

"""The table of formats, and how a recognition is written to a file in one of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from affetto._files import require_writable, write_bytes
from affetto.errors import ParameterError
from affetto.exports.annotations import audacity, text_grid
from affetto.exports.subtitles import srt, vtt
from affetto.exports.tables import csv_rows, json_array, json_lines
from affetto.recognition.result import Failure, Recognition
from affetto.recognition.rows import has_acoustics, labels_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Sequence

    class _Text(Protocol):
        """From recordings, the labels of the model that heard them and whether it acoustics, to pieces of text."""

        def __call__(
            self, outcomes: Iterable[Recognition | Failure], labels: Sequence[str], *, acoustics: bool = False
        ) -> Iterator[str]: ...


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write recognitions.

    Attributes
    ----------
    name : str
        What it is called in options.
    ending : str
        The ending of its files.
    text : callable
        From recordings, the labels of their model, and whether there are acoustic measures, to the pieces of
        the file's text.
    holds_several : bool
        Whether one file holds several recordings.
    """

    name: str
    ending: str
    text: _Text
    holds_several: bool

    def require_room(self, recordings: int) -> None:
        """Raise `ParameterError` if one file cannot hold so many recordings."""
        if not self.holds_several and recordings != 1:
            several = ", ".join(f.name for f in FORMATS.values() if f.holds_several)
            raise ParameterError(f"{self.name} holds one recording, not {recordings}; for several use {several}")


def _of_one(text: Callable[[Recognition], Iterator[str]]) -> _Text:
    """Make what writes one recording look like what writes several."""

    def of_one(
        outcomes: Iterable[Recognition | Failure],
        labels: Sequence[str],  # noqa: ARG001 (only tables need them)
        *,
        acoustics: bool = False,  # noqa: ARG001 (only tables need it)
    ) -> Iterator[str]:
        (recognition,) = (outcome for outcome in outcomes if isinstance(outcome, Recognition))
        return text(recognition)

    return of_one


FORMATS = {
    made.name: made
    for made in (
        Format("json", ".json", json_array, holds_several=True),
        Format("jsonl", ".jsonl", json_lines, holds_several=True),
        Format("csv", ".csv", csv_rows, holds_several=True),
        Format("vtt", ".vtt", _of_one(vtt), holds_several=False),
        Format("srt", ".srt", _of_one(srt), holds_several=False),
        Format("audacity", ".txt", _of_one(audacity), holds_several=False),
        Format("textgrid", ".TextGrid", _of_one(text_grid), holds_several=False),
    )
}
"""Every format by its name."""


def find_format(path: str | os.PathLike[str], name: str | None = None) -> Format:
    """Return the format that a file shall have.

    Parameters
    ----------
    path : path
        The file; its ending tells the format, in upper or lower case.
    name : str, optional
        The format, whatever the ending.

    Raises
    ------
    ParameterError
        If there is no such format or ending.

    Examples
    --------
    >>> find_format("call.vtt").name, find_format("call.txt", "srt").name
    ('vtt', 'srt')
    """
    if name is None:
        by_ending = {f.ending.lower(): f for f in FORMATS.values()}
        found = by_ending.get(Path(path).suffix.lower())
        if found is None:
            endings = ", ".join(f.ending for f in FORMATS.values())
            raise ParameterError(f"{path} has none of the endings {endings}; use one of them, or name the format")
    elif (found := FORMATS.get(name)) is None:
        raise ParameterError(f"there is no format {name!r}; use one of {', '.join(FORMATS)}")
    return found


def write(
    outcomes: Recognition | Iterable[Recognition | Failure],
    path: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002 (what the command line calls it too)
    labels: Sequence[str] | None = None,
    acoustics: bool | None = None,
) -> None:
    """Write one or several recognitions to a file, which appears whole or not at all.

    Parameters
    ----------
    outcomes : Recognition, or iterable of Recognition or Failure
        What `Recognizer.recognize` or `Recognizer.recognize_each` gives.
    path : path
        The file; one that exists is replaced.
    format : {"json", "jsonl", "csv", "vtt", "srt", "audacity", "textgrid"}, optional
        By default what the file's ending says. The first three hold several recordings.
    labels : sequence of str, optional
        The model's emotions, each a column of CSV; by default those that any recording has.
    acoustics : bool, optional
        Whether CSV has the columns of acoustic measures; by default if any segment has one.

    Raises
    ------
    ParameterError
        If the format is not known or holds fewer recordings than given, or if the file is one of the recordings or
        cannot be written.

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
    text = "".join(found.text(outcomes, labels, acoustics=acoustics))
    # A name that is no valid Unicode, as Linux allows, is written with its bytes escaped.
    write_bytes(path, text.encode("utf-8", "backslashreplace"))

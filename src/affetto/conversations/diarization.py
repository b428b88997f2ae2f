"""Turns from diarizations: who speaks when, without what is said.

References
----------
NIST: The 2009 (RT-09) Rich Transcription meeting recognition evaluation plan, appendix A. 2009. (RTTM)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from affetto.conversations.turn import checked_turn
from affetto.errors import TurnsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from affetto.conversations.turn import Turn

_OTHER_TYPES = frozenset(
    ("A/P", "CB", "EDIT", "FILLER", "IP", "LEXEME", "NON-LEX", "NON-SPEECH", "NOSCORE", "NO_RT_METADATA", "SEGMENT")
) | {"SPKR-INFO", "SU"}


@runtime_checkable
class Annotation(Protocol):
    """What is used of `pyannote.core.Annotation`."""

    def itertracks(self, *, yield_label: bool) -> Iterable[tuple[Any, ...]]:
        """Return segments with `start` and `end`, tracks and labels."""


def parse_rttm(text: str, *, name: str) -> Iterator[Turn]:
    """Yield the turn of each SPEAKER line of RTTM.

    Parameters
    ----------
    text : str
    name : str
        The name of the file, for errors.

    Raises
    ------
    TurnsError
        If a line is not RTTM, or they are about several recordings.
    """
    recording: str | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        fields, place = line.split(), f"{name}, line {number}"
        if not fields or fields[0].startswith(";") or fields[0] in _OTHER_TYPES:
            continue
        if fields[0] != "SPEAKER":
            raise TurnsError(f"{place} is not RTTM: it begins with {fields[0][:40]!r}, not with SPEAKER")
        if len(fields) < 8:
            raise TurnsError(f"{place} has {len(fields)} fields; RTTM has the speaker in the eighth")
        if recording not in (None, fields[1]):
            raise TurnsError(
                f"{place} is about {fields[1]:.80}, those before about {recording:.80}; keep one recording"
            )
        recording = fields[1]
        try:
            start, duration = float(fields[3]), float(fields[4])
        except ValueError:
            raise TurnsError(
                f"{place} has the times {fields[3]!r:.80} and {fields[4]!r:.80}; give numbers of seconds"
            ) from None
        yield checked_turn(place, start, start + duration, None if fields[7] == "<NA>" else fields[7])


def turns_of_annotation(annotation: Annotation) -> Iterator[Turn]:
    """Yield the turns of pyannote's diarization."""
    for segment, _, label in annotation.itertracks(yield_label=True):
        start = max(float(segment.start), 0.0)  # models may place the first a frame too early
        yield checked_turn("the diarization", start, float(segment.end), str(label))

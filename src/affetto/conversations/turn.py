"""A turn: a stretch of a recording in which one person speaks."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import TYPE_CHECKING

from affetto.errors import ParameterError, TurnsError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_AT_ONCE = 20
"""How many turns may cover the same moment: each costs as much as a recording of its own."""

_MAX_S = 1e9


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of a recording in which one person speaks, for example a line of a transcript.

    Attributes
    ----------
    start_s, end_s : float
        Where it begins and ends in the recording, in seconds.
    speaker : str or None
        The name of the speaker; None if it is not known.
    text : str or None
        What is said, on one line; None if it is not known.

    Raises
    ------
    ParameterError
        If a time is not a number of at most 1e9, the start is below 0 or after the end, or a name or text is not a
        str.

    Examples
    --------
    >>> import affetto
    >>> affetto.Turn(1.5, 4.0, speaker="Anna", text="I told you twice.").speaker
    'Anna'
    """

    start_s: float
    end_s: float
    speaker: str | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        for name in ("start_s", "end_s"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value) or float(value) > _MAX_S:
                raise ParameterError(f"{name} of a turn is {value!r}; give seconds, at most {_MAX_S:.0e}")
            object.__setattr__(self, name, float(value))
        if self.start_s < 0:
            raise ParameterError(f"a turn starts at {self.start_s:g} s; times count from 0, the beginning of the sound")
        if self.end_s < self.start_s:
            raise ParameterError(f"a turn ends at {self.end_s:g} s, before its start at {self.start_s:g} s")
        for name in ("speaker", "text"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise ParameterError(f"{name} of a turn is a {type(value).__name__}; give a str or None")
            object.__setattr__(self, name, " ".join((value or "").split()) or None)


def checked_turn(place: str, start_s: float, end_s: float, speaker: str | None = None, text: str | None = None) -> Turn:
    """Return a turn from a file.

    Parameters
    ----------
    place : str
        Where in which file it stands, for the error.
    start_s, end_s, speaker, text
        As in `Turn`.

    Raises
    ------
    TurnsError
        If it cannot be a turn.
    """
    try:
        return Turn(start_s, end_s, speaker, text)
    except ParameterError as error:
        raise TurnsError(f"{place}: {error}") from None


def in_order(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """Return turns in the order of their start.

    Raises
    ------
    ParameterError
        If something else is among them, or more than `MAX_AT_ONCE` cover the same moment.
    """
    try:
        given = tuple(turns)
    except TypeError:
        raise ParameterError(f"turns is a {type(turns).__name__}; give Turn objects, as from read_turns") from None
    for turn in given:
        if not isinstance(turn, Turn):
            raise ParameterError(f"a {type(turn).__name__} is among the turns; give Turn objects, as from read_turns")
    ordered = tuple(sorted(given, key=lambda turn: turn.start_s))
    active: list[Turn] = []
    for turn in ordered:
        active = [other for other in active if other.end_s > turn.start_s]
        active.append(turn)
        if len(active) > MAX_AT_ONCE:
            raise ParameterError(
                f"more than {MAX_AT_ONCE} turns cover the moment {turn.start_s:g} s; leave out those that repeat others"
            )
    return ordered

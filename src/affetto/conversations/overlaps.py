"""Where turns overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from affetto.conversations.turn import Turn

Span: TypeAlias = tuple[float, float]
"""Start and end in seconds."""


def overlapping(turns: Sequence[Turn], others: Sequence[Turn]) -> list[list[Turn]]:
    """Return for each turn those of the others that overlap with it.

    The time it takes grows with the number of turns, and with how many overlap at once.

    Parameters
    ----------
    turns, others : sequence of Turn
        Each in the order of their start.

    Examples
    --------
    >>> from affetto import Turn
    >>> [[other.speaker for other in found] for found in overlapping([Turn(0, 4), Turn(5, 6)], [Turn(3, 5, "Anna")])]
    [['Anna'], []]
    """
    found: list[list[Turn]] = [[] for _ in turns]
    active: list[int] = []
    active_others: list[Turn] = []
    remaining = iter([*others, None])
    following = next(remaining)
    for number, turn in enumerate([*turns, None]):
        while following is not None and (turn is None or following.start_s <= turn.start_s):
            active = [n for n in active if turns[n].end_s > following.start_s]
            for n in active:
                found[n].append(following)
            active_others = [other for other in active_others if other.end_s > following.start_s]
            active_others.append(following)
            following = next(remaining)
        if turn is None:
            break
        active_others = [other for other in active_others if other.end_s > turn.start_s]
        found[number] += active_others
        active.append(number)
    return found


def common_span(turn: Turn, other: Turn) -> Span:
    """Return where two turns that overlap do so."""
    return max(turn.start_s, other.start_s), min(turn.end_s, other.end_s)


def uncovered(span: Span, others: Iterable[Span], *, least_s: float) -> list[Span]:
    """Return the parts of a span that none of the others covers, without those that are too short.

    Examples
    --------
    >>> uncovered((0, 10), [(2, 4), (3, 6), (6.1, 7)], least_s=0.5)
    [(0, 2), (7, 10)]
    """
    parts, position = [], span[0]
    for start, end in [*sorted(others), (span[1], span[1])]:
        if start - position >= least_s:
            parts.append((position, start))
        position = max(position, end)
    return parts

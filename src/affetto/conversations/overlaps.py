"""Where turns overlap."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import itemgetter
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


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return spans in their order, those that overlap or touch as one.

    Examples
    --------
    >>> joined([(6, 7), (2, 4), (3, 6), (8, 9)])
    [(2, 7), (8, 9)]
    """
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def uncovered(span: Span, others: Sequence[Span], *, least_s: float) -> list[Span]:
    """Return the parts of a span that none of the others covers, without those that are too short.

    Parameters
    ----------
    span : (float, float)
    others : sequence of (float, float)
        In their order, without overlaps, as from `joined`.
    least_s : float

    Examples
    --------
    >>> uncovered((0, 10), [(2, 6), (6.1, 7), (12, 13)], least_s=0.5)
    [(0, 2), (7, 10)]
    """
    first = bisect_right(others, span[0], key=itemgetter(1))
    last = bisect_left(others, span[1], key=itemgetter(0))
    parts, position = [], span[0]
    for start, end in [*others[first:last], (span[1], span[1])]:
        if start - position >= least_s:
            parts.append((position, start))
        position = end
    return parts


def several_speakers(turns: Sequence[Turn]) -> list[Span]:
    """Return where turns of two or more speakers overlap, in order and without overlaps.

    Examples
    --------
    >>> from affetto import Turn
    >>> several_speakers([Turn(0, 9, "Anna"), Turn(1, 3, "Anna"), Turn(2, 4, "Ben"), Turn(8, 12, "Carla")])
    [(2.0, 4.0), (8.0, 9.0)]
    """
    starts = [(turn.start_s, 0, turn.speaker) for turn in turns]
    ends = [(turn.end_s, 1, turn.speaker) for turn in turns]
    active: dict[str | None, int] = {}  # how many turns each speaker has at the time
    spans, start_s = [], 0.0
    for time_s, is_end, speaker in sorted([*starts, *ends], key=itemgetter(0, 1)):
        were_several = len(active) > 1
        active[speaker] = active.get(speaker, 0) + (-1 if is_end else 1)
        if not active[speaker]:
            del active[speaker]
        if not were_several:
            start_s = time_s
        elif len(active) < 2 and time_s > start_s:
            spans.append((start_s, time_s))
    return spans

"""Results as rows, one for each segment: the content of JSON lines, CSV and pandas tables."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from affetto.acoustics.measures import AcousticMeasures
from affetto.errors import MissingExtraError
from affetto.recognition.result import Failure, Recognition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pandas as pd

COLUMNS = (
    *("source", "channel", "track", "start_s", "end_s", "speaker", "text", "status", "emotion", "confidence"),
    *("arousal", "valence", "adapted_to", "reason", "warnings"),
)
"""The first columns of a table; the emotions' probabilities and the acoustic measures follow."""

_MEASURES = tuple(field.name for field in dataclasses.fields(AcousticMeasures))
_NESTED = ("probabilities", "acoustics")


def rows(outcomes: Iterable[Recognition | Failure]) -> Iterator[dict[str, Any]]:
    """Yield a row for each segment.

    A recording without speech is one row over its whole length, and one that failed is a row with its error, so that
    no recording is missing.

    Parameters
    ----------
    outcomes : iterable of Recognition or Failure

    Yields
    ------
    dict
        Source, channel, track, `adapted_to`, and warnings of the recording, and the fields of `Segment`, with the
        recording's reason if the segment has none; or the fields of `Failure`, with the status "error".

    Examples
    --------
    >>> [row["status"] for row in rows([Failure("missing.wav", "there is no such file")])]
    ['error']
    """
    for outcome in outcomes:
        if isinstance(outcome, Failure):
            yield outcome.to_dict()
            continue
        whole: dict[str, Any] = {
            **dict.fromkeys(("emotion", "confidence", "arousal", "valence", "acoustics", "speaker", "text", "reason")),
            "start_s": 0.0,
            "end_s": outcome.duration_s,
            "status": outcome.status,
            "probabilities": {},
        }
        for segment in [segment.to_dict() for segment in outcome.segments] or [whole]:
            yield {
                "source": outcome.source,
                "channel": outcome.channel,
                "track": outcome.track,
                **segment,
                "adapted_to": outcome.adapted_to,
                "reason": segment["reason"] or outcome.reason,
                "warnings": list(outcome.warnings),
            }


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row whose probabilities and measures are columns of their own, and whose warnings are one text."""
    columns = {key: value for key, value in row.items() if key not in _NESTED}
    columns["warnings"] = "; ".join(row.get("warnings", ())) or None
    for key in _NESTED:
        columns |= row.get(key) or {}
    return columns


def labels_of(outcomes: Iterable[Recognition | Failure]) -> tuple[str, ...]:
    """Return every emotion that has a probability, in the model's order."""
    return tuple(dict.fromkeys(label for row in rows(outcomes) for label in row.get("probabilities", {})))


def has_acoustics(outcomes: Iterable[Recognition | Failure]) -> bool:
    """Return whether any segment has acoustic measures."""
    return any(s.acoustics for outcome in outcomes if isinstance(outcome, Recognition) for s in outcome.segments)


def number_columns(labels: Sequence[str], *, acoustics: bool) -> tuple[str, ...]:
    """Return the columns of probabilities and, if asked for, of acoustic measures."""
    return (*labels, *(_MEASURES if acoustics else ()))


def data_frame(recognition: Recognition) -> pd.DataFrame:
    """Return the rows of one result as a pandas table.

    Raises
    ------
    MissingExtraError
        If pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise MissingExtraError("a table of pandas needs pandas; install it with: pip install pandas") from None

    numbers = number_columns(labels_of([recognition]), acoustics=has_acoustics([recognition]))
    frame = pd.DataFrame([flat(row) for row in rows([recognition])], columns=[*COLUMNS, *numbers])
    # A column that holds only None would have the type object.
    return frame.astype(dict.fromkeys(("confidence", "arousal", "valence", *numbers), float))

"""A recognition as rows, one for each segment: what JSON lines, CSV and pandas hold."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from affetto.acoustics.measures import AcousticMeasures
from affetto.errors import MissingExtraError
from affetto.recognition.result import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd

    from affetto.recognition.result import Recognition

COLUMNS = (
    *("source", "channel", "track", "start_s", "end_s", "status", "emotion", "confidence"),
    *("arousal", "valence", "adapted_to", "reason", "warnings"),
)
"""What every row has before its probabilities."""

MEASURES = tuple(field.name for field in dataclasses.fields(AcousticMeasures))
"""What every row has after its probabilities where acoustic measures were asked for."""


def rows(outcomes: Iterable[Recognition | Failure]) -> Iterator[dict[str, Any]]:
    """Yield a row for each segment.

    A recording without segments is one row over its whole length, and one that failed is a row with its error, so that
    no recording is missing.

    Parameters
    ----------
    outcomes : iterable of Recognition or Failure

    Yields
    ------
    dict
        Source, channel, track, `adapted_to`, reason and warnings of the recording, and the fields of `Segment`; or the
        fields of `Failure`, with the status "error".
    """
    for outcome in outcomes:
        if isinstance(outcome, Failure):
            yield outcome.to_dict()
            continue
        whole: dict[str, Any] = {
            "start_s": 0.0,
            "end_s": outcome.duration_s,
            "status": outcome.status,
            "emotion": None,
            "confidence": None,
            "probabilities": {},
            "arousal": None,
            "valence": None,
            "acoustics": None,
        }
        for segment in [segment.to_dict() for segment in outcome.segments] or [whole]:
            yield {
                "source": outcome.source,
                "channel": outcome.channel,
                "track": outcome.track,
                **segment,
                "adapted_to": outcome.adapted_to,
                "reason": outcome.reason,
                "warnings": list(outcome.warnings),
            }


def flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row whose probabilities and measures are columns of their own, and whose warnings are one text."""
    nested = ("probabilities", "acoustics")
    columns = {key: value for key, value in row.items() if key not in nested}
    columns["warnings"] = "; ".join(row.get("warnings", ())) or None
    for key in nested:
        columns |= row.get(key) or {}
    return columns


def labels_of(outcomes: Iterable[Recognition | Failure]) -> tuple[str, ...]:
    """Return every emotion that has a probability, in the model's order."""
    return tuple(dict.fromkeys(label for row in rows(outcomes) for label in row.get("probabilities", {})))


def has_acoustics(outcomes: Iterable[Recognition | Failure]) -> bool:
    """Return whether any segment has an acoustics."""
    return any(row.get("acoustics") for row in rows(outcomes))


def data_frame(recognition: Recognition) -> pd.DataFrame:
    """Return the rows of one recognition as a table of pandas.

    Raises
    ------
    MissingExtraError
        If pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise MissingExtraError("a table of pandas needs pandas; install it with: pip install pandas") from None

    numbers = [*labels_of([recognition]), *(MEASURES if has_acoustics([recognition]) else ())]
    frame = pd.DataFrame([flat(row) for row in rows([recognition])], columns=[*COLUMNS, *numbers])
    # A column of nothing but None would be one of objects.
    return frame.astype(dict.fromkeys(("confidence", "arousal", "valence", *numbers), float))

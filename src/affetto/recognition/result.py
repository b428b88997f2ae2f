"""What a recognition gives: the same from Python, command line, HTTP and archives."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from affetto.acoustics.measures import AcousticMeasures

SegmentStatus: TypeAlias = Literal["ok", "uncertain"]
Status: TypeAlias = Literal[SegmentStatus, "no_speech"]
AdaptedTo: TypeAlias = Literal["profile", "recording"]


@dataclass(frozen=True, slots=True)
class Segment:
    """One utterance and the emotion that its voice expresses.

    Attributes
    ----------
    start_s, end_s : float
        Where it begins and ends in the recording, in seconds.
    status : {"ok", "uncertain"}
        Whether the answer can be relied on.
    emotion : str
        The most probable emotion.
    confidence : float
        That emotion's probability.
    probabilities : mapping of str to float
        Every emotion's probability.
    arousal, valence : float
        From calm to excited and from unpleasant to pleasant, each from -1 to 1, whatever the prior; see
        `affetto.recognition.dimensions`.
    acoustics : Explanation or None
        How the voice sounds, where that was asked for.
    """

    start_s: float
    end_s: float
    status: SegmentStatus
    emotion: str
    confidence: float
    probabilities: Mapping[str, float]
    arousal: float
    valence: float
    acoustics: AcousticMeasures | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, strings and numbers."""
        acoustics = None if self.acoustics is None else self.acoustics.to_dict()
        return dataclasses.asdict(self) | {"acoustics": acoustics}


@dataclass(frozen=True, slots=True)
class ModelName:
    """Which model answered.

    Attributes
    ----------
    name : str
        The bundle's name.
    version : str
        The bundle's version.
    """

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Recognition:
    """A recording and the emotion that its voice expresses: an estimate of expression, not of what a person feels.

    Attributes
    ----------
    source : str
        What was recognized: the path as given, a file object's name, or "<bytes>", "<samples>", "<file>".
    duration_s : float
        The recording's length in seconds.
    status : {"ok", "uncertain", "no_speech"}
        Whether there is an answer, and whether it can be relied on.
    emotion : str or None
        The most probable emotion over the whole recording; None where there is no speech.
    confidence : float or None
        That emotion's probability.
    probabilities : mapping of str to float
        Every emotion's probability, the mean over the segments weighted by their length.
    arousal, valence : float or None
        As those of a segment, over the whole recording; None where there is no speech.
    segments : tuple of Segment
        The utterances, in the order of time; none where there is no speech.
    model : ModelName
        Which model answered.
    reason : str or None
        Where there is no speech: what there is instead.
    channel : int or None
        The channel that was heard, counted from 1; None where it is the mean of all.
    track : int or None
        The audio track that was asked for, counted from 1; None where it is the one that players choose.
    warnings : tuple of str
        What is worth knowing about the recording, for example that it ends before its header says.
    adapted_to : {"profile", "recording"} or None
        What the answers are adapted to: an adaptation profile, or the recording itself, from its second utterance on.
    """

    source: str
    duration_s: float
    status: Status
    emotion: str | None
    confidence: float | None
    probabilities: Mapping[str, float]
    arousal: float | None
    valence: float | None
    segments: tuple[Segment, ...]
    model: ModelName
    reason: str | None = None
    channel: int | None = None
    track: int | None = None
    warnings: tuple[str, ...] = field(default=())
    adapted_to: AdaptedTo | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, strings and numbers."""
        return dataclasses.asdict(self) | {
            "segments": [segment.to_dict() for segment in self.segments],
            "warnings": list(self.warnings),
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Return `to_dict` as JSON.

        Parameters
        ----------
        indent : int, optional
            Spaces of indentation; by default one line.
        """
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)

    def to_pandas(self) -> pd.DataFrame:
        """Return a table of pandas with a row for each segment and a column for each emotion's probability.

        A recording without segments is one row over its whole length.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        from affetto.recognition.rows import data_frame

        return data_frame(self)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: a timeline, and a player where the recording is a file that is still there."""
        from affetto.exports.notebook import as_html

        return as_html(self)


@dataclass(frozen=True, slots=True)
class Failure:
    """A recording that could not be recognized, among others that could.

    Attributes
    ----------
    source : str
        What was to be recognized.
    error : str
        One sentence: what is wrong and what to do.
    """

    source: str
    error: str

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dictionary whose status is "error"."""
        return {"source": self.source, "status": "error", "error": self.error}

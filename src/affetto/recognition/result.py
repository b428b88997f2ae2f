"""Results of recognition."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping  # noqa: TC003 (the service derives its schema from the annotations)
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from affetto.acoustics.measures import AcousticMeasures  # noqa: TC001 (as above)

if TYPE_CHECKING:
    import pandas as pd

Status: TypeAlias = Literal["ok", "uncertain", "no_speech"]
AdaptedTo: TypeAlias = Literal["profile", "recording"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of speech, or a turn of a conversation, and the emotion that the voice expresses in it.

    Attributes
    ----------
    start_s, end_s : float
        Where it begins and ends in the recording, in seconds.
    status : {"ok", "uncertain", "no_speech"}
        "ok" if the confidence reaches the threshold of the model. "no_speech" only for a turn in which nobody speaks.
    emotion : str or None
        The most probable emotion; None without speech.
    confidence : float or None
        That emotion's probability.
    probabilities : mapping of str to float
        Every emotion's probability; empty without speech.
    arousal, valence : float or None
        From calm to excited and from unpleasant to pleasant, each from -1 to 1, independent of the prior; see
        `affetto.recognition.dimensions`.
    acoustics : AcousticMeasures or None
        F0, loudness, articulation rate and more; None if they were not asked for.
    speaker, text : str or None
        Who speaks and what is said, from the turn; None if it is not known.
    reason : str or None
        Why a turn has no answer, or an uncertain one whatever its confidence.
    """

    start_s: float
    end_s: float
    status: Status
    emotion: str | None
    confidence: float | None
    probabilities: Mapping[str, float]
    arousal: float | None
    valence: float | None
    acoustics: AcousticMeasures | None = None
    speaker: str | None = None
    text: str | None = None
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, strings and numbers."""
        acoustics = None if self.acoustics is None else self.acoustics.to_dict()
        return dataclasses.asdict(self) | {"acoustics": acoustics}


@dataclass(frozen=True, slots=True)
class ModelName:
    """The model that made a result.

    Attributes
    ----------
    name : str
        The name of the bundle.
    version : str
        The version of the bundle.
    """

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Recognition:
    """A recording and the emotion that the voice in it expresses: an estimate of expression, not of feeling.

    Attributes
    ----------
    source : str
        The recording: the path as given, a file object's name, or "<bytes>", "<samples>", "<file>".
    duration_s : float
        The recording's length in seconds.
    status : {"ok", "uncertain", "no_speech"}
        "no_speech" if nobody speaks; else as in `Segment`.
    emotion : str or None
        The most probable emotion over the whole recording; None without speech.
    confidence : float or None
        That emotion's probability.
    probabilities : mapping of str to float
        Every emotion's probability: the mean over the segments, weighted by their length.
    arousal, valence : float or None
        As in `Segment`, over the whole recording; None without speech.
    segments : tuple of Segment
        In the order of time: the turns, if there are any given, else the segments of speech.
    model : ModelName
    reason : str or None
        Why there is no answer, for example silence, or sound without speech.
    channel : int or None
        The channel, counted from 1; None for the mean of all.
    track : int or None
        The chosen audio track, counted from 1; None for the one that players choose.
    warnings : tuple of str
        Problems of the recording, for example that it ends before its header says.
    adapted_to : {"profile", "recording"} or None
        What the answers are adapted to: a profile, or the recording itself, from each speaker's second segment on.
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
        """Return a pandas table with a row for each segment and a column for each emotion's probability.

        A recording without segments is one row over its whole length.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        from affetto.recognition.rows import data_frame

        return data_frame(self)

    def _repr_html_(self) -> str:
        """Return the HTML that a notebook shows: a timeline, and a player if the recording is a file."""
        from affetto.exports.notebook import as_html

        return as_html(self)


@dataclass(frozen=True, slots=True)
class Failure:
    """A recording that could not be recognized.

    Attributes
    ----------
    source : str
        The recording, as in `Recognition`.
    error : str
        One sentence: what is wrong and what to do.
    """

    source: str
    error: str

    def to_dict(self) -> dict[str, Any]:
        """Return a plain dictionary whose status is "error"."""
        return {"source": self.source, "status": "error", "error": self.error}

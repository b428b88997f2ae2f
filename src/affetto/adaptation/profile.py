"""Adaptation profiles: what a model has learned of the voices, room, line and language of some recordings."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, get_args

import numpy as np

from affetto._files import write_bytes
from affetto.adaptation.offset_model import Voices
from affetto.errors import ProfileError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from affetto.adaptation.offset_model import Offset
    from affetto.bundles.bundle import Bundle
    from affetto.recognition.aggregator import SegmentPrediction

_FORMAT, _FORMAT_VERSION = "affetto adaptation profile", 1
_DECIMALS = 5
_LARGEST = 1e3
"""No embedding has values near this."""


@dataclass(frozen=True, eq=False)
class AdaptationProfile:
    """What one model has learned of some recordings: a few numbers for each utterance, no sound, no words, no labels.

    Made by `Recognizer.adapt`; of use to that model alone.

    Attributes
    ----------
    model : str
        The model's name.
    model_sha256 : str
        Its checksum.
    embeddings : ndarray of shape (n_utterances, n_dimensions)
        Each utterance in the space of the model's `OffsetModel`.
    speech_s : float
        How long all are together, in seconds.
    voices : {"one", "several", "unknown"}
        Whether they are of one voice, where that can be told.

    Raises
    ------
    ProfileError
        If a value is out of range.
    """

    model: str
    model_sha256: str
    embeddings: NDArray[np.float64] = field(repr=False)
    speech_s: float
    voices: Voices = "unknown"

    def __post_init__(self) -> None:
        """Refuse values that no model gives."""
        if self.embeddings.ndim != 2 or not len(self):
            raise ProfileError(
                f"a profile has one row of numbers for each utterance, not embeddings of shape {self.embeddings.shape}"
            )
        # Written so that values which are not numbers are refused too.
        if not (np.abs(self.embeddings) < _LARGEST).all():
            raise ProfileError("the embeddings are out of range")
        if not 0 <= self.speech_s < np.inf:
            raise ProfileError(f"the speech lasts {self.speech_s} s")
        if self.voices not in get_args(Voices):
            raise ProfileError(f"voices is {self.voices!r}, none of {', '.join(get_args(Voices))}")

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self.embeddings)

    @classmethod
    def of(cls, bundle: Bundle, utterances: Sequence[SegmentPrediction]) -> Self:
        """Make a profile of utterances. The same utterance given twice counts once.

        Parameters
        ----------
        bundle : Bundle
            The model that made their embeddings.
        utterances : sequence of SegmentPrediction
            One or more.

        Raises
        ------
        ProfileError
            If the model cannot be adapted.
        """
        model = bundle.offset_model
        if model is None:
            raise ProfileError(f"the model {bundle.name} cannot be adapted")
        # Rounded as they are written: a profile answers alike before and after it is saved.
        rows: dict[bytes, tuple[NDArray[np.float64], float]] = {}
        for utterance in utterances:
            embedding = np.asarray(utterance.heard.embedding, dtype=np.float64).round(_DECIMALS)
            rows[embedding.tobytes()] = (embedding, utterance.end_s - utterance.start_s)
        embeddings = np.array([embedding for embedding, _ in rows.values()])
        return cls(
            model=bundle.name,
            model_sha256=str(bundle.manifest["model"]["sha256"]),
            embeddings=embeddings,
            speech_s=round(sum(duration_s for _, duration_s in rows.values()), 3),
            voices=model.voices(embeddings),
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the profile as JSON. An existing file is replaced.

        Parameters
        ----------
        path : path

        Raises
        ------
        ParameterError
            If it cannot be written.
        """
        content = {
            "format": _FORMAT,
            "format_version": _FORMAT_VERSION,
            "model": {"name": self.model, "sha256": self.model_sha256},
            "speech_s": self.speech_s,
            "voices": self.voices,
            "embeddings": self.embeddings.round(_DECIMALS).tolist(),
        }
        write_bytes(path, f"{json.dumps(content)}\n".encode())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a profile.

        Parameters
        ----------
        path : path

        Raises
        ------
        ProfileError
            If it cannot be read, or is no profile.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ProfileError(
                f"the profile {path} cannot be read: {error.strerror}; make one with `affetto adapt`"
            ) from None
        except (ValueError, RecursionError) as error:  # neither UTF-8 nor JSON; a null character in the name
            raise ProfileError(f"{path} is no adaptation profile ({error}); make one with `affetto adapt`") from None
        if not isinstance(content, dict) or content.get("format") != _FORMAT:
            raise ProfileError(f"{path} is no adaptation profile; make one with `affetto adapt`")
        if content.get("format_version") != _FORMAT_VERSION:
            raise ProfileError(
                f"{path} has format version {content.get('format_version')!r}; "
                f"this Affetto reads {_FORMAT_VERSION}: upgrade affetto, or adapt again"
            )
        try:
            return cls._from_dict(content)
        except KeyError as error:
            raise ProfileError(f"{path} is damaged (it has no {error}); adapt again") from None
        except (TypeError, ValueError, OverflowError, ProfileError) as error:
            raise ProfileError(f"{path} is damaged ({error}); adapt again") from None

    @classmethod
    def _from_dict(cls, content: Mapping[str, Any]) -> Self:
        return cls(
            model=str(content["model"]["name"]),
            model_sha256=str(content["model"]["sha256"]),
            embeddings=np.array(content["embeddings"], dtype=np.float64),
            speech_s=float(content["speech_s"]),
            voices=content["voices"],
        )

    def offset(self, bundle: Bundle) -> Offset:
        """Return the offset that the model learns from these utterances.

        Parameters
        ----------
        bundle : Bundle

        Raises
        ------
        ProfileError
            If the profile is of another model, or was changed.
        """
        model = bundle.offset_model
        if model is None:
            raise ProfileError(f"the model {bundle.name} cannot be adapted")
        if self.model_sha256 != bundle.manifest["model"]["sha256"]:
            raise ProfileError(
                f"the profile was made with another model ({self.model}, {self.model_sha256[:12]}…) "
                f"than {bundle.name}; adapt again with this one"
            )
        if self.embeddings.shape[1] != model.n_dimensions:
            raise ProfileError(
                f"the profile has {self.embeddings.shape[1]} dimensions and its model {bundle.name} "
                f"{model.n_dimensions}; adapt again"
            )
        return model.learn(self.embeddings)

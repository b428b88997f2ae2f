"""Adaptation profiles: a model's embeddings of some recordings, from which it learns their offset."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self, get_args

import numpy as np

from affetto._files import require_writable, write_bytes
from affetto.adaptation.offset_model import SpeakerCount
from affetto.errors import ParameterError, ProfileError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from affetto.adaptation.offset_model import Offset, OffsetModel
    from affetto.bundles.bundle import Bundle
    from affetto.recognition.aggregator import SegmentPrediction

_FORMAT, _FORMAT_VERSION = "affetto adaptation profile", 1
_DECIMALS = 5
_LARGEST = 1e3
"""No embedding has values near this."""


@dataclass(frozen=True, eq=False)
class AdaptationProfile:
    """The embeddings of some segments of speech: a few numbers for each, no sound, no words, no labels.

    Made by `Recognizer.adapt`; usable with that model only.

    Attributes
    ----------
    model : str
        The model's name.
    model_sha256 : str
        The checksum of the model.
    embeddings : ndarray of shape (n_segments, n_dimensions)
    speech_s : float
        The length of all segments together, in seconds.
    speaker_count : {"one", "several", "unknown"}
        Whether one person or several speak in them.

    Raises
    ------
    ProfileError
        If a value is out of range.

    Examples
    --------
    >>> import affetto, tempfile
    >>> profile = affetto.Recognizer().adapt(["examples/angry.flac", "examples/neutral.flac"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     profile.save(f"{folder}/me.json")
    ...     len(affetto.AdaptationProfile.load(f"{folder}/me.json"))
    2
    """

    model: str
    model_sha256: str
    embeddings: NDArray[np.float64] = field(repr=False)
    speech_s: float
    speaker_count: SpeakerCount = "unknown"

    def __post_init__(self) -> None:
        """Check the values."""
        if self.embeddings.ndim != 2 or not len(self):
            raise ProfileError(f"embeddings has shape {self.embeddings.shape}, not one row for each segment")
        # Negated, so that NaN fails too.
        if not (np.abs(self.embeddings) < _LARGEST).all():
            raise ProfileError("embeddings are out of range")
        if not 0 <= self.speech_s < np.inf:
            raise ProfileError(f"speech_s is {self.speech_s}")
        if self.speaker_count not in get_args(SpeakerCount):
            raise ProfileError(f"speaker_count is {self.speaker_count!r}, not {', '.join(get_args(SpeakerCount))}")

    def __len__(self) -> int:
        """Return the number of segments."""
        return len(self.embeddings)

    @classmethod
    def from_segments(cls, bundle: Bundle, segments: Sequence[SegmentPrediction]) -> Self:
        """Make a profile; a segment that is given twice counts once.

        Parameters
        ----------
        bundle : Bundle
            The model that predicted the segments.
        segments : sequence of SegmentPrediction
            One or more, from `Recognizer.predict_segments`.

        Raises
        ------
        ProfileError
            If the model cannot be adapted.
        """
        model = _offset_model(bundle)
        # Rounded as in the file, so that saving a profile does not change it.
        lengths_s: dict[bytes, float] = {}
        for segment in segments:
            embedding = np.asarray(segment.output.embedding, dtype=np.float64).round(_DECIMALS)
            lengths_s[embedding.tobytes()] = segment.end_s - segment.start_s
        embeddings = np.array([np.frombuffer(embedding) for embedding in lengths_s])
        return cls(
            model=bundle.name,
            model_sha256=str(bundle.manifest["model"]["sha256"]),
            embeddings=embeddings,
            speech_s=round(sum(lengths_s.values()), 3),
            speaker_count=model.speaker_count(embeddings),
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the profile as JSON. An existing file is replaced.

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
            "speaker_count": self.speaker_count,
            "embeddings": self.embeddings.round(_DECIMALS).tolist(),
        }
        write_bytes(path, f"{json.dumps(content)}\n".encode())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a profile.

        Raises
        ------
        ProfileError
            If it cannot be read, or is not a valid profile.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ProfileError(
                f"the profile {path} cannot be read: {error.strerror}; make one with `affetto adapt`"
            ) from None
        except (ValueError, RecursionError) as error:  # neither UTF-8 nor JSON; a null character in the name
            raise ProfileError(f"the profile {path} is not valid JSON: {error}; make it with `affetto adapt`") from None
        if not isinstance(content, dict) or content.get("format") != _FORMAT:
            raise ProfileError(f"{path} is not an adaptation profile; make one with `affetto adapt`")
        if content.get("format_version") != _FORMAT_VERSION:
            raise ProfileError(
                f"the profile {path} has format version {content.get('format_version')!r}; "
                f"this Affetto reads {_FORMAT_VERSION}: upgrade affetto, or make it again with `affetto adapt`"
            )
        try:
            return cls(
                model=str(content["model"]["name"]),
                model_sha256=str(content["model"]["sha256"]),
                embeddings=np.array(content["embeddings"], dtype=np.float64),
                speech_s=float(content["speech_s"]),
                speaker_count=content["speaker_count"],
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            problem = f"it has no {error}" if isinstance(error, KeyError) else str(error)
            raise ProfileError(
                f"the profile {path} is damaged ({problem}); make it again with `affetto adapt`"
            ) from None

    def offset(self, bundle: Bundle) -> Offset:
        """Return the offset that the model learns from the embeddings.

        Raises
        ------
        ProfileError
            If the profile was made with another model, or was changed.
        """
        model = _offset_model(bundle)
        if self.model_sha256 != bundle.manifest["model"]["sha256"]:
            raise ProfileError(
                f"the profile was made with another model ({self.model}, {self.model_sha256[:12]}…) "
                f"than {bundle.name}; make one for this model with `affetto adapt`"
            )
        if self.embeddings.shape[1] != model.n_dimensions:
            raise ProfileError(
                f"the profile has {self.embeddings.shape[1]} dimensions and its model {bundle.name} "
                f"{model.n_dimensions}; make it again with `affetto adapt`"
            )
        return model.learn(self.embeddings)


def require_replaceable(path: str | os.PathLike[str], *, sources: Iterable[object]) -> None:
    """Check that a profile can be written without loss, before it is learned.

    Parameters
    ----------
    path : path
        The profile to write.
    sources : iterable
        The recordings to adapt to.

    Raises
    ------
    ParameterError
        If the path cannot be written, is one of the recordings, or an existing file that is not a profile.
    """
    require_writable(path, sources=sources)
    if Path(path).is_file():
        try:
            AdaptationProfile.load(path)
        except ProfileError:
            raise ParameterError(
                f"{path} exists and is not a valid adaptation profile; name another file, or remove it"
            ) from None


def _offset_model(bundle: Bundle) -> OffsetModel:
    if bundle.offset_model is None:
        raise ProfileError(f"the model {bundle.name} cannot be adapted")
    return bundle.offset_model

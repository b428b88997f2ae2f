"""Speaker profiles, and what is remembered of a voice while a recording is heard."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from affetto.errors import ProfileError
from affetto.files import write_bytes

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from affetto.classifiers.voices import KnownVoice, VoiceSpaces
    from affetto.recognition.answers import HeardUtterance
    from affetto.recognition.bundle import Bundle
    from affetto.recognition.result import AdaptedTo

_FORMAT, _FORMAT_VERSION = "affetto speaker profile", 1
_EMBEDDING_DECIMALS, _PROBABILITY_DECIMALS = 5, 6
_LARGEST = 1e3  # no embedding comes near
_NEARLY = 1e-3  # written probabilities are rounded

# What was heard long ago may be of somebody else, and says no more about the voice than what was heard since.
_REMEMBERED = 60
# A voice is estimated anew when so much of what is remembered is new.
_NEWS = 0.1
# How much of the evidence that all is of one voice is left after a further utterance, and how far it is believed:
# embeddings know less than their dimensions say.
_EVIDENCE_KEPT, _EVIDENCE_SCALE = 0.9, 0.3


class Heard(NamedTuple):
    """What a model makes of one utterance.

    Attributes
    ----------
    probabilities : ndarray of shape (n_labels,)
        Unadapted.
    embedding : ndarray of shape (n_dimensions,)
        Where it lies among emotions and voices; of no dimensions where the model has no such space.
    """

    probabilities: NDArray[np.floating]
    embedding: NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class SpeakerProfile:
    """What one model has heard of one person's voice: a few numbers for each utterance, no sound, no words, no labels.

    Made by `Recognizer.adapt`; of use to that model alone.

    Attributes
    ----------
    model : str
        The model's name.
    model_sha256 : str
        Its checksum.
    labels : tuple of str
        Its emotions.
    embeddings : ndarray of shape (n_utterances, n_dimensions)
        Where each utterance lies among emotions and voices.
    probabilities : ndarray of shape (n_utterances, n_labels)
        What each sounds like to somebody who does not know the voice.
    speech_s : float
        How long all are together, in seconds.

    Raises
    ------
    ProfileError
        If these are no utterances that a model has heard.
    """

    model: str
    model_sha256: str
    labels: tuple[str, ...]
    embeddings: NDArray[np.float64] = field(repr=False)
    probabilities: NDArray[np.float64] = field(repr=False)
    speech_s: float

    def __post_init__(self) -> None:
        """Refuse what no model gives."""
        shapes = (self.embeddings.ndim, self.probabilities.shape)
        if shapes != (2, (len(self.embeddings), len(self.labels))):
            raise ProfileError(
                f"a profile has a row of each for every utterance, not embeddings of shape {self.embeddings.shape} and "
                f"probabilities of shape {self.probabilities.shape} for {len(self.labels)} emotions"
            )
        if not len(self):
            raise ProfileError("a profile holds one utterance or more")
        # Asked so that what is no number is refused too.
        possible = (np.abs(self.embeddings) < _LARGEST).all() and (self.probabilities >= 0).all()
        if not (possible and (np.abs(self.probabilities.sum(axis=1) - 1) < _NEARLY).all()):
            raise ProfileError("a profile holds embeddings and probabilities, and no model gives such as these")
        if not 0 <= self.speech_s < np.inf:
            raise ProfileError(f"a profile's speech cannot last {self.speech_s} s")

    def __len__(self) -> int:
        """Return the number of utterances."""
        return len(self.embeddings)

    @classmethod
    def of(cls, bundle: Bundle, utterances: Sequence[HeardUtterance]) -> Self:
        """Make a profile of utterances. One that was heard before, in the same recording given again, counts once.

        Parameters
        ----------
        bundle : Bundle
            By which they were heard.
        utterances : sequence of HeardUtterance
            One or more, each with an embedding.
        """
        # As they are written: a profile answers alike before and after it was saved.
        rows: dict[tuple[bytes, bytes], tuple[NDArray[np.float64], NDArray[np.float64], float]] = {}
        for utterance in utterances:
            embedding = np.asarray(utterance.heard.embedding, dtype=np.float64).round(_EMBEDDING_DECIMALS)
            probabilities = np.asarray(utterance.heard.probabilities, dtype=np.float64).round(_PROBABILITY_DECIMALS)
            key = (embedding.tobytes(), probabilities.tobytes())
            rows[key] = (embedding, probabilities, utterance.end_s - utterance.start_s)
        return cls(
            model=bundle.name,
            model_sha256=str(bundle.manifest["model"]["sha256"]),
            labels=bundle.labels,
            embeddings=np.array([embedding for embedding, _, _ in rows.values()]),
            probabilities=np.array([probabilities for _, probabilities, _ in rows.values()]),
            speech_s=round(sum(duration_s for _, _, duration_s in rows.values()), 3),
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the profile as JSON. A file that is there already is replaced.

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
            "labels": list(self.labels),
            "speech_s": self.speech_s,
            "embeddings": self.embeddings.round(_EMBEDDING_DECIMALS).tolist(),
            "probabilities": self.probabilities.round(_PROBABILITY_DECIMALS).tolist(),
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
            If it cannot be read, or is none.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ProfileError(
                f"the profile {path} cannot be read: {error.strerror}; make one with `affetto adapt`"
            ) from None
        except (ValueError, RecursionError) as error:  # neither UTF-8 nor JSON; a null character in the name
            raise ProfileError(f"{path} is no speaker profile ({error}); make one with `affetto adapt`") from None
        if not isinstance(content, dict) or content.get("format") != _FORMAT:
            raise ProfileError(f"{path} is no speaker profile; make one with `affetto adapt`")
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
        labels = tuple(map(str, content["labels"]))
        model = content["model"]
        return cls(
            model=str(model["name"]),
            model_sha256=str(model["sha256"]),
            labels=labels,
            embeddings=np.array(content["embeddings"], dtype=np.float64),
            probabilities=np.array(content["probabilities"], dtype=np.float64),
            speech_s=float(content["speech_s"]),
        )

    def voice(self, bundle: Bundle, spaces: VoiceSpaces) -> KnownVoice:
        """Return the voice as the model's spaces describe it.

        Parameters
        ----------
        bundle : Bundle
        spaces : VoiceSpaces
            The bundle's.

        Raises
        ------
        ProfileError
            If the profile is of another model, or was changed.
        """
        if self.model_sha256 != bundle.manifest["model"]["sha256"]:
            raise ProfileError(
                f"the profile was made with another model ({self.model}, {self.model_sha256[:12]}…) "
                f"than {bundle.name}; adapt again with this one"
            )
        differing = [
            what
            for what, own, wanted in (
                ("emotions", self.labels, bundle.labels),
                ("dimensions", self.embeddings.shape[1], spaces.n_dimensions),
            )
            if own != wanted
        ]
        if differing:
            raise ProfileError(
                f"the profile names {bundle.name} as its model, and its {' and '.join(differing)} are not the model's; "
                "adapt again"
            )
        return spaces.voice(self.embeddings, self.probabilities)


class VoiceMemory:
    """What has been heard in one recording, by which later utterances in it are understood.

    Parameters
    ----------
    spaces : VoiceSpaces, optional
        Without them nothing is adapted.
    voice : KnownVoice, optional
        A known voice. All answers are adapted to it, and nothing else is remembered.
    """

    def __init__(self, spaces: VoiceSpaces | None, voice: KnownVoice | None = None) -> None:
        self._spaces = spaces
        self._known = voice
        self._voice = voice
        self._heard: list[Heard] = []
        self._due = 1.0
        self._n_added = 0
        self._evidence = 0.0
        self._learned = False

    @property
    def adapted_to(self) -> AdaptedTo | None:
        """Whose voice answers were adapted to: one that was known, or what was heard in the recording before."""
        if self._known is not None:
            return "profile"
        return "recording" if self._learned else None

    def probabilities(self, heard: Heard) -> NDArray[np.floating]:
        """Return the probabilities of an utterance, adapted to what was heard before.

        Parameters
        ----------
        heard : Heard

        Returns
        -------
        ndarray of shape (n_labels,)
        """
        if self._spaces is not None and self._known is None and self._heard and self._n_added >= self._due:
            rows = self._heard[-_REMEMBERED:]
            self._voice = self._spaces.voice([row.embedding for row in rows], [row.probabilities for row in rows])
            self._due = self._n_added + _NEWS * len(rows)
        if self._voice is None:
            return heard.probabilities
        # The logistic function, by one that no evidence makes overflow.
        belief = 1.0 if self._known is not None else 0.5 + 0.5 * float(np.tanh(0.5 * _EVIDENCE_SCALE * self._evidence))
        return self._voice.probabilities(heard.embedding, heard.probabilities, belief=belief)

    def add(self, heard: Heard) -> None:
        """Remember an utterance.

        Parameters
        ----------
        heard : Heard
        """
        if self._spaces is None or self._known is not None:
            return
        if self._voice is not None:
            self._learned = True
            # Had it been foretold? Where several speak in turn, what was heard before says little about what comes.
            self._evidence = _EVIDENCE_KEPT * self._evidence + self._voice.evidence(heard.embedding)
        self._heard.append(heard)
        self._n_added += 1
        if len(self._heard) > 2 * _REMEMBERED:
            del self._heard[:-_REMEMBERED]

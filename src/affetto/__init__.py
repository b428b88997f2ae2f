"""Affetto: a recording goes in, the emotion that its voice expresses comes out."""

import os
from typing import TYPE_CHECKING

from affetto._lazy import lazy_names

# Nothing leaves the machine. From version 1.29 on ONNX Runtime reports to its maker, and writes an identity of the
# device into the user's cache folder. Only the environment before its first import turns that off, and other libraries
# import it too, so it stands here. What the user has set stays.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from affetto.acoustics.measures import AcousticMeasures
    from affetto.adaptation.profile import AdaptationProfile
    from affetto.errors import (
        AffettoError,
        AudioError,
        BundleError,
        CorpusError,
        MissingExtraError,
        ParameterError,
        ProfileError,
    )
    from affetto.recognition.recognizer import Recognizer
    from affetto.recognition.result import Failure, ModelName, Recognition, Segment
    from affetto.speech import TruncatedAudioWarning, Waveform, read

__version__ = "0.1.0"

__all__ = [
    "AcousticMeasures",
    "AdaptationProfile",
    "AffettoError",
    "AudioError",
    "BundleError",
    "CorpusError",
    "Failure",
    "MissingExtraError",
    "ModelName",
    "ParameterError",
    "ProfileError",
    "Recognition",
    "Recognizer",
    "Segment",
    "TruncatedAudioWarning",
    "Waveform",
    "__version__",
    "read",
]

_ERRORS = (
    "AffettoError",
    "AudioError",
    "BundleError",
    "CorpusError",
    "MissingExtraError",
    "ParameterError",
    "ProfileError",
)
_RESULTS = ("Failure", "ModelName", "Recognition", "Segment")

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        **dict.fromkeys(_ERRORS, "affetto.errors"),
        **dict.fromkeys(_RESULTS, "affetto.recognition.result"),
        **dict.fromkeys(("TruncatedAudioWarning", "Waveform", "read"), "affetto.speech"),
        "AcousticMeasures": "affetto.acoustics.measures",
        "Recognizer": "affetto.recognition.recognizer",
        "AdaptationProfile": "affetto.adaptation.profile",
    },
)

"""The errors of Affetto. Each is also a built-in exception, such as ValueError.

The message of each is one sentence that says what is wrong, with which value or file, and what to do about it.
"""


class AffettoError(Exception):
    """Root of all errors that Affetto raises on purpose."""


class AudioError(AffettoError, ValueError):
    """A recording cannot be read, or is too short or empty to be recognized."""


class BundleError(AffettoError, ValueError):
    """A model bundle is missing, damaged, or of a format that this version does not read."""


class CorpusError(AffettoError, ValueError):
    """A corpus is missing, incomplete, or not the one that was named."""


class ParameterError(AffettoError, ValueError):
    """An argument or option has an invalid value."""


class ProfileError(AffettoError, ValueError):
    """An adaptation profile is missing, damaged, or of another model."""


class TurnsError(AffettoError, ValueError):
    """A transcript or a diarization is missing, damaged, or of an unknown format."""


class MissingExtraError(AffettoError, ImportError):
    """A library of an optional extra is needed and not installed."""

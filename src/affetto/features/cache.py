"""A cache on disk for the features of recordings."""

from __future__ import annotations

import io
import os
import tempfile
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import platformdirs

from affetto._files import write_bytes
from affetto.errors import ParameterError
from affetto.preprocessing.pipeline import StatelessTransformer, stack_sequences
from affetto.speech import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from affetto.speech import Source

CACHE_VERSION = 1
"""Raise this number when reading, pre-processing, augmentation or features give other numbers than before."""

_MIN_PARALLEL = 16  # fewer recordings are computed sooner than worker processes start


def cache_dir() -> Path:
    """Return the folder of the cache: the one that ``AFFETTO_CACHE`` names, or the user's cache folder.

    If that cannot be written, as in a container without a home, it is a temporary folder, which is removed when the
    process ends.
    """
    if named := os.environ.get("AFFETTO_CACHE"):
        return Path(named)
    with suppress(OSError, RuntimeError):  # the latter if there is no home
        folder = platformdirs.user_cache_path("affetto", appauthor=False)
        # Without a home, older versions of platformdirs return the relative path "~/.cache/affetto".
        if folder.is_absolute():
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return folder
    return Path(_temporary_cache().name)


@cache
def _temporary_cache() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="affetto-cache-")
    except OSError:
        raise ParameterError("no folder can be written to cache features; name one with AFFETTO_CACHE") from None


class CachedTransformer(StatelessTransformer):
    """Cache the output of a transformer on disk, one entry for each recording.

    The key of an entry consists of the content of the recording, the transformer's class and parameters, and
    `CACHE_VERSION`. A recording that was moved or renamed keeps its entry.

    Parameters
    ----------
    transformer : transformer
        Makes of each recording one row of numbers, or a sequence of rows. It must not learn from data. A step whose
        output depends on files has a method ``fingerprint`` that returns a digest of them.
    folder : path, optional
        The folder of the cache; by default `cache_dir()`.
    n_jobs : int, optional
        Processes that compute missing entries, as in joblib; all cores by default.
    """

    def __init__(
        self,
        transformer: Any,
        *,
        folder: str | os.PathLike[str] | None = None,
        n_jobs: int | None = -1,
    ) -> None:
        self.transformer = transformer
        self.folder = folder
        self.n_jobs = n_jobs

    def transform(self, X: Sequence[Source]) -> NDArray[Any]:
        """Return the features of recordings, and compute those that are not in the cache.

        They have the shape (n_recordings, n_features). Sequences are an array of objects, each of shape
        (n_frames, n_features).
        """
        folder = self._make_folder()
        entries = [folder / f"{_content_digest(source)}.npy" for source in X]
        missing = {entry: source for entry, source in zip(entries, X, strict=True) if not entry.exists()}
        rows = joblib.Parallel(n_jobs=self.n_jobs if len(missing) > _MIN_PARALLEL else 1)(
            joblib.delayed(_compute)(self.transformer, source, entry) for entry, source in missing.items()
        )
        computed = dict(zip(missing, rows, strict=True))
        features = [
            computed[entry] if entry in computed else self._load(entry, source)
            for entry, source in zip(entries, X, strict=True)
        ]
        return np.stack(features) if features[0].ndim == 1 else stack_sequences(features)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.str_]:
        """Return the names of the transformer's features."""
        return np.asarray(self.transformer.get_feature_names_out(input_features))

    def _make_folder(self) -> Path:
        """Make the folder for entries of this transformer."""
        steps = [self.transformer, *self.transformer.get_params(deep=True).values()]
        fingerprints = [step.fingerprint() for step in steps if hasattr(step, "fingerprint")]
        key: str = joblib.hash((CACHE_VERSION, self.transformer, fingerprints))
        folder = Path(self.folder or cache_dir()) / "features" / key
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ParameterError(
                f"the cache folder {folder} cannot be made ({error.strerror}); name another with AFFETTO_CACHE"
            ) from None
        return folder

    def _load(self, entry: Path, source: Source) -> NDArray[Any]:
        try:
            return np.asarray(np.load(entry))
        except (OSError, ValueError, EOFError):  # damaged, for example by a power cut
            return _compute(self.transformer, source, entry)


def _compute(transformer: Any, source: Source, entry: Path) -> NDArray[Any]:
    features = np.asarray(transformer.transform([source])[0])
    content = io.BytesIO()
    np.save(content, features)
    write_bytes(entry, content.getvalue())
    return features


def _content_digest(source: Source) -> str:
    with suppress(OSError):  # below, `read` says what is wrong with the file
        if isinstance(source, str | os.PathLike):
            source = Path(source).read_bytes()
    if isinstance(source, bytes):
        return blake2b(source, digest_size=16).hexdigest()
    return read(source).digest

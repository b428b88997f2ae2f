"""What is computed once from a recording is kept on disk, keyed by content: a second run over a corpus is instant."""

from __future__ import annotations

import ast
import json
import os
import tempfile
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import platformdirs
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.parallel import Parallel, delayed

from affetto.errors import ParameterError
from affetto.speech import Waveform, source_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from affetto.speech import Source

_CHUNK = 16
_LIBRARIES = (
    "av",
    "librosa",
    "noisereduce",
    "numpy",
    "onnxruntime",
    "pyroomacoustics",
    "scipy",
    "soundfile",
    "soxr",
    "torch",
)


def cache_dir() -> Path:
    """Return the folder for everything that can be computed again.

    Returns
    -------
    Path
        The one that ``AFFETTO_CACHE`` names, or the platform's cache folder. Where that cannot be written, as in a
        container without a home, a temporary one, which is removed when the process ends.

    Raises
    ------
    ParameterError
        If there is no folder that can be written.
    """
    if named := os.environ.get("AFFETTO_CACHE"):
        return Path(named)
    with suppress(OSError, RuntimeError):  # the latter where there is no home
        folder = Path(platformdirs.user_cache_dir("affetto", appauthor=False))
        # Older versions of platformdirs then name a folder "~" beside the user's files.
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
        raise ParameterError(
            "no folder can be written in which features are kept; name one with AFFETTO_CACHE"
        ) from None


class CachedTransformer(TransformerMixin, BaseEstimator):
    """Keep what a transformer makes of each recording.

    The key is made of the recording's content, the transformer's class and parameters, the source code of all
    that it passes through, and the versions of the libraries that these use: a change of any gives a new entry. Files
    are not even decoded again.

    Parameters
    ----------
    transformer : transformer
        Makes of each recording one row of numbers, or a sequence of rows. It must learn nothing from data: what is
        fitted comes after it. A step that depends on more than its parameters says so by a method `fingerprint`.
    folder : path, optional
        Where to keep the rows; by default `cache_dir()`.
    n_jobs : int, optional
        Processes that compute what is missing, as in joblib; all cores by default.
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

    def fit(self, X: Sequence[Source], y: object = None) -> Self:  # noqa: ARG002 (scikit-learn's signature)
        """Do nothing: there is nothing to learn."""
        return self

    def transform(self, X: Sequence[Source]) -> NDArray[Any]:
        """Return the rows of recordings, computing those that are not kept yet.

        Parameters
        ----------
        X : sequence of path, bytes or Waveform

        Returns
        -------
        ndarray, shape (n_recordings, n_features), or of objects, shape (n_recordings,)
            One row for each recording, or one sequence, an ndarray of shape (n_frames, n_features).
        """
        folder = Path(self.folder or cache_dir()) / "features" / _digest(self._settings().encode())
        entries = [folder / f"{_content_digest(source)}.npy" for source in X]
        # The same sound may be asked for twice; it is computed once.
        missing = {entry: source for entry, source in zip(entries, X, strict=True) if not entry.exists()}
        todo = list(missing.items())
        _make(folder)
        Parallel(n_jobs=self.n_jobs if len(todo) > _CHUNK else 1)(
            delayed(_compute)(self.transformer, todo[start : start + _CHUNK]) for start in range(0, len(todo), _CHUNK)
        )
        kept = [self._load(entry, source) for entry, source in zip(entries, X, strict=True)]
        if kept[0].ndim == 1:
            return np.stack(kept)
        sequences = np.empty(len(kept), dtype=object)
        sequences[:] = kept
        return sequences

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.str_]:
        """Return the names of the wrapped transformer's outputs."""
        return np.asarray(self.transformer.get_feature_names_out(input_features))

    def _load(self, entry: Path, source: Source) -> NDArray[Any]:
        try:
            return np.asarray(np.load(entry))
        except (OSError, ValueError, EOFError):
            # Damaged, for example by a full disk or a power cut: made again.
            _compute(self.transformer, [(entry, source)])
            return np.asarray(np.load(entry))

    def _settings(self) -> str:
        parameters = self.transformer.get_params(deep=True)
        plain = {name: repr(value) for name, value in parameters.items() if not hasattr(value, "get_params")}
        parts = [self.transformer, *(value for value in parameters.values() if hasattr(value, "get_params"))]
        classes = [f"{type(part).__module__}.{type(part).__qualname__}" for part in parts]
        classes += [part.fingerprint() for part in parts if hasattr(part, "fingerprint")]
        versions = [version(library) for library in _LIBRARIES if find_spec(library)]
        # The list of a pipeline's steps repeats what its parameters say, with addresses in it.
        plain.pop("steps", None)
        sources = _source_digest({type(part).__module__ for part in parts})
        return json.dumps([classes, plain, versions, sources], sort_keys=True)

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(
            f"the cache folder {folder} cannot be made ({error.strerror}); name another with AFFETTO_CACHE"
        ) from None


def _compute(transformer: Any, entries: list[tuple[Path, Source]]) -> None:
    """Compute and write entries; each appears under its name whole or not at all."""
    for path, source in entries:
        row = np.asarray(transformer.transform([source])[0])
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(descriptor, "wb") as file:
            np.save(file, row)
        Path(temporary).replace(path)


def _content_digest(source: Source) -> str:
    if isinstance(source, Waveform):
        return source.digest
    if isinstance(source, str | os.PathLike):
        try:
            return _digest(Path(source).read_bytes())
        except OSError:
            # The door says what is wrong with the file, better than we could here.
            return _digest(b"unreadable " + source_name(source).encode())
    if isinstance(source, bytes):
        return _digest(source)
    return Waveform.from_samples(*source, name=source_name(source)).digest


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


def _source_digest(modules: Iterable[str]) -> str:
    """Return a digest of the source code of modules and of all of ours that they import."""
    todo, files = list(modules), set[Path]()
    while todo:
        file = _source_file(todo.pop())
        if file is not None and file not in files:
            files.add(file)
            todo += _imports(file)
    return _digest(b"".join(file.read_bytes() for file in sorted(files)))


def _source_file(module: str) -> Path | None:
    """Return where a module of ours lies; None if it is somebody else's."""
    root, *parts = module.split(".")
    if root != "affetto":
        return None
    path = Path(__file__).parents[1].joinpath(*parts)
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _imports(file: Path) -> list[str]:
    """Return what a module imports, within functions too; for a package the modules that its names come from."""
    found: list[str] = []
    for node in ast.walk(ast.parse(file.read_bytes())):
        match node:
            case ast.Import(names=names):
                found += [alias.name for alias in names]
            case ast.ImportFrom(module=str(package), names=names):
                modules = [f"{package}.{alias.name}" for alias in names]
                found += [m if (path := _source_file(m)) and path.is_file() else package for m in modules]
            case ast.Constant(value=str(text)) if file.name == "__init__.py":
                found.append(text)
    return [name for name in found if name.startswith("affetto.")]

"""librosa, also where nothing can be written."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType


@cache
def import_librosa() -> ModuleType:
    """Import librosa, with what is used of it.

    librosa compiles some functions by numba and lets it keep the machine code beside its own files or in the user's
    cache folder. Where neither can be written, as in a container without a home or with a read-only file system, its
    import fails. There it is imported without that cache.

    Returns
    -------
    module
        ``librosa``, whose submodules ``filters`` and ``core`` are loaded.
    """
    try:
        return _loaded()
    except RuntimeError:  # numba's, in more than one wording; any other comes again below
        pass
    for name in [name for name in sys.modules if name.partition(".")[0] == "librosa"]:
        del sys.modules[name]
    with _some_home(), _numba_without_cache():
        return _loaded()


def _loaded() -> ModuleType:
    import librosa

    # librosa imports its parts when they are used for the first time.
    _ = librosa.filters.mel, librosa.hz_to_mel, librosa.util.normalize
    module: ModuleType = librosa
    return module


@contextmanager
def _some_home() -> Iterator[None]:
    """Let there be a cache folder: librosa asks for its name when it is imported, and has no use for it here."""
    is_named = "XDG_CACHE_HOME" in os.environ
    if not is_named:
        os.environ["XDG_CACHE_HOME"] = os.sep
    try:
        yield
    finally:
        if not is_named:
            del os.environ["XDG_CACHE_HOME"]


@contextmanager
def _numba_without_cache() -> Iterator[None]:
    """Let numba's decorators keep nothing on disk, and compile each function when it is called for the first time."""
    import numba

    def uncached(decorator: Callable[..., Any]) -> Callable[..., Any]:
        def decorate(*arguments: Any, **options: Any) -> Any:
            # With signatures it would be compiled at once: twenty seconds for functions that are not used here.
            lazily = arguments[1:] if arguments and isinstance(arguments[0], list) else arguments
            return decorator(*lazily, **{**options, "cache": False})

        return decorate

    decorators = {name: getattr(numba, name) for name in ("jit", "vectorize", "guvectorize")}
    for name, decorator in decorators.items():
        setattr(numba, name, uncached(decorator))
    try:
        yield
    finally:
        for name, decorator in decorators.items():
            setattr(numba, name, decorator)

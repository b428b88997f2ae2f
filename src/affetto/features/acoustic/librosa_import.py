"""Import librosa, also on systems where its caches cannot be written."""

from __future__ import annotations

import atexit
import os
import sys
from functools import cache
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


@cache
def import_librosa() -> ModuleType:
    """Import librosa with the submodules that are used here.

    numba compiles functions of librosa while it is imported, and needs a folder for the machine code. The import fails
    if neither librosa's own folder nor the user's cache folder can be written, as in a container without a home. In
    that case the machine code is kept in a temporary folder until the process ends.
    """
    try:
        return _import_with_submodules()
    except RuntimeError:  # numba finds no folder that it can write, or there is no home
        folder = TemporaryDirectory(prefix="affetto-numba-")
        atexit.register(folder.cleanup)
    import numba

    numba.config.CACHE_DIR = folder.name  # type: ignore[attr-defined] # numba sets it dynamically
    os.environ.setdefault("XDG_CACHE_HOME", folder.name)
    for name in [name for name in sys.modules if name.partition(".")[0] == "librosa"]:
        del sys.modules[name]
    return _import_with_submodules()


def _import_with_submodules() -> ModuleType:
    import librosa

    # librosa imports a submodule when it is first used.
    _ = librosa.filters.mel, librosa.hz_to_mel, librosa.util.normalize
    module: ModuleType = librosa
    return module

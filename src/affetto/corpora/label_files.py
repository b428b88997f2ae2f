"""Label files that lie beside the recordings of some corpora."""

from __future__ import annotations

from functools import lru_cache, wraps
from typing import TYPE_CHECKING, TypeVar

from affetto.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")


def read_once(read: Callable[[Path], T]) -> Callable[[Path], T]:
    """Make a reader remember the content of the last files, until they change.

    The labels of all recordings in a folder come from one file, and each recording asks for it.

    Raises
    ------
    CorpusError
        By the reader, if the file cannot be read.
    """

    @lru_cache(maxsize=8)
    def remembered(file: Path, _modified_ns: int, _size: int) -> T:
        return read(file)

    @wraps(read)
    def reader(file: Path) -> T:
        try:
            found = file.stat()
            return remembered(file, found.st_mtime_ns, found.st_size)
        except OSError as error:
            raise CorpusError(
                f"{file} cannot be read: {error.strerror}; it holds the labels of the recordings beside it"
            ) from None

    return reader

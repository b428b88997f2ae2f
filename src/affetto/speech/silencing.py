"""Keeps libmpg123, which libsndfile decodes mp3 with, from printing what it thinks of damage."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


_BUFFER_BYTES = 4_096


class _StandardError:
    """C's stream of that name, which is not the file of the process and not Python's.

    To close or replace the file would take away what other threads print. While one of them decodes, the stream leads
    nowhere; Python, and all that writes to the file itself, go on as before.
    """

    def __init__(self) -> None:
        library = ctypes.CDLL(None)
        self._stream = ctypes.c_void_p.in_dll(library, "__stderrp" if sys.platform == "darwin" else "stderr")
        # Not the null device, whose number another file may get when a daemon closes all that it has inherited.
        library.fmemopen.restype = ctypes.c_void_p
        self._nowhere = library.fmemopen(None, ctypes.c_size_t(_BUFFER_BYTES), b"w+")
        self._original = self._stream.value
        self._users = 0
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._renew)

    def take(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1 and self._nowhere:
                self._original, self._stream.value = self._stream.value, self._nowhere

    def give_back(self) -> None:
        with self._lock:
            self._users = max(self._users - 1, 0)
            if not self._users:
                self._stream.value = self._original

    def _renew(self) -> None:
        """Forget the threads that a fork does not copy."""
        self._lock, self._users, self._stream.value = threading.Lock(), 0, self._original


def _standard_error() -> _StandardError | None:
    try:
        return _StandardError()
    except (OSError, TypeError, ValueError, AttributeError):  # there is no such stream, as on Windows
        return None


# Made once, whatever threads there are.
_STREAM = _standard_error()


@contextmanager
def silenced() -> Iterator[None]:
    """Let nothing be printed by C's standard error; threads may enter and leave as they like."""
    if _STREAM is None:
        yield
        return
    _STREAM.take()
    try:
        yield
    finally:
        _STREAM.give_back()

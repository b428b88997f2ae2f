"""Recordings played in real time in place of a microphone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from affetto.speech.streaming import open_stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray

    from affetto.speech.sources import Source

_CHUNK_S = 0.05


class Playback:
    """Play a recording in small chunks, each at the time when it would end; used like a `Microphone`.

    Parameters
    ----------
    source : path, bytes, binary file object, (samples, sample rate), or Waveform
        The recording; its channels are averaged.
    fast : bool
        Whether to give the chunks without waiting.

    Attributes
    ----------
    name : str
        Name of the source for messages and results.
    sample_rate_hz : int
        Sample rate of the chunks.

    Raises
    ------
    AudioError
        If the recording cannot be read.
    """

    def __init__(self, source: Source, *, fast: bool) -> None:
        self._stream = open_stream(source)
        self._fast = fast
        self._is_over = self._is_stopped = False
        self.name = self._stream.name
        self.sample_rate_hz = self._stream.sample_rate_hz

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stream.close()

    def stop(self) -> None:
        """End the iteration before the next chunk."""
        self._is_stopped = True

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Yield chunks of shape (n_samples,)."""
        size = round(_CHUNK_S * self.sample_rate_hz)
        due_s = time.monotonic()
        for block in self._stream:
            for first in range(0, len(block), size):
                chunk = block[first : first + size]
                due_s += len(chunk) / self.sample_rate_hz
                if not self._fast:
                    time.sleep(max(due_s - time.monotonic(), 0))
                yield chunk
                if self._is_stopped:
                    return
        self._is_over = True

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about what is missing or damaged; empty before the end."""
        return self._stream.warnings if self._is_over else ()

"""Recorded sound in pieces, and a recognizer that is slow or fails."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto import LiveRecognition, Recognizer, Segment, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Recording:
    """A recording as a framework delivers it: 16-bit samples in pieces of 20 ms."""

    def __init__(self, path: Path, *, sample_rate_hz: int = 16_000) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.samples = (32_767 * read(path, sample_rate_hz=sample_rate_hz).samples).astype(np.int16)

    def pieces(self, start_s: float = 0.0, end_s: float | None = None) -> Iterator[bytes]:
        first = round(start_s * self.sample_rate_hz)
        last = len(self.samples) if end_s is None else round(end_s * self.sample_rate_hz)
        step = self.sample_rate_hz // 50
        for start in range(first, last, step):
            yield self.samples[start : min(last, start + step)].tobytes()


class TroubledRecognizer(Recognizer):
    """Waits before it recognizes a piece of sound, or raises instead."""

    delay_s = 0.0
    error: Exception | None = None

    def listen(self, *, sample_rate_hz: float, keep: bool = True) -> LiveRecognition:
        live = super().listen(sample_rate_hz=sample_rate_hz, keep=keep)
        recognize = live.push

        def push(chunk: Any) -> list[Segment]:
            time.sleep(self.delay_s)
            if self.error is not None:
                raise self.error
            return recognize(chunk)

        live.push = push  # type: ignore[method-assign]
        return live

"""What a model makes of the utterances of a recording, several heard at a time."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from threading import Lock
from typing import TYPE_CHECKING

from affetto.recognition.answers import HeardUtterance
from affetto.recognition.inference import Inference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from affetto.preprocessing.voice_activity import SpeechSegmenter, Stretch
    from affetto.recognition.bundle import Bundle
    from affetto.recognition.explanation import Explanation
    from affetto.speech import SoundStream


class Hearing:
    """Runs a bundle on stretches of speech.

    Parameters
    ----------
    bundle : Bundle
    threads : int, optional
        How many stretches at a time, or cores for one that is alone; by default as many as there are cores.

    Attributes
    ----------
    sample_rate_hz : int
        What the model hears.

    Raises
    ------
    BundleError
        If the bundle does not run.
    """

    def __init__(self, bundle: Bundle, *, threads: int | None = None) -> None:
        self._bundle = bundle
        self._jobs = threads or os.cpu_count() or 1
        self._with_all_cores = Inference(bundle, threads=threads)
        self._single: Inference | None = None
        self._lock = Lock()
        # No thread starts before there is work.
        self._pool = ThreadPoolExecutor(self._jobs, thread_name_prefix="affetto")
        self.sample_rate_hz = self._with_all_cores.sample_rate_hz

    def hear(self, stretch: Stretch) -> HeardUtterance:
        """Hear one stretch, with all cores.

        Parameters
        ----------
        stretch : Stretch

        Returns
        -------
        HeardUtterance
        """
        return self._heard(stretch, self._with_all_cores)

    def hear_in_turn(
        self, stretches: Iterator[tuple[int, Stretch]], *, explain: bool = False
    ) -> Iterator[tuple[int, HeardUtterance]]:
        """Hear one after the other, each on one core: for whoever hears several recordings at a time.

        Parameters
        ----------
        stretches : iterator of (channel, Stretch)
        explain : bool
            Whether to measure too how each sounds.

        Yields
        ------
        channel, HeardUtterance
        """
        for channel, stretch in stretches:
            yield channel, self._heard(stretch, self._with_one_core, explain=explain)

    def hear_together(
        self, stretches: Iterator[tuple[int, Stretch]], *, explain: bool = False
    ) -> Iterator[tuple[int, HeardUtterance]]:
        """Hear several at a time, while the next are looked for; all cores are for one that is alone.

        Parameters
        ----------
        stretches : iterator of (channel, Stretch)
        explain : bool
            Whether to measure too how each sounds.

        Yields
        ------
        channel, HeardUtterance
            In the order of the stretches.
        """
        if self._jobs == 1:
            yield from self.hear_in_turn(stretches, explain=explain)
            return
        first = list(islice(stretches, 2))
        if len(first) < 2:
            for channel, stretch in first:
                yield channel, self._heard(stretch, self._with_all_cores, explain=explain)
            return
        pending: deque[tuple[int, Future[HeardUtterance]]] = deque()
        for channel, stretch in chain(first, stretches):
            future = self._pool.submit(self._heard, stretch, self._with_one_core, explain=explain)
            pending.append((channel, future))
            if len(pending) > 2 * self._jobs:
                number, future = pending.popleft()
                yield number, future.result()
        for number, future in pending:
            yield number, future.result()

    @property
    def _with_one_core(self) -> Inference:
        # Many threads ask for it at once, and each would load the model: a cached property has no lock.
        with self._lock:
            if self._single is None:
                self._single = self._with_all_cores if self._jobs == 1 else Inference(self._bundle, threads=1)
            return self._single

    def _heard(self, stretch: Stretch, inference: Inference, *, explain: bool = False) -> HeardUtterance:
        rate = self.sample_rate_hz
        return HeardUtterance(
            start_s=round(stretch.start / rate, 3),
            end_s=round((stretch.start + len(stretch.samples)) / rate, 3),
            heard=inference.hear(stretch.surrounded),
            explanation=_explained(stretch, rate) if explain else None,
        )


def find_stretches(stream: SoundStream, segmenters: list[SpeechSegmenter]) -> Iterator[tuple[int, Stretch]]:
    """Find the stretches of speech of all channels while the sound arrives.

    Parameters
    ----------
    stream : SoundStream
    segmenters : list of SpeechSegmenter
        One for each channel.

    Yields
    ------
    channel, Stretch
        The number of the channel, from 0, and what is said there.
    """
    for block in stream:
        channels = block[:, None] if block.ndim == 1 else block
        for number, segmenter in enumerate(segmenters):
            for stretch in segmenter.hear(channels[:, number]):
                yield number, stretch
    for number, segmenter in enumerate(segmenters):
        for stretch in segmenter.end():
            yield number, stretch


def _explained(stretch: Stretch, sample_rate_hz: int) -> Explanation:
    from affetto.recognition.explaining import explain

    return explain(stretch.samples, sample_rate_hz)

"""The recognizer: recordings in, emotions out."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from affetto.errors import AffettoError, AudioError, ParameterError
from affetto.preprocessing.steps import frame_energy
from affetto.recognition.bundle import Bundle, find_bundle, load_bundle
from affetto.recognition.inference import Inference
from affetto.recognition.result import Failure, ModelName, Recognition, Segment
from affetto.speech import Waveform, read_with_remarks, source_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from affetto.recognition.result import Status
    from affetto.speech import Source

DEFAULT_MODEL = "transformer"

MIN_DURATION_S = 0.2
"""Less than a syllable: nothing can be heard in it."""

MAX_SEGMENT_S = 15.0
"""Longer recordings are heard in equal stretches of at most this length."""

_SILENCE_DBFS = -75.0


class Recognizer:
    """Recognizes the emotion that a voice expresses.

    A recognizer may be used from several threads at once.

    Parameters
    ----------
    model : str or path, optional
        A bundle's folder, or the name of a model that ships with the package; by default the best of these.
    threads : int, optional
        Threads within one inference; by default all cores.

    Raises
    ------
    BundleError
        If the model is missing, damaged, or needs a newer Affetto.

    Examples
    --------
    >>> import affetto
    >>> recognizer = affetto.Recognizer()
    >>> result = recognizer.recognize("examples/angry.flac")
    >>> result.status, result.emotion in recognizer.labels, 0 <= result.confidence <= 1
    ('ok', True, True)
    """

    def __init__(self, model: str | os.PathLike[str] = DEFAULT_MODEL, *, threads: int | None = None) -> None:
        if threads is not None and threads < 1:
            raise ParameterError(f"threads is {threads}; it must be at least 1")
        self.bundle: Bundle = load_bundle(find_bundle(model))
        self._inference = Inference(self.bundle, threads=threads)
        self._threads = threads
        self._model = ModelName(self.bundle.name, self.bundle.version)

    @property
    def labels(self) -> tuple[str, ...]:
        """The emotions that the model knows, in the order of its probabilities."""
        return self.bundle.labels

    def recognize(self, source: Source) -> Recognition:
        """Recognize one recording.

        Parameters
        ----------
        source : path, bytes, binary file object, (samples, sample rate), or Waveform
            Speech of 0.2 s or more, at 8 to 192 kHz, of any number of channels.

        Returns
        -------
        Recognition

        Raises
        ------
        AudioError
            If it cannot be read, is too short, or holds values that are not numbers.
        """
        return self._recognize(source, self._inference)

    def _recognize(self, source: Source, inference: Inference) -> Recognition:
        name = source_name(source)
        waveform, remarks = read_with_remarks(source, sample_rate_hz=inference.sample_rate_hz)
        if waveform.duration_s < MIN_DURATION_S:
            raise AudioError(
                f"{name} is {waveform.duration_s:.3g} s long; at least {MIN_DURATION_S:g} s of speech are needed"
            )
        segments = tuple(self._segment(inference, waveform, start, end) for start, end in _stretches(waveform))
        heard = [segment for segment in segments if segment.status != "no_speech"]
        status: Status
        emotion: str | None
        confidence: float | None
        if heard:
            weights = np.array([segment.end_s - segment.start_s for segment in heard])
            rows = np.array([[segment.probabilities[label] for label in self.labels] for segment in heard])
            status, emotion, confidence, probabilities = self._answer(weights @ rows / weights.sum())
        else:
            status, emotion, confidence, probabilities = "no_speech", None, None, {}
        return Recognition(
            source=name,
            duration_s=round(waveform.duration_s, 3),
            status=status,
            emotion=emotion,
            confidence=confidence,
            probabilities=probabilities,
            segments=segments,
            model=self._model,
            warnings=remarks,
        )

    def recognize_each(self, sources: Iterable[Source], *, jobs: int | None = None) -> Iterator[Recognition | Failure]:
        """Recognize many recordings, several at a time; one that fails does not stop the others.

        Parameters
        ----------
        sources : iterable of path, bytes, binary file object, (samples, sample rate), or Waveform
        jobs : int, optional
            How many at a time; by default as many as there are cores.

        Yields
        ------
        Recognition or Failure
            One for each source, in their order.
        """
        if jobs is not None and jobs < 1:
            raise ParameterError(f"jobs is {jobs}; it must be at least 1")
        jobs = jobs or os.cpu_count() or 1
        # Several recordings at a time leave no core idle: threads within each would only wait for one another.
        inference = self._inference if jobs == 1 or self._threads else self._single_threaded
        with ThreadPoolExecutor(jobs) as pool:
            pending = []
            for source in sources:
                pending.append(pool.submit(self._recognize_or_fail, source, inference))
                # A bounded queue: an endless iterable must not be read ahead of the work.
                if len(pending) > 2 * jobs:
                    yield pending.pop(0).result()
            for future in pending:
                yield future.result()

    @cached_property
    def _single_threaded(self) -> Inference:
        return Inference(self.bundle, threads=1)

    def _recognize_or_fail(self, source: Source, inference: Inference) -> Recognition | Failure:
        name = source_name(source)
        try:
            return self._recognize(source, inference)
        except AffettoError as error:
            return Failure(name, str(error))
        except Exception as error:  # whatever one recording does, the others get their answer
            return Failure(name, f"{name} cannot be recognized: {type(error).__name__}: {error}")

    def _segment(self, inference: Inference, waveform: Waveform, start: int, end: int) -> Segment:
        rate = waveform.sample_rate_hz
        samples = waveform.samples[start:end]
        start_s, end_s = round(start / rate, 3), round(end / rate, 3)
        if _is_silent(samples, rate):
            return Segment(start_s, end_s, "no_speech", None, None, {})
        status, emotion, confidence, probabilities = self._answer(inference.probabilities(samples))
        return Segment(start_s, end_s, status, emotion, confidence, probabilities)

    def _answer(self, probabilities: NDArray[np.floating]) -> tuple[Status, str, float, dict[str, float]]:
        best = int(probabilities.argmax())
        by_label = {label: round(float(p), 6) for label, p in zip(self.labels, probabilities, strict=True)}
        return "ok", self.labels[best], by_label[self.labels[best]], by_label


def _stretches(waveform: Waveform) -> list[tuple[int, int]]:
    """Cut a recording into equal stretches of at most `MAX_SEGMENT_S`, as pairs of sample indices."""
    n = len(waveform.samples)
    count = ceil(n / (MAX_SEGMENT_S * waveform.sample_rate_hz))
    edges = [n * i // count for i in range(count + 1)]
    return list(pairwise(edges))


def _is_silent(samples: NDArray[np.float32], sample_rate_hz: int) -> bool:
    """Tell whether even the loudest moment is below what a microphone's own noise would be."""
    centred = samples - samples.mean(dtype=np.float64).astype(np.float32)
    energy = frame_energy(centred, round(0.032 * sample_rate_hz), round(0.010 * sample_rate_hz))
    return bool(energy.max() < 10 ** (_SILENCE_DBFS / 10))

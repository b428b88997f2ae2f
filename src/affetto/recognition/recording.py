"""Recognition of one recording, and of many at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from affetto._parallel import map_in_order
from affetto.errors import AffettoError, AudioError
from affetto.preprocessing.vad import SpeechSegmenter
from affetto.recognition.aggregator import no_speech_reason
from affetto.recognition.inference_pool import find_segments
from affetto.recognition.result import Failure
from affetto.speech import open_stream, source_name
from affetto.speech.waveform import MIN_DURATION_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from affetto.recognition.aggregator import ResultAggregator
    from affetto.recognition.inference_pool import InferencePool
    from affetto.recognition.result import Recognition, Segment
    from affetto.speech import Channels, SoundStream, Source


def recognize_recording(
    source: Source,
    pool: InferencePool,
    new_aggregator: Callable[[], ResultAggregator],
    *,
    channels: Channels,
    track: int | None,
    acoustics: bool,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[Recognition, ...]:
    """Recognize one recording while it is decoded, so that memory does not grow with its length.

    Parameters
    ----------
    source, channels, track, acoustics, progress
        As in `Recognizer.recognize`.
    pool : InferencePool
    new_aggregator : callable
        Returns a new `ResultAggregator`, one for each channel.
    threads : int, optional
        How many segments at a time; by default as many as the pool has.

    Returns
    -------
    tuple of Recognition
        One; or one for each channel if `channels` is "each".

    Raises
    ------
    AudioError
        If it cannot be read, or is too short.
    """
    rate = pool.sample_rate_hz
    with open_stream(source, sample_rate_hz=rate, channels=channels, track=track) as stream:
        segmenters = [SpeechSegmenter(rate) for _ in range(stream.n_channels)]
        aggregators = [new_aggregator() for _ in segmenters]
        segments: list[list[Segment]] = [[] for _ in segmenters]
        found = find_segments(stream, segmenters, progress=progress)
        for number, prediction in pool.predict_each(found, acoustics=acoustics, threads=threads):
            segments[number].append(aggregators[number].add(prediction))
    require_length(stream)
    if acoustics:
        from affetto.acoustics.measurement import compare_loudness

        segments = [compare_loudness(of_channel) for of_channel in segments]
    only = None if isinstance(channels, str) else channels
    return tuple(
        aggregator.result(
            segments[number],
            source=stream.name,
            duration_s=stream.position_s,
            no_speech=no_speech_reason(segmenters[number].loudest_dbfs),
            channel=number + 1 if channels == "each" else only,
            track=track,
            warnings=stream.warnings,
        )
        for number, aggregator in enumerate(aggregators)
    )


def require_length(stream: SoundStream) -> None:
    """Raise AudioError if a recording, which has been decoded, is too short."""
    if stream.position_s < MIN_DURATION_S:
        raise AudioError(
            f"{stream.name} is {stream.position_s:.3g} s long; at least {MIN_DURATION_S:g} s of speech are needed"
        )


def recognize_many(
    sources: Iterable[Source], recognize: Callable[[Source], tuple[Recognition, ...]], *, workers: int
) -> Iterator[Recognition | Failure]:
    """Recognize several recordings at a time; one that fails becomes a `Failure`.

    Parameters
    ----------
    sources : iterable of path, bytes, binary file object, (samples, sample rate), or Waveform
    recognize : callable
        Recognizes one of them.
    workers : int
        How many at a time.

    Yields
    ------
    Recognition or Failure
        In the order of the sources.
    """

    def attempt(source: Source) -> tuple[Recognition | Failure, ...]:
        name = source_name(source)
        try:
            return recognize(source)
        except AffettoError as error:
            return (Failure(name, str(error)),)
        except Exception as error:  # one recording must not end the run
            return (Failure(name, f"{name} cannot be recognized: {type(error).__name__}: {error}"),)

    for outcomes in map_in_order(attempt, sources, workers=workers):
        yield from outcomes

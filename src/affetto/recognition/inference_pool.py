"""Inference on the segments of a recording, several at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from affetto._cpus import usable_cpus
from affetto._parallel import map_in_order
from affetto.classifiers.onnx_model import OnnxClassifier
from affetto.recognition.aggregator import SegmentPrediction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from affetto.bundles.bundle import Bundle
    from affetto.preprocessing.vad import SpeechSegment, SpeechSegmenter
    from affetto.speech import SoundStream


class InferencePool:
    """Runs a bundle on segments of speech, each on one processor.

    No thread outlives a call, so it can be used after a fork.

    Parameters
    ----------
    bundle : Bundle
    threads : int, optional
        How many segments at a time; by default as many as there are usable processors.

    Attributes
    ----------
    sample_rate_hz : int
        The rate of the samples that the model takes.

    Raises
    ------
    BundleError
        If the bundle does not run.
    MissingExtraError
        If a library that it needs is not installed.
    """

    def __init__(self, bundle: Bundle, *, threads: int | None = None) -> None:
        self._threads = threads or usable_cpus()
        self._classifier = OnnxClassifier(bundle)
        self.sample_rate_hz = self._classifier.sample_rate_hz

    def predict(self, segment: SpeechSegment, *, acoustics: bool = False) -> SegmentPrediction:
        """Run the model on one segment, and measure its acoustics if asked for."""
        rate = self.sample_rate_hz
        measures = None
        if acoustics:
            from affetto.acoustics.measurement import measure_acoustics

            measures = measure_acoustics(segment.samples, rate)
        return SegmentPrediction(
            start_s=round(segment.start / rate, 3),
            end_s=round((segment.start + len(segment.samples)) / rate, 3),
            output=self._classifier.predict(segment.padded),
            acoustics=measures,
        )

    def predict_each(
        self, segments: Iterator[tuple[int, SpeechSegment]], *, acoustics: bool = False, threads: int | None = None
    ) -> Iterator[tuple[int, SegmentPrediction]]:
        """Run the model on several segments at a time, while the next ones are searched for.

        Parameters
        ----------
        segments : iterator of (channel, SpeechSegment)
            From `find_segments`.
        acoustics : bool
            Whether to measure the acoustics of each segment.
        threads : int, optional
            How many at a time; by default as many as the pool has.

        Yields
        ------
        channel, SegmentPrediction
            In the order of the segments.
        """

        def predicted(numbered: tuple[int, SpeechSegment]) -> tuple[int, SegmentPrediction]:
            channel, segment = numbered
            return channel, self.predict(segment, acoustics=acoustics)

        return map_in_order(predicted, segments, workers=threads or self._threads)


def find_segments(
    stream: SoundStream, segmenters: list[SpeechSegmenter], *, progress: Callable[[float], None] | None = None
) -> Iterator[tuple[int, SpeechSegment]]:
    """Find the segments of speech in all channels while the sound is decoded.

    Parameters
    ----------
    stream : SoundStream
    segmenters : list of SpeechSegmenter
        One for each channel.
    progress : callable, optional
        Called with the position in seconds after each block.

    Yields
    ------
    channel, SpeechSegment
        The channel's number, from 0, and a segment in it.
    """
    for block in stream:
        if progress is not None:
            progress(stream.position_s)
        channels = block[:, None] if block.ndim == 1 else block
        for number, segmenter in enumerate(segmenters):
            for segment in segmenter.push(channels[:, number]):
                yield number, segment
    for number, segmenter in enumerate(segmenters):
        for segment in segmenter.end():
            yield number, segment

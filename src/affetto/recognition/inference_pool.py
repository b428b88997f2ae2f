"""What a model makes of the segments of a recording, several at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from affetto.cpus import usable_cpus
from affetto.parallel import map_in_order
from affetto.recognition.answers import HeardUtterance
from affetto.recognition.inference import Inference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from affetto.preprocessing.voice_activity import SpeechSegmenter, Stretch
    from affetto.recognition.bundle import Bundle
    from affetto.recognition.explanation import Explanation
    from affetto.speech import SoundStream


class InferencePool:
    """Runs a bundle on segments of speech, each on one processor.

    No thread outlives a call, so a fork finds none missing.

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
    """

    def __init__(self, bundle: Bundle, *, threads: int | None = None) -> None:
        self._threads = threads or usable_cpus()
        self._inference = Inference(bundle)
        self.sample_rate_hz = self._inference.sample_rate_hz

    def predict(self, segment: Stretch, *, explain: bool = False) -> HeardUtterance:
        """Run the model on one segment.

        Parameters
        ----------
        segment : Stretch
        explain : bool
            Whether to measure too how the voice sounds.

        Returns
        -------
        HeardUtterance
        """
        rate = self.sample_rate_hz
        return HeardUtterance(
            start_s=round(segment.start / rate, 3),
            end_s=round((segment.start + len(segment.samples)) / rate, 3),
            heard=self._inference.hear(segment.surrounded),
            explanation=_explained(segment, rate) if explain else None,
        )

    def predict_each(
        self, segments: Iterator[tuple[int, Stretch]], *, explain: bool = False, threads: int | None = None
    ) -> Iterator[tuple[int, HeardUtterance]]:
        """Run the model on several segments at a time, while the next are looked for.

        Parameters
        ----------
        segments : iterator of (channel, Stretch)
        explain : bool
            Whether to measure too how the voice sounds.
        threads : int, optional
            How many at a time; by default as many as the pool has. 1 where several recordings are recognized at a time.

        Yields
        ------
        channel, HeardUtterance
            In the order of the segments.
        """

        def predicted(numbered: tuple[int, Stretch]) -> tuple[int, HeardUtterance]:
            channel, segment = numbered
            return channel, self.predict(segment, explain=explain)

        return map_in_order(predicted, segments, workers=threads or self._threads)


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

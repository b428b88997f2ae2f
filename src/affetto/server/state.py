"""What the requests of one service share."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection  # noqa: TC002 (FastAPI evaluates annotations)

from affetto._cpus import usable_cpus
from affetto.adaptation.prior import parse_prior
from affetto.bundles.bundle import bundled_models, load_bundle
from affetto.recognition.recognizer import Recognizer
from affetto.server.metrics import Metrics
from affetto.server.recognition_queue import RecognitionQueue
from affetto.server.security import AccessControl
from affetto.server.uploads import UploadReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affetto.bundles.bundle import Bundle
    from affetto.recognition.result import Recognition, Segment
    from affetto.server.settings import Settings


class Service:
    """The recognizer, the queue, and what else all requests share.

    Parameters
    ----------
    settings : Settings

    Raises
    ------
    AffettoError
        If model, profile or prior cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        # One thread for a recording: several at a time use all processors already.
        self.recognizer = Recognizer(
            settings.model,
            profile=settings.profile,
            prior=None if settings.prior is None else parse_prior(settings.prior),
            threads=1,
        )
        threads = settings.threads or usable_cpus()
        self.queue = RecognitionQueue(
            threads=threads,
            max_waiting=settings.max_waiting,
            timeout_s=settings.recognition_timeout_s,
            max_duration_s=settings.max_duration_s,
        )
        self.uploads = UploadReader(
            max_upload_mb=settings.max_upload_mb,
            max_memory_mb=settings.max_memory_mb,
            timeout_s=settings.upload_timeout_s,
        )
        self.access = AccessControl(settings)
        # Apart from the queue, so that no recording keeps a live stream waiting.
        self.stream_executor = ThreadPoolExecutor(threads, thread_name_prefix="stream")
        self.n_streams = 0
        self.metrics = Metrics()
        self.metrics.add_gauge("affetto_queue", "Requests that wait or run", lambda: self.queue.n_pending)
        self.metrics.add_gauge("affetto_upload_bytes", "Memory of all uploads", lambda: self.uploads.n_bytes)
        self.metrics.add_gauge("affetto_streams", "Live streams that run", lambda: self.n_streams)

    @cached_property
    def bundles(self) -> dict[str, Bundle]:
        """The shipped models and the served one, by their names."""
        shipped = [load_bundle(folder) for folder in bundled_models().values()]
        return {bundle.name: bundle for bundle in (*shipped, self.recognizer.bundle)}

    def count(self, route: str, recognitions: Sequence[Recognition]) -> None:
        """Count results in the metrics."""
        self.metrics.sound_s.labels(route).inc(sum(recognition.duration_s for recognition in recognitions))
        for recognition in recognitions:
            self.count_segments(recognition.segments)

    def count_segments(self, segments: Sequence[Segment]) -> None:
        """Count segments in the metrics."""
        for emotion, count in Counter(segment.emotion or "none" for segment in segments).items():
            self.metrics.segments.labels(emotion).inc(count)

    def close(self) -> None:
        """Wait for what runs."""
        self.queue.close()
        self.stream_executor.shutdown(cancel_futures=True)


def get_service(connection: HTTPConnection) -> Service:
    """Return the service that a request belongs to."""
    service: Service = connection.app.state.service
    return service


def admit(connection: HTTPConnection) -> None:
    """Check that a client may use the service; see `AccessControl.admit`."""
    get_service(connection).access.admit(connection)


ServiceDependency = Annotated[Service, Depends(get_service)]

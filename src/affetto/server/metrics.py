"""Metrics of the service, in the format of Prometheus."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = ("GET", "POST", "OPTIONS")
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Counts what the service does.

    Attributes
    ----------
    sound_s : Counter
        Seconds of recognized sound, by route.
    segments : Counter
        Recognized segments, by emotion.
    """

    def __init__(self) -> None:
        # Else each series has another one with the time of its first value.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter("affetto_requests", "Requests", ["route", "method", "status"], registry=self._registry)
        self._seconds = Histogram(
            "affetto_request_seconds", "Time of requests", ["route"], buckets=_SECONDS, registry=self._registry
        )
        self.sound_s = Counter("affetto_sound_seconds", "Recognized sound", ["route"], registry=self._registry)
        self.segments = Counter("affetto_segments", "Recognized segments", ["emotion"], registry=self._registry)

    def add_gauge(self, name: str, description: str, value: Callable[[], float]) -> None:
        """Add a gauge whose value a function returns."""
        Gauge(name, description, registry=self._registry).set_function(value)

    def observe(self, *, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(route, method, status).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Return all metrics."""
        return generate_latest(self._registry)


class MetricsMiddleware:
    """Counts every HTTP request of an ASGI application by route and method, of which no client can add others."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s, status = time.perf_counter(), 500

        async def observed_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, observed_send)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.observe(route=route, method=method, status=status, seconds=time.perf_counter() - started_s)

"""A running service."""

from __future__ import annotations

import io
import time
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any, cast

import httpx
import numpy as np
import pytest
import soundfile
from websockets.sync.client import connect

from affetto.server.run import address, make_server
from affetto.server.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import uvicorn
    from fastapi import FastAPI

    from affetto.server.state import Service

_START_TIMEOUT_S = 20


@dataclass(frozen=True)
class Running:
    """A service that runs in a thread, and a client for it."""

    server: uvicorn.Server
    address: str
    client: httpx.Client

    @property
    def state(self) -> Service:
        """What its requests share."""
        return cast("Service", cast("FastAPI", self.server.config.app).state.service)

    @property
    def connections(self) -> set[Any]:
        """Its connections."""
        return self.server.server_state.connections

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.address.rpartition(":")[2])

    def post(self, content: Any, *, query: str = "", **options: Any) -> httpx.Response:
        """Send a recording."""
        return self.client.post(f"/v1/recognitions{query}", content=content, **options)

    def stream(self, **options: Any) -> Any:
        """Connect to the live stream; a context manager."""
        return connect(f"ws://127.0.0.1:{self.port}/v1/stream", **options)

    def wait_until_idle(self, *, timeout_s: float = 10) -> None:
        """Wait until nothing of any request is left, and fail if that takes long."""
        limit = time.monotonic() + timeout_s
        while left := self.state.queue.n_pending + self.state.uploads.n_bytes + self.state.n_streams:
            assert time.monotonic() < limit, f"{left} of requests are left"
            time.sleep(0.005)


@contextmanager
def running(**options: Any) -> Iterator[Running]:
    """Serve in a thread, on a free port."""
    server = make_server(load_settings(**{"port": 0, "threads": 1} | options))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    limit = time.monotonic() + _START_TIMEOUT_S
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < limit
        time.sleep(0.01)
    with httpx.Client(base_url=address(server), timeout=30) as client:
        yield Running(server, address(server), client)
    server.should_exit = True
    thread.join(30)
    assert not thread.is_alive()


@contextmanager
def serving(**options: Any) -> Iterator[str]:
    """Serve in a thread, on a free port; yields the address."""
    with running(**options) as started:
        yield f"{started.address}/"


@pytest.fixture(scope="session")
def server() -> Iterator[Running]:
    """A service with the default model and without keys."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def service(server: Running) -> str:
    """The address of the service, as a browser shows it."""
    return f"{server.address}/"


@pytest.fixture(scope="session")
def angry(root: Path) -> bytes:
    """A recording of two seconds."""
    return (root / "examples" / "angry.flac").read_bytes()


@pytest.fixture(scope="session")
def hours_of_silence() -> bytes:
    """Two hours in a small file."""
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 8_000, 1, format="FLAC", subtype="PCM_16") as flac:
        for _ in range(120):
            flac.write(np.zeros(60 * 8_000, np.int16))
    return file.getvalue()

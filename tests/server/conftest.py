"""A running service."""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from affetto.server.app import create_app
from affetto.server.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

_START_TIMEOUT_S = 20


@contextmanager
def serving(**options: Any) -> Iterator[str]:
    """Serve in a thread, on a free port; yields the address."""
    settings = load_settings(port=0, threads=1, **options)
    config = uvicorn.Config(create_app(settings), host=settings.host, port=0, log_level="warning")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    limit = time.monotonic() + _START_TIMEOUT_S
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < limit
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://{settings.host}:{port}/"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    """The address of a service with the default model and without keys."""
    with serving() as address:
        yield address

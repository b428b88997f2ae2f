"""Running the service."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from affetto.server.app import create_app
from affetto.server.stream import MAX_FRAME_BYTES

if TYPE_CHECKING:
    import asyncio
    import socket

    from affetto.server.settings import Settings

# A process ends its streams and connections so long after SIGTERM, if recognitions take longer.
_EXTRA_SHUTDOWN_S = 5
IDLE_TIMEOUT_S = 15
"""How long a connection may be without a request, and a client may take to send the head of one."""


def make_server(settings: Settings) -> uvicorn.Server:
    """Return the server of a new application, with the model loaded.

    Parameters
    ----------
    settings : Settings

    Raises
    ------
    AffettoError
        If model, profile or prior cannot be used.
    """
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of every damaged form
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,  # addresses of clients are nobody's business; /metrics counts requests
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=round(settings.recognition_timeout_s) + _EXTRA_SHUTDOWN_S,
        http=_Protocol,
        timeout_keep_alive=IDLE_TIMEOUT_S,
        ws_max_size=MAX_FRAME_BYTES + 1,  # a frame just above the limit gets an answer before the connection is closed
        # Sound hardly shrinks, and a few bytes must not become megabytes.
        ws_per_message_deflate=False,
        h11_max_incomplete_event_size=1 << 16,
    )
    return _Server(config)


def address(server: uvicorn.Server) -> str:
    """Return the address of a server that has started."""
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what runs. Parameters and errors are those of `make_server`."""
    make_server(settings).run()


class _Protocol(H11Protocol):
    """Closes a connection whose client sends no request, or only a part of its head, which uvicorn keeps for ever."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(self.config.timeout_keep_alive, self._close_if_idle_since, None)

    def _close_if_idle_since(self, request: object) -> None:
        """Close the connection if it has no request, and had none but this one at the last look."""
        if self.transport.is_closing() or self.transport.get_protocol() is not self:  # a live stream has taken it over
            return
        is_idle = self.cycle is None or self.cycle.response_complete
        if is_idle and self.cycle is request:
            self.transport.close()
            return
        seen = self.cycle if is_idle else self  # which is no request
        self.loop.call_later(self.config.timeout_keep_alive, self._close_if_idle_since, seen)


class _Server(uvicorn.Server):
    """Tells its address as soon as it can be reached."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"affetto: {address(self)} (Ctrl-C ends)", file=sys.stderr)

"""Running the service."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from affetto.server.app import create_app
from affetto.server.stream import MAX_FRAME_BYTES

if TYPE_CHECKING:
    import asyncio
    import socket

    from affetto.server.settings import Settings

# A process ends its streams and connections so long after SIGTERM, if recognitions take longer.
_EXTRA_SHUTDOWN_S = 5
IDLE_TIMEOUT_S = 15
"""How long a connection may be without a request, a client send the head of one, and nothing of an answer be taken."""


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
        ws=_StreamProtocol,
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
    """Ends a connection whose client sends no request, or only a part of one's head, or takes no answer.

    Uvicorn keeps them for ever, and waits for them when the service ends.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._last_look = self._progress()
        self._look_later()

    def _look_later(self) -> None:
        self.loop.call_later(self.config.timeout_keep_alive, self._look)

    def _progress(self) -> tuple[object, bool, int]:
        """Return the last request, whether it has its answer, and how many bytes the client has yet to take."""
        has_answer = self.cycle is None or self.cycle.response_complete
        return self.cycle, has_answer, self.transport.get_write_buffer_size()

    def _look(self) -> None:
        """End the connection if the client has done nothing since the last look, and it was its turn."""
        previous, self._last_look = self._last_look, self._progress()
        _, has_answer, n_unsent = self._last_look
        if self.transport.is_closing() and not n_unsent:
            return
        if n_unsent and self._last_look == previous:
            self.transport.abort()  # to close it would wait until they are taken
            return
        is_stream = self.transport.get_protocol() is not self  # which has its own timeouts
        if has_answer and not is_stream and self._last_look == previous:
            self.transport.close()
            return
        self._look_later()


class _StreamProtocol(WebSocketsSansIOProtocol):
    """Answers no pings of a client that takes nothing: the answers would pile up."""

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()  # forgets the answer


class _Server(uvicorn.Server):
    """Tells its address as soon as it can be reached."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"affetto: {address(self)} (Ctrl-C ends)", file=sys.stderr)

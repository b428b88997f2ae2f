"""Running the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

from affetto.server.app import create_app
from affetto.server.stream import MAX_FRAME_BYTES

if TYPE_CHECKING:
    from affetto.server.settings import Settings

# A process ends its streams and connections so long after SIGTERM, if recognitions take longer.
_EXTRA_SHUTDOWN_S = 5


def run(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what runs.

    Parameters
    ----------
    settings : Settings

    Raises
    ------
    AffettoError
        If model, profile or prior cannot be used.
    """
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,  # addresses of clients are nobody's business; /metrics counts requests
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=round(settings.recognition_timeout_s) + _EXTRA_SHUTDOWN_S,
        timeout_keep_alive=15,
        ws_max_size=MAX_FRAME_BYTES + 1,  # a frame just above the limit gets an answer before the connection is closed
        h11_max_incomplete_event_size=1 << 16,
    )
    uvicorn.Server(config).run()

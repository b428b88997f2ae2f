"""`affetto serve`: the HTTP and WebSocket service, and its page."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from affetto._extras import require_extra
from affetto.cli import options  # noqa: TC001 (as above)


def serve(
    host: Annotated[str | None, Option(help="The address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, Option(help="The port to listen on. [default: 8000]")] = None,
    model: options.ModelOption = None,
    profile: options.ProfileOption = None,
    prior: options.PriorOption = None,
) -> None:
    """Serve recognition over HTTP and WebSocket, with a page for the browser, until Ctrl-C.

    All settings are environment variables; see the documentation of the service.
    """
    require_extra("serve", purpose="affetto serve")
    from affetto.server.run import run
    from affetto.server.settings import load_settings

    run(load_settings(host=host, port=port, model=model, profile=profile, prior=prior))

"""Who may use the service: keys, hosts, origins, a rate limit, and headers for browsers."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders

from affetto.server.problems import ProblemError
from affetto.server.settings import is_loopback

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from affetto.server.settings import Settings

# The style sheet that wavesurfer.js puts into the waveforms of the page.
_WAVEFORM_STYLE = "'sha256-XGW/cX2BkTPWNNT3NdyASrPEWZfPnKdPJaJ2aN7R+v8='"
_HEADERS = {
    "Cache-Control": "no-cache",  # after an update, a browser must not mix old and new scripts of the page
    "Content-Security-Policy": (
        f"default-src 'self'; style-src 'self' {_WAVEFORM_STYLE}; media-src 'self' blob:; img-src 'self' data: blob:; "
        "connect-src 'self' blob: ws: wss:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class AccessControl:
    """Decides whether a client may use the service.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._keys = tuple(key.get_secret_value().encode() for key in settings.api_keys)
        self._origins = settings.cors_origins
        self._limit = RateLimitItemPerMinute(settings.rate_limit_per_minute) if settings.rate_limit_per_minute else None
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    @property
    def needs_key(self) -> bool:
        """Whether clients must send a key."""
        return bool(self._keys)

    def admit(self, connection: HTTPConnection, *, key: str | None = None) -> None:
        """Check a request.

        Parameters
        ----------
        connection : HTTPConnection
        key : str, optional
            The key of a client that cannot send headers; by default that of the header Authorization.

        Raises
        ------
        ProblemError
            If the client may not use the service, or sends too many requests.
        """
        self._require_origin(connection)
        sent = key.encode() if key else _bearer_token(connection)
        if self._keys:
            # All are compared, so that the time tells nothing.
            matches = [secrets.compare_digest(sent, known) for known in self._keys]
            if not any(matches):
                self._limit_rate(connection, b"")  # nor can keys be guessed at any rate
                raise ProblemError(
                    "unknown-key",
                    "the key is not one of the service's" if sent else "the service needs a key, and none was sent",
                    headers={"WWW-Authenticate": "Bearer"},
                )
        self._limit_rate(connection, sent if self._keys else b"")

    def _require_origin(self, connection: HTTPConnection) -> None:
        """Refuse pages in a browser that are neither the service's own nor allowed.

        CORS only hides answers from them, and sockets know no CORS.
        """
        origin = connection.headers.get("origin")
        if origin is None or origin in self._origins or "*" in self._origins:
            return
        if origin.partition("://")[2] != connection.headers.get("host"):
            raise ProblemError("foreign-origin", f"pages of {origin[:100]} may not use this service")

    def _limit_rate(self, connection: HTTPConnection, key: bytes) -> None:
        address = connection.client.host if connection.client else ""
        if self._limit is None or (not key and is_loopback(address)):
            return
        client = key.hex() or address
        if not self._limiter.hit(self._limit, client):
            reset_s = self._limiter.get_window_stats(self._limit, client).reset_time - time.time()
            raise ProblemError(
                "too-many-requests",
                f"the service takes {self._limit.amount} requests a minute from one client",
                headers={"Retry-After": str(max(1, round(reset_s + 0.5)))},
            )


def _bearer_token(connection: HTTPConnection) -> bytes:
    """Return the key in the header Authorization; no bytes without one."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    # Starlette decodes headers as Latin-1. Clients encode keys as UTF-8.
    return token.strip().encode("latin-1") if scheme.lower() == "bearer" else b""


def _host_name(host: str) -> str:
    """Return the header Host without its port; an empty name if it is invalid."""
    try:
        address = urlsplit(f"//{host}")
    except ValueError:
        return ""
    return "" if "@" in host else address.hostname or ""


class SecurityMiddleware:
    """Adds headers for browsers, and refuses requests for another host's name while there are no keys.

    Without the check a web page could reach a service on loopback by a name that it lets point there (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, loopback_only: bool) -> None:
        self._app, self._loopback_only = app, loopback_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def secured_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        host = Headers(scope=scope).get("host", "")
        if self._loopback_only and not is_loopback(_host_name(host)):
            detail = f"the service has no keys, so it answers only to names of this machine, not to {host[:255]!r}"
            await ProblemError("foreign-host", detail).response()(scope, receive, secured_send)
            return
        await self._app(scope, receive, secured_send)

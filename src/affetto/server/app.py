"""The ASGI application: routes, problems, and the static page."""

from __future__ import annotations

import asyncio
import logging
import pathlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, FastAPI, Path
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from affetto import __version__
from affetto.server import models, recognitions, stream
from affetto.server.metrics import MetricsMiddleware
from affetto.server.openapi import complete, problem_responses, text_response
from affetto.server.problems import KINDS, ProblemError, explain
from affetto.server.security import SecurityMiddleware
from affetto.server.state import Service, ServiceDependency, admit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from affetto.server.settings import Settings

_PAGE = pathlib.Path(__file__).parent / "page"
_CLIENT_CLOSED_REQUEST = 499  # as nginx logs it; nobody receives it

_log = logging.getLogger(__name__)


def create_app(settings: Settings) -> FastAPI:
    """Return the application, with the model loaded.

    Parameters
    ----------
    settings : Settings

    Raises
    ------
    AffettoError
        If model, profile or prior cannot be used.
    """
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(service.close)

    app = _Application(
        title="Affetto",
        summary="Speech emotion recognition: a recording goes in, the emotion that its voice expresses comes out.",
        description="Live sound goes over the WebSocket `/v1/stream`, which /agents.md describes.",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # they load their scripts from elsewhere
        redoc_url=None,
    )
    app.state.service = service
    # The scheme only describes what `admit` checks.
    schemes = [Depends(HTTPBearer(auto_error=False))] if service.access.needs_key else []
    for module in (recognitions, models):
        app.include_router(
            module.router, dependencies=[Depends(admit), *schemes], responses=problem_responses("foreign-origin")
        )
    app.include_router(stream.router)
    _add_pages(app)
    _add_problem_handlers(app)
    app.add_middleware(_FailureMiddleware)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Retry-After"],
        )
    app.add_middleware(SecurityMiddleware, loopback_only=not service.access.needs_key)
    app.add_middleware(MetricsMiddleware, metrics=service.metrics)
    app.add_middleware(_HeadMiddleware)
    return app


class _Application(FastAPI):
    """An application with a complete description."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            complete(super().openapi())
        assert self.openapi_schema is not None  # FastAPI keeps it
        return self.openapi_schema


class _HeadMiddleware:
    """Answers HEAD as GET; the server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)


class _FailureMiddleware:
    """Answers a failure with a problem, inside of what adds headers. FastAPI would answer outside of all middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = False

        async def observed_send(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self._app(scope, receive, observed_send)
        except Exception:
            if has_started or scope["type"] != "http":
                raise  # the server logs it, and ends the connection
            _log.exception("a request failed")
            problem = ProblemError(
                "internal-error", "the request could not be answered", headers={"Connection": "close"}
            )
            await problem.response()(scope, receive, send)


def _add_pages(app: FastAPI) -> None:
    """Add what needs no key: health, metrics, explanations of problems, and the page."""

    @app.get("/healthz", response_class=PlainTextResponse, responses=text_response("ok\n"))
    async def health() -> str:
        """Answer as long as the process runs."""
        return "ok\n"

    @app.get("/readyz", response_class=PlainTextResponse, responses=text_response("ok\n"))
    async def ready() -> str:
        """Answer as soon as recordings can be recognized."""
        return "ok\n"

    @app.get("/metrics", response_class=PlainTextResponse, responses=text_response("affetto_streams 0.0\n"))
    async def metrics(service: ServiceDependency) -> Response:
        """Return the metrics for Prometheus."""
        return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get(
        "/problems/{name}",
        response_class=PlainTextResponse,
        responses=text_response(explain("busy")) | problem_responses("invalid-request", "not-found"),
    )
    async def problem(name: Annotated[str, Path(examples=["busy"])]) -> str:
        """Explain a kind of problem."""
        if name not in KINDS:
            raise ProblemError("not-found", f"there is no problem {name[:100]!r}")
        return explain(name)

    @app.get("/llms.txt", include_in_schema=False)
    async def llms() -> Response:
        return FileResponse(_PAGE / "llms.txt", media_type="text/plain; charset=utf-8")

    @app.get("/agents.md", include_in_schema=False)
    async def agents() -> Response:
        return FileResponse(_PAGE / "agents.md", media_type="text/markdown; charset=utf-8")

    @app.get("/", include_in_schema=False)
    async def index() -> Response:
        return FileResponse(_PAGE / "index.html")

    app.mount("/page", StaticFiles(directory=_PAGE))


def _add_problem_handlers(app: FastAPI) -> None:
    """Answer every error with problem details."""

    @app.exception_handler(ProblemError)
    async def answer_problem(_: Request, error: ProblemError) -> Response:
        return error.response()

    @app.exception_handler(RequestValidationError)
    async def answer_invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])[:100] or "the request"
        return ProblemError("invalid-request", f"{where}: {first['msg']}").response()

    @app.exception_handler(HTTPException)
    async def answer_http(request: Request, error: HTTPException) -> Response:
        kind = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "invalid-request")
        where = f"{request.method} {request.url.path}"[:200]
        return ProblemError(kind, f"{where}: {error.detail}", headers=error.headers).response()

    @app.exception_handler(ClientDisconnect)
    async def answer_nobody(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=_CLIENT_CLOSED_REQUEST)

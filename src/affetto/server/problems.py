"""Errors of the service as problem details.

References
----------
M. Nottingham, E. Wilde, S. Dalal: Problem Details for HTTP APIs. RFC 9457, 2023.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

MEDIA_TYPE = "application/problem+json"
_MAX_DETAIL = 1_000


class Kind(NamedTuple):
    """A kind of problem.

    Attributes
    ----------
    status : int
        The HTTP status.
    title : str
        What is wrong, the same for all problems of the kind.
    advice : str
        What a client can do.
    """

    status: int
    title: str
    advice: str


KINDS: Mapping[str, Kind] = {
    "invalid-request": Kind(422, "The request is invalid", "Correct what the detail names."),
    "unreadable-recording": Kind(
        422, "The recording cannot be recognized", "Send a recording of speech, in a format that the detail allows."
    ),
    "unreadable-turns": Kind(422, "Transcript or speakers cannot be read", "Correct the line that the detail names."),
    "unknown-key": Kind(401, "A key is needed", "Send a key of the service as `Authorization: Bearer KEY`."),
    "foreign-host": Kind(
        421, "The service has no keys and is for this machine", "Address it as localhost, or set keys."
    ),
    "foreign-origin": Kind(403, "This page may not use the service", "Add its origin to the service's CORS origins."),
    "not-found": Kind(404, "There is nothing at this address", "See /openapi.json for the addresses."),
    "method-not-allowed": Kind(405, "The method is not allowed here", "Use a method that the header Allow names."),
    "not-acceptable": Kind(406, "The format is not available", "Accept application/json, or choose with `format`."),
    "upload-too-slow": Kind(408, "The upload took too long", "Send it again over a faster connection."),
    "upload-too-large": Kind(413, "The upload is too large", "Send less, for example as FLAC, MP3 or Opus."),
    "recording-too-long": Kind(413, "The recording is too long", "Cut it into shorter recordings."),
    "too-many-requests": Kind(429, "Too many requests", "Wait as long as the header Retry-After says."),
    "internal-error": Kind(500, "The service failed", "Report it with the time, and with the recording if you may."),
    "busy": Kind(503, "The service is busy", "Wait as long as the header Retry-After says, and send it again."),
    "recognition-too-slow": Kind(
        504, "The recognition takes too long", "Cut the recording into shorter ones; do not send it again as it is."
    ),
    "stream-timeout": Kind(408, "The stream sent nothing for too long", "Begin another stream."),
    "stream-too-long": Kind(413, "The stream is too long", "Begin another stream."),
    "invalid-stream": Kind(422, "The stream is invalid", "Follow the frames that the documentation names."),
}
"""Every kind of problem; a problem's type is ``/problems/`` and its name."""


class ProblemError(Exception):
    """A problem to answer a request with.

    Parameters
    ----------
    kind : str
        A name of `KINDS`.
    detail : str
        What is wrong in this case.
    headers : mapping of str to str, optional
        Headers of the response.
    """

    def __init__(self, kind: str, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        if len(detail) > _MAX_DETAIL:  # it may quote what a client sent
            detail = f"{detail[:_MAX_DETAIL]}…"
        super().__init__(detail)
        self.kind, self.detail, self.headers = kind, detail, headers

    def to_dict(self) -> dict[str, Any]:
        """Return the members of the problem details."""
        kind = KINDS[self.kind]
        return {"type": f"/problems/{self.kind}", "title": kind.title, "status": kind.status, "detail": self.detail}

    def response(self) -> Response:
        """Return the response."""
        content = json.dumps(self.to_dict(), ensure_ascii=False)
        return Response(content.encode("utf-8", "backslashreplace"), KINDS[self.kind].status, self.headers, MEDIA_TYPE)


def busy(detail: str, *, retry_after_s: int = 1) -> ProblemError:
    """Return the problem of a service that has too much to do."""
    return ProblemError("busy", detail, headers={"Retry-After": str(retry_after_s)})


def explain(kind: str) -> str:
    """Return what a kind of problem is, and what to do, for a person."""
    status, title, advice = KINDS[kind]
    return f"{title} ({status}). {advice}\n"

"""``POST /v1/recognitions``: a recording in, its emotions out."""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from affetto.adaptation.prior import parse_prior
from affetto.conversations import read_turns
from affetto.errors import AffettoError, ParameterError, TurnsError
from affetto.exports import FORMATS
from affetto.recognition.result import Recognition
from affetto.recognition.rows import number_columns
from affetto.server.negotiation import MEDIA_TYPES, choose_format
from affetto.server.openapi import RECOGNITION_BODY, problem_responses, recognition_contents
from affetto.server.problems import ProblemError
from affetto.server.state import Service, ServiceDependency  # noqa: TC001 (as above)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from affetto.exports import Format
    from affetto.recognition.recognizer import Recognizer
    from affetto.server.uploads import Recording, Upload

PROBLEMS = (
    *("invalid-request", "unreadable-recording", "unreadable-turns", "unknown-key", "not-acceptable"),
    *("upload-too-slow", "upload-too-large", "recording-too-long", "too-many-requests", "busy", "recognition-too-slow"),
)
"""What can go wrong with a recognition, by the names of `KINDS`."""

router = APIRouter()


class Options(BaseModel):
    """The options of a recognition."""

    model_config = ConfigDict(extra="forbid")

    channels: str = Field(
        "mix",
        pattern="^(mix|each|[1-9][0-9]{0,3})$",
        description="`mix` for the mean of all channels, `each` for each by itself, or the number of one, from 1.",
        examples=["mix", "each", "2"],
    )
    track: int | None = Field(
        None, ge=1, le=9_999, description="The audio track, from 1; by default as players choose.", examples=[1]
    )
    acoustics: bool = Field(
        False, description="Whether to measure F0, loudness, articulation rate and more.", examples=[True]
    )
    prior: str | None = Field(
        None,
        max_length=500,
        description="How frequent emotions are: `everyday`, `balanced`, or shares as in `happy=0.2,neutral=0.6`; "
        "by default as the service is set.",
        examples=["everyday", "happy=0.2,neutral=0.6"],
    )
    format: str | None = Field(
        None,
        description=f"One of {', '.join(f'`{name}`' for name in FORMATS)}; by default what the header Accept prefers.",
        examples=list(FORMATS),
        json_schema_extra={"enum": list(FORMATS)},
    )
    name: str | None = Field(
        None, max_length=255, description="The name of a raw body in the result.", examples=["call.wav"]
    )


@router.post(
    "/v1/recognitions",
    responses={
        200: {
            "description": "One recognition for each channel that was asked for; one for the mean of all.",
            "content": recognition_contents(MEDIA_TYPES),
        },
        **problem_responses(*PROBLEMS),
    },
    response_model=list[Recognition],
    openapi_extra={"requestBody": RECOGNITION_BODY},
)
async def recognize(request: Request, options: Annotated[Options, Query()], service: ServiceDependency) -> Response:
    """Recognize the emotions that the voice in a recording expresses."""
    _require_single(request)
    export = choose_format(options.format, request.headers.get("accept", ""))
    async with service.uploads.read(request) as upload:
        recognize = _prepared(service, upload, options, export)
        recognitions, content = await service.queue.run(recognize, abandoned=partial(_disconnected, request))
    service.count("/v1/recognitions", recognitions)
    return Response(content, media_type=MEDIA_TYPES[export.name])


def _prepared(
    service: Service, upload: Upload, options: Options, export: Format
) -> Callable[[Callable[[float], None]], tuple[Sequence[Recognition], bytes]]:
    """Return the recognition to run; what is wrong with the options is an error before it waits.

    It returns the result also as bytes: to write that of many hours takes longer than other requests should wait.
    """
    each, has_turns = options.channels == "each", bool(upload.transcript or upload.speakers)
    if each and has_turns:
        raise ProblemError("invalid-request", "channels is each, and turns are those of one channel; name it, or mix")
    try:
        export.require_room(1, each_channel=each, acoustics=options.acoustics)
        recognizer = copy.copy(service.recognizer)
        if options.prior is not None:
            recognizer.prior = parse_prior(options.prior)
    except ParameterError as error:
        raise ProblemError("invalid-request", str(error)) from None
    numbers = number_columns(recognizer.labels, acoustics=options.acoustics)

    def recognized(progress: Callable[[float], None]) -> tuple[Sequence[Recognition], bytes]:
        try:
            recognitions = _recognized(recognizer, upload, options, progress)
        except TurnsError as error:
            raise ProblemError("unreadable-turns", str(error)) from None
        except AffettoError as error:
            raise ProblemError("unreadable-recording", str(error)) from None
        return recognitions, "".join(export.text(recognitions, numbers)).encode("utf-8", "backslashreplace")

    return recognized


def _recognized(
    recognizer: Recognizer, upload: Upload, options: Options, progress: Callable[[float], None]
) -> Sequence[Recognition]:
    arguments: dict[str, Any] = {"track": options.track, "acoustics": options.acoustics, "progress": progress}
    if options.channels == "each":
        return recognizer.recognize_channels(upload.file, **arguments)
    if upload.transcript or upload.speakers:
        arguments["turns"] = read_turns(_content(upload.transcript), _content(upload.speakers))
    channels: Any = options.channels if options.channels == "mix" else int(options.channels)
    return [recognizer.recognize(upload.file, channels=channels, **arguments)]


def _content(part: Recording | None) -> bytes | None:
    return None if part is None else part.getvalue()


def _require_single(request: Request) -> None:
    """Raise ProblemError for an option that is given twice."""
    names = [name for name, _ in request.query_params.multi_items()]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ProblemError("invalid-request", f"{twice[:100]}: it is given several times; give it once")


async def _disconnected(request: Request) -> None:
    """Wait until the client has gone; its body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass

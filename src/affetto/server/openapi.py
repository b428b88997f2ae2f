"""What the code alone does not say in the OpenAPI description: bodies, formats, problems, examples."""

from __future__ import annotations

from typing import Any

from affetto.server.problems import KINDS, MEDIA_TYPE

_PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "The kind, an address that explains it."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong in this case, and what to do."},
    },
}
_BINARY = {"type": "string", "format": "binary"}

RECOGNITION_BODY = {
    "required": True,
    "description": "A recording: wav, flac, mp3, ogg, m4a, webm, amr, wma, the sound of a video and more.",
    "content": {
        "application/octet-stream": {"schema": _BINARY},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "additionalProperties": False,
                "properties": {
                    "file": {**_BINARY, "description": "The recording."},
                    "transcript": {**_BINARY, "description": "SRT, WebVTT, or JSON of Whisper or WhisperX."},
                    "speakers": {**_BINARY, "description": "RTTM: who speaks when."},
                },
            }
        },
    },
}


def problem_responses(*names: str) -> dict[int | str, dict[str, Any]]:
    """Return the responses of some kinds of problems, by their status."""
    responses: dict[int | str, dict[str, Any]] = {}
    for name in names:
        status, title, advice = KINDS[name]
        example = {"type": f"/problems/{name}", "title": title, "status": status, "detail": advice}
        response = responses.setdefault(
            status, {"description": title, "content": {MEDIA_TYPE: {"schema": _PROBLEM, "examples": {}}}}
        )
        response["content"][MEDIA_TYPE]["examples"][name] = {"value": example}
        if status in (429, 503):
            response["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "In seconds."}}
    return responses

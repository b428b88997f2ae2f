"""What the code alone does not say in the OpenAPI description: bodies, formats, problems, examples."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from affetto.acoustics.measures import AcousticMeasures
from affetto.exports import FORMATS
from affetto.recognition.result import ModelName, Recognition, Segment
from affetto.recognition.rows import number_columns
from affetto.server.problems import KINDS, MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "The kind: an address that explains it."},
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

_ANSWER: dict[str, Any] = {
    "status": "ok",
    "emotion": "sad",
    "confidence": 0.798738,
    "probabilities": {
        "neutral": 0.079156,
        "calm": 0.040961,
        "happy": 0.013786,
        "sad": 0.798738,
        "angry": 0.013951,
        "fearful": 0.029994,
        "disgust": 0.01811,
        "surprised": 0.005303,
    },
    "arousal": -0.866809,
    "valence": -0.928526,
}
RECOGNITION_EXAMPLE = Recognition(
    source="sad.flac",
    duration_s=3.403,
    segments=(Segment(start_s=0.307, end_s=3.123, **_ANSWER),),
    model=ModelName("transformer", "0.1.0"),
    **_ANSWER,
)
"""The result of ``examples/sad.flac``."""


_DESCRIBED = (Recognition, Segment, ModelName, AcousticMeasures)
# Of numpydoc: a line with names and a type, and indented lines below it.
_ATTRIBUTES = re.compile(r"^(\w[\w, ]*?)(?: : .*)?\n((?: {4}.*\n?)+)", re.MULTILINE)


def complete(description: dict[str, Any]) -> None:
    """Add what FastAPI leaves out of the description of a service: what the members of a result are.

    Parameters
    ----------
    description : dict
        As FastAPI makes it; changed.
    """
    schemas = description["components"]["schemas"]
    summary = {
        "type": "array",
        "items": {"type": "string"},
        "description": _plain(AcousticMeasures.summary.__doc__ or ""),
    }
    schemas["AcousticMeasures"]["properties"]["summary"] = summary
    for cls in _DESCRIBED:
        schema, text = schemas[cls.__name__], inspect.getdoc(cls) or ""
        schema["description"] = text.partition("\n")[0]
        attributes = re.split(r"^Attributes\n-+\n", text, flags=re.MULTILINE)[1].partition("\n\n")[0]
        for names, meaning in _ATTRIBUTES.findall(attributes):
            for name in names.split(", "):
                schema["properties"][name]["description"] = _plain(meaning)
        schema |= {"required": list(schema["properties"]), "additionalProperties": False}
    parameters = (p for path in description["paths"].values() for m in path.values() for p in m.get("parameters", []))
    for parameter in parameters:
        # A query has no null: the option is left out.
        choices = parameter["schema"].pop("anyOf", [])
        parameter["schema"] |= next((choice for choice in choices if choice != {"type": "null"}), {})


def _plain(text: str) -> str:
    """Return a text of a docstring for readers of JSON, without references to literature."""
    return re.sub(r"\bNone\b", "null", re.sub(r" \[\d+\]_", "", " ".join(text.split())))


def recognition_contents(media_types: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return the contents of the answer to a recording, by their media types.

    Parameters
    ----------
    media_types : mapping of str to str
        The media type of each export format.
    """
    numbers = number_columns(tuple(RECOGNITION_EXAMPLE.probabilities), acoustics=False)
    texts = {
        media_type: "".join(FORMATS[name].text([RECOGNITION_EXAMPLE], numbers))
        for name, media_type in media_types.items()
    }
    contents = {media_type: {"schema": {"type": "string"}, "example": text} for media_type, text in texts.items()}
    # FastAPI adds the schema of JSON.
    return contents | {"application/json": {"example": [RECOGNITION_EXAMPLE.to_dict()]}}


def text_response(example: str) -> dict[int | str, dict[str, Any]]:
    """Return a successful response of plain text."""
    return {200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": example}}}}


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

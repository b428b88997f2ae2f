"""``WS /v1/stream``: sound in while somebody speaks, segments out."""

from __future__ import annotations

import asyncio
import json
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, WebSocket
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.websockets import WebSocketDisconnect

from affetto.errors import AffettoError
from affetto.server.incoming import container_sound, pcm_sound
from affetto.server.problems import ProblemError, busy
from affetto.server.state import Service, ServiceDependency  # noqa: TC001 (FastAPI evaluates annotations)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from affetto.recognition.live import LiveRecognition
    from affetto.recognition.result import Segment
    from affetto.server.incoming import Sound
    from affetto.server.settings import Settings

MAX_FRAME_BYTES = 1 << 20
"""The largest frame."""

_START_TIMEOUT_S = 10.0
_SEND_TIMEOUT_S = 10.0
# How often, in seconds of sound, a client learns whether somebody speaks.
_STATE_S = 0.5
_POLICY, _TRY_AGAIN, _INTERNAL = 1008, 1013, 1011

_log = logging.getLogger(__name__)
router = APIRouter()


class Start(BaseModel):
    """The first frame of a client."""

    model_config = ConfigDict(extra="forbid", strict=True)

    type: Literal["start"] = Field(description="`start`.")
    format: Literal["pcm_s16le", "pcm_f32le", "webm", "ogg"] = Field(
        description="`pcm_s16le` or `pcm_f32le` for samples, as 16-bit integers or 32-bit floats, little endian; "
        "`webm` or `ogg` for a container, as browsers record it."
    )
    sample_rate_hz: int | None = Field(
        None, ge=8_000, le=192_000, description="The sample rate, 8000 to 192000. Needed for PCM, and only there."
    )
    channels: int | None = Field(
        None,
        ge=1,
        le=16,
        description="How many channels PCM has, interleaved, at most 16; by default 1. Their mean is recognized.",
    )
    interim: bool = Field(True, description="Whether to send `state` frames.")
    api_key: str | None = Field(None, description="A key, for clients that cannot send the header Authorization.")

    @model_validator(mode="after")
    def _match_format(self) -> Start:
        is_pcm = self.format.startswith("pcm")
        if is_pcm and self.sample_rate_hz is None:
            raise ValueError(f"sample_rate_hz is missing, which {self.format} needs")
        if not is_pcm and (self.sample_rate_hz is not None or self.channels is not None):
            raise ValueError(f"sample_rate_hz and channels are for PCM; {self.format} states its own")
        return self


@router.websocket("/v1/stream")
async def stream(websocket: WebSocket, service: ServiceDependency) -> None:
    """Recognize sound while it arrives."""
    await websocket.accept()
    code, problem = 1000, None
    try:
        await _serve(websocket, service)
    except (WebSocketDisconnect, TimeoutError):  # the client has gone, or takes nothing any more
        return
    except ProblemError as error:
        code, problem = _TRY_AGAIN if error.kind == "busy" else _POLICY, error
    except AffettoError as error:
        code, problem = _POLICY, ProblemError("invalid-stream", str(error))
    except Exception:
        _log.exception("a stream failed")
        code, problem = _INTERNAL, ProblemError("internal-error", "the stream could not be recognized")
    try:
        if problem is not None:
            await _send(websocket, {"type": "error", "error": problem.to_dict()})
        await websocket.close(code)
    except (WebSocketDisconnect, TimeoutError, RuntimeError):  # it has gone meanwhile
        return


async def _serve(websocket: WebSocket, service: Service) -> None:
    start = await _start(websocket)
    service.access.admit(websocket, key=start.api_key)
    if service.n_streams >= service.settings.max_streams:
        raise busy(f"{service.n_streams} live streams run already")
    service.n_streams += 1
    try:
        await _recognize(websocket, service, start)
    finally:
        service.n_streams -= 1


async def _start(websocket: WebSocket) -> Start:
    try:
        async with asyncio.timeout(_START_TIMEOUT_S):
            message = await _receive(websocket)
    except TimeoutError:
        raise ProblemError("stream-timeout", f"no start frame came within {_START_TIMEOUT_S:g} s") from None
    if (text := message.get("text")) is None:
        raise ProblemError("invalid-stream", "the first frame is binary; begin with a text frame of the type start")
    try:
        return Start.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the frame"
        raise ProblemError("invalid-stream", f"the start frame is invalid: {where}: {first['msg']}") from None


async def _recognize(websocket: WebSocket, service: Service, start: Start) -> None:
    model = service.recognizer.bundle
    await _send(
        websocket,
        {"type": "ready", "model": {"name": model.name, "version": model.version}, "labels": list(model.labels)},
    )
    warnings: list[str] = []
    sound = _sound(_data(websocket, service.settings), start, warnings)
    loop, live = asyncio.get_running_loop(), None
    n_sent, reported_s = 0, 0.0
    try:
        async for samples, rate in sound:
            if live is None:
                live, rate_of_live = service.recognizer.listen(sample_rate_hz=rate), rate
            if rate != rate_of_live:
                raise ProblemError("invalid-stream", f"the sample rate changes from {rate_of_live} to {rate} Hz")
            segments = await loop.run_in_executor(service.stream_executor, live.push, samples)
            await _send_segments(websocket, service, segments)
            n_sent += len(segments)
            if start.interim and live.position_s - reported_s >= _STATE_S:
                reported_s = live.position_s
                interim = await loop.run_in_executor(service.stream_executor, live.interim)
                await _send(websocket, _state(live, interim))
            if live.position_s > service.settings.max_stream_s:
                raise _too_long(service.settings)
    finally:
        await sound.aclose()
    if live is None:
        raise ProblemError("invalid-stream", "the stream ended before any sound came")
    result = await loop.run_in_executor(service.stream_executor, partial(live.end, warnings=tuple(warnings)))
    await _send_segments(websocket, service, result.segments[n_sent:])
    service.metrics.sound_s.labels("/v1/stream").inc(result.duration_s)
    await _send(websocket, {"type": "result", "result": result.to_dict()})


async def _send_segments(websocket: WebSocket, service: Service, segments: Sequence[Segment]) -> None:
    service.count_segments(segments)
    for segment in segments:
        await _send(websocket, {"type": "segment", "segment": segment.to_dict()})


def _state(live: LiveRecognition, interim: Segment | None) -> dict[str, Any]:
    return {
        "type": "state",
        "position_s": round(live.position_s, 3),
        "speaking": live.speaking,
        "interim": None if interim is None else interim.to_dict(),
    }


def _sound(data: AsyncGenerator[bytes], start: Start, warnings: list[str]) -> Sound:
    if start.format == "webm" or start.format == "ogg":
        return container_sound(data, format=start.format, warnings=warnings)
    assert start.sample_rate_hz is not None  # see `Start`
    return pcm_sound(data, format=start.format, sample_rate_hz=start.sample_rate_hz, n_channels=start.channels or 1)


async def _data(websocket: WebSocket, settings: Settings) -> AsyncGenerator[bytes]:
    """Yield the sound of a client until its end frame."""
    loop, timeout_s = asyncio.get_running_loop(), settings.stream_timeout_s
    # As much time as sound: a few bytes now and then must not hold a place for ever.
    last_s = loop.time() + settings.max_stream_s
    silent_s = loop.time() + timeout_s
    while True:
        try:
            async with asyncio.timeout_at(min(silent_s, last_s)):
                message = await _receive(websocket)
        except TimeoutError:
            if loop.time() >= last_s:
                raise _too_long(settings) from None
            raise ProblemError("stream-timeout", f"no sound came for {timeout_s:g} s") from None
        data, text = message.get("bytes"), message.get("text")
        if data is not None:
            if data:
                yield data
                silent_s = loop.time() + timeout_s
        elif _is_end(text or ""):
            return
        else:
            raise ProblemError("invalid-stream", 'a text frame after the start is not {"type": "end"}')


def _too_long(settings: Settings) -> ProblemError:
    return ProblemError("stream-too-long", f"the stream is longer than {settings.max_stream_s:g} s, the most allowed")


def _is_end(text: str) -> bool:
    try:
        return bool(json.loads(text) == {"type": "end"})
    except (ValueError, RecursionError):
        return False


async def _receive(websocket: WebSocket) -> Mapping[str, Any]:
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1006))
    data = message.get("bytes") or message.get("text") or ""
    if len(data) > MAX_FRAME_BYTES:
        raise ProblemError("invalid-stream", f"a frame has {len(data)} bytes; send at most {MAX_FRAME_BYTES}")
    return message


async def _send(websocket: WebSocket, content: Mapping[str, Any]) -> None:
    async with asyncio.timeout(_SEND_TIMEOUT_S):
        await websocket.send_text(json.dumps(content, ensure_ascii=False))

"""Reading of request bodies into memory: never onto a disk, and never more than allowed."""

from __future__ import annotations

import asyncio
import io
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from affetto.server.problems import ProblemError, busy

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from starlette.requests import Request

_MEGABYTE = 1_000_000
_MAX_NAME = 255
_MAX_DIGITS = 20
# Of a transcript or of speakers: more than for a day of speech, and read in a few seconds.
_MAX_TURNS_BYTES = 4 * _MEGABYTE
_PARTS = ("file", "transcript", "speakers")


class Recording(io.BytesIO):
    """An upload in memory, with the name that the client gave it for results and messages.

    Parameters
    ----------
    name : str
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class Upload(NamedTuple):
    """The parts of a request.

    Attributes
    ----------
    file : Recording
    transcript, speakers : Recording or None
        None if they were not sent.
    """

    file: Recording
    transcript: Recording | None = None
    speakers: Recording | None = None

    def release(self) -> None:
        """Release the memory, also if a thread still reads the upload: it finds the end of the file."""
        for part in self:
            if part is not None:
                part.truncate(0)


class UploadReader:
    """Reads uploads, while their sizes together stay within a limit.

    Parameters
    ----------
    max_upload_mb, max_memory_mb : int
        The most that one upload holds, and all of them together, in megabytes.
    timeout_s : float
        How long an upload may take.

    Attributes
    ----------
    n_bytes : int
        What all uploads hold now.
    """

    def __init__(self, *, max_upload_mb: int, max_memory_mb: int, timeout_s: float) -> None:
        self._max_bytes = max_upload_mb * _MEGABYTE
        self._max_memory = max_memory_mb * _MEGABYTE
        self._timeout_s = timeout_s
        self.n_bytes = 0

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[Upload]:
        """Read the body of a request; its memory is released at the end of the context.

        Raises
        ------
        ProblemError
            If the body is too large, too slow, empty, or not as its content type says.
        """
        held = 0

        async def limited() -> AsyncGenerator[bytes]:
            nonlocal held
            size = 0
            self._require_size(_announced_size(request))
            async for chunk in request.stream():
                size += len(chunk)
                self._require_size(size)
                self.n_bytes += len(chunk)
                held += len(chunk)
                if self.n_bytes > self._max_memory:
                    raise busy("all uploads together hold as much as the service allows", retry_after_s=5)
                yield chunk

        try:
            upload = await self._read(request, limited())
            try:
                yield upload
            finally:
                upload.release()
        finally:
            self.n_bytes -= held

    async def _read(self, request: Request, chunks: AsyncGenerator[bytes]) -> Upload:
        is_form = request.headers.get("content-type", "").lower().startswith("multipart/form-data")
        try:
            async with asyncio.timeout(self._timeout_s):
                return await (_read_form(request, chunks) if is_form else _read_raw(request, chunks))
        except TimeoutError:
            detail = f"the upload took longer than {self._timeout_s:g} s"
            raise ProblemError("upload-too-slow", detail, headers={"Connection": "close"}) from None

    def _require_size(self, size: int) -> None:
        if size > self._max_bytes:
            raise ProblemError(
                "upload-too-large", f"the upload is larger than {self._max_bytes // _MEGABYTE} MB, the most allowed"
            )


def _announced_size(request: Request) -> int:
    """Return the size that the header states, 0 if it states none."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) <= _MAX_DIGITS else 0


async def _read_raw(request: Request, chunks: AsyncGenerator[bytes]) -> Upload:
    recording = Recording(_clean(request.query_params.get("name", "")) or "recording")
    async for chunk in chunks:
        recording.write(chunk)
    if not recording.tell():
        raise ProblemError("invalid-request", "the body is empty; send a recording, or a form with the part `file`")
    recording.seek(0)
    return Upload(recording)


async def _read_form(request: Request, chunks: AsyncGenerator[bytes]) -> Upload:
    parser = MultiPartParser(request.headers, chunks, max_files=len(_PARTS), max_fields=0)
    parser.spool_max_size = 1 << 62  # nothing on a disk
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeError) as error:
        detail = getattr(error, "message", "it has no boundary, or a name that cannot be decoded")
        raise ProblemError("invalid-request", f"the form cannot be read: {str(detail).rstrip('.')}") from None
    parts: dict[str, Recording] = {}
    try:
        for name, value in form.multi_items():
            if name in parts:
                raise ProblemError("invalid-request", f"the form has several parts `{name}`; send one recording")
            parts[name] = await _part(name, value)
    finally:
        await form.close()
    if "file" not in parts:
        raise ProblemError("invalid-request", "the form has no file in a part of the name `file`")
    return Upload(**parts)


async def _part(name: str, value: UploadFile | str) -> Recording:
    if name not in _PARTS or not isinstance(value, UploadFile):
        names = ", ".join(f"`{part}`" for part in _PARTS)
        raise ProblemError("invalid-request", f"the form has a part {_clean(name)!r}; send files as {names}")
    if name != "file" and (value.size or 0) > _MAX_TURNS_BYTES:
        raise ProblemError("upload-too-large", f"`{name}` is larger than {_MAX_TURNS_BYTES // _MEGABYTE} MB")
    recording = Recording(_clean(value.filename or "") or name)
    while piece := await value.read(_MEGABYTE):
        recording.write(piece)
        await asyncio.sleep(0)  # other requests go on while a large one is copied
    await value.close()
    recording.seek(0)
    return recording


def _clean(name: str) -> str:
    """Return the last part of a client's file name without control characters: it only labels results."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", "", re.split(r"[/\\]", name)[-1])[:_MAX_NAME]

"""Sound that arrives over a socket: as samples, or in a container as browsers record it."""

from __future__ import annotations

import asyncio
import queue
from contextlib import suppress
from threading import Semaphore, Thread
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np

from affetto._extras import require_extra
from affetto.errors import AffettoError
from affetto.server.problems import ProblemError
from affetto.speech.decoders.base import EncodedFile, UnreadableError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator

    from numpy.typing import NDArray

ContainerFormat: TypeAlias = Literal["webm", "ogg"]
PcmFormat: TypeAlias = Literal["pcm_s16le", "pcm_f32le"]
Sound: TypeAlias = "AsyncGenerator[tuple[NDArray[Any], int]]"
"""Samples, of shape (n_samples, n_channels), and their sample rate."""

_DTYPES: dict[PcmFormat, np.dtype[Any]] = {"pcm_s16le": np.dtype("<i2"), "pcm_f32le": np.dtype("<f4")}
_FIRST_BYTES: dict[ContainerFormat, bytes] = {"webm": b"\x1aE\xdf\xa3", "ogg": b"OggS"}
# Smaller pieces would cost more than they contain; longer ones would hold memory, and keep other streams waiting.
_PIECE_S, _LONGEST_PIECE_S = 0.1, 1.0
# Of a container: blocks of a few frames of a codec, and how many wait between two threads.
_BLOCK_SAMPLES = 4_800
_MAX_WAITING = 8


async def pcm_sound(data: AsyncIterator[bytes], *, format: PcmFormat, sample_rate_hz: int, n_channels: int) -> Sound:  # noqa: A002 (its name in the protocol)
    """Turn bytes into samples, wherever the bytes are divided.

    Parameters
    ----------
    data : async iterator of bytes
    format : {"pcm_s16le", "pcm_f32le"}
        16-bit integers or 32-bit floats, little endian.
    sample_rate_hz, n_channels : int

    Yields
    ------
    samples, sample_rate_hz
    """
    frame = _DTYPES[format].itemsize * n_channels
    enough, most = (frame * round(seconds * sample_rate_hz) for seconds in (_PIECE_S, _LONGEST_PIECE_S))
    waiting = bytearray()
    async for piece in data:
        waiting += piece
        while len(waiting) >= enough:
            size = min(len(waiting) - len(waiting) % frame, most)
            yield _samples(waiting[:size], format, n_channels), sample_rate_hz
            del waiting[:size]
    if len(waiting) % frame:
        raise ProblemError("invalid-stream", f"the sound ends within a sample: {frame} bytes are one of each channel")
    yield _samples(waiting, format, n_channels), sample_rate_hz


def _samples(data: bytearray, format: PcmFormat, n_channels: int) -> NDArray[Any]:  # noqa: A002
    samples: NDArray[Any] = np.frombuffer(bytes(data), _DTYPES[format])
    return samples.reshape(-1, n_channels)


async def container_sound(data: AsyncIterator[bytes], *, format: ContainerFormat, warnings: list[str]) -> Sound:  # noqa: A002
    """Decode a container while it arrives, in a thread of its own.

    Parameters
    ----------
    data : async iterator of bytes
    format : {"webm", "ogg"}
    warnings : list of str
        At the end, sentences about what is damaged or missing are added.

    Yields
    ------
    samples, sample_rate_hz

    Raises
    ------
    ProblemError
        If it is not of the format, or cannot be decoded.
    """
    require_extra("formats", purpose=f"a stream of {format}")
    decoder = _DecoderThread(format)
    feeder = asyncio.ensure_future(decoder.feed(data))
    try:
        while (block := await decoder.next_block()) is not None:
            yield block
        warnings += decoder.warnings
    finally:
        feeder.cancel()
        decoder.close()


class _DecoderThread:
    """Decodes in a thread; as much sound as in a few blocks waits on either side of it."""

    def __init__(self, format: ContainerFormat) -> None:  # noqa: A002
        self.warnings: list[str] = []  # complete at the end
        self._arriving = _ArrivingFile()
        self._decoded: asyncio.Queue[tuple[NDArray[Any], int] | Exception | None] = asyncio.Queue()
        self._free = Semaphore(_MAX_WAITING)
        self._loop = asyncio.get_running_loop()
        Thread(target=self._decode, args=(format,), name="container", daemon=True).start()

    async def feed(self, data: AsyncIterator[bytes]) -> None:
        """Pass bytes to the thread until their end; their error is that of `next_block`."""
        try:
            async for piece in data:
                await self._arriving.put(piece)
        except Exception as error:
            self._decoded.put_nowait(error)
        finally:
            self._arriving.end()

    async def next_block(self) -> tuple[NDArray[Any], int] | None:
        """Return the next samples and their sample rate; None at the end."""
        item = await self._decoded.get()
        if isinstance(item, Exception):
            raise item
        self._free.release()
        return item

    def close(self) -> None:
        """End the thread, also if it waits."""
        self._arriving.close()
        self._free.release()

    def _decode(self, format: ContainerFormat) -> None:  # noqa: A002
        try:
            for block in _blocks(self._arriving, format, self.warnings):
                self._free.acquire()
                if self._arriving.closed:
                    return
                self._put(block)
            self._put(None)
        except Exception as error:
            self._put(error)

    def _put(self, item: tuple[NDArray[Any], int] | Exception | None) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._decoded.put_nowait, item)


def _blocks(
    arriving: _ArrivingFile,
    format: ContainerFormat,  # noqa: A002
    warnings: list[str],
) -> Iterator[tuple[NDArray[Any], int]]:
    from affetto.speech.decoders.libav import LibavDecoder

    if not arriving.begins_with(_FIRST_BYTES[format]):
        raise ProblemError("invalid-stream", f"the stream is not {format}: it begins with other bytes")
    try:
        decoder = LibavDecoder(
            cast("EncodedFile", arriving), name="the stream", track=None, block_samples=_BLOCK_SAMPLES
        )
    except UnreadableError as error:
        raise ProblemError("invalid-stream", f"the stream is not {format} that can be decoded: {error}") from None
    except AffettoError as error:
        raise ProblemError("invalid-stream", str(error)) from None
    try:
        yield from decoder.blocks()
        warnings += (f"the stream {warning}" for warning in decoder.warnings)
    finally:
        decoder.close()


class _ArrivingFile:
    """A file for a decoder in another thread, whose bytes still arrive; it has what decoders use of `EncodedFile`.

    It has no `seek`, so that libav takes it for a pipe.
    """

    def __init__(self) -> None:
        self._pieces: queue.Queue[bytes] = queue.Queue()
        self._rest = b""
        self._ended = self.closed = False
        self._room = asyncio.Semaphore(_MAX_WAITING)
        self._loop = asyncio.get_running_loop()

    async def put(self, piece: bytes) -> None:
        """Add bytes, as soon as the decoder has taken most of those before."""
        if piece:
            await self._room.acquire()
            self._pieces.put(piece)

    def end(self) -> None:
        """Add nothing more."""
        self._pieces.put(b"")

    def begins_with(self, first: bytes) -> bool:
        """Wait for the first bytes, which stay to be read, and return whether they are these."""
        while len(self._rest) < len(first) and not self._ended and not self.closed:
            self._take()
        return self._rest.startswith(first)

    def _take(self) -> None:
        """Wait for another piece."""
        piece = self._pieces.get()
        self._rest += piece
        self._ended = not piece
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._room.release)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes as soon as there are some, or no bytes at the end."""
        if not self._rest and not self._ended and not self.closed:
            self._take()
        if self.closed:
            return b""
        size = len(self._rest) if size < 0 else size
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def mark_opened(self) -> None:
        """Do nothing: an arriving file may take its time."""

    def check(self) -> None:
        """Do nothing: reading cannot fail."""

    def close(self) -> None:
        """End the reading of a decoder that still waits."""
        self.closed = True
        self._pieces.put(b"")

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affetto import read
from affetto.server.incoming import Sound, container_sound, pcm_sound
from affetto.server.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from numpy.typing import NDArray
    from tests.conftest import Encoder


async def arriving(pieces: Iterable[bytes]) -> AsyncGenerator[bytes]:
    for piece in pieces:
        yield piece


async def collected(sound: Sound) -> list[NDArray[Any]]:
    return [samples async for samples, _ in sound]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Divide at places, also at the same place twice."""
    ends = [*sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(
    st.lists(st.integers(0, 10**6), max_size=20),
    st.sampled_from(["pcm_s16le", "pcm_f32le"]),
    st.integers(1, 4),
    st.integers(0, 3_000),
)
def test_samples_are_the_same_wherever_the_bytes_are_divided(
    places: list[int], format_: Any, n_channels: int, n_samples: int
) -> None:
    dtype = np.dtype("<i2" if format_ == "pcm_s16le" else "<f4")
    expected = np.arange(n_samples * n_channels).astype(dtype).reshape(-1, n_channels)
    data = arriving(cut(expected.tobytes(), places))
    sound = pcm_sound(data, format=format_, sample_rate_hz=8_000, n_channels=n_channels)
    blocks = asyncio.run(collected(sound))
    assert all(block.dtype == dtype for block in blocks)
    np.testing.assert_array_equal(np.concatenate(blocks), expected)


def test_long_pieces_are_divided() -> None:
    sound = pcm_sound(arriving([bytes(100_000)]), format="pcm_s16le", sample_rate_hz=8_000, n_channels=2)
    lengths = [len(block) for block in asyncio.run(collected(sound))]
    assert sum(lengths) == 25_000
    assert max(lengths) == 8_000


@pytest.mark.parametrize("n_bytes", [1, 3, 4_001])
def test_sound_must_not_end_within_a_sample(n_bytes: int) -> None:
    sound = pcm_sound(arriving([bytes(n_bytes)]), format="pcm_s16le", sample_rate_hz=8_000, n_channels=1)
    with pytest.raises(ProblemError, match="sample"):
        asyncio.run(collected(sound))


@pytest.mark.parametrize("size", [1, 997, 10**6])
def test_container_gives_the_samples_of_the_file(encode: Encoder, size: int) -> None:
    content = encode("webm")
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    warnings: list[str] = []
    blocks = asyncio.run(collected(container_sound(arriving(pieces), format="webm", warnings=warnings)))
    np.testing.assert_allclose(np.concatenate(blocks)[:, 0], read(content).samples, atol=1e-6)
    assert len(blocks) > 10  # while it arrives
    assert warnings == []


def test_sound_comes_before_the_container_ends(encode: Encoder) -> None:
    content = encode("webm")

    async def stalled() -> AsyncGenerator[bytes]:
        yield content[: len(content) // 2]
        await asyncio.sleep(60)

    async def first() -> None:
        sound = container_sound(stalled(), format="webm", warnings=[])
        async with asyncio.timeout(5):
            samples, rate = await anext(sound)
        assert (samples.shape[1], rate) == (1, 48_000)
        await sound.aclose()

    asyncio.run(first())
    wait_for_threads()


def test_little_is_decoded_ahead(encode: Encoder) -> None:
    content = encode("webm", np.zeros(24_000 * 120, np.float32))
    taken = 0

    async def counted() -> AsyncGenerator[bytes]:
        nonlocal taken
        for start in range(0, len(content), 100):
            taken += 100
            yield content[start : start + 100]

    async def first() -> None:
        sound = container_sound(counted(), format="webm", warnings=[])
        await anext(sound)
        await asyncio.sleep(0.2)
        assert taken < len(content) / 2
        await sound.aclose()

    asyncio.run(first())
    wait_for_threads()


@pytest.mark.parametrize("content", [b"", b"webm", b"\x1aE\xdf\xa3", b"\x1aE\xdf\xa3" + b"\xff" * 9_999, bytes(9_999)])
def test_rubbish_is_no_container(content: bytes) -> None:
    sound = container_sound(arriving([content]), format="webm", warnings=[])
    with pytest.raises(ProblemError, match="not webm"):
        asyncio.run(collected(sound))
    wait_for_threads()


def test_error_of_the_client_comes_through(encode: Encoder) -> None:
    content = encode("webm")

    async def failing() -> AsyncGenerator[bytes]:
        yield content[: len(content) // 2]
        raise ProblemError("stream-timeout", "nothing came")

    with pytest.raises(ProblemError, match="nothing came"):
        asyncio.run(collected(container_sound(failing(), format="webm", warnings=[])))
    wait_for_threads()


def wait_for_threads() -> None:
    """Wait until no decoder is left."""
    limit = time.monotonic() + 5
    while any(thread.name == "container" for thread in threading.enumerate()):
        assert time.monotonic() < limit
        time.sleep(0.005)

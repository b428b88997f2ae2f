from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from affetto.speech.microphone import InputDevice, Microphone

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEVICE = InputDevice(number=0, name="Headset", system="ALSA", n_channels=1, sample_rate_hz=8_000, is_default=True)
CHUNK = 400


@pytest.fixture
def callbacks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The callbacks of all open streams, which a device calls for each chunk."""
    given: list[Any] = []

    class InputStream:
        def __init__(self, *, callback: Any, **options: object) -> None:
            assert options["blocksize"] == CHUNK
            self._callback = callback
            given.append(callback)

        def start(self) -> None: ...

        def close(self) -> None:
            given.remove(self._callback)

    fake = types.ModuleType("sounddevice")
    fake.__dict__.update(InputStream=InputStream, PortAudioError=OSError, __spec__=types.SimpleNamespace())
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return given


def numbered(first: int) -> NDArray[np.float32]:
    return np.arange(first, first + CHUNK, dtype=np.float32)[:, None] / 1e6


def test_chunks_that_do_not_fit_into_the_queue_become_silence(callbacks: list[Any]) -> None:
    fine = types.SimpleNamespace(input_overflow=False)
    with Microphone(DEVICE) as microphone:
        (take,) = callbacks
        # Fifteen seconds before the first read, of which ten fit, then five that are read immediately.
        for number in range(300):
            take(numbered(number * CHUNK), CHUNK, None, fine)
        chunks = iter(microphone)
        chunks_read = [next(chunks) for _ in range(200)]
        take(numbered(300 * CHUNK), CHUNK, None, fine)
        chunks_read += [next(chunks) for _ in range(101)]
        (warning,) = microphone.warnings
        assert "5.0 s" in warning
        assert len(next(chunks)) == 0  # nothing more has come
    sound = np.concatenate(chunks_read)[:, 0]
    expected = np.arange(301 * CHUNK, dtype=np.float32) / np.float32(1e6)
    expected[200 * CHUNK : 300 * CHUNK] = 0
    np.testing.assert_array_equal(sound, expected.astype(np.float32))


def test_the_queue_is_read_after_the_microphone_was_stopped(callbacks: list[Any]) -> None:
    fine = types.SimpleNamespace(input_overflow=False)
    with Microphone(DEVICE) as microphone:
        (take,) = callbacks
        for number in range(210):
            take(numbered(number * CHUNK), CHUNK, None, fine)
        chunks = iter(microphone)
        chunks_read = [next(chunks)]
        microphone.stop()
        assert callbacks == []
        chunks_read += chunks
    sound = np.concatenate(chunks_read)[:, 0]
    np.testing.assert_array_equal(sound[: 200 * CHUNK], np.concatenate([numbered(i * CHUNK) for i in range(200)])[:, 0])
    # Half a second did not fit.
    np.testing.assert_array_equal(sound[200 * CHUNK :], np.zeros(10 * CHUNK))
    (warning,) = microphone.warnings
    assert "0.5 s" in warning

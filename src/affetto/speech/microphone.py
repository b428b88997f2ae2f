"""Recording from an input device, through sounddevice and PortAudio."""

from __future__ import annotations

from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto._extras import require_extra
from affetto.errors import AudioError, MissingExtraError, ParameterError
from affetto.speech.waveform import check_sample_rate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from numpy.typing import NDArray

_CHUNK_S = 0.05
_QUEUE_S = 10.0
# Without a chunk for this long, iteration gives an empty one. After this many, the device counts as disconnected.
_WAIT_S = 0.25
_MAX_WAITS = 20


@dataclass(frozen=True, slots=True)
class InputDevice:
    """An input device.

    Attributes
    ----------
    number : int
        Number in PortAudio's list.
    name : str
        Name.
    system : str
        Sound system; a device may belong to several.
    n_channels : int
        Number of channels.
    sample_rate_hz : int
        Preferred sample rate.
    is_default : bool
        Whether it is the default of the system.
    """

    number: int
    name: str
    system: str
    n_channels: int
    sample_rate_hz: int
    is_default: bool


def input_devices() -> list[InputDevice]:
    """List the input devices.

    Raises
    ------
    MissingExtraError
        If the extra ``live`` or PortAudio is not installed.
    AudioError
        If there is no input device.
    """
    sounddevice = _load()
    try:
        found = [device for device in sounddevice.query_devices() if device["max_input_channels"] > 0]
        systems = sounddevice.query_hostapis()
    except sounddevice.PortAudioError as error:
        raise AudioError(f"the sound system does not respond: {error}") from None
    if not found:
        raise AudioError("there is no microphone; connect one and allow this program to use it")
    try:
        default = sounddevice.query_devices(kind="input")["index"]
    except sounddevice.PortAudioError:  # there is no default
        default = found[0]["index"]
    return [
        InputDevice(
            number=device["index"],
            name=device["name"],
            system=systems[device["hostapi"]]["name"],
            n_channels=device["max_input_channels"],
            sample_rate_hz=round(device["default_samplerate"]),
            is_default=device["index"] == default,
        )
        for device in found
    ]


def find_device(wanted: str | None = None) -> InputDevice:
    """Choose an input device.

    Parameters
    ----------
    wanted : str, optional
        Number, name or a part of the name; by default the default of the system.

    Raises
    ------
    MissingExtraError
        If the extra ``live`` or PortAudio is not installed.
    AudioError
        If there is no input device.
    ParameterError
        If no device or several devices match.
    """
    devices = input_devices()
    if wanted is None:
        return next(device for device in devices if device.is_default)
    name = wanted.strip().lower()
    for matches in (
        [device for device in devices if name == str(device.number)],
        [device for device in devices if name == device.name.lower()],
        [device for device in devices if name and name in device.name.lower()],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            several = ", ".join(f"{device.number} ({device.name}, {device.system})" for device in matches)
            raise ParameterError(f"{wanted!r} matches several input devices; choose one by number: {several}")
    raise ParameterError(f"there is no input device {wanted!r}; choose one of `affetto listen --list-devices`")


class Microphone:
    """Record one channel of a device; a context manager and an iterator over chunks.

    Chunks wait in a queue of ten seconds. Chunks that arrive while it is full are lost. Silence replaces them, so that
    times stay right, and `warnings` states their duration.

    Parameters
    ----------
    device : InputDevice
        Input device.

    Attributes
    ----------
    name : str
        Name of the source for messages and results.
    sample_rate_hz : int
        Sample rate of the chunks.

    Raises
    ------
    AudioError
        If the sample rate of the device is not supported; on entering, if recording cannot start.
    """

    name = "<microphone>"

    def __init__(self, device: InputDevice) -> None:
        self.device = device
        self.sample_rate_hz = check_sample_rate(device.sample_rate_hz, name=device.name)
        self._chunk_samples = round(_CHUNK_S * self.sample_rate_hz)
        # Each chunk has the number of samples that were lost before it.
        self._queue: Queue[tuple[int, NDArray[np.float32]]] = Queue(round(_QUEUE_S / _CHUNK_S))
        self._n_lost = 0
        self._n_lost_before_next = 0
        self._n_interruptions = 0
        self._is_disconnected = False
        self._is_stopped = False
        self._stream: Any = None

    def __enter__(self) -> Self:
        sounddevice = _load()
        try:
            self._stream = sounddevice.InputStream(
                device=self.device.number,
                samplerate=self.sample_rate_hz,
                channels=1,
                dtype="float32",
                blocksize=self._chunk_samples,
                callback=self._take,
            )
            self._stream.start()
        except sounddevice.PortAudioError as error:
            self._close()
            raise AudioError(
                f"recording from {self.device.name} failed: {error}; "
                "close other programs that record and allow this one to use the microphone"
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def stop(self) -> None:
        """Stop recording. Iteration gives the chunks in the queue, and ends."""
        self._is_stopped = True
        self._close()

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Yield chunks of shape (n_samples, 1), empty ones while none arrive, until `stop` or a disconnection."""
        n_waits = 0
        while n_waits < _MAX_WAITS:
            try:
                n_lost, chunk = self._queue.get(block=not self._is_stopped, timeout=_WAIT_S)
            except Empty:
                if self._is_stopped:
                    yield from self._silence(self._n_lost_before_next)
                    return
                n_waits += 1
                yield np.empty((0, 1), np.float32)
                continue
            n_waits = 0
            yield from self._silence(n_lost)
            yield chunk
        self._is_disconnected = True

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about lost sound."""
        warnings = []
        if self._n_lost:
            warnings.append(
                f"{self._n_lost / self.sample_rate_hz:.1f} s of sound were lost because recognition was too slow; "
                "they became silence"
            )
        if self._n_interruptions:
            times = "once" if self._n_interruptions == 1 else f"{self._n_interruptions} times"
            warnings.append(f"{self.device.name} lost sound {times}; later times are too early by its duration")
        if self._is_disconnected:
            warnings.append(f"{self.device.name} was disconnected; the sound before was recognized")
        return tuple(warnings)

    def _silence(self, n_samples: int) -> Iterator[NDArray[np.float32]]:
        """Yield chunks of silence."""
        for first in range(0, n_samples, self._chunk_samples):
            yield np.zeros((min(self._chunk_samples, n_samples - first), 1), np.float32)

    def _take(self, samples: NDArray[np.float32], n_samples: int, _time: object, status: Any) -> None:
        """Put a chunk into the queue, on PortAudio's thread, which must not wait."""
        self._n_interruptions += bool(status.input_overflow)
        try:
            self._queue.put_nowait((self._n_lost_before_next, samples.copy()))
        except Full:
            self._n_lost += n_samples
            self._n_lost_before_next += n_samples
        else:
            self._n_lost_before_next = 0

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None  # PortAudio must not close it twice


def _load() -> Any:
    """Import sounddevice, or raise MissingExtraError."""
    require_extra("live", purpose="the microphone")
    try:
        import sounddevice
    except OSError as error:  # PortAudio is missing
        raise MissingExtraError(
            f"the microphone needs PortAudio: {error}; install it, on Debian and Ubuntu as libportaudio2"
        ) from None
    return sounddevice

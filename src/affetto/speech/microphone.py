"""The microphone: sound from an input device, through sounddevice and PortAudio."""

from __future__ import annotations

from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Any

import numpy as np

from affetto._extras import require_extra
from affetto.errors import AudioError, MissingExtraError, ParameterError
from affetto.speech.sources import reason
from affetto.speech.waveform import check_sample_rate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from numpy.typing import NDArray

_CHUNK_S = 0.05
_QUEUE_S = 10.0
# Without a chunk for so long, iteration gives an empty one; after so many of these the device is taken for gone.
_WAIT_S = 0.25
_MOST_WAITS = 20


@dataclass(frozen=True, slots=True)
class InputDevice:
    """A device that sound can be recorded from.

    Attributes
    ----------
    number : int
        What PortAudio counts it as.
    name : str
        Its name.
    system : str
        The sound system that it belongs to; one device may be there in several.
    n_channels : int
        How many channels it has.
    sample_rate_hz : int
        The rate that it prefers.
    is_default : bool
        Whether it is the one that is recorded from unless another is named.
    """

    number: int
    name: str
    system: str
    n_channels: int
    sample_rate_hz: int
    is_default: bool


def input_devices() -> list[InputDevice]:
    """Return the devices that sound can be recorded from.

    Raises
    ------
    MissingExtraError
        If the extra ``live`` or PortAudio is not installed.
    AudioError
        If there is none.
    """
    sounddevice = _load()
    try:
        found = [device for device in sounddevice.query_devices() if device["max_input_channels"] > 0]
        systems = sounddevice.query_hostapis()
    except sounddevice.PortAudioError as error:
        raise AudioError(f"the sound system does not answer: {reason(error)}") from None
    if not found:
        raise AudioError("there is no microphone; connect one, and see that this program may use it")
    try:
        default = sounddevice.query_devices(kind="input")["index"]
    except sounddevice.PortAudioError:  # the system prefers none
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
        Its number, its name, or a part of its name; by default the one that the system prefers.

    Raises
    ------
    MissingExtraError
        If the extra ``live`` or PortAudio is not installed.
    AudioError
        If there is no input device.
    ParameterError
        If none or several are meant.
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
            raise ParameterError(f"{wanted!r} may be one of several input devices; choose by number: {several}")
    raise ParameterError(f"there is no input device {wanted!r}; list them and choose one by number or name")


class Microphone:
    """Records from a device while it is entered; iterating gives the sound as it arrives.

    Between the device and whoever iterates is a queue of ten seconds. What arrives while it is full is lost, silence
    takes its place so that times stay right, and `remarks` say so.

    Parameters
    ----------
    device : InputDevice
        Where to record from; one of its channels is.

    Attributes
    ----------
    name : str
        What messages and results call the source.
    sample_rate_hz : int
        Rate of the samples.

    Raises
    ------
    AudioError
        If the device's rate makes no sense; on entering, if it cannot be recorded from.
    """

    name = "<microphone>"

    def __init__(self, device: InputDevice) -> None:
        self.device = device
        self.sample_rate_hz = check_sample_rate(device.sample_rate_hz, name=device.name)
        self._chunk_samples = round(_CHUNK_S * self.sample_rate_hz)
        # Each chunk comes with the number of samples that were lost before it.
        self._queue: Queue[tuple[int, NDArray[np.float32]]] = Queue(round(_QUEUE_S / _CHUNK_S))
        self._n_lost = 0
        self._n_lost_before_next = 0
        self._n_interruptions = 0
        self._is_gone = False
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
                f"{self.device.name} cannot be recorded from: {reason(error)}; "
                "see that no other program has it and that this one may use it"
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def stop(self) -> None:
        """Record no more; iterating gives what has been recorded, and ends."""
        self._is_stopped = True
        self._close()

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Yield chunks of shape (n_samples, 1), empty ones while nothing comes, until the end.

        That is where it was stopped, or where the device is taken for gone.
        """
        n_waits = 0
        while n_waits < _MOST_WAITS:
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
        self._is_gone = True

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what is missing."""
        remarks = []
        if self._n_lost:
            remarks.append(
                f"{self._n_lost / self.sample_rate_hz:.1f} s of sound were lost, since recognizing did not keep up; "
                "they count as silence"
            )
        if self._n_interruptions:
            times = "once" if self._n_interruptions == 1 else f"{self._n_interruptions} times"
            remarks.append(f"{self.device.name} lost some sound {times}; times may be early by as much")
        if self._is_gone:
            remarks.append(f"{self.device.name} gives no sound any more; what came before was heard")
        return tuple(remarks)

    def _silence(self, n_samples: int) -> Iterator[NDArray[np.float32]]:
        """Yield chunks of silence."""
        for first in range(0, n_samples, self._chunk_samples):
            yield np.zeros((min(self._chunk_samples, n_samples - first), 1), np.float32)

    def _take(self, samples: NDArray[np.float32], n_samples: int, _time: object, status: Any) -> None:
        """Take a chunk on PortAudio's thread, which must never wait."""
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
            self._stream = None  # PortAudio must not be asked twice


def _load() -> Any:
    """Import sounddevice, or say what is missing."""
    require_extra("live", purpose="the microphone")
    try:
        import sounddevice
    except OSError as error:  # sounddevice is there, the library that it is made for is not
        raise MissingExtraError(
            f"the microphone needs PortAudio: {reason(error)}; install it, on Debian and Ubuntu as libportaudio2"
        ) from None
    return sounddevice

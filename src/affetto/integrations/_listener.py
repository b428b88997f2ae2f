"""Recognition beside an event loop: what the stages for voice agents have in common."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from affetto.integrations._voice import Sound, Voice
from affetto.recognition.recognizer import Recognizer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from affetto.recognition.result import Segment

logger = logging.getLogger(__name__)

METADATA_KEY = "affetto"
"""Where a transcript carries the emotion of its turn."""

QUEUE_S = 10.0
"""If so much sound waits for its recognition, what follows is left out."""

MAX_VOICES = 32
"""How many voices are remembered: those that were heard last. Not every framework tells when a voice has left."""

TURN_TIMEOUT_S = 0.3
"""How long a transcript waits for its emotion. Who waits for an answer notices more."""

FLUSH_TIMEOUT_S = 1.0
"""How long the end of a conversation waits for the last emotions."""


class _Job(NamedTuple):
    """What the thread has to do.

    Attributes
    ----------
    run : callable
        Without an `answer`, it returns the segments that have ended, for `on_segment`.
    name : str
        The voice.
    sound_s : float
        How much sound that is.
    answer : Future or None
        Gets what `run` returns, or None after an error.
    """

    run: Callable[[], Any]
    name: str = ""
    sound_s: float = 0.0
    answer: asyncio.Future[Any] | None = None


class SpeechListener:
    """Recognizes voices in a thread of its own, while the event loop goes on.

    Recognition never disturbs the conversation. If it fails, a warning is logged once, and it begins anew with the next
    sound. If it is too slow, sound is left out, and a warning is logged once. Memory does not grow.

    Use it in one event loop. A thread and a task begin with the first sound; `close` ends them.

    Parameters
    ----------
    recognizer : Recognizer or None
        None for one with the default model. Any number of listeners may share one.
    on_segment : callable
        Is awaited with the voice and each segment, in their order, about half a second after the segment ends.
    """

    def __init__(self, recognizer: Recognizer | None, on_segment: Callable[[str, Segment], Awaitable[None]]) -> None:
        self._recognizer = Recognizer() if recognizer is None else recognizer
        self._on_segment = on_segment
        self._voices: OrderedDict[str, Voice] = OrderedDict()
        self._lost_s: dict[str, float] = {}
        self._jobs: deque[_Job] = deque()
        self._has_jobs = asyncio.Event()
        self._waiting_s = 0.0
        self._executor: ThreadPoolExecutor | None = None
        self._task: asyncio.Task[None] | None = None
        self._warnings: set[str] = set()

    def push(self, pcm: bytes, *, sample_rate_hz: int, n_channels: int = 1, name: str = "") -> None:
        """Take a piece of sound. This neither waits nor raises.

        Parameters
        ----------
        pcm : bytes
            16-bit samples in the byte order of the machine, the channels interleaved.
        sample_rate_hz, n_channels : int
            If they change, the segment before the change ends there.
        name : str
            Who speaks. Each voice is recognized, and adapted to, by itself.
        """
        if not pcm or sample_rate_hz <= 0 or n_channels <= 0:
            return
        voice = self._voice(name)
        sound = Sound(pcm, sample_rate_hz, n_channels, lost_s=self._lost_s.pop(name, 0.0))
        if self._waiting_s >= QUEUE_S:
            self._lost_s[name] = sound.lost_s + sound.duration_s
            self._warn("sound arrives faster than its emotions are recognized; a part is left out")
            return
        self._waiting_s += sound.duration_s
        self._add(_Job(partial(voice.push, sound), name, sound.duration_s))

    async def turn(self, name: str = "") -> dict[str, Any] | None:
        """Return what a voice expressed since the last call, in all sound that was pushed so far.

        Parameters
        ----------
        name : str
            Who spoke. An unknown name stands for the only voice, if there is one.

        Returns
        -------
        dict or None
            As `Voice.turn` gives. None without speech, and if recognition fails or takes longer than `TURN_TIMEOUT_S`.
        """
        if not self._voices:
            self._warn("a transcript came before any sound; emotion recognition must stand where both pass")
        voice = self._voices.get(name)
        if voice is None and len(self._voices) == 1:
            ((name, voice),) = self._voices.items()
        return None if voice is None else await self._ask(voice.turn, name, timeout_s=TURN_TIMEOUT_S)

    async def flush(self) -> None:
        """End the segments that are being spoken. Wait until `on_segment` has got them, or for `FLUSH_TIMEOUT_S`."""
        if self._voices:
            for name, voice in self._voices.items():
                self._add(_Job(voice.end, name))
            await self._ask(lambda: None, timeout_s=FLUSH_TIMEOUT_S)

    async def close(self) -> None:
        """Drop the sound in the queue, and end the task and the thread. The second time it does nothing."""
        task, self._task = self._task, None
        executor, self._executor = self._executor, None
        self._voices.clear()
        self._jobs.clear()
        self._waiting_s = 0.0
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if executor is not None:
            executor.shutdown(wait=False, cancel_futures=True)

    def _voice(self, name: str) -> Voice:
        if name not in self._voices:
            self._voices[name] = Voice(self._recognizer)
        self._voices.move_to_end(name)
        if len(self._voices) > MAX_VOICES:
            oldest, _ = self._voices.popitem(last=False)
            self._lost_s.pop(oldest, None)
        return self._voices[name]

    def _add(self, job: _Job) -> None:
        self._jobs.append(job)
        self._has_jobs.set()
        if self._task is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="affetto")
            self._task = asyncio.create_task(self._work(self._executor), name="affetto")

    async def _ask(self, run: Callable[[], Any], name: str = "", *, timeout_s: float) -> Any:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        job = _Job(run, name, answer=answer)
        self._add(job)
        try:
            return await asyncio.wait_for(answer, timeout_s)
        except TimeoutError:
            return None
        finally:
            if job in self._jobs:
                self._jobs.remove(job)

    async def _work(self, executor: ThreadPoolExecutor) -> None:
        while True:
            await self._has_jobs.wait()
            self._has_jobs.clear()
            while self._jobs:
                job = self._jobs.popleft()
                found = await self._run(executor, job)
                self._waiting_s -= job.sound_s
                if job.answer is None:
                    for segment in found or ():
                        await self._report(job.name, segment)
                elif not job.answer.done():
                    job.answer.set_result(found)

    async def _run(self, executor: ThreadPoolExecutor, job: _Job) -> Any:
        try:
            return await asyncio.get_running_loop().run_in_executor(executor, job.run)
        except Exception as error:
            self._warn("emotion recognition failed; the conversation goes on without it", error)
            if job.name in self._voices:
                self._voices[job.name].discard()
            return None

    async def _report(self, name: str, segment: Segment) -> None:
        try:
            await self._on_segment(name, segment)
        except Exception as error:
            self._warn("what is done with a recognized emotion failed; the conversation goes on", error)

    def _warn(self, message: str, error: Exception | None = None) -> None:
        """Log a warning, the first time only."""
        if message not in self._warnings:
            self._warnings.add(message)
            logger.warning(message, exc_info=error)

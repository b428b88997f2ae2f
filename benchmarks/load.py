"""Measure `affetto serve` under load: requests, live streams, and minutes of both with bad inputs among them.

    python -m benchmarks.load RAVDESS
    python -m benchmarks.load RAVDESS --task mixed --minutes 20

The service runs in a process of its own, and its clients in this one, both on loopback. Writes
benchmarks/results/load.json. Run nothing else meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tools.generated import RESULTS, ROOT, as_json
from tools.provenance import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

RESULT = ROOT / RESULTS / "load.json"
N_CLIPS = 200
SECONDS = 20.0
SHARE_OF_BAD_INPUTS = 0.05
CHUNK_S = 0.1


class Service(NamedTuple):
    """A running service."""

    host: str
    port: int
    process: subprocess.Popen[bytes]
    ready_s: float

    def resident_mb(self) -> float:
        """Return the resident memory of its process, in megabytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def service() -> Iterator[Service]:
    """Run the service with its default settings, from its start until it is ready, and end it after the context."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    begin = time.perf_counter()
    command = [sys.executable, "-c", "from affetto.cli import main; main()", "serve", "--port", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).read()
                break
            except OSError:
                if process.poll() is not None or time.perf_counter() - begin > 30:
                    raise SystemExit("the service did not start") from None
                time.sleep(0.01)
        yield Service("127.0.0.1", port, process, time.perf_counter() - begin)
    finally:
        process.terminate()
        process.wait(90)


class Answer(NamedTuple):
    """The answer to a request."""

    status: int
    seconds: float
    body: bytes


class Client:
    """A connection that sends one request after the other. It does little, since it shares the processors."""

    def __init__(self, at: Service) -> None:
        self._at = at
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, body: bytes) -> Answer:
        """Send a recording."""
        begin = time.perf_counter()
        if self._writer is None or self._writer.is_closing():
            self._reader, self._writer = await asyncio.open_connection(self._at.host, self._at.port)
        assert self._reader is not None
        head = f"POST /v1/recognitions HTTP/1.1\r\nHost: {self._at.host}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        await self._writer.drain()
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if line)
        content = await self._reader.readexactly(int(headers["content-length"]))
        if headers.get("connection") == "close":
            self.close()
        return Answer(int(lines[0].split()[1]), time.perf_counter() - begin, content)

    def close(self) -> None:
        """End the connection."""
        if self._writer is not None:
            self._writer.close()


def clips(corpus: Path) -> list[bytes]:
    """Return clips of a corpus as wav."""
    import soundfile

    from affetto.corpora import load_corpus

    paths = [utterance.path for utterance in load_corpus(corpus).utterances]
    wavs = []
    for path in random.Random(0).sample(paths, N_CLIPS):
        samples, rate = soundfile.read(path, dtype="int16")
        buffer = io.BytesIO()
        soundfile.write(buffer, samples, rate, format="WAV")
        wavs.append(buffer.getvalue())
    return wavs


def throughput(corpus: Path, _: float) -> dict[str, Any]:
    """Compare clips per second over HTTP with those in one process, and measure latency by number of clients."""
    from affetto import Recognizer

    wavs = clips(corpus)
    recognizer = Recognizer()
    in_process = []
    for _repetition in range(3):
        begin = time.perf_counter()
        n = sum(1 for _ in recognizer.recognize_each(wavs * 3))
        in_process.append(n / (time.perf_counter() - begin))
    figures: dict[str, Any] = {"in_process_clips_per_s": round(statistics.median(in_process), 1)}
    with service() as running:
        figures["start_to_ready_s"] = round(running.ready_s, 2)
        asyncio.run(_requests(running, wavs, n_clients=4, seconds=3))
        for n_clients in (1, 4, 16, 64, 128):
            answers = asyncio.run(_requests(running, wavs, n_clients=n_clients, seconds=SECONDS))
            figures[f"clients_{n_clients}"] = _summary(answers, SECONDS)
        best = max(value["clips_per_s"] for key, value in figures.items() if key.startswith("clients"))
        figures["share_of_in_process"] = round(best / figures["in_process_clips_per_s"], 3)
        figures["resident_mb"] = round(running.resident_mb(), 1)
    return figures


async def _requests(running: Service, wavs: Sequence[bytes], *, n_clients: int, seconds: float) -> list[Answer]:
    answers: list[Answer] = []
    end = time.perf_counter() + seconds

    async def send(seed: int) -> None:
        client, order = Client(running), random.Random(seed)
        while time.perf_counter() < end:
            answer = await client.post(order.choice(wavs))
            answers.append(answer)
            if answer.status == 503:
                await asyncio.sleep(1)  # as Retry-After says
        client.close()

    await asyncio.gather(*(send(seed) for seed in range(n_clients)))
    return answers


def _summary(answers: Sequence[Answer], seconds: float) -> dict[str, Any]:
    accepted = [answer.seconds for answer in answers if answer.status == 200]
    statuses = sorted({answer.status for answer in answers})
    return {
        "clips_per_s": round(len(accepted) / seconds, 1),
        **{f"p{q}_ms": round(1_000 * float(np.percentile(accepted, q)), 1) for q in (50, 95, 99)},
        "statuses": {str(status): sum(answer.status == status for answer in answers) for status in statuses},
    }


def streams(corpus: Path, _: float) -> dict[str, Any]:
    """Measure how late segments come while several streams run at once, each at the pace of speech."""
    track = _track(corpus)
    figures: dict[str, Any] = {}
    with service() as running:
        for n in (1, 8, 32):
            late = asyncio.run(_streams(running, track, n=n, seconds=60))
            figures[f"streams_{n}"] = {
                "segments": len(late),
                **{f"late_p{q}_s": round(float(np.percentile(late, q)), 3) for q in (50, 99)},
                "late_most_s": round(max(late), 3),
            }
    return figures


def _track(corpus: Path, rate: int = 16_000) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Return clips behind one another, as 16-bit samples."""
    import soundfile
    import soxr

    pieces = []
    for wav in clips(corpus)[:100]:
        samples, own_rate = soundfile.read(io.BytesIO(wav), dtype="int16")
        pieces.append(soxr.resample(samples, own_rate, rate))
    return np.concatenate(pieces)


async def _streams(
    running: Service, track: np.ndarray[Any, np.dtype[np.int16]], *, n: int, seconds: float, rate: int = 16_000
) -> list[float]:
    import websockets

    late: list[float] = []

    async def one(number: int) -> None:
        sound = np.roll(track, -number * 3 * rate)[: round(seconds * rate)].tobytes()
        size = 2 * round(CHUNK_S * rate)
        await asyncio.sleep(CHUNK_S * number / n)
        async with websockets.connect(f"ws://{running.host}:{running.port}/v1/stream", max_size=None) as socket_:
            await socket_.send(json.dumps({"type": "start", "format": "pcm_s16le", "sample_rate_hz": rate}))
            await socket_.recv()
            begin = time.perf_counter()

            async def send() -> None:
                for position in range(0, len(sound), size):
                    await socket_.send(sound[position : position + size])
                    await asyncio.sleep(begin + position / (2 * rate) + CHUNK_S - time.perf_counter())
                await socket_.send('{"type": "end"}')

            sending = asyncio.ensure_future(send())
            async for message in socket_:
                frame = json.loads(message)
                if frame["type"] == "segment":
                    late.append(time.perf_counter() - begin - frame["segment"]["end_s"])
                elif frame["type"] == "error":
                    raise SystemExit(f"a stream failed: {frame}")
            await sending

    await asyncio.gather(*(one(number) for number in range(n)))
    return late


def mixed(corpus: Path, minutes: float) -> dict[str, Any]:
    """Send requests and streams for minutes, with bad inputs among them, and watch the memory of the service."""
    wavs, track = clips(corpus), _track(corpus)
    with service() as running:
        return asyncio.run(_mixed(running, wavs, track, seconds=60 * minutes))


async def _mixed(
    running: Service, wavs: Sequence[bytes], track: np.ndarray[Any, np.dtype[np.int16]], *, seconds: float
) -> dict[str, Any]:
    begin, answers, memory = time.perf_counter(), [], []
    late: list[float] = []

    def remains() -> float:
        return begin + seconds - time.perf_counter()

    async def send(seed: int) -> None:
        client, order = Client(running), random.Random(seed)
        while remains() > 0:
            bad = order.random() < SHARE_OF_BAD_INPUTS
            answers.append(await client.post(_bad_input(order, wavs) if bad else order.choice(wavs)))
            await asyncio.sleep(order.expovariate(20))
        client.close()

    async def listen() -> None:
        while remains() > 0:
            late.extend(await _streams(running, track, n=4, seconds=min(30.0, max(remains(), 1.0))))

    async def watch() -> None:
        while remains() > 0:
            memory.append((time.perf_counter() - begin, running.resident_mb()))
            await asyncio.sleep(1)

    await asyncio.gather(*(send(seed) for seed in range(8)), listen(), watch())
    first = statistics.median(mb for at_s, mb in memory if 50 <= at_s <= 70) if seconds > 70 else memory[0][1]
    last = statistics.median(mb for at_s, mb in memory if at_s >= seconds - 30)
    return {
        "minutes": round(seconds / 60, 1),
        **_summary(answers, seconds),
        "late_most_s": round(max(late), 3),
        "memory_after_a_minute_mb": round(first, 1),
        "memory_at_the_end_mb": round(last, 1),
        "memory_growth": round(last / first - 1, 3),
    }


def _bad_input(order: random.Random, wavs: Sequence[bytes]) -> bytes:
    wav = order.choice(wavs)
    kinds: list[Callable[[], bytes]] = [
        lambda: b"",
        lambda: b"this is no sound",
        lambda: order.randbytes(10_000),
        lambda: wav[: order.randrange(60)],
        lambda: order.randbytes(40) + wav[40:],
    ]
    return order.choice(kinds)()


TASKS: dict[str, Callable[[Path, float], dict[str, Any]]] = {
    "throughput": throughput,
    "streams": streams,
    "mixed": mixed,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the service under load.")
    parser.add_argument("corpus", type=Path, metavar="RAVDESS")
    parser.add_argument("--task", choices=TASKS, help="measure one thing anew, and keep the other figures")
    parser.add_argument("--minutes", type=float, default=20.0, help="the length of the mixed load")
    options = parser.parse_args()
    content: dict[str, Any] = {}
    if options.task and RESULT.is_file():
        content = json.loads(RESULT.read_text(encoding="utf-8"))
    for name in [options.task] if options.task else TASKS:
        content[name] = TASKS[name](options.corpus, options.minutes)
        print(as_json({name: content[name]}), flush=True)
    RESULT.write_text(as_json(content), encoding="utf-8")
    record(RESULT)


if __name__ == "__main__":
    main()

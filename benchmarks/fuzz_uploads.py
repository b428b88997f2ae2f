"""Send damaged recordings of every format to `affetto serve`, and see that it answers each of them.

    python -m benchmarks.fuzz_uploads
    python -m benchmarks.fuzz_uploads --cases 100 --first 5000
    python -m benchmarks.fuzz_uploads --write 5017 damaged.bin

Each case has a number, from which it is made again, but for the random ids that some containers have: one of the
recordings is changed once to three times, and sent with options. A service is expected to live, to answer before its
deadline, and never with 500. Writes benchmarks/results/fuzz_uploads.json; with `--cases` it prints it instead.
"""

from __future__ import annotations

import argparse
import http.client
import io
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import soundfile
from tests.conftest import FORMATS, Encoder

from affetto import read
from tools.generated import RESULTS, ROOT, as_json
from tools.provenance import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

RESULT = ROOT / RESULTS / "fuzz_uploads.json"
N_CASES = 10_000
CONCURRENCY = 4
DEADLINE_S = 60.0
"""How long a request may wait and be recognized, by the default settings."""

_SECONDS = 1.2
_MAX_BYTES = 2_000_000
_HEADER_BYTES = 400
_EXTREME = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 63)
_OPTIONS = ("", "", "", "channels=each", "channels=2", "acoustics=true", "track=2", "format=csv", "prior=everyday")


class Case(NamedTuple):
    """A damaged upload."""

    number: int
    description: str
    content: bytes
    query: str


class Answer(NamedTuple):
    """The answer to a case; status 0 if there was none."""

    number: int
    status: int
    seconds: float
    kind: str


# ---------------------------------------------------------------- recordings and damage


def make_recordings(root: Path = ROOT) -> dict[str, bytes]:
    """Return a second of speech in every format, and some recordings of a special kind."""
    speech = read(root / "examples" / "happy.flac")
    encode = Encoder(speech.samples[: round(_SECONDS * speech.sample_rate_hz)] * np.float32(0.5), speech.sample_rate_hz)
    recordings = {name: encode(name) for name in FORMATS}
    stereo = np.stack([encode.at(48_000), encode.at(48_000)[::-1]], axis=1)
    recordings["tracks"] = encode.mux("matroska", ("aac", stereo, 48_000), ("aac", stereo, 48_000))
    recordings["picture"] = encode.mux("mp4", ("aac", encode.at(48_000), 48_000), picture="mpeg4")
    recordings["gap"] = encode.mux("matroska", ("aac", encode.at(48_000), 48_000), gap_s=3.0)
    recordings["channels"] = _wav(np.zeros((2_000, 200)), 8_000)
    recordings["hours"] = _hours_of_silence()
    return recordings


def _wav(samples: Any, rate: int) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV")
    return file.getvalue()


def _hours_of_silence() -> bytes:
    """Return three hours in half a megabyte."""
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 8_000, 1, format="FLAC", subtype="PCM_16") as flac:
        for _ in range(180):
            flac.write(np.zeros(60 * 8_000, np.int16))
    return file.getvalue()


def _piece(rng: random.Random, data: bytearray) -> tuple[int, int]:
    """Return the beginning and end of a piece, of any length, but short ones more often."""
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + int(2 ** rng.uniform(0, 14)))


def _flip(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    for _i in range(int(2 ** rng.uniform(0, 8))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _overwrite_header(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    """Put extreme numbers where headers have sizes, rates and counts."""
    for _i in range(rng.randint(1, 4)):
        size = rng.choice((1, 2, 4, 8))
        place = rng.randrange(min(len(data), _HEADER_BYTES))
        number = rng.choice((rng.choice(_EXTREME), rng.getrandbits(64))) % (1 << 8 * size)
        data[place : place + size] = number.to_bytes(size, rng.choice(("little", "big")))
    return bytes(data)


def _truncate(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    return bytes(data[: rng.randrange(len(data))])


def _delete(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    start, end = _piece(rng, data)
    return bytes(data[:start] + data[end:])


def _insert(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    start, end = _piece(rng, data)
    size = end - start
    piece = rng.choice((bytes(size), b"\xff" * size, rng.randbytes(size), bytes(data[start:end])))
    return bytes(data[:start]) + piece + bytes(data[start:])


def _repeat(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    start, end = _piece(rng, data)
    n_times = min(int(2 ** rng.uniform(1, 12)), _MAX_BYTES // max(end - start, 1))
    return bytes(data[:start] + data[start:end] * n_times + data[end:])


def _swap(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    first, second, third = sorted(rng.randrange(len(data) + 1) for _i in range(3))
    return bytes(data[:first] + data[second:third] + data[first:second] + data[third:])


def _splice(rng: random.Random, data: bytearray, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others)
    return bytes(data[: rng.randrange(len(data) + 1)]) + other[rng.randrange(len(other) + 1) :]


def _noise(rng: random.Random, data: bytearray, _: Sequence[bytes]) -> bytes:
    """Keep the header alone."""
    end = rng.randrange(min(len(data), _HEADER_BYTES))
    return bytes(data[:end]) + rng.randbytes(len(data) - end)


_DAMAGES: tuple[Callable[[random.Random, bytearray, Sequence[bytes]], bytes], ...] = (
    *(_flip, _flip, _overwrite_header, _overwrite_header, _truncate, _delete),
    *(_insert, _repeat, _swap, _splice, _noise),
)


def make_case(number: int, recordings: Mapping[str, bytes]) -> Case:
    """Return the case of a number; it is the same for the same recordings."""
    rng = random.Random(number)
    name = rng.choice(list(recordings))
    content, done = recordings[name], [name]
    for _ in range(rng.choice((1, 1, 2, 3))):
        if content:
            damage = rng.choice(_DAMAGES)
            content = damage(rng, bytearray(content), list(recordings.values()))[:_MAX_BYTES]
            done.append(damage.__name__.strip("_"))
    return Case(number, ", ".join(done), content, rng.choice(_OPTIONS))


# ---------------------------------------------------------------- sending


class Service:
    """A running `affetto serve`, in a process of its own."""

    def __init__(self, log: Any) -> None:
        command = [sys.executable, "-c", "from affetto.cli import main; main()", "serve", "--port", "0"]
        self._log = log
        start = log.seek(0, os.SEEK_END)
        self._process = subprocess.Popen(command, stderr=log)
        limit = time.monotonic() + 60
        while not (match := re.search(rb"http://127\.0\.0\.1:(\d+)", self.logged(start))):
            if self._process.poll() is not None or time.monotonic() > limit:
                raise SystemExit("the service did not start")
            time.sleep(0.02)
        self.port = int(match[1])

    def logged(self, start: int = 0) -> bytes:
        """Return what it logged."""
        self._log.flush()
        return Path(self._log.name).read_bytes()[start:]

    @property
    def lives(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def resident_mb(self) -> float:
        """Return the resident memory of its process, in megabytes."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def send(self, case: Case) -> Answer:
        """Send a case and return the answer."""
        begin = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S + 30)
        try:
            connection.request("POST", f"/v1/recognitions?{case.query}", case.content)
            response = connection.getresponse()
            content = response.read()
        except OSError as error:
            return Answer(case.number, 0, time.perf_counter() - begin, type(error).__name__)
        finally:
            connection.close()
        found = re.search(rb'"type": "/problems/([a-z-]+)"', content) if response.status != 200 else None
        kind = found[1].decode() if found else "recognized"
        return Answer(case.number, response.status, time.perf_counter() - begin, kind)

    def end(self) -> int:
        """End it and return its exit status; what runs is finished."""
        self._process.terminate()
        return self._process.wait(DEADLINE_S + 30)


@contextmanager
def _logged_service() -> Iterator[Service]:
    with tempfile.NamedTemporaryFile() as log:
        service = Service(log)
        try:
            yield service
        finally:
            service.end()


def fuzz(numbers: Sequence[int], recordings: Mapping[str, bytes], *, concurrency: int = CONCURRENCY) -> dict[str, Any]:
    """Send cases to a service, several at a time, and return what came of it.

    Parameters
    ----------
    numbers : sequence of int
        The numbers of the cases.
    recordings : mapping of str to bytes
        What is damaged, by the name of its format.
    concurrency : int
        How many are sent at a time.

    Returns
    -------
    dict
        What the file of results holds.
    """
    begin = time.perf_counter()
    with _logged_service() as service:

        def send(number: int) -> Answer:
            if not service.lives:
                return Answer(number, 0, 0.0, "not sent")
            return service.send(make_case(number, recordings))

        with ThreadPoolExecutor(concurrency) as executor:
            # Memory for every format is taken by the first cases.
            warmed_up = list(executor.map(send, numbers[: len(numbers) // 10]))
            before_mb = service.resident_mb() if service.lives else 0.0
            answers = warmed_up + list(executor.map(send, numbers[len(numbers) // 10 :]))
        lived = service.lives
        after_mb = service.resident_mb() if lived else 0.0
        tracebacks = service.logged().count(b"Traceback")
    slowest = max(answers, key=lambda answer: answer.seconds)
    failed = [answer for answer in answers if answer.status in (0, 500) or answer.seconds > DEADLINE_S + 5]
    return {
        "cases": len(numbers),
        "first": numbers[0],
        "formats": len(recordings),
        "minutes": round((time.perf_counter() - begin) / 60, 1),
        "lived": lived,
        "statuses": dict(sorted(Counter(str(answer.status) for answer in answers).items())),
        "kinds": dict(Counter(answer.kind for answer in answers).most_common()),
        "failed": [{**answer._asdict(), "case": make_case(answer.number, recordings).description} for answer in failed],
        "tracebacks": tracebacks,
        "median_s": round(float(np.median([answer.seconds for answer in answers])), 3),
        "slowest_s": round(slowest.seconds, 3),
        "slowest": {"number": slowest.number, "case": make_case(slowest.number, recordings).description},
        "memory_before_mb": round(before_mb, 1),
        "memory_after_mb": round(after_mb, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Send damaged recordings to the service.")
    parser.add_argument("--cases", type=int, help=f"how many, printed only [default: {N_CASES:,}, written to a file]")
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--write", nargs=2, metavar=("NUMBER", "FILE"), help="write one case to a file")
    options = parser.parse_args()
    if options.write:
        case = make_case(int(options.write[0]), make_recordings())
        Path(options.write[1]).write_bytes(case.content)
        print(f"{case.description}; ?{case.query}")
        return
    numbers = range(options.first, options.first + (options.cases or N_CASES))
    content = fuzz(numbers, make_recordings())
    print(as_json(content))
    if not options.cases:
        RESULT.write_text(as_json(content), encoding="utf-8")
        record(RESULT)


if __name__ == "__main__":
    main()

"""Reads damaged recordings, and prints what came of each; run by test_fuzz.py, within limits of memory and time.

By itself: ``python fuzz_worker.py FOLDER FIRST LAST`` reads the mutations FIRST to LAST of the files in a folder.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from affetto.errors import AudioError
from affetto.speech import open_stream, read_with_warnings

HANG_S = 10
"""Seconds of processor that no input may take; on a busy machine the clock's mean nothing."""

ADDRESS_SPACE_BYTES = 3_000_000_000
"""Beyond this an allocation fails; libraries alone take more than a gigabyte of addresses."""

_EXTREMES = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\0\0\0", b"\0\0\0\x80"]


def mutated(originals: list[bytes], index: int) -> bytes:
    """Damage one of the originals, always in the same way for an index."""
    rng = np.random.default_rng(index)
    data = bytearray(originals[index % len(originals)])
    for _ in range(rng.integers(1, 4)):
        data = _damaged(data, originals, rng)
    return bytes(data)


def _damaged(data: bytearray, originals: list[bytes], rng: np.random.Generator) -> bytearray:
    size = max(len(data), 1)
    # Most damage is done near the beginning, where the headers are.
    at = int(rng.integers(min(size, 256))) if rng.random() < 0.6 else int(rng.integers(size))
    length = int(rng.integers(1, max(size // 4, 2)))
    match rng.integers(9):
        case 0:
            for i in rng.integers(size, size=rng.integers(1, 30)):
                data[i : i + 1] = rng.bytes(1)
        case 1:
            data[at : at + 1] = bytes([(data + b"\0")[at] ^ 1 << int(rng.integers(8))])
        case 2:
            extreme = _EXTREMES[rng.integers(len(_EXTREMES))]
            width = int(rng.integers(1, 5))
            data[at : at + width] = extreme[:width]
        case 3:
            del data[at:]
        case 4:
            del data[at : at + length]
        case 5:
            data[at:at] = data[at : at + length] * int(rng.integers(1, 4))
        case 6:
            data[at : at + length] = bytes(length)
        case 7:
            data[at:at] = rng.bytes(min(length, 500))
        case _:
            other = originals[rng.integers(len(originals))]
            data[at:] = other[int(rng.integers(len(other))) if rng.random() < 0.5 else 0 :]
    return data


def outcome_of(data: bytes, index: int) -> str:
    """Read a recording in one of several ways; return the sentence if it fails, else nothing."""
    try:
        match index // 7 % 4:
            case 0:
                read_with_warnings(data, sample_rate_hz=16_000)
            case 1:
                read_with_warnings(data)
            case 2:
                read_with_warnings(data, sample_rate_hz=16_000, track=1)
            case _:
                with open_stream(data, sample_rate_hz=16_000, channels="each") as stream:
                    for block in stream:
                        assert block.shape[1] == stream.n_channels
                        assert block.size <= 16 << 20
    except AudioError as error:
        return str(error)
    return ""


def main(folder: str, first: str, last: str) -> None:
    """Print a line before and a line after each input."""
    originals = [path.read_bytes() for path in sorted(Path(folder).iterdir())]
    # After HANG_S the process prints where it is, and ends.
    faulthandler.register(signal.SIGPROF, chain=True)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    for index in range(int(first), int(last)):
        data = mutated(originals, index)
        say({"index": index, "state": "begins"})
        signal.setitimer(signal.ITIMER_PROF, HANG_S)
        start = time.process_time()
        with contextlib.redirect_stdout(sys.stderr):
            sentence = outcome_of(data, index)
        seconds = time.process_time() - start
        signal.setitimer(signal.ITIMER_PROF, 0)
        peak_mb = peak_memory_mb()
        say({"index": index, "state": "ends", "sentence": sentence, "seconds": seconds, "peak_mb": peak_mb})


def peak_memory_mb() -> float:
    """The most that this program has held; `getrusage` would add what the process was before it ran this."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def say(line: dict[str, Any]) -> None:
    """Print a line for the test."""
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

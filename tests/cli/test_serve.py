"""The service as a process: its start, and its end while it has work to do."""

from __future__ import annotations

import io
import os
import re
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

import httpx
import numpy as np
import pytest
import soundfile
from tests.cli.conftest import COMMAND, run_text
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Under load; alone it takes half a second.
_START_TIMEOUT_S = 20


class Process(NamedTuple):
    process: subprocess.Popen[str]
    address: str


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[Process]:
    """Run `affetto serve`, until it tells its address."""
    command = [*COMMAND, "serve", "--port", "0", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        match = re.search(r"http://\S+", line)
        assert match, line + process.stderr.read()
        yield Process(process, match.group())
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_it_serves_as_soon_as_it_tells_its_address(root: Path) -> None:
    begin = time.perf_counter()
    with serving(AFFETTO_SERVE_API_KEYS="secret-of-the-test", AFFETTO_SERVE_THREADS="1") as (_, address):
        assert time.perf_counter() - begin < _START_TIMEOUT_S
        assert httpx.get(f"{address}/readyz").status_code == 200
        content = (root / "examples" / "angry.flac").read_bytes()
        headers = {"Authorization": "Bearer secret-of-the-test"}
        assert httpx.post(f"{address}/v1/recognitions", content=content).status_code == 401
        assert httpx.post(f"{address}/v1/recognitions", content=content, headers=headers).status_code == 200


@pytest.fixture(scope="module")
def minutes(root: Path) -> bytes:
    """Two minutes of speech, which take a while."""
    samples, rate = soundfile.read(root / "examples" / "reading-long.flac", dtype="int16")
    file = io.BytesIO()
    soundfile.write(file, np.tile(samples, 121 * rate // len(samples) + 1), rate, format="FLAC")
    return file.getvalue()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_finish_what_runs(minutes: bytes, number: signal.Signals) -> None:
    with serving(AFFETTO_SERVE_THREADS="1") as (process, address), httpx.Client(base_url=address, timeout=60) as client:
        answers: list[httpx.Response] = []
        request = Thread(target=lambda: answers.append(client.post("/v1/recognitions", content=minutes)))
        request.start()
        while "affetto_queue 1.0" not in httpx.get(f"{address}/metrics").text:
            assert not answers
        process.send_signal(number)
        request.join()
        assert answers[0].json()[0]["duration_s"] > 120
        assert process.wait(20) in (0, -number, 130)
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_live_streams_are_told_that_it_ends() -> None:
    with serving(AFFETTO_SERVE_THREADS="1") as (process, address):
        with connect(f"ws{address.removeprefix('http')}/v1/stream") as websocket:
            websocket.send('{"type": "start", "format": "pcm_s16le", "sample_rate_hz": 16000}')
            websocket.recv()
            process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:
                websocket.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012  # the service restarts
        process.wait(10)


def test_nothing_of_a_client_is_logged(root: Path) -> None:
    content = (root / "examples" / "angry.flac").read_bytes()
    with serving(AFFETTO_SERVE_THREADS="1") as (process, address), httpx.Client(base_url=address) as client:
        for body in (content, content[:999], b"", b"my-secret"):
            client.post("/v1/recognitions?name=my-secret", content=body)
            client.post("/v1/recognitions", files={"file": ("my-secret", body)})
        client.post(
            "/v1/recognitions", content=b"my-secret", headers={"Content-Type": "multipart/form-data; boundary=x"}
        )
        client.get("/my-secret", headers={"Authorization": "Bearer my-secret"})
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_wrong_settings_are_one_sentence(tmp_path: Path) -> None:
    for arguments, part in (
        (["--host", "0.0.0.0"], "AFFETTO_SERVE_API_KEYS"),
        (["--profile", str(tmp_path / "nothing.json")], "nothing.json"),
    ):
        done = run_text("serve", *arguments)
        assert done.returncode != 0
        assert done.stdout == ""
        assert part in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_text("serve", "--port", str(port))
        assert done.returncode != 0
        assert str(port) in done.stderr
        assert len(done.stderr.splitlines()) == 1

"""The service as a process: its start, and its end while it has work to do."""

from __future__ import annotations

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
import pytest
from tests.cli.conftest import COMMAND, run_text

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
    with serving(AFFETTO_SERVE_API_KEYS="secret", AFFETTO_SERVE_THREADS="1") as (_, address):
        assert time.perf_counter() - begin < _START_TIMEOUT_S
        assert httpx.get(f"{address}/readyz").status_code == 200
        content = (root / "examples" / "angry.flac").read_bytes()
        headers = {"Authorization": "Bearer secret"}
        assert httpx.post(f"{address}/v1/recognitions", content=content).status_code == 401
        assert httpx.post(f"{address}/v1/recognitions", content=content, headers=headers).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_finish_what_runs(root: Path, number: signal.Signals) -> None:
    content = (root / "examples" / "reading-long.flac").read_bytes()
    with serving(AFFETTO_SERVE_THREADS="1") as (process, address), httpx.Client(base_url=address, timeout=60) as client:
        answers: list[httpx.Response] = []
        query = "?acoustics=true"  # it takes longer
        requests = [
            Thread(target=lambda: answers.append(client.post(f"/v1/recognitions{query}", content=content)))
            for _ in range(3)
        ]
        for request in requests:
            request.start()
        while "affetto_queue 3.0" not in httpx.get(f"{address}/metrics").text:
            assert not answers
        process.send_signal(number)
        for request in requests:
            request.join()
        assert [answer.status_code for answer in answers] == [200] * 3
        assert process.wait(20) in (0, -number, 130)
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


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

from __future__ import annotations

import gc
import json
import socket
import tempfile
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from tests.server.conftest import Running, running

from affetto.server.uploads import Recording

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

BOUNDARY = "multipart/form-data; boundary=x"


@pytest.fixture(scope="module")
def small() -> Iterator[Running]:
    """A service that takes 1 MB an upload, 2 MB together, and half a second."""
    with running(max_upload_mb=1, max_memory_mb=2, upload_timeout_s=0.5) as started:
        yield started


def part(head: str, content: bytes) -> bytes:
    return f"--x\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n--x--\r\n"


def open_upload(started: Running, *, length: int, content: bytes = b"") -> socket.socket:
    """Begin an upload."""
    connection = socket.create_connection(("127.0.0.1", started.port), timeout=10)
    head = f"POST /v1/recognitions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
    connection.sendall(head.encode() + content)
    return connection


def wait_for_bytes(started: Running, n_bytes: int) -> None:
    limit = time.monotonic() + 5
    while started.state.uploads.n_bytes != n_bytes:
        assert time.monotonic() < limit
        time.sleep(0.005)


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    content = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(content) == {"type", "title", "status", "detail"}
    assert content["status"] == answer.status_code
    return answer.status_code, content["type"].removeprefix("/problems/")


def test_form_is_as_good_as_a_raw_body(server: Running, angry: bytes) -> None:
    form = server.client.post("/v1/recognitions", files={"file": ("angry.flac", angry)})
    assert form.content == server.post(angry, query="?name=angry.flac").content
    by_hand = part('name="file"', angry)
    assert server.post(by_hand, headers={"Content-Type": BOUNDARY}).status_code == 422  # no file name: a field


@pytest.mark.parametrize("chunk", [1_000, 30_000])
def test_chunked_bodies(server: Running, angry: bytes, chunk: int) -> None:
    pieces = (angry[start : start + chunk] for start in range(0, len(angry), chunk))
    assert server.post(pieces).content == server.post(angry).content


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"--\r\n"),
        ("multipart/form-data; boundary=" + "x" * 300, b"--x"),
        ("multipart/form-data; boundary=\xff\xfe", b"--\xff\xfe\r\n"),
        (BOUNDARY, b""),
        (BOUNDARY, b"rubbish"),
        (BOUNDARY, b"--x--\r\n"),
        (BOUNDARY, b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n"),
        (BOUNDARY, b"--x\r\nContent-Disposition: attachment; filename=a\r\n\r\n1\r\n--x--\r\n"),
        (BOUNDARY, part('name="file"; filename="a"', b"1")[:-10]),
        (BOUNDARY + "; charset=undefined", part('name="file"; filename="a"', b"1")),
        (BOUNDARY + "; charset=punycode", b"--x\r\nContent-Disposition: form-data; name=\xff\r\n\r\n1\r\n--x--\r\n"),
        (BOUNDARY + "; charset=klingon", b"--x\r\nContent-Disposition: form-data; name=\xff\r\n\r\n1\r\n--x--\r\n"),
        (BOUNDARY, part('name="file"; filename="a"', b"1").replace(b"\r\n\r\n", b"\r\nX: " + b"y" * 99_999, 1)),
        (BOUNDARY, part('name="other"; filename="a"', b"1")),
        (BOUNDARY, part('name="file"', b"text")),
        (BOUNDARY, part('name="file"; filename="a"', b"1")[:-6] * 5),
        (BOUNDARY, part('name="transcript"; filename="a"', b"1")),
        ("application/octet-stream", b""),
    ],
)
def test_bad_bodies_are_refused(server: Running, content_type: str, content: bytes) -> None:
    answer = server.post(content, headers={"Content-Type": content_type.encode("latin-1")})
    assert answer.status_code == 422
    assert problem_of(answer)[1] in ("invalid-request", "unreadable-recording")
    server.wait_until_idle()


def test_form_with_two_recordings_is_refused(server: Running, angry: bytes) -> None:
    files = [("file", ("a", angry)), ("file", ("b", angry))]
    problem = server.client.post("/v1/recognitions", files=files)
    assert problem_of(problem) == (422, "invalid-request")
    assert "`file`" in problem.json()["detail"]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\calls\\one.flac", "one.flac"),
        ("a\0b\x1b[31m.flac", "ab[31m.flac"),
        ("x" * 999, "x" * 255),
        ("..", ".."),
        ("/", "file"),
    ],
)
def test_name_is_only_a_label(server: Running, angry: bytes, name: str, label: str) -> None:
    (result,) = server.client.post("/v1/recognitions", files={"file": (name, angry)}).json()
    # httpx percent-encodes control characters; Starlette leaves them so.
    assert result["source"].replace("%00", "").replace("%1B", "") == label


def test_nothing_reaches_the_disk(server: Running, monkeypatch: pytest.MonkeyPatch, encode: Any) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("a temporary file was made")

    for name in ("TemporaryFile", "NamedTemporaryFile", "mkstemp", "mkdtemp"):
        monkeypatch.setattr(tempfile, name, fail)
    content = encode("wav") * 30  # more than Starlette keeps in memory
    assert len(content) > 2_000_000
    for answer in (server.post(content), server.client.post("/v1/recognitions", files={"file": ("a", content)})):
        assert answer.status_code == 200


def test_size_is_limited_before_and_while_reading(small: Running) -> None:
    content = b"\0" * 1_000_001
    assert problem_of(small.post(content)) == (413, "upload-too-large")
    assert problem_of(small.post(iter([content[:600_000]] * 2))) == (413, "upload-too-large")
    files = {"file": ("a", content)}
    assert problem_of(small.client.post("/v1/recognitions", files=files)) == (413, "upload-too-large")
    small.wait_until_idle()


@pytest.mark.parametrize("length", ["9" * 20, "9" * 5_000, "-1", "1e3", "\xb2", "5, 6"])
def test_impossible_lengths(small: Running, length: str) -> None:
    with socket.create_connection(("127.0.0.1", small.port), timeout=10) as connection:
        head = f"POST /v1/recognitions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
        connection.sendall(head.encode("latin-1"))
        assert connection.recv(100).split()[1] in (b"400", b"413")


def test_slow_uploads_end(small: Running) -> None:
    with open_upload(small, length=1_000, content=b"some") as connection:
        begin = time.perf_counter()
        answer = b"".join(iter(partial(connection.recv, 10_000), b""))  # it is closed
        assert 0.4 < time.perf_counter() - begin < 2
    assert answer.startswith(b"HTTP/1.1 408")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["type"] == "/problems/upload-too-slow"
    small.wait_until_idle()


def test_memory_of_all_uploads_is_limited(server: Running) -> None:
    with running(max_upload_mb=1, max_memory_mb=1) as started:
        with open_upload(started, length=900_000, content=b"\0" * 800_000):
            wait_for_bytes(started, 800_000)
            problem = started.post(b"\0" * 300_000)
            assert problem_of(problem) == (503, "busy")
            assert int(problem.headers["retry-after"]) > 0
            assert started.post(b"\0" * 100_000).status_code == 422
        started.wait_until_idle()
        assert started.post(b"\0" * 300_000).status_code == 422


def test_clients_that_vanish_while_uploading_leave_nothing(server: Running) -> None:
    for content in (b"", b"fLaC", b"\0" * 500_000):
        with open_upload(server, length=1_000_000, content=content):
            wait_for_bytes(server, len(content))
        server.wait_until_idle()


def test_memory_of_clients_that_have_gone_is_released(hours_of_silence: bytes) -> None:
    with running(threads=1, max_duration_s=86_400, recognition_timeout_s=2) as started:
        first = open_upload(started, length=len(hours_of_silence), content=hours_of_silence)
        while not started.state.queue.n_pending:
            time.sleep(0.005)
        for _ in range(3):  # they wait behind it, and go
            with open_upload(started, length=3_000_000, content=bytes(3_000_000)):
                while started.state.queue.n_pending < 2:
                    time.sleep(0.005)
            while started.state.queue.n_pending > 1:
                time.sleep(0.005)
        limit = time.monotonic() + 5
        while sum(len(item.getbuffer()) for item in gc.get_objects() if type(item) is Recording) >= 3_000_000:
            assert time.monotonic() < limit
            time.sleep(0.05)
        first.close()
        started.wait_until_idle()


@pytest.mark.parametrize("part", ["transcript", "speakers"])
def test_size_of_turns_is_limited(server: Running, angry: bytes, part: str) -> None:
    files = {"file": ("a.flac", angry), part: ("turns", b" " * 4_000_001)}
    assert problem_of(server.client.post("/v1/recognitions", files=files)) == (413, "upload-too-large")

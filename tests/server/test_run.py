from __future__ import annotations

import socket
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import pytest
from tests.server.conftest import Running, running
from tests.server.test_stream import frame, handshake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def test_address_of_ipv6() -> None:
    if not socket.has_ipv6:
        pytest.skip("there is no IPv6")
    with running(host="::1") as started:
        assert started.address.startswith("http://[::1]:")
        assert started.client.get("/healthz").status_code == 200


@pytest.fixture(scope="module")
def impatient() -> Iterator[Running]:
    """A service that waits for requests for a short time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("affetto.server.run.IDLE_TIMEOUT_S", 0.2)
        with running() as started:
            yield started


GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize("begin", [b"", b"GET /heal", GET + b"GET /h", GET])
def test_clients_that_send_no_whole_request_are_let_go(impatient: Running, begin: bytes) -> None:
    with socket.create_connection(("127.0.0.1", impatient.port), timeout=5) as connection:
        connection.sendall(begin)
        connection.setblocking(False)
        limit = time.monotonic() + 5
        received, closed = b"", False
        while not closed:
            assert time.monotonic() < limit
            time.sleep(0.05)
            with suppress(BlockingIOError):
                if begin and begin != GET:
                    with suppress(OSError):
                        connection.sendall(b"X")
                try:
                    piece = connection.recv(10_000)
                except ConnectionError:
                    piece = b""
                received, closed = received + piece, not piece
    assert received.count(b"HTTP/1.1 200") == begin.count(GET)


def wait_until_let_go(started: Running, *, timeout_s: float = 5) -> None:
    """Wait until the service has no connection of a client that reads nothing, and fail if that takes long."""
    limit = time.monotonic() + timeout_s
    while started.server.server_state.connections:
        assert time.monotonic() < limit
        time.sleep(0.02)


def connect_without_reading(started: Running) -> socket.socket:
    """A connection whose client has asked for a lot, which waits in the service, and takes nothing."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)  # little is on the way
    connection.connect(("127.0.0.1", started.port))
    connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200)
    wait_until(lambda: n_unsent(started) > 0)
    return connection


def n_unsent(started: Running) -> int:
    """How many bytes wait in the service for the client that takes least."""
    return max((connection.transport.get_write_buffer_size() for connection in list(started.connections)), default=0)


def wait_until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_clients_that_take_no_answer_are_let_go(impatient: Running) -> None:
    with connect_without_reading(impatient) as connection:
        wait_until(lambda: not impatient.connections)
        received = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert 0 < received.count(b"HTTP/1.1 200") < 200


def test_clients_that_take_no_answer_do_not_keep_it_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("affetto.server.run.IDLE_TIMEOUT_S", 0.2)
    with ExitStack() as stack:
        with running() as started:
            stack.enter_context(connect_without_reading(started))
            begin = time.monotonic()
        assert time.monotonic() - begin < 5


@pytest.mark.parametrize("start_timeout_s", [0.1, 10])
def test_pings_of_a_client_that_takes_nothing_do_not_pile_up(
    impatient: Running, monkeypatch: pytest.MonkeyPatch, start_timeout_s: float
) -> None:
    monkeypatch.setattr("affetto.server.stream._START_TIMEOUT_S", start_timeout_s)
    monkeypatch.setattr("affetto.server.stream._SEND_TIMEOUT_S", 0.1)
    most = 0
    with handshake(impatient) as connection, suppress(ConnectionError):
        for _ in range(100):
            connection.sendall(frame(b"x" * 125, 9) * 1_000)
            most = max(most, n_unsent(impatient))
    wait_until(lambda: not impatient.connections)
    assert 0 < most < 1_000_000


def test_clients_that_still_upload_are_not(impatient: Running, angry: bytes) -> None:
    def slowly() -> Iterator[bytes]:
        for start in range(0, len(angry), 20_000):
            time.sleep(0.7 * 20_000 / len(angry))
            yield angry[start : start + 20_000]

    assert impatient.post(slowly()).status_code == 200


def test_live_streams_are_not(impatient: Running) -> None:
    with handshake(impatient) as connection:
        time.sleep(0.6)
        connection.sendall(b"\x81\x80\0\0\0\0")
        assert b"error" in connection.recv(1_000)

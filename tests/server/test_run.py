from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.server.conftest import Running, running
from tests.server.test_stream import handshake

if TYPE_CHECKING:
    from collections.abc import Iterator


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

from __future__ import annotations

import socket

import pytest
from tests.server.conftest import running


def test_address_of_ipv6() -> None:
    if not socket.has_ipv6:
        pytest.skip("there is no IPv6")
    with running(host="::1") as started:
        assert started.address.startswith("http://[::1]:")
        assert started.client.get("/healthz").status_code == 200

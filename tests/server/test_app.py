from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.server.test_uploads import problem_of

from affetto import Recognizer

if TYPE_CHECKING:
    from tests.server.conftest import Running


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health(server: Running, path: str) -> None:
    answer = server.client.get(path)
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/models", "/metrics", "/llms.txt", "/page/texts.js"])
def test_head_is_get_without_a_body(server: Running, path: str) -> None:
    get, head = server.client.get(path), server.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]
    assert server.client.head("/nothing").status_code == 404
    assert server.client.head("/v1/recognitions").status_code == 405


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("GET", "/v2/recognitions", 404), ("GET", "/v1/recognitions", 405), ("PATCH", "/v1/models", 405)),
        *(("GET", "/v1/stream", 404), ("POST", "/", 405), ("BREW", "/healthz", 405), ("GET", "/page/", 404)),
        *(("GET", "/page/../app.py", 404), ("GET", "/page/%2e%2e/app.py", 404), ("GET", "/page//etc/passwd", 404)),
        *(
            ("GET", "/page/%00", 404),
            ("GET", "/page/" + "x" * 5_000, 404),
            ("GET", "/%ff%fe", 404),
            ("POST", "/page/x", 405),
        ),
    ],
)
def test_other_addresses_and_methods(server: Running, method: str, path: str, status: int) -> None:
    assert problem_of(server.client.request(method, path))[0] == status


def test_methods_that_are_allowed_are_named(server: Running) -> None:
    assert server.client.get("/v1/recognitions").headers["allow"] == "POST"


def test_long_names_of_clients_are_cut(server: Running, angry: bytes) -> None:
    answer = server.post(angry, query="?" + "x" * 20_000 + "=1")
    assert problem_of(answer) == (422, "invalid-request")
    assert len(answer.content) < 500


def test_failures_tell_nothing_of_the_inside(server: Running, angry: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr(Recognizer, "_recognize", fail)
    answer = server.post(angry)
    assert problem_of(answer) == (500, "internal-error")
    assert "secret" not in answer.text
    server.wait_until_idle()

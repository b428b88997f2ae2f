from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.server.conftest import Running, running
from tests.server.test_uploads import problem_of
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from affetto import Recognizer
from affetto.server.app import create_app
from affetto.server.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

START = json.dumps({"type": "start", "format": "pcm_s16le", "sample_rate_hz": 16_000})
KEYS = ("one-of-the-two-keys", "two-of-the-two-keys")
WITHOUT_KEY = ("/", "/page/texts.js", "/healthz", "/readyz", "/metrics", "/llms.txt", "/openapi.json", "/problems/busy")


@pytest.fixture(scope="module")
def guarded() -> Iterator[Running]:
    """A service with two keys, one of them beyond ASCII, for pages of one other origin."""
    with running(api_keys="first-of-the-keys,schlüssel-des-tests-🔑", cors_origins="https://app.example") as started:
        yield started


def first_frame(started: Running, start: str = START, **options: Any) -> dict[str, Any]:
    """The first frame that a client is sent."""
    with started.stream(**options) as websocket:
        with suppress(ConnectionClosed):  # some are refused before they send anything
            websocket.send(start)
        answer: dict[str, Any] = json.loads(websocket.recv(timeout=10))
    return answer


@pytest.mark.parametrize("key", [b"first-of-the-keys", "schlüssel-des-tests-🔑".encode()])
@pytest.mark.parametrize("scheme", [b"Bearer ", b"bearer  "])
def test_each_key_is_accepted(guarded: Running, key: bytes, scheme: bytes) -> None:
    assert guarded.client.get("/v1/models", headers={b"Authorization": scheme + key}).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        *(None, b"", b"Bearer", b"Basic first-of-the-keys", b"first-of-the-keys", b"Bearer first-of-the-keys,schl"),
        *(b"Bearer first-of-the-key", b"Bearer FIRST-OF-THE-KEYS", b"Bearer first-of-the-keys first-of-the-keys"),
        *(b"Bearer \xff\xfe", b"Bearer " + b"x" * 9_999, "Bearer schlüssel-des-tests-".encode("latin-1")),
    ],
)
def test_other_keys_are_refused(guarded: Running, header: bytes | None) -> None:
    headers = {} if header is None else {b"Authorization": header}
    for method, path in (("GET", "/v1/models"), ("GET", "/v1/models/default"), ("POST", "/v1/recognitions")):
        answer = guarded.client.request(method, path, headers=headers)
        assert problem_of(answer) == (401, "unknown-key")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_keys_hide_nothing_else(guarded: Running) -> None:
    for path in WITHOUT_KEY:
        assert guarded.client.get(path).status_code == 200
    assert problem_of(guarded.client.get("/v1/nothing")) == (404, "not-found")
    assert problem_of(guarded.client.put("/v1/recognitions"))[0] == 405


def test_key_is_asked_for_before_the_body(guarded: Running) -> None:
    assert problem_of(guarded.post(b"\0" * 30_000_000)) == (401, "unknown-key")


@pytest.mark.parametrize("key", ["first-of-the-keys", "schlüssel-des-tests-🔑"])
def test_streams_take_the_key_in_the_first_frame_or_in_the_header(guarded: Running, key: str) -> None:
    assert first_frame(guarded, json.dumps({**json.loads(START), "api_key": key}))["type"] == "ready"
    headers = {"Authorization": f"Bearer {key}".encode().decode("latin-1")}
    assert first_frame(guarded, additional_headers=headers)["type"] == "ready"


@pytest.mark.parametrize("key", [None, "", "first-of-the-key", "schl\u00fcssel-des-tests-", "\0"])
def test_streams_without_the_key_are_refused(guarded: Running, key: str | None) -> None:
    answer = first_frame(guarded, json.dumps({**json.loads(START), "api_key": key}))
    assert answer["type"] == "error"
    assert answer["error"]["status"] == 401


def test_pages_elsewhere_may_use_it_only_if_allowed(guarded: Running) -> None:
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for origin, allowed in (("https://app.example", "https://app.example"), ("https://evil.example", None)):
        for path in ("/v1/recognitions", "/v1/models"):
            answer = guarded.client.options(path, headers={"Origin": origin, **preflight})
            assert answer.headers.get("access-control-allow-origin") == allowed
        headers = {"Origin": origin, "Authorization": "Bearer first-of-the-keys"}
        answer = guarded.client.get("/v1/models", headers=headers)
        assert answer.headers.get("access-control-allow-origin") == allowed
        assert answer.status_code == (200 if allowed else 403)


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://127.0.0.1:{port}", 200), *((f"https://evil.example{'x' * n}", 403) for n in (0, 5_000)), ("null", 403)],
)
def test_pages_elsewhere_cannot_use_a_service_without_keys(
    server: Running, angry: bytes, origin: str, status: int
) -> None:
    # The body of a request that browsers send without asking first.
    headers = {"Origin": origin.format(port=server.port), "Content-Type": "text/plain"}
    answer = server.post(angry, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert problem_of(answer) == (403, "foreign-origin")
        assert len(answer.content) < 500
        assert problem_of(server.client.get("/v1/models", headers=headers)) == (403, "foreign-origin")
    assert server.client.get("/page/texts.js", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("origin", "type_"),
    [
        *(
            ("https://app.example", "ready"),
            ("http://127.0.0.1:{port}", "ready"),
            ("https://127.0.0.1:{port}", "ready"),
        ),
        *(("https://evil.example", "error"), ("http://127.0.0.1:1", "error"), ("null", "error"), ("http://[", "error")),
        ("http://127.0.0.1:{port}.evil.example", "error"),
    ],
)
def test_streams_know_the_origin_of_a_page(guarded: Running, origin: str, type_: str) -> None:
    headers = {"Origin": origin.format(port=guarded.port), "Authorization": "Bearer first-of-the-keys"}
    answer = first_frame(guarded, additional_headers=headers)
    assert answer["type"] == type_
    if type_ == "error":
        assert answer["error"]["type"] == "/problems/foreign-origin"


def test_any_origin_can_be_allowed() -> None:
    with running(cors_origins="*") as started:
        assert first_frame(started, additional_headers={"Origin": "https://anyone.example"})["type"] == "ready"
        answer = started.client.get("/v1/models", headers={"Origin": "https://anyone.example"})
        assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:1", "[::1]:8000", "127.9.9.9"])
def test_without_keys_it_answers_to_names_of_this_machine(server: Running, host: str) -> None:
    assert server.client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "0.0.0.0", "[", "[::1", "a[b]c", ""),
        *("evil@localhost@evil", "\u00e4\u2100", "localhost\\.evil", "evil.example@localhost"),
    ],
)
def test_without_keys_it_answers_to_no_other_name(server: Running, host: str) -> None:
    answer = httpx.get(f"{server.address}/healthz", headers={b"Host": host.encode()})
    assert problem_of(answer) == (421, "foreign-host")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_sockets_too_are_refused_for_another_name(server: Running) -> None:
    with pytest.raises(InvalidStatus) as error:
        connect("ws://evil.example/v1/stream", sock=socket.create_connection(("127.0.0.1", server.port))).__enter__()
    assert error.value.response.status_code == 421


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        *(("GET", "/", 200), ("GET", "/page/texts.js", 200), ("GET", "/v1/models", 200), ("GET", "/nothing", 404)),
        *(("DELETE", "/v1/models", 405), ("POST", "/v1/recognitions", 422), ("GET", "/page/../../app.py", 404)),
    ],
)
def test_every_answer_has_headers_for_browsers(server: Running, method: str, path: str, status: int) -> None:
    assert_has_headers_for_browsers(server.client.request(method, path), status)


def test_failures_have_headers_for_browsers_and_one_traceback(
    angry: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("of the test")

    monkeypatch.setattr(Recognizer, "_recognize", fail)
    with running(cors_origins="https://app.example") as started:
        answer = started.post(angry, headers={"Origin": "https://app.example"})
    assert_has_headers_for_browsers(answer, 500)
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert [record.exc_info is not None for record in caplog.records] == [True]


def assert_has_headers_for_browsers(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "server" not in answer.headers


def test_rate_is_limited_for_each_key() -> None:
    with running(api_keys=",".join(KEYS), rate_limit_per_minute=3) as started:
        one, two = ({"Authorization": f"Bearer {key}"} for key in KEYS)
        assert [started.client.get("/v1/models", headers=one).status_code for _ in range(5)] == [200] * 3 + [429] * 2
        refused = started.client.get("/v1/models", headers=one)
        assert problem_of(refused) == (429, "too-many-requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 61
        assert started.client.get("/v1/models", headers=two).status_code == 200
        assert started.client.get("/healthz").status_code == 200
        stream = first_frame(started, json.dumps({**json.loads(START), "api_key": KEYS[0]}))
        assert stream["error"]["status"] == 429


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {KEYS[0]}"}, {"Authorization": "Bearer guess"}, {}])
def test_rate_of_an_address_is_limited_and_keys_cannot_be_guessed(headers: dict[str, str]) -> None:
    app = create_app(load_settings(api_keys=KEYS[0], rate_limit_per_minute=2, threads=1))

    async def statuses() -> list[int]:
        transport = httpx.ASGITransport(app, client=("203.0.113.5", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://affetto.example") as client:
            return [(await client.get("/v1/models", headers=headers)).status_code for _ in range(4)]

    first = 200 if headers == {"Authorization": f"Bearer {KEYS[0]}"} else 401
    assert asyncio.run(statuses()) == [first, first, 429, 429]


def test_rate_of_this_machine_is_limited_only_by_key() -> None:
    with running(rate_limit_per_minute=1) as started:
        assert [started.client.get("/v1/models").status_code for _ in range(3)] == [200] * 3

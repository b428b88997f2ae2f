from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from affetto.server.problems import KINDS, ProblemError, busy

if TYPE_CHECKING:
    from tests.server.conftest import Running


def test_response_is_problem_details() -> None:
    response = ProblemError("not-found", "there is no ü\ud800", headers={"X-Why": "so"}).response()
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-why"] == "so"
    content = json.loads(bytes(response.body))
    assert (content["type"], content["status"]) == ("/problems/not-found", 404)
    assert content["detail"].startswith("there is no ü")


def test_busy_says_when_to_come_back() -> None:
    response = busy("full", retry_after_s=7).response()
    assert (response.status_code, response.headers["retry-after"]) == (503, "7")


def test_each_kind_is_explained_at_its_address(server: Running) -> None:
    for name, kind in KINDS.items():
        assert HTTPStatus(kind.status)
        assert re.fullmatch(r"[a-z-]+", name)
        text = server.client.get(f"/problems/{name}").text
        assert kind.title in text
        assert kind.advice in text
    assert server.client.get("/problems/nothing").status_code == 404

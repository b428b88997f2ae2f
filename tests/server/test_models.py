from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from affetto.bundles.bundle import bundled_models

if TYPE_CHECKING:
    from tests.server.conftest import Running


def test_all_models_are_listed_and_one_is_served(server: Running) -> None:
    models = server.client.get("/v1/models").json()["models"]
    assert {model["name"] for model in models} == set(bundled_models())
    (served,) = (model for model in models if model["served"])
    bundle = server.state.recognizer.bundle
    assert (served["name"], served["version"]) == (bundle.name, bundle.version)
    assert served["labels"] == list(bundle.labels)
    assert served["threshold"] == bundle.threshold
    assert served["results"]


def test_card_as_json_and_as_markdown(server: Running) -> None:
    for model in server.client.get("/v1/models").json()["models"]:
        path = f"/v1/models/{model['name']}"
        described = server.client.get(path).json()
        card = server.client.get(path, headers={"Accept": "text/markdown"})
        assert {name: value for name, value in described.items() if name != "card"} == model
        assert card.text == described["card"]
        assert card.text.startswith("#")
        assert card.headers["content-type"].partition(";")[0] == "text/markdown"


@pytest.mark.parametrize("name", ["nothing", "%00", "..%2f..%2fetc%2fpasswd", "x" * 5_000, "%ff", "Transformer"])
def test_unknown_models_are_not_found(server: Running, name: str) -> None:
    problem = server.client.get(f"/v1/models/{name}")
    assert (problem.status_code, problem.json()["type"]) == (404, "/problems/not-found")
    assert len(problem.text) < 1_000

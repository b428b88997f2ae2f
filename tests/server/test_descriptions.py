"""What the service says about itself, and the documentation about it: complete, and true.

`tests/test_documentation.py` runs the examples.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.server.conftest import Running, running

from affetto.server.negotiation import MEDIA_TYPES
from affetto.server.openapi import RECOGNITION_EXAMPLE
from affetto.server.problems import KINDS
from affetto.server.recognitions import Options
from affetto.server.settings import PREFIX, Settings
from affetto.server.stream import Start
from affetto.server.uploads import Upload

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def agents_page(server: Running) -> str:
    response = server.client.get("/agents.md")
    assert response.headers["content-type"] == "text/markdown; charset=utf-8"
    return response.text


@pytest.fixture(scope="module")
def guide(root: Path) -> str:
    return (root / "docs" / "how-to" / "deploy.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def reference(root: Path) -> str:
    return (root / "docs" / "reference" / "http-api.md").read_text(encoding="utf-8")


def first_cells(text: str) -> set[str]:
    """Return what stands in backquotes in the first column of tables."""
    return {name for line in re.findall(r"^\| (`.+?) \|", text, re.MULTILINE) for name in re.findall("`([^`]+)`", line)}


def section(text: str, beginning: str) -> str:
    return text.partition(f"\n## {beginning}")[2].partition("\n## ")[0]


def test_llms_txt_links_to_what_the_service_has(server: Running) -> None:
    response = server.client.get("/llms.txt")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    title, summary = response.text.split("\n\n")[:2]
    assert title.startswith("# ")
    assert summary.startswith("> ")
    links = re.findall(r"^- \[[^]]+\]\((/[^)]*)\)", response.text, re.MULTILINE)
    assert "/agents.md" in links
    assert {link: server.client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_agents_learn_every_problem_and_its_status(agents_page: str) -> None:
    rows = re.findall(r"^\| `/problems/([\w-]+)` \| (\d+) \|", agents_page, re.MULTILINE)
    assert {name: int(status) for name, status in rows} == {name: kind.status for name, kind in KINDS.items()}


def test_agents_learn_every_option_part_and_format(agents_page: str) -> None:
    recognize = section(agents_page, "Recognize a recording")
    assert first_cells(recognize) >= {*Options.model_fields, *Upload._fields}
    (formats,) = re.findall(r"^\| `format` \| (.*?) \|", recognize, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", formats)) == set(MEDIA_TYPES)


def test_agents_learn_every_member_of_the_start_frame(agents_page: str) -> None:
    assert first_cells(section(agents_page, "Recognize while somebody speaks")) >= set(Start.model_fields)


@pytest.mark.parametrize("page", ["agents_page", "reference"])
def test_every_route_is_described(page: str, server: Running, request: pytest.FixtureRequest) -> None:
    text = request.getfixturevalue(page)
    routes = set(server.client.get("/openapi.json").json()["paths"]) - {"/problems/{name}"}
    assert {route for route in routes if not re.search(rf"[ `]{re.escape(route)}`", text)} == set()


def test_the_guide_names_every_metric(guide: str, server: Running) -> None:
    metrics = set(re.findall(r"^# TYPE (affetto_\w+)", server.client.get("/metrics").text, re.MULTILINE))
    listed = {name for name in first_cells(section(guide, "Watch it")) if name.startswith("affetto_")}
    assert metrics == listed


def test_limits_in_the_guide_are_settings_and_problems(guide: str) -> None:
    limits = re.findall(r"^\| [^|]+ \| `([A-Z_]+)` \| .*?`([\w-]+)`", section(guide, "Limits"), re.MULTILINE)
    assert {name for name, _ in limits} == {
        name.upper()
        for name in Settings.model_fields
        if name.startswith(("max_", "rate_")) or name.endswith("timeout_s")
    }
    assert {problem for _, problem in limits} <= set(KINDS)


def test_the_documents_name_no_setting_that_there_is_not(root: Path, guide: str, reference: str) -> None:
    deployed = [(root / name).read_text(encoding="utf-8") for name in ("Dockerfile", "compose.yaml", "README.md")]
    named = set(re.findall(rf"{PREFIX}([A-Z_]+)", "\n".join([guide, reference, *deployed])))
    assert named <= {name.upper() for name in Settings.model_fields}


def test_the_example_is_the_result_of_its_recording(server: Running, root: Path) -> None:
    example = RECOGNITION_EXAMPLE.to_dict()
    content = (root / "examples" / example["source"]).read_bytes()
    (result,) = server.post(content, query=f"?name={example['source']}").json()
    assert set(result) == set(example)
    assert result["probabilities"] == pytest.approx(example["probabilities"], abs=1e-3)
    assert result["segments"][0]["end_s"] == example["segments"][0]["end_s"]


def test_every_answer_has_an_example_in_openapi(server: Running) -> None:
    paths = server.client.get("/openapi.json").json()["paths"]
    contents = {
        f"{path} {status} {media_type}": content
        for path, methods in paths.items()
        for method in methods.values()
        for status, response in method["responses"].items()
        for media_type, content in response["content"].items()
    }
    # Of the models each member has an example.
    models = {"/v1/models 200 application/json", "/v1/models/{name} 200 application/json"}
    assert {name for name, content in contents.items() if not {"example", "examples"} & set(content)} == models
    assert contents["/v1/recognitions 200 text/vtt"]["example"].startswith("WEBVTT")


def test_every_parameter_has_an_example_in_openapi(server: Running) -> None:
    paths = server.client.get("/openapi.json").json()["paths"]
    parameters = [
        parameter for path in paths.values() for method in path.values() for parameter in method.get("parameters", [])
    ]
    assert len(parameters) >= len(Options.model_fields)
    assert [p["name"] for p in parameters if not p["schema"].get("examples")] == []


def test_openapi_asks_for_a_key_where_one_is_needed(server: Running) -> None:
    with running(api_keys="secret-of-the-test") as protected:
        description = protected.client.get("/openapi.json").json()
    (scheme,) = description["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    asking = {path for path, methods in description["paths"].items() for m in methods.values() if "security" in m}
    assert asking == {path for path in description["paths"] if path.startswith("/v1/")}
    assert "securitySchemes" not in server.client.get("/openapi.json").json()["components"]

"""The API against its own description, by schemathesis: valid and invalid data, all checks."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.server.conftest import Running, running
from tests.server.test_metrics import values

if TYPE_CHECKING:
    from pathlib import Path


def test_api_is_as_its_description_says(root: Path, tmp_path: Path) -> None:
    here = root / "tests" / "server"
    with running(api_keys="secret-of-the-test", rate_limit_per_minute=0) as started:
        done = subprocess.run(
            [
                *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
                *("--config-file", here / "schemathesis.toml", "run"),
                *(
                    f"{started.address}/openapi.json",
                    "--header",
                    "Authorization: Bearer secret-of-the-test",
                    "--no-color",
                ),
            ],
            cwd=tmp_path,
            env={**os.environ, "SCHEMATHESIS_HOOKS": str(here / "schemathesis_hooks.py")},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        counted = values(started)
    for status in (200, 401, 422):
        assert counted[f"affetto_requests_total POST /v1/recognitions {status}"] >= 3


def test_members_are_described(server: Running) -> None:
    schemas = server.client.get("/openapi.json").json()["components"]["schemas"]
    for name in ("Recognition", "Segment", "AcousticMeasures", "ModelName"):
        members = schemas[name]["properties"]
        undescribed = [member for member, schema in members.items() if not schema.get("description")]
        assert undescribed == (["model"] if name == "Recognition" else [])  # which has a schema of its own
    assert "null for a whisper" in schemas["AcousticMeasures"]["properties"]["f0_hz"]["description"]

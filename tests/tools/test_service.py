from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tools.service import main

if TYPE_CHECKING:
    from pathlib import Path

SUMMARY = {"clips_per_s": 101.2, "p50_ms": 39.4, "p95_ms": 50.0, "p99_ms": 61.5}
LOAD = {
    "throughput": {
        "in_process_clips_per_s": 130.4,
        "start_to_ready_s": 0.534,
        "clients_1": {**SUMMARY, "statuses": {"200": 900}},
        "clients_128": {**SUMMARY, "statuses": {"200": 900, "503": 300}},
        "share_of_in_process": 0.776,
    },
    "streams": {"streams_32": {"segments": 500, "late_p50_s": 0.31, "late_p99_s": 0.5, "late_most_s": 0.62}},
    "mixed": {
        "minutes": 20.0,
        "statuses": {"200": 90_000, "422": 4_000, "503": 12, "500": 3, "504": 2},
        "memory_after_a_minute_mb": 201.2,
        "memory_at_the_end_mb": 204.6,
    },
}
FUZZ = {"cases": 10_000, "formats": 43, "lived": True, "statuses": {"200": 4_000, "500": 7}, "slowest_s": 15.8}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with only the files that the script reads."""
    results = tmp_path / "benchmarks" / "results"
    results.mkdir(parents=True)
    entries = {
        f"{name}.json": {"command": f"measure {name}", "processor": "abacus"} for name in ("load", "fuzz_uploads")
    }
    for name, content in (("load", LOAD), ("fuzz_uploads", FUZZ), ("provenance", entries)):
        (results / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "docs" / "how-to").mkdir(parents=True)
    document = "before\n<!-- load:start -->\nold\n<!-- load:end -->\nafter\n"
    (tmp_path / "docs" / "how-to" / "deploy.md").write_text(document, encoding="utf-8")
    return tmp_path


def test_figures_are_those_of_the_results(repository: Path) -> None:
    assert main([], root=repository) == 0
    text = (repository / "docs" / "how-to" / "deploy.md").read_text(encoding="utf-8")
    for figure in (
        "0.53 s",
        "130 a second",
        "99 % within 62 ms",
        "25% refused",
        "78%",
        "0.62 s (most)",
        "measure load",
    ):
        assert figure in text
    row = next(line for line in text.splitlines() if "20 minutes" in line)
    assert "94,017 answers, 5 of them" in row  # 500 and 504, but not 503
    assert "7 answers with 500" in text
    assert "`measure load`" in text
    assert main(["--check"], root=repository) == 0


def test_a_changed_result_is_noticed(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([], root=repository)
    path = repository / "benchmarks" / "results" / "fuzz_uploads.json"
    path.write_text(json.dumps({**FUZZ, "lived": False}), encoding="utf-8")
    assert main(["--check"], root=repository) == 1
    assert "deploy.md" in capsys.readouterr().err

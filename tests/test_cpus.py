from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from affetto._cpus import container_quota, usable_cpus

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot pin processes")
def test_a_pinned_process_has_fewer_processors() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); from affetto._cpus import usable_cpus; "
    pinned = subprocess.run([sys.executable, "-c", code + "print(usable_cpus())"], capture_output=True, check=True)
    assert pinned.stdout.split() == [b"1"]


@pytest.mark.parametrize(("quota", "expected"), [(0.5, 1), (1.5, 2), (64.0, 64), (float("inf"), 64)])
def test_a_quota_limits_the_processors(monkeypatch: pytest.MonkeyPatch, quota: float, expected: int) -> None:
    monkeypatch.setattr("affetto._cpus._scheduled_cpus", lambda: 64)
    monkeypatch.setattr("affetto._cpus.container_quota", lambda: quota)
    assert usable_cpus() == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "150000 100000\n"}, 1.5),
        ({"cpu.max": "max 100000\n"}, float("inf")),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3.0),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, float("inf")),
        ({"cpu/cpu.cfs_quota_us": "300000\n"}, float("inf")),
        ({}, float("inf")),
    ],
)
def test_quotas_of_control_groups(tmp_path: Path, files: dict[str, str], expected: float) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert container_quota(tmp_path) == expected

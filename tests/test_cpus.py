from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from affetto._cpus import cpu_quota, usable_cpus

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no process to processors")
def test_a_process_that_is_pinned_to_one_processor_has_one() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); from affetto._cpus import usable_cpus; "
    pinned = subprocess.run([sys.executable, "-c", code + "print(usable_cpus())"], capture_output=True, check=True)
    assert pinned.stdout.split() == [b"1"]


@pytest.mark.parametrize(("quota", "expected"), [(0.5, 1), (1.5, 2), (64.0, 64), (float("inf"), 64)])
def test_a_quota_limits_what_a_machine_has(monkeypatch: pytest.MonkeyPatch, quota: float, expected: int) -> None:
    monkeypatch.setattr("affetto._cpus._scheduled_cpus", lambda: 64)
    monkeypatch.setattr("affetto._cpus.cpu_quota", lambda: quota)
    assert usable_cpus() == expected


def groups(folder: Path, membership: str, **files: str) -> tuple[Path, Path]:
    """Control groups as the kernel shows them; "__" in a name is a folder's end, "_dot_" a dot."""
    (folder / "membership").write_text(membership)
    for name, content in files.items():
        file = folder / "cgroup" / name.replace("__", "/").replace("_dot_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return folder / "cgroup", folder / "membership"


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        ("0::/job\n", {"job__cpu_dot_max": "150000 100000\n"}, 1.5),
        ("0::/job\n", {"job__cpu_dot_max": "max 100000\n"}, float("inf")),
        # A group within one that has less.
        ("0::/slice/job\n", {"slice__cpu_dot_max": "100000 100000", "slice__job__cpu_dot_max": "800000 100000"}, 1.0),
        # Within a container the path is the host's, and the root is the container's group.
        ("0::/docker/0123\n", {"cpu_dot_max": "200000 100000\n"}, 2.0),
        ("4:cpu,cpuacct:/job\n1:memory:/job\n", {"cpu__job__cpu_dot_cfs_quota_us": "300000\n"}, float("inf")),
        (
            "4:cpu,cpuacct:/job\n",
            {"cpu__job__cpu_dot_cfs_quota_us": "300000\n", "cpu__job__cpu_dot_cfs_period_us": "100000\n"},
            3.0,
        ),
        (
            "4:cpu,cpuacct:/\n",
            {"cpu__cpu_dot_cfs_quota_us": "-1\n", "cpu__cpu_dot_cfs_period_us": "100000\n"},
            float("inf"),
        ),
        ("", {}, float("inf")),
    ],
)
def test_quotas_of_control_groups(tmp_path: Path, membership: str, files: dict[str, str], expected: float) -> None:
    assert cpu_quota(*groups(tmp_path, membership, **files)) == expected


def test_without_control_groups_there_is_no_quota(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path, tmp_path / "missing") == float("inf")

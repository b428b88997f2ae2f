"""The number of processors that this process may use."""

from __future__ import annotations

import os
from math import ceil
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


def usable_cpus() -> int:
    """Return the number of processors that this process may use, at least 1.

    The limits are the processors that it is pinned to, the quota of its container, and ``PYTHON_CPU_COUNT`` (Python
    3.13 and later).

    Examples
    --------
    >>> from affetto._cpus import usable_cpus
    >>> 1 <= usable_cpus() <= os.cpu_count()
    True
    """
    return max(1, ceil(min(_scheduled_cpus(), container_quota())))


def _scheduled_cpus() -> int:
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def container_quota(cgroup: Path = _CGROUP) -> float:
    """Return the quota of the container in processors, infinite without one, from its root control group.

    References
    ----------
    https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max) and
    https://docs.kernel.org/scheduler/sched-bwc.html (cpu.cfs_quota_us of version 1).
    """
    for files in (["cpu.max"], ["cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"]):
        try:
            quota, period = " ".join((cgroup / file).read_text() for file in files).split()
            return int(quota) / int(period) if int(quota) > 0 else float("inf")
        except (OSError, ValueError):  # not this version of control groups, or the quota is "max"
            continue
    return float("inf")

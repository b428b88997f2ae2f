"""How many processors this process may use."""

from __future__ import annotations

import os
from math import ceil
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")


def usable_cpus() -> int:
    """Return how many processors this process may use, at least 1.

    A machine often has more than a process may use: `taskset` and batch systems pin it to a few, and containers have a
    quota of time. Threads beyond that only wait for one another.

    Returns
    -------
    int
        The least of the processors that it is pinned to, of its control groups' quotas, rounded up, and of
        ``PYTHON_CPU_COUNT`` (Python 3.13).

    Examples
    --------
    >>> from affetto._cpus import usable_cpus
    >>> 1 <= usable_cpus() <= os.cpu_count()
    True
    """
    return max(1, ceil(min(_scheduled_cpus(), cpu_quota())))


def _scheduled_cpus() -> int:
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_quota(cgroups: Path = _CGROUPS, membership: Path = _MEMBERSHIP) -> float:
    """Return the processor time that the control groups of this process allow, in processors.

    Parameters
    ----------
    cgroups : path
        Where the control groups are mounted.
    membership : path
        The file that names the groups of this process.

    Returns
    -------
    float
        Infinite where nothing limits it, as on every system but Linux.

    References
    ----------
    https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max) and
    https://docs.kernel.org/scheduler/sched-bwc.html (cpu.cfs_quota_us of version 1).
    """
    try:
        groups = [line.split(":", 2) for line in membership.read_text().splitlines()]
    except OSError:
        return float("inf")
    quotas = [float("inf")]
    for _, controllers, path in groups:
        if not controllers:
            root, quota = cgroups, _quota_v2
        elif "cpu" in controllers.split(","):
            root, quota = cgroups / "cpu", _quota_v1
        else:
            continue
        # A group is limited by those that it is in. Within a container its own path may not be there, only the root.
        group = root / path.lstrip("/")
        quotas += [quota(folder) for folder in (group, *group.parents) if folder.is_relative_to(root)]
    return min(quotas)


def _quota_v2(group: Path) -> float:
    quota, *period = _words(group / "cpu.max")
    return int(quota) / int(period[0]) if quota.isdigit() and period else float("inf")


def _quota_v1(group: Path) -> float:
    quota, period = _words(group / "cpu.cfs_quota_us")[0], _words(group / "cpu.cfs_period_us")[0]
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(period) else float("inf")


def _words(file: Path) -> list[str]:
    """Return the words of a file; one that says nothing where it cannot be read."""
    try:
        return file.read_text().split() or [""]
    except OSError:
        return [""]

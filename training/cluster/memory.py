"""How much memory building a variant takes, how much a process has, and how much there is."""

from __future__ import annotations

import resource
from pathlib import Path

GIB = 1 << 30
SHARE = 0.6
"""Of the memory that is free, how much is used unless somebody says."""

_BASE = 330_000_000
_PER_ROW = 4_600
_PER_CELL = 60
_PER_WIDE_ROW = 8_000
"""Bytes, as measured by `python -m benchmarks.clustering` at 10 000 to 90 000 tracks, and a tenth more."""


def estimate(n_items: int, n_columns: int) -> int:
    """Return the bytes that building a variant takes at its peak."""
    from training.cluster.build.neighbours import MOST_TREE_DIMENSIONS  # numpy: only a build waits for it

    wide = _PER_WIDE_ROW if n_columns > MOST_TREE_DIMENSIONS else 0  # their graph may have 200 neighbours
    return _BASE + n_items * (_PER_ROW + _PER_CELL * n_columns + wide)


def default_budget() -> int:
    """Return a share of the memory that is free to this process, in bytes; 2 GiB where nobody can say."""
    free = [found for found in (_free(), _left_of_group()) if found is not None]
    return int(SHARE * min(free)) if free else 2 * GIB


def resident(pid: int | None) -> int:
    """Return the bytes of memory that a process holds, None for this one; 0 where nobody can say."""
    try:
        pages = Path(f"/proc/{pid or 'self'}/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()


def _free() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    return found[0] if found else None


def _left_of_group() -> int | None:
    """Read what a container may still use: its limit is not in /proc/meminfo."""
    group = Path("/sys/fs/cgroup")
    try:
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        used = int((group / "memory.current").read_text(encoding="ascii"))
    except OSError:
        return None
    return None if limit == "max" else max(int(limit) - used, 0)

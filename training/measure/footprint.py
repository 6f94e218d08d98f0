"""What a fit takes: seconds, the peak of memory, and the size of what it made."""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import Any

from training.release.finite import arrays_of

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def reset_peak() -> None:
    """Begin a new peak of resident memory, where the system can (Linux); elsewhere the old one stays."""
    if _CLEAR.exists():
        _CLEAR.write_text("5")


def peak_bytes() -> int:
    """Return the peak of this process's resident memory since `reset_peak`, or since its start."""
    if _STATUS.exists():
        fields = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line)
        return int(fields["VmHWM"].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def size_bytes(value: Any) -> int:
    """Return the bytes of all arrays in a value: the size of its files, but for their headers."""
    return sum(array.nbytes for _, array in arrays_of(value))

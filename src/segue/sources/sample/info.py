"""Which sample store a folder holds, without the generator, which takes its time to import."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

GENERATOR_VERSION = 2
"""Raised by every change after which the same seed makes another store."""

STORE = "store.sqlite"
TRUTH = "truth"
SUMMARY = "truth.json"


@dataclass(frozen=True, slots=True)
class SampleInfo:
    """Which sample store a folder holds.

    Attributes
    ----------
    seed, customers, tracks : int
        The arguments of `generate`.
    generator_version : int
        That of the code that made it; another version makes another store of the same seed.
    digest : str
        ``sha256:`` and 64 hex digits of ``store.sqlite`` as it was generated.
    """

    seed: int
    customers: int
    tracks: int
    generator_version: int
    digest: str


def describe(out: Path) -> SampleInfo | None:
    """Return which sample store lies in ``out``; None if there is none that is whole and up to date.

    None also for a store of another generator version, or of which a part is missing: generate it anew.
    The database itself is not read, so what was added to it since does not matter.
    """
    if not (out / STORE).is_file():
        return None
    try:
        found = json.loads((out / TRUTH / SUMMARY).read_bytes())
        info = SampleInfo(**{name: found[name] for name in SampleInfo.__slots__})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return info if info.generator_version == GENERATOR_VERSION else None

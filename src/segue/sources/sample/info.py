"""Identifies the sample store in a folder, without importing the generator, which takes long."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

GENERATOR_VERSION = 2
"""Version of the generator. Raise it with every change that makes another store from the same seed."""

STORE = "store.sqlite"
TRUTH = "truth"
SUMMARY = "truth.json"


@dataclass(frozen=True, slots=True)
class SampleInfo:
    """Identity of the sample store in a folder.

    Attributes
    ----------
    seed, customers, tracks : int
        The arguments of `generate`.
    generator_version : int
        Version of the code that made it; another version makes another store from the same seed.
    digest : str
        ``sha256:`` and 64 hex digits of ``store.sqlite`` after its generation.
    """

    seed: int
    customers: int
    tracks: int
    generator_version: int
    digest: str


def describe(out: Path) -> SampleInfo | None:
    """Return the identity of the sample store in ``out``; None if it is missing, incomplete or outdated.

    The database is not read, so rows that were added later do not matter.
    """
    if not (out / STORE).is_file():
        return None
    try:
        summary = json.loads((out / TRUTH / SUMMARY).read_bytes())
        info = SampleInfo(**{name: summary[name] for name in SampleInfo.__slots__})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return info if info.generator_version == GENERATOR_VERSION else None

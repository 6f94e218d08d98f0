"""Tell from the files alone that there is nothing new to train on: to read them takes seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.artifacts.family import HYBRID
from training.release.champion import already_trained, find_champion

if TYPE_CHECKING:
    from segue.artifacts.manifest import Manifest
    from segue.artifacts.place.object_store import ObjectStore
    from training.release.gate import Verdict

ORIGIN = "origin"
"""Where a manifest keeps among its data what `training.release.file_state.origin_of` returned."""


def find_unchanged(store: ObjectStore, origin: str) -> tuple[Manifest, Verdict[bool]] | None:
    """Return the live version if it, or what was rolled back to it, was made of these very files."""
    champion = find_champion(store, HYBRID)
    if not origin or champion.manifest is None:
        return None
    done = already_trained(store, HYBRID, champion, lambda each: each.record.data.get(ORIGIN) == origin)
    return (champion.manifest, done) if done.choice else None

"""Writes what the store was drawn from, so that an evaluation can compare with it; reads its summary."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.sources.sample.parameter import ARCHETYPES, END, GENERATOR_VERSION, START
from segue.sources.sample.world import genre
from segue.sources.sample.world.listener import CONTEXTS
from segue.sources.sample.world.listening import CARE, MOOD
from segue.sources.sample.world.theme import THEMES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from segue.sources.sample.world.listening import World

STORE = "store.sqlite"
TRUTH = "truth"
_SUMMARY = "truth.json"


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
        found = json.loads((out / TRUTH / _SUMMARY).read_bytes())
        info = SampleInfo(**{name: found[name] for name in SampleInfo.__slots__})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return info if info.generator_version == GENERATOR_VERSION else None


def write_truth(folder: Path, world: World, passed_on: NDArray[np.int64], info: SampleInfo) -> None:
    """Write one .npy file for each of `truth_arrays` and for what friends passed on, and truth.json last."""
    folder.mkdir()
    arrays = {**truth_arrays(world), "passed_on": passed_on.astype(np.int32)}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    summary: dict[str, Any] = {
        **asdict(info),
        "start": str(START),
        "end": str(END),
        "genres": list(genre.NAMES),
        "contexts": list(CONTEXTS),
        "themes": [name for name, _ in THEMES],
        "archetypes": [asdict(kind) for kind in ARCHETYPES],
        "params": asdict(world.params),
        "arrays": {name: {"dtype": str(a.dtype), "shape": list(a.shape)} for name, a in arrays.items()},
    }
    text = json.dumps(summary, indent=2, sort_keys=True, allow_nan=False) + "\n"
    (folder / _SUMMARY).write_text(text, encoding="utf-8")


def truth_arrays(world: World) -> dict[str, NDArray[Any]]:
    """Return the arrays by name, rows being ids minus one; docs/sample-store.md explains each."""
    listeners, catalogue = world.listeners, world.catalogue
    return {
        "genre_place": genre.PLACE,
        "genre_market": genre.MARKET,
        "genre_growth": genre.GROWTH,
        "genre_neighbours": world.neighbours,
        "context_mood": MOOD,
        "context_care": CARE,
        "listener_archetype": listeners.archetype.astype(np.int32),
        "listener_taste_start": listeners.taste_start.astype(np.float32),
        "listener_taste_end": listeners.taste_end.astype(np.float32),
        "listener_drift": listeners.drift.astype(np.float32),
        "listener_trait": listeners.trait,
        "listener_context": listeners.context.astype(np.float32),
        "listener_activity": listeners.activity.astype(np.float32),
        "listener_spending": listeners.spending.astype(np.float32),
        "listener_joined": listeners.joined.astype(np.float32),
        "friend_pairs": listeners.friends.astype(np.int32),
        "friend_strength": listeners.friend_strength.astype(np.float32),
        "theme_context": world.themes.context.astype(np.int32),
        "theme_tracks": world.themes.tracks.astype(np.int32),
        "theme_listeners": world.themes.listeners.astype(np.int32),
        "track_genre": catalogue.track_genre.astype(np.int32),
        "track_artist": catalogue.track_artist.astype(np.int32),
        "track_album": catalogue.track_album.astype(np.int32),
        "track_trait": catalogue.trait,
        "track_quality": catalogue.quality,
        "track_weight": catalogue.weight.astype(np.float32),
    }

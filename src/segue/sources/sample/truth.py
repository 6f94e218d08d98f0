"""Writes the truth behind the store, for comparison in evaluations."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.sources.sample.info import SUMMARY
from segue.sources.sample.parameter import ARCHETYPES, END, START
from segue.sources.sample.world import genre
from segue.sources.sample.world.listener import CONTEXTS
from segue.sources.sample.world.listening import CARE, MOOD
from segue.sources.sample.world.theme import THEMES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from segue.sources.sample.info import SampleInfo
    from segue.sources.sample.world.listening import World


def write_truth(folder: Path, world: World, passed_on: NDArray[np.int64], info: SampleInfo) -> None:
    """Write a .npy file for each of `truth_arrays` and for the tracks passed on, and truth.json last."""
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
    (folder / SUMMARY).write_text(text, encoding="utf-8")


def truth_arrays(world: World) -> dict[str, NDArray[Any]]:
    """Return the arrays by name; rows are ids minus one. docs/sample-store.md explains each array."""
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

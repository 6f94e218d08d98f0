"""Listeners of four genres, and a recommender of them, trained by the real pipeline once a session.

Tracks ``t000`` to ``t119``: thirty of each genre, by ten artists with three each. Within a genre every
listener has a place, and plays tracks near it: so who plays what says more than the genre does. Listener 12
plays rock, and some jazz.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from segue.artifacts.place.local import LocalStore
from segue.domain.listening.event import Event, EventKind
from segue.domain.listening.friends import build_friends
from segue.sources.dataset.account import Tally
from segue.sources.dataset.interactions import clean_events
from tests.small_catalogue import small_catalogue
from training.algorithm.collaborative.ials import IalsRecommender
from training.algorithm.collaborative.linear import Rp3Beta
from training.algorithm.collaborative.nmf import NmfRecommender
from training.hybrid.fit import Dataset
from training.hybrid.pipeline import FittedHybrid, HybridTraining
from training.hybrid.settings import HybridSettings
from training.hybrid.trainer import TRAINER
from training.release.lifecycle import Outcome, train_on
from training.release.trainer import Order

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segue.artifacts.place.object_store import ObjectStore
    from segue.domain.catalogue.tracks import Catalogue

LISTENER = "12"
GENRES = ("rock", "jazz", "techno", "opera")
EACH = 30
"""Tracks of a genre."""
N_LISTENERS = 60
N_EVENTS = 28
SMALL = HybridSettings.of(
    factors=IalsRecommender(n_factors=8, n_sweeps=3),
    similarity=Rp3Beta(n_neighbours=20),
    parts=NmfRecommender(n_factors=4, n_sweeps=30),
)
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def catalogue() -> Catalogue:
    """The tracks, each genre with a sound of its own."""
    rng = np.random.default_rng(3)
    genre = np.repeat(np.arange(len(GENRES)), EACH)
    n = len(genre)
    mean = np.array([0.8, 0.4, 0.9, 0.2])[genre]
    return small_catalogue(
        [[f"{GENRES[genre[row]]} artist {row % EACH // 3}"] for row in range(n)],
        genres=[[GENRES[each]] for each in genre],
        audio={
            "energy": np.clip(mean + rng.normal(0, 0.08, n), 0, 1),
            "acousticness": np.clip(1 - mean + rng.normal(0, 0.08, n), 0, 1),
            "valence": rng.random(n),
            "tempo": 80 + 60 * mean + rng.normal(0, 8, n),
            "key": rng.integers(0, 12, n),
            "mode": rng.integers(0, 2, n),
        },
    )


@cache
def events() -> tuple[Event, ...]:
    """What everybody did in the first 300 days of 2026, oldest first."""
    rng = np.random.default_rng(4)
    found = [event for user in range(N_LISTENERS) for event in _events_of(user, rng)]
    return tuple(sorted(found, key=lambda event: event.at))


def events_of(user_id: str = LISTENER) -> list[Event]:
    return [event for event in events() if event.user_id == user_id]


@cache
def dataset() -> Dataset:
    interactions = clean_events(events(), Tally("test"))
    pairs = [(str(user), str((user + len(GENRES)) % N_LISTENERS)) for user in range(N_LISTENERS)]
    return Dataset(catalogue(), interactions, build_friends(interactions.users, pairs))


@dataclass(frozen=True, slots=True)
class Trained:
    """A folder as SEGUE_ARTIFACTS names it, with a recommender live in it, and the version of its hybrid."""

    folder: Path
    version: str

    def copy_to(self, store: ObjectStore) -> None:
        """Write every object into another store, none of whose keys may be there."""
        if isinstance(store, LocalStore):  # files, which need not outlive a power cut
            shutil.copytree(self.folder, store.root, dirs_exist_ok=True)
            return
        for info in LocalStore(self.folder).list_objects(""):
            store.put(info.key, self.folder / info.key)


def train(folder: Path) -> Trained:
    """Train, publish and promote in a folder: some seconds, so once a session (the fixture ``trained``)."""
    return Trained(folder, train_hybrid(LocalStore(folder), force=True).manifest.version)


def train_hybrid(
    store: ObjectStore,
    data: Dataset | None = None,
    training: HybridTraining | None = None,
    *,
    step: Callable[[str], None] = lambda _: None,
    **order: bool,
) -> Outcome[FittedHybrid]:
    """Train on this module's listeners, or on other data, with small settings, or others."""
    asked = Order("tester", **order)
    return train_on(TRAINER, training or HybridTraining(SMALL), data or dataset(), store, asked, step)


def _events_of(user: int, rng: np.random.Generator) -> list[Event]:
    genre, place = user % len(GENRES), (7 * user) % EACH
    distance = np.abs(np.arange(EACH) - place)
    chance = np.zeros((len(GENRES), EACH))
    chance[genre] = np.exp(-np.minimum(distance, EACH - distance) / 4)
    chance[(genre + 1) % len(GENRES)] = 0.2 * chance[genre]
    tracks = rng.choice(chance.size, N_EVENTS, replace=False, p=(chance / chance.sum()).ravel())
    days = np.sort(rng.random(N_EVENTS) * 300)
    liked = rng.random(N_EVENTS) < 0.2
    return [
        Event(
            str(user),
            f"t{track:03}",
            EventKind.LIKE if likes else EventKind.PLAY,
            _BEGIN + timedelta(days=day),
            f"e{number}",
        )
        for number, (track, day, likes) in enumerate(
            zip(tracks.tolist(), days.tolist(), liked.tolist(), strict=True)
        )
    ]

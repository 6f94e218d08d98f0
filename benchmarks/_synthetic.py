"""A catalogue of any size with listeners, and every model of it, published as training would.

Nothing is fitted: a million tracks are there in a minute. The structure is that of real music, as far as
speed depends on it. A few hundred scenes hold artists, whose tracks lie near each other; plays fall as a
power of the rank; ids, titles and genres are as long and as many as Spotify's. The factors' spectrum is as
flat as that of factors fitted to Gowalla, and neighbours of a history repeat less often than real ones do.
"""

from __future__ import annotations

import string
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.artifacts.codec.catalogue import write_catalogue
from segue.artifacts.codec.member import write_member
from segue.artifacts.codec.ranker import write_ranker
from segue.artifacts.family import CATALOGUE, CONTENT, HYBRID
from segue.artifacts.manifest import Record
from segue.artifacts.place.local import LocalStore
from segue.artifacts.release import Decision, promote, publish
from segue.domain.catalogue.tracks import AUDIO_FEATURES, Catalogue
from segue.domain.catalogue.vocabulary import Vocabulary, build_vocabulary
from segue.domain.listening.event import Event, EventKind
from segue.domain.listening.friends import build_friends
from segue.domain.listening.history import History
from segue.domain.listening.mood import FEATURES
from segue.domain.model.collaborative.item_factors import Objective, fold_in, rotate
from segue.domain.model.collaborative.item_similarity import ItemSimilarity
from segue.domain.model.collaborative.nonnegative_factors import (
    build_nonnegative_factors,
    nonnegative_fold_in,
)
from segue.domain.model.content.content import Content
from segue.domain.model.content.rules import MoodRules
from segue.domain.model.popularity.popularity import Membership, build_popularity
from segue.domain.model.popularity.social import Social
from segue.domain.model.registry import SOURCES, TIER_SOURCES
from segue.domain.recommend.ranker import Ranker
from segue.domain.vector.column import Labels, build_labels, build_text
from segue.state.sqlite import SqliteState
from training.algorithm.collaborative.inverted_file import find_cells
from training.hybrid.settings import HybridSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

OBJECTIVE = Objective(regularization=20.0, alpha=10.0)
LENGTHS = (5, 50, 500)
LISTENERS = 40
"""Of each length of history; a listener is named by it and a number, ``h50-7``."""

_N_SCENES, _N_GENRES, _N_FRIENDS, _N_ASKED = 300, 114, 5000, 200
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """Where a model of ``n_tracks`` is published, and its listeners' state."""

    folder: Path
    n_tracks: int

    @property
    def environment(self) -> dict[str, str]:
        """What the functions must find set."""
        return {
            "SEGUE_ARTIFACTS": str(self.folder / "artifacts"),
            "SEGUE_CACHE_DIR": str(self.folder / "cache"),
            "SEGUE_STATE": str(self.folder / "state.sqlite"),
            "SEGUE_DEFAULT_TIER": "pro",
            "SEGUE_REFRESH_TTL_S": "3600",
        }


def world(n_tracks: int, n_factors: int = 128) -> World:
    """Return a world, making it if none was left in the system's temporary folder."""
    folder = Path(tempfile.gettempdir()) / f"segue-benchmark-cells-{n_tracks}-{n_factors}"
    made = World(folder, n_tracks)
    if not (folder / "complete").exists():
        rng = np.random.default_rng(n_tracks)
        scenes = Scenes(n_tracks, rng)
        families = _families(scenes, n_factors, rng)
        _publish(LocalStore(folder / "artifacts"), families)
        _listen(folder / "state.sqlite", scenes)
        (folder / "complete").touch()
    return made


class Scenes:
    """Tracks by scene and artist, whose rows are neighbours before ``row_of`` scatters them."""

    def __init__(self, n_tracks: int, rng: np.random.Generator) -> None:
        self.rng, self.n = rng, n_tracks
        self.row_of = rng.permutation(n_tracks).astype(np.int32)
        self.place_of = np.argsort(self.row_of).astype(np.int32)
        self.artist = np.repeat(np.arange(n_tracks), np.minimum(rng.zipf(1.6, n_tracks), 400))[:n_tracks]
        self.scene = np.sort(rng.choice(_N_SCENES, self.artist[-1] + 1, p=_falling(_N_SCENES, 0.7)))[
            self.artist
        ]
        self.plays = (20 * n_tracks * _falling(n_tracks, 0.9))[rng.permutation(n_tracks)].astype(np.float32)
        self.plays[self.plays < 1] = 0

    def vectors(self, width: int) -> NDArray[np.float32]:
        """Float32 (n, width), by place: a scene's middle, the artist's way from it, the track's own."""
        spectrum = np.arange(1, width + 1) ** -0.3
        draw = self.rng.standard_normal
        scene, artist = draw((_N_SCENES, width)), draw((self.artist[-1] + 1, width))
        mixed = scene.astype(np.float32)[self.scene] + 0.7 * artist.astype(np.float32)[self.artist]
        mixed += 0.5 * draw((self.n, width), np.float32)
        return mixed * spectrum.astype(np.float32)

    def scattered(self, by_place: NDArray[Any]) -> NDArray[Any]:
        """Bring values by place into the order of the catalogue."""
        return by_place[self.place_of]

    def taste(self, length: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Places of tracks that somebody plays: of three scenes, by their plays."""
        of_taste = np.flatnonzero(np.isin(self.scene, rng.choice(self.scene, 3)))
        chance = self.plays[of_taste] + 1.0
        size = min(length, len(of_taste))
        return rng.choice(of_taste, size, replace=False, p=chance / chance.sum())

    def neighbours(self, count: int) -> ItemSimilarity:
        """Each track's ``count`` neighbours: places whose distance grows by a heavy-tailed step."""
        index = np.empty((self.n, count), np.int32)
        weight = np.empty((self.n, count), np.float32)
        for start in range(0, self.n, 50_000):
            place = self.place_of[start : start + 50_000]
            step = np.minimum(self.rng.zipf(1.7, (len(place), count)), self.n // (3 * count))
            away = np.cumsum(step, axis=1)
            away[:, ::2] *= -1
            row = self.row_of[(place[:, None] + away) % self.n]
            near = (0.1 / np.sqrt(np.arange(1, count + 1)) * self.rng.uniform(0.5, 1, row.shape)).astype(
                np.float32
            )
            order = np.argsort(row, axis=1)
            index[start : start + len(place)] = np.take_along_axis(row, order, axis=1)
            weight[start : start + len(place)] = np.take_along_axis(near, order, axis=1)
        return ItemSimilarity(np.arange(self.n + 1, dtype=np.int64) * count, index.ravel(), weight.ravel())


def _falling(n: int, exponent: float) -> NDArray[np.float64]:
    share = np.arange(1, n + 1) ** -exponent
    return share / share.sum()


def _families(scenes: Scenes, n_factors: int, rng: np.random.Generator) -> dict[str, Callable[[Path], None]]:
    catalogue = catalogue_of(scenes)
    items = catalogue.vocabulary
    plays = scenes.scattered(scenes.plays)
    heard = [np.sort(scenes.row_of[scenes.taste(50, rng)]) for _ in range(_N_ASKED)]
    asked = [History(rows, np.ones(len(rows), np.float32)) for rows in heard]

    def factors(folder: Path) -> None:
        known = scenes.scattered(0.03 * np.log1p(scenes.plays)[:, None] * scenes.vectors(n_factors))
        fitted = rotate(known.astype(np.float32), OBJECTIVE)
        users = np.array([fold_in(fitted, history) for history in asked])
        searched = replace(fitted, cells=find_cells(fitted.factors, users, 17))
        write_member("item-factors", searched, items, folder)

    def parts(folder: Path) -> None:
        raw = scenes.scattered(np.maximum(scenes.vectors(20) - 0.5, 0) * np.log1p(scenes.plays)[:, None])
        fitted = build_nonnegative_factors(raw.astype(np.float32), 0.1)
        users = np.array([nonnegative_fold_in(fitted, history) for history in asked])
        searched = replace(fitted, cells=find_cells(fitted.factors, users, 17))
        write_member("nonnegative-factors", searched, items, folder)

    def content(folder: Path) -> None:
        raw = scenes.scattered(scenes.vectors(128 + len(AUDIO_FEATURES)))
        unit = raw / np.linalg.norm(raw, axis=1, keepdims=True)
        write_member("content", Content(unit, AUDIO_FEATURES, 128, scenes.neighbours(50)), items, folder)

    def popularity(folder: Path) -> None:
        labels = catalogue.genres
        row = np.repeat(np.arange(len(labels), dtype=np.int32), np.diff(labels.start))
        lately = (plays * rng.gamma(0.5, 0.2, len(plays))).astype(np.float32)
        write_member(
            "popularity", build_popularity(plays, lately, Membership(row, labels.label_index)), items, folder
        )

    def rules(folder: Path) -> None:
        percentile = rng.random((len(items), len(FEATURES)), np.float32)
        learnt = MoodRules(percentile, (), np.zeros((0, len(FEATURES)), np.float32), np.zeros(0, np.int64))
        write_member("rules", learnt, items, folder)

    return {
        CATALOGUE: lambda folder: write_catalogue(catalogue, folder),
        "popularity": popularity,
        "item-factors": factors,
        "nonnegative-factors": parts,
        "item-similarity": lambda folder: write_member(
            "item-similarity",
            scenes.neighbours(HybridSettings.of().members["similarity"].n_neighbours),
            items,
            folder,
        ),
        CONTENT: content,
        "rules": rules,
        "social": lambda folder: write_member("social", _social(items, rng), items, folder),
        HYBRID: lambda folder: write_ranker(ranker_of_all(), folder),
    }


def ranker_of_all() -> Ranker:
    """Weigh every source alike, so that every one is asked."""
    weight = [[1.0 if name in TIER_SOURCES[tier] else 0.0 for name in SOURCES] for tier in TIER_SOURCES]
    return Ranker(SOURCES, tuple(TIER_SOURCES), np.array(weight, np.float32), diversity=0.1, calibration=0.1)


def catalogue_of(scenes: Scenes) -> Catalogue:
    n, rng = scenes.n, scenes.rng
    letters = np.array(list(string.ascii_letters + string.digits))
    ids = np.unique(letters[rng.integers(0, len(letters), (n + n // 100 + 1, 22))].view("U22").ravel())[:n]
    genres = build_labels([[f"genre {number:03}"] for number in range(_N_GENRES)]).names
    of_scene = np.array([rng.choice(_N_GENRES, 3, replace=False) for _ in range(_N_SCENES)], np.int32)
    count = rng.choice([1, 2, 3], n, p=[0.8, 0.15, 0.05])
    chosen = of_scene[scenes.scattered(scenes.scene)][np.arange(3) < count[:, None]]
    artist = scenes.scattered(scenes.artist).tolist()
    return Catalogue(
        vocabulary=Vocabulary(ids),
        name=build_text([f"A song of {row % 997} words" for row in range(n)]),
        artists=build_labels([[f"Artist {number}"] for number in artist]),
        album=build_text([f"Album {number} of many" for number in artist]),
        genres=Labels(genres, np.concatenate([[0], np.cumsum(count)]).astype(np.int64), chosen),
        release_date=np.full(n, np.datetime64("2020-01-01", "D")),
        popularity=np.full(n, 50, np.float32),
        duration_s=rng.uniform(120, 300, n).astype(np.float32),
        explicit=np.zeros(n, np.int8),
        audio=rng.random((n, len(AUDIO_FEATURES)), np.float32),
        low_level_names=(),
        low_level=np.empty((n, 0), np.float32),
    )


def _social(items: Vocabulary, rng: np.random.Generator) -> Social:
    names = [f"h{length}-{number}" for length in LENGTHS for number in range(LISTENERS)]
    users = build_vocabulary([*names, *(f"friend-{number}" for number in range(_N_FRIENDS))])
    pairs = [(name, f"friend-{friend}") for name in names for friend in rng.integers(0, _N_FRIENDS, 20)]
    likes = min(50, len(items) // 2)
    liked = [rng.choice(len(items), likes, replace=False) for _ in range(len(users))]
    start = np.arange(len(users) + 1, dtype=np.int64) * likes
    weight = rng.uniform(0.1, 1, len(users) * likes).astype(np.float32)
    return Social(
        build_friends(users, pairs), start, np.concatenate(liked).astype(np.int32), weight, len(items)
    )


def _publish(store: LocalStore, families: dict[str, Callable[[Path], None]]) -> None:
    """Publish and promote; the hybrid, which comes last, pins all others."""
    now = datetime.now(UTC)
    pinned: dict[str, str] = {}
    for family, write in families.items():
        on = pinned if family == HYBRID else {CATALOGUE: pinned[CATALOGUE]} if pinned else {}
        with tempfile.TemporaryDirectory() as name:
            write(Path(name))
            pinned[family] = publish(
                store, family, Path(name), Record(depends_on=dict(on)), created_at=now
            ).version
    promote(store, HYBRID, pinned[HYBRID], Decision("benchmark", "to be measured", now))


def _listen(state: Path, scenes: Scenes) -> None:
    """Give every listener a history: tracks of three scenes, by their plays; one in five heard twice."""
    rng = np.random.default_rng(7)
    kinds = (EventKind.PLAY, EventKind.PLAY, EventKind.PLAY, EventKind.LIKE, EventKind.SAVE, EventKind.SKIP)
    ids = Vocabulary(
        np.load(next(state.parent.glob("artifacts/catalogue/versions/*/item_id.npy")), mmap_mode="r")
    )
    events = []
    for length in LENGTHS:
        for number in range(LISTENERS):
            heard = scenes.taste(length, rng).tolist()
            heard += heard[: len(heard) // 5]
            for place, track in enumerate(heard):
                kind = kinds[rng.integers(len(kinds))]
                played = int(rng.integers(1000, 300_000)) if kind is EventKind.PLAY else None
                at = _NOW - timedelta(minutes=30 * place)
                track_id = str(ids.item_id[scenes.row_of[track]])
                events.append(Event(f"h{length}-{number}", track_id, kind, at, f"{place}", played))
    SqliteState(state).record(events)

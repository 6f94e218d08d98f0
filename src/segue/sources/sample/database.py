"""Writes the store into a new SQLite file, without syncing: an incomplete file is never kept."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.sources.sample.draw import Stage, stream
from segue.sources.sample.parameter import START
from segue.sources.sample.tables import INDEXES, MEDIA_TYPES, TABLES
from segue.sources.sample.world import genre
from segue.sources.sample.world.listener import CONTEXTS
from segue.sources.sample.world.name import Inventor
from segue.sources.sample.world.person import customer_rows, employee_rows
from segue.sources.sample.world.purchase import EVENTS, NOT_PLAYED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from segue.sources.sample.world.catalogue import DrawnCatalogue
    from segue.sources.sample.world.listening import World
    from segue.sources.sample.world.purchase import Reactions

_BYTES_PER_MS = 32
_PLAYLIST_TRACKS = 25
_CHUNK = 100_000
_TIME = len("2024-01-01 00:00:00")


@dataclass(slots=True)
class StoreWriter:
    """Fills one new database; `write_interactions` may be called any number of times."""

    connection: sqlite3.Connection
    interactions: int = 0

    def write_catalogue(self, world: World, seed: int) -> None:
        """Write the music, its names, features and playlists."""
        catalogue = world.catalogue
        self._insert("genre", zip(range(1, len(genre.NAMES) + 1), genre.NAMES, strict=True))
        self._insert("media_type", enumerate(MEDIA_TYPES, 1))
        inventor = Inventor(stream(seed, Stage.NAME))
        self._insert("artist", enumerate(inventor.artists(len(catalogue.artist_genre)), 1))
        titles = inventor.titles(len(catalogue.album_artist))
        self._insert("album", _numbered(titles, _ids(catalogue.album_artist)))
        self._insert("track", _track_rows(stream(seed, Stage.NAME, 1), inventor, catalogue))
        self._insert("track_feature", _feature_rows(catalogue))
        self._insert("track_genre", (catalogue.track_genres + 1).tolist())
        genres = np.concatenate([catalogue.artist_genre, catalogue.artist_second_genre])
        artists = np.tile(np.arange(len(catalogue.artist_genre)), 2)
        self._insert("artist_genre", (np.unique(np.column_stack([artists, genres]), axis=0) + 1).tolist())
        self._write_playlists(world)

    def write_people(self, world: World, seed: int) -> None:
        """Write the staff, the customers and their friendships, each in both directions."""
        self._insert("employee", employee_rows(seed))
        self._insert("customer", customer_rows(seed, len(world.listeners.archetype)))
        pairs = world.listeners.friends
        both = np.concatenate([pairs, pairs[:, ::-1]])
        self._insert("friend", (both[np.lexsort(both.T[::-1])] + 1).tolist())

    def write_interactions(self, rows: Reactions) -> None:
        """Append one block of interactions."""
        for first in range(0, len(rows.at_s), _CHUNK):
            part = slice(first, first + _CHUNK)
            played = [None if ms == NOT_PLAYED else ms for ms in rows.played_ms[part].tolist()]
            columns: tuple[Sequence[object], ...] = (
                _ids(rows.listener[part]),
                _ids(rows.track[part]),
                [EVENTS[event] for event in rows.event[part].tolist()],
                _times(rows.at_s[part]),
                played,
                _ids(rows.session[part]),
                [CONTEXTS[context] for context in rows.context[part].tolist()],
            )
            self._insert("interaction", _numbered(*columns, first=self.interactions + 1))
            self.interactions += len(played)

    def write_invoices(self, purchases: Reactions, price_cents: NDArray[np.int64]) -> None:
        """Write an invoice for each customer and moment of purchase, numbered in the order of time."""
        order = np.lexsort((purchases.track, purchases.listener, purchases.at_s))
        listener, at, track = purchases.listener[order], purchases.at_s[order], purchases.track[order]
        opens = np.ones(len(order), bool)
        opens[1:] = (np.diff(listener) != 0) | (np.diff(at) != 0)
        invoice = np.cumsum(opens) - 1
        cents = price_cents[track]
        total = np.bincount(invoice, weights=cents).astype(np.int64)
        self._insert("invoice", self._invoice_rows(listener[opens], at[opens], total))
        lines = _numbered(_ids(invoice), _ids(track), (cents / 100).tolist(), [1] * len(order))
        self._insert("invoice_line", lines)

    def _invoice_rows(
        self, listener: NDArray[np.int64], at_s: NDArray[np.int64], cents: NDArray[np.int64]
    ) -> Iterator[tuple[object, ...]]:
        billing = self.connection.execute(
            "SELECT address, city, state, country, postal_code FROM customer ORDER BY customer_id"
        ).fetchall()
        columns = zip(listener.tolist(), _times(at_s), (cents / 100).tolist(), strict=True)
        for number, (row, at, total) in enumerate(columns, 1):
            yield (number, row + 1, at, *billing[row], total)

    def _write_playlists(self, world: World) -> None:
        catalogue = world.catalogue
        lists: list[tuple[str, NDArray[np.int64]]] = []
        for index in np.flatnonzero(world.stocked).tolist():
            tracks = np.flatnonzero(catalogue.track_genre == index)
            best = tracks[np.argsort(-catalogue.weight[tracks], kind="stable")]
            lists.append((f"{genre.NAMES[index]} essentials", best))
        for context, fit in zip(CONTEXTS, world.track_fit, strict=True):
            order = np.argsort(-(3 * fit + catalogue.quality), kind="stable")
            lists.append((f"For the {context}", order))
        self._insert("playlist", ((number, name) for number, (name, _) in enumerate(lists, 1)))
        for number, (_, tracks) in enumerate(lists, 1):
            chosen = np.sort(tracks[:_PLAYLIST_TRACKS])
            self._insert("playlist_track", ((number, track) for track in _ids(chosen)))

    def _insert(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        columns = len(self.connection.execute(f"PRAGMA table_info({table})").fetchall())
        places = ", ".join("?" * columns)
        self.connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)


@contextmanager
def new_store(path: Path) -> Iterator[StoreWriter]:
    """Create the tables in a new file at ``path``, yield a writer, then build the indexes and close."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; " + TABLES)
        connection.execute("BEGIN")
        yield StoreWriter(connection)
        connection.execute("COMMIT")
        connection.executescript(INDEXES)
    finally:
        connection.close()


def _track_rows(
    rng: np.random.Generator, inventor: Inventor, catalogue: DrawnCatalogue
) -> Iterator[tuple[object, ...]]:
    n = len(catalogue.track_genre)
    writers = [" ".join(inventor.person()) for _ in catalogue.artist_genre]
    composer: list[str | None] = [writers[artist] for artist in catalogue.track_artist.tolist()]
    for row in np.flatnonzero(rng.random(n) < 0.25).tolist():
        composer[row] = None
    media = rng.choice(len(MEDIA_TYPES), len(catalogue.album_artist), p=[0.82, 0.12, 0.06])
    return _numbered(
        inventor.titles(n),
        _ids(catalogue.track_album),
        _ids(media[catalogue.track_album]),
        _ids(catalogue.track_genre),
        composer,
        catalogue.duration_ms.tolist(),
        (catalogue.duration_ms * _BYTES_PER_MS).tolist(),
        (catalogue.price_cents / 100).tolist(),
    )


def _feature_rows(catalogue: DrawnCatalogue) -> Iterator[tuple[object, ...]]:
    column = {name: catalogue.audio[:, index].tolist() for index, name in enumerate(genre.AUDIO)}
    return _numbered(
        [time[:10] for time in _times(catalogue.released_s)],
        catalogue.popularity.tolist(),
        catalogue.duration_ms.tolist(),
        catalogue.explicit.tolist(),
        column["danceability"],
        column["energy"],
        catalogue.key.tolist(),
        column["loudness"],
        catalogue.mode.tolist(),
        *(column[name] for name in genre.AUDIO[3:]),
        catalogue.time_signature.tolist(),
    )


def _numbered(*columns: Sequence[object], first: int = 1) -> Iterator[tuple[object, ...]]:
    return zip(range(first, first + len(columns[0])), *columns, strict=True)


def _ids(rows: NDArray[np.int64]) -> list[int]:
    ids: list[int] = (rows + 1).tolist()
    return ids


def _times(at_s: NDArray[np.int64]) -> list[str]:
    """Return 'YYYY-MM-DD HH:MM:SS' for seconds after START."""
    text = np.datetime_as_string(START + at_s.astype("timedelta64[s]"), unit="s").astype(f"S{_TIME}")
    letters = text.view(np.uint8).reshape(-1, _TIME)
    letters[:, 10] = ord(" ")
    times: list[str] = text.astype(f"U{_TIME}").tolist()
    return times

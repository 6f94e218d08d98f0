"""Reads a store's database into tables of text, like CSV files: Chinook's tables and some others.

Names of tables and their keys are those of `segue.sources.schema`, and their plurals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segue.errors import TableMissingError
from segue.sources.dataset import friends
from segue.sources.dataset.account import Effect
from segue.sources.dataset.table.column import to_numbers
from segue.sources.dataset.table.known_column import (
    EVENT,
    LOW_LEVEL,
    TRACK,
    find_columns,
    genre_columns,
    need,
    plain,
)
from segue.sources.dataset.table.reader import LIST_MARK
from segue.sources.schema import columns_of, quoted, spellings
from segue.sources.sqlite import SqliteReader, describe_tables
from segue.sources.store import open_reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segue.sources.dataset.account import Tally
    from segue.sources.store import Select

    Described = dict[tuple[int, str], list[str]]

TIMEOUT_S = 120.0
"""Maximum seconds for one statement, which reads a whole table."""


def _keys(table: str, *keys: str) -> dict[str, tuple[str, ...]]:
    return {key: columns_of(table, key) for key in keys}


_COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "track": {
        **_keys("track", "track_id", "album_id", "artist_id", "genre_id"),
        **{role: names for role, names in TRACK.items() if role != "track_id"},
    },
    "album": {**_keys("album", "album_id", "artist_id"), "album": ("title", "name", *TRACK["album"])},
    "artist": {**_keys("artist", "artist_id"), "artists": ("name", *TRACK["artists"])},
    "genre": {**_keys("genre", "genre_id"), "genres": columns_of("genre", "name")},
    "track_genre": _keys("track_genre", "track_id", "genre_id"),
    "artist_genre": _keys("artist_genre", "artist_id", "genre_id"),
    "track_feature": _keys("track_feature", "track_id"),
    "invoice": {
        **_keys("invoice", "invoice_id"),
        "user_id": tuple(dict.fromkeys(("customer_id", *EVENT["user_id"]))),
        "at": columns_of("invoice", "invoice_date"),
    },
    "invoice_line": {**_keys("invoice_line", "invoice_id", "track_id"), "count": ("quantity", "count")},
    "interaction": EVENT,
    "friend": friends.ALIASES,
}
"""Columns that are read from each table, with their possible names; ``track_feature`` is read completely."""

_NEEDED = {
    "track": ("track_id",),
    "album": ("album_id",),
    "artist": ("artist_id", "artists"),
    "genre": ("genre_id", "genres"),
    "track_genre": ("track_id", "genre_id"),
    "artist_genre": ("artist_id", "genre_id"),
    "track_feature": ("track_id",),
    "invoice": ("invoice_id", "user_id"),
    "invoice_line": ("invoice_id", "track_id"),
    "interaction": ("user_id",),
    "friend": ("user_id", "friend_id"),
}
"""Required columns of each table."""

_OPTIONAL = ("album", "artist", "genre", "track_genre", "artist_genre", "track_feature")
"""Tables that add to the tracks; if one lacks a required column, it is left out and the account says so."""


def read_tracks(location: str, tally: Tally) -> pd.DataFrame:
    """Return one row per track with artist, album, genres and features, if the database has them.

    Raises
    ------
    SourceSchemaError
        The database has no table of tracks: name another one, or add a view called ``track``.
    SourceUnavailableError
        The database cannot be opened or did not answer.
    """
    tables = _read(location, ("track", *_OPTIONAL), tally)
    if "track" not in tables:
        raise TableMissingError(
            f"{tally.source} has no table `track`: name a database that has one, or add a view called track."
        )
    track = tables["track"]
    tally.rows_read += len(track)
    for other, key in (("album", "album_id"), ("artist", "artist_id"), ("track_feature", "track_id")):
        if other in tables:
            track = _with_columns_of(track, tables[other], key, tally)
    if "artist" in tables and "artists" in track:
        one = LIST_MARK + track["artists"]  # the cell is one name, even if it contains a separator
        track["artists"] = one.where(track["artists"] != "", "")
    track["genres"] = _genres(track, tables)
    return _numbered(track.drop(columns=["album_id", "artist_id", "genre_id"], errors="ignore"))


def read_events(location: str, tally: Tally) -> list[pd.DataFrame]:
    """Return the table of interactions, and the invoice lines that it does not contain, as purchases.

    Raises
    ------
    SourceSchemaError
        The database has neither: name another one, or add a view called ``interaction``.
    SourceUnavailableError
        The database cannot be opened or did not answer.
    """
    tables = _read(location, ("interaction", "invoice", "invoice_line"), tally)
    events = [tables["interaction"]] if "interaction" in tables else []
    if {"invoice", "invoice_line"} <= tables.keys():
        bought = tables["invoice_line"].merge(tables["invoice"], "inner", "invoice_id")
        events.append(_not_among(events, _sold(bought, tally), tally))
    if not events:
        raise TableMissingError(
            f"{tally.source} has neither a table `interaction` nor `invoice` with `invoice_line`: name a "
            "database that has them, or add a view called interaction."
        )
    tally.rows_read += sum(map(len, events))
    return [_numbered(part) for part in events]


def read_pairs(location: str, tally: Tally) -> pd.DataFrame | None:
    """Return the table of friends, or None if there is none; raises as `read_events` does."""
    pairs = _read(location, ("friend",), tally).get("friend")
    if pairs is None:
        return None
    tally.rows_read += len(pairs)
    return _numbered(pairs)


def _read(location: str, wanted: Iterable[str], tally: Tally) -> dict[str, pd.DataFrame]:
    reader = open_reader(location, timeout_s=TIMEOUT_S)
    catalogue_of = describe_tables(_COLUMNS) if isinstance(reader, SqliteReader) else reader.catalogue

    def job(select: Select) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
        described: Described = {}
        for rank, table, column in select(catalogue_of):
            described.setdefault((rank, table), []).extend([] if column is None else [column])
        keys = {table: _find(described, table) for table in wanted}
        ignored: dict[str, str] = {}
        read = {
            table: _select(select, table, key[1], described[key], tally.source, ignored)
            for table, key in keys.items()
            if key is not None
        }
        return {table: frame for table, frame in read.items() if frame is not None}, ignored

    try:
        tables, ignored = reader.run(job)
    finally:
        reader.close()
    for table, lacking in ignored.items():
        tally.ignore(table, lacking)
    if isinstance(reader, SqliteReader):
        why = "text is not UTF-8 and was read as Windows-1252"
        tally.count(Effect.CHANGED, why, len(reader.old), reader.old)
    return tables


def _find(described: Described, table: str) -> tuple[int, str] | None:
    """Return the table of that name in the schema that the database itself searches first."""
    known = spellings(table)
    alike = [key for key in described if plain(key[1]) in known and described[key]]
    return min(alike, key=lambda key: (key[0], known.index(plain(key[1])), key[1]), default=None)


def _select(
    select: Select, table: str, name: str, present: list[str], source: str, ignored: dict[str, str]
) -> pd.DataFrame | None:
    """Return a table with its columns named by their roles, every cell as text, empty for NULL.

    An optional table that lacks a required column is added to ``ignored``, with the reason.
    """
    aliases = _COLUMNS[table]
    column = find_columns(present, aliases)
    missing = [role for role in _NEEDED[table] if role not in column]
    if missing and table in _OPTIONAL:
        lacking = " and no ".join(aliases[role][0] for role in missing)
        ignored[f"table {name}"] = f"has no column {lacking}"
        return None
    need(column, aliases, _NEEDED[table], f"{source}, table {name},")
    if table == "track":
        column |= {other: other for other in genre_columns(present, column) if other not in column.values()}
    elif table == "track_feature":
        known = find_columns(present, TRACK).values()
        others = [other for other in present if other not in column.values()]
        column |= {other if other in known else LOW_LEVEL + other: other for other in others}
    cells = ", ".join(f"CAST({quoted(each)} AS TEXT)" for each in column.values())
    rows = select(f"SELECT {cells} FROM {quoted(name)}")
    return pd.DataFrame(list(rows), columns=list(column), dtype="str").fillna("")


def _with_columns_of(track: pd.DataFrame, other: pd.DataFrame, key: str, tally: Tally) -> pd.DataFrame:
    """Join by a key; if both tables have a column, the track's value counts unless it is empty."""
    if key not in track or key not in other:
        return track
    again = other.duplicated(key)
    tally.add(Effect.DROPPED, key, "another row of its table has this key", other[key][again])
    joined = track.merge(other[~again], "left", key, suffixes=("", "\0")).fillna("")
    for both in [name for name in joined if name.endswith("\0")]:
        mine = joined[both[:-1]]
        joined[both[:-1]] = mine.where(mine != "", joined[both])
    return joined.drop(columns=[name for name in joined if name.endswith("\0")])


def _genres(track: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.Series:
    """Return a cell of genres per track: its own first, then those of ``track_genre``, then its artist's."""
    if "genre" not in tables:
        return track["genres"] if "genres" in track else pd.Series("", track.index)
    pairs = [track[["track_id", "genre_id"]]] if "genre_id" in track else []
    if "track_genre" in tables:
        pairs.append(tables["track_genre"])
    if "artist_genre" in tables and "artist_id" in track:
        pairs.append(track[["track_id", "artist_id"]].merge(tables["artist_genre"], "inner", "artist_id"))
    if not pairs:
        return pd.Series("", track.index)
    named = pd.concat(pairs).merge(tables["genre"], "inner", "genre_id")
    cells = (LIST_MARK + named["genres"]).groupby(named["track_id"], sort=False).sum()
    return track["track_id"].map(cells).fillna("")


def _sold(lines: pd.DataFrame, tally: Tally) -> pd.DataFrame:
    """Return invoice lines as purchases, without returned ones."""
    lines = lines.drop(columns="invoice_id").assign(kind="purchase")
    returned = to_numbers(lines["count"]) <= 0 if "count" in lines else np.zeros(len(lines), bool)
    tally.rows_read += int(returned.sum())
    tally.count(Effect.DROPPED, "line of an invoice with a quantity below 1", int(returned.sum()))
    return lines[~returned]


def _not_among(known: list[pd.DataFrame], bought: pd.DataFrame, tally: Tally) -> pd.DataFrame:
    if not known or "kind" not in known[0]:
        return bought
    recorded = known[0][known[0]["kind"].str.lower() == "purchase"]
    pairs = pd.MultiIndex.from_frame(recorded[["user_id", "track_id"]])
    again = pd.MultiIndex.from_frame(bought[["user_id", "track_id"]]).isin(pairs)
    tally.rows_read += int(again.sum())
    tally.count(Effect.MERGED, "line of an invoice that stands among the interactions too", int(again.sum()))
    return bought[~again]


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_axis(range(1, len(frame) + 1))

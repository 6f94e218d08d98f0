"""Joins the listeners of Last.fm-2k with the tracks of Spotify, by artist.

Last.fm-2k (Cantador, Brusilovsky & Kuflik, HetRec 2011) counts how often a listener played an artist, but
does not name tracks. A model divides the plays among the artist's tracks; docs/data.md describes it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from segue.domain.catalogue.name_key import NO_ARTIST, artist_key
from segue.domain.listening.interactions import UNKNOWN_MS
from segue.errors import SourceUnavailableError
from segue.sources.dataset.account import Effect, Tally
from segue.sources.dataset.folder import RECORD, check_replaceable, write_folder
from segue.sources.dataset.friends import clean_friends
from segue.sources.dataset.interactions import build_interactions
from segue.sources.dataset.lastfm2k.artist_join import (
    LIKE,
    PLAY,
    SAVE,
    divide_plays,
    place_tags,
    tracks_by_artist,
)
from segue.sources.dataset.location import CATALOGUE, FRIENDS, INTERACTIONS, read_catalogue
from segue.sources.dataset.table.column import as_text, clean_ids, clean_numbers
from segue.sources.dataset.table.known_column import find_columns, need
from segue.sources.dataset.table.reader import SUFFIXES, read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from segue.domain.catalogue.tracks import Catalogue
    from segue.domain.listening.friends import Friends
    from segue.domain.listening.interactions import Interactions
    from segue.sources.dataset.account import Account

VERSION = 2
"""Version of the join. Raise it if the same files give other events."""

FIRST_TAG = np.datetime64("2005-01-01", "s")
"""First valid date of a tag. Last.fm introduced tags in 2005, so an earlier date means a missing one."""

LASTFM, SPOTIFY = "lastfm_2k", "spotify_tracks"
PARTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "artists": {"artist_id": ("id", "artistID"), "name": ("name",)},
    "user_artists": {"user_id": ("userID",), "artist_id": ("artistID",), "plays": ("weight", "plays")},
    "user_taggedartists": {
        "user_id": ("userID",),
        "artist_id": ("artistID",),
        **{name: (name,) for name in ("year", "month", "day")},
    },
    "user_friends": {"user_id": ("userID",), "friend_id": ("friendID",)},
}
"""The files of Last.fm-2k and their columns."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The result of the join, with an account of each table and of the join."""

    catalogue: Catalogue
    interactions: Interactions
    friends: Friends
    accounts: tuple[Account, ...]


def find_files(data: Path) -> dict[str, Path]:
    """Return the path of each table below ``data``: those of `PARTS`, and ``spotify_tracks``.

    Raises
    ------
    SourceUnavailableError
        A table is missing; the message says where it is expected.
    """
    files = {}
    for name in PARTS:
        paths = [path for suffix in SUFFIXES if (path := data / LASTFM / f"{name}{suffix}").is_file()]
        if not paths:
            raise SourceUnavailableError(
                f"{data / LASTFM} holds no {name}.parquet or {name}.dat: unpack HetRec's Last.fm-2k there."
            )
        files[name] = paths[0]
    tracks = sorted(path for path in (data / SPOTIFY).glob("*") if path.name.lower().endswith(SUFFIXES))
    if len(tracks) != 1:
        raise SourceUnavailableError(
            f"{data / SPOTIFY} holds {len(tracks)} tables: put exactly one .csv or .parquet there, with "
            "Spotify's tracks and their artists, popularity and audio features."
        )
    return {**files, SPOTIFY: tracks[0]}


def join_lastfm2k(files: Mapping[str, Path], seed: int, progress: Callable[[str, float], None]) -> Joined:
    """Read the files of `find_files` and join them; the same files and seed give the same events.

    Parameters
    ----------
    seed
        Seed of the choice of tracks.
    progress
        Called with the name of the stage and the share done.

    Raises
    ------
    SourceUnavailableError, SourceSchemaError
        A file cannot be read or has other columns, or no artist is in both data sets.
    """
    progress("reading Spotify's tracks", 0.0)
    catalogue, of_catalogue = read_catalogue(files[SPOTIFY])
    progress("reading Last.fm's listeners", 0.5)
    tally = Tally("the join by artist")
    tables = {name: _read(files[name], name) for name in PARTS}
    progress("joining artists by name", 0.6)
    tracks = tracks_by_artist(catalogue, tally)
    key = _keys(tables["artists"][0], tracks, tally)
    plays = _plays(*tables["user_artists"], key, tally)
    progress("dividing plays among tracks", 0.7)
    played = divide_plays(plays, tracks, np.random.default_rng(seed))
    tags = _tags(*tables["user_taggedartists"], key, tally)
    tagged = place_tags(tags, played, tracks, tally)
    progress("sorting events", 0.9)
    interactions = build_interactions(_events(pd.concat([played, tagged]), catalogue, tally))
    friends = clean_friends(*tables["user_friends"])
    users, items = len(interactions.users), len(interactions.items)
    result = f"{len(interactions)} events of {users} listeners with {items} tracks"
    of_tables = [own.account(f"{len(frame)} rows") for frame, own in tables.values()]
    return Joined(catalogue, interactions, friends, (of_catalogue, *of_tables, tally.account(result)))


def _read(path: Path, name: str) -> tuple[pd.DataFrame, Tally]:
    """Read one table, its columns named by their roles, without rows that lack an id."""
    tally = Tally(path.name)
    frame = read_table(path, tally)
    column = find_columns(frame.columns, PARTS[name])
    need(column, PARTS[name], PARTS[name], str(path))
    frame = frame[list(column.values())].set_axis(list(column), axis=1)
    for role in [role for role in column if role.endswith("_id")]:
        ids = clean_ids(frame[role], tally)
        frame = frame.loc[ids.index].assign(**{role: ids})
    return frame, tally


def _keys(artists: pd.DataFrame, tracks: pd.DataFrame, tally: Tally) -> pd.Series:
    """Return the key of each artist id that has tracks."""
    names = as_text(artists["name"])
    key = names.map(artist_key)
    nobody = key.isin(NO_ARTIST)
    matched = key.isin(tracks["key"].unique()) & ~nobody
    tally.rows_read = len(artists)
    tally.add(Effect.KEPT, "name", "artist has tracks", names[matched])
    tally.add(Effect.DROPPED, "name", "artist has no track", names[~matched & ~nobody])
    tally.add(Effect.DROPPED, "name", "stands for no artist in particular", names[nobody])
    again = key[matched].duplicated()
    tally.add(Effect.MERGED, "name", "is another spelling of an artist before", names[matched][again])
    return key[matched].set_axis(artists["artist_id"][matched])


def _plays(frame: pd.DataFrame, own: Tally, key: pd.Series, tally: Tally) -> pd.DataFrame:
    """Return the sum of plays for each listener and artist key; ``own`` is the tally of the table."""
    number = clean_numbers(frame["plays"], own, 1, 2**31)
    frame = frame.assign(plays=number)[number.notna()].astype({"plays": np.int64})
    matched = frame["artist_id"].isin(key.index)
    lost, total = int(frame["plays"][~matched].sum()), int(frame["plays"].sum())
    reason = f"plays of artists without tracks: {lost} of {total} plays"
    tally.count(Effect.DROPPED, reason, int((~matched).sum()))
    alone = len(set(frame["user_id"]) - set(frame["user_id"][matched]))
    tally.count(Effect.DROPPED, "listener none of whose played artists has tracks", alone)
    frame = frame[matched].assign(key=lambda rows: rows["artist_id"].map(key))
    return frame.groupby(["user_id", "key"], as_index=False)["plays"].sum()


def _tags(frame: pd.DataFrame, own: Tally, key: pd.Series, tally: Tally) -> pd.DataFrame:
    """Return one row for each listener, artist and day with a tag; ``own`` is the tally of the table."""
    day = frame[["year", "month", "day"]].apply(
        lambda column: pd.to_numeric(as_text(column), errors="coerce")
    )
    at = pd.to_datetime(day, errors="coerce").to_numpy("datetime64[s]")
    unset = ~(at >= FIRST_TAG)
    shown = frame["year"].astype("str") + "-" + frame["month"].astype("str")
    own.add(Effect.BLANKED, "date", "no date, or before Last.fm had tags", shown[unset])
    frame = frame.assign(at=np.where(unset, np.datetime64("NaT"), at))
    matched = frame["artist_id"].isin(key.index)
    tally.count(Effect.DROPPED, "tag of an artist without tracks", int((~matched).sum()))
    frame = frame[matched].assign(key=lambda rows: rows["artist_id"].map(key))
    days = frame[["user_id", "key", "at"]].drop_duplicates()
    tally.count(Effect.MERGED, "further tag of one listener, artist and day", len(frame) - len(days))
    return days


def _events(rows: pd.DataFrame, catalogue: Catalogue, tally: Tally) -> pd.DataFrame:
    """Return columns of events; equal events from two artists of one track become one."""
    alike = ["user_id", "track", "kind", "at"]
    count = rows.groupby(alike, dropna=False)["count"].sum().reset_index()
    tally.count(Effect.MERGED, "event that two artists of the track led to", len(rows) - len(count))
    is_play = count["kind"] == PLAY
    for kind, code in (("play", PLAY), ("like", LIKE), ("save", SAVE)):
        tally.count(Effect.KEPT, f"row of kind {kind}", int((count["kind"] == code).sum()))
    ids = catalogue.vocabulary.item_id[count["track"].to_numpy()]
    return pd.DataFrame(
        {
            "user": count["user_id"],
            "track": pd.Series(ids.tolist(), dtype="str"),
            "kind": count["kind"],
            "at": count["at"],
            "count": count["count"].where(is_play, 1),
            "ms": UNKNOWN_MS,
            "context": "",
        }
    )


def import_joined(
    files: Mapping[str, Path], out: Path, seed: int, progress: Callable[[str, float], None]
) -> tuple[Account, ...]:
    """Join as `join_lastfm2k` does, write a dataset folder, and return the accounts."""
    check_replaceable(out)
    joined = join_lastfm2k(files, seed, progress)
    progress("writing", 0.95)
    record = {**_made_from(files, seed), "accounts": [asdict(account) for account in joined.accounts]}
    text = json.dumps(record, indent=1, ensure_ascii=False)
    write_folder((joined.catalogue, joined.interactions, joined.friends), text.encode(), out)
    return joined.accounts


def is_there(out: Path, files: Mapping[str, Path], seed: int) -> bool:
    """Return whether ``out`` already holds the result of `import_joined`."""
    try:
        record = json.loads((out / RECORD).read_bytes())
    except (OSError, ValueError):
        return False
    made_from = _made_from(files, seed)
    parts = (CATALOGUE, INTERACTIONS, FRIENDS)
    return {name: record.get(name) for name in made_from} == made_from and all(
        (out / f"{part}.parquet").is_file() for part in parts
    )


def _made_from(files: Mapping[str, Path], seed: int) -> dict[str, Any]:
    digests = {}
    for name, path in files.items():
        with path.open("rb") as file:
            digests[name] = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    return {"made_by": "lastfm2k", "version": VERSION, "seed": seed, "files": digests}

"""Turns events with artists into possible events with the artists' tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segue.domain.catalogue.name_key import artist_key
from segue.domain.listening.event import EVENT_KINDS, EventKind
from segue.sources.dataset.account import Effect

if TYPE_CHECKING:
    from segue.domain.catalogue.tracks import Catalogue
    from segue.sources.dataset.account import Tally

MAX_TRACKS = 10
"""Maximum number of tracks among which one listener's plays of one artist are divided."""

GUEST = 0.5
"""Weight of a track for an artist who is not its first artist, relative to the artist's own tracks."""

PLAY, LIKE, SAVE = (EVENT_KINDS.index(kind) for kind in (EventKind.PLAY, EventKind.LIKE, EventKind.SAVE))


def tracks_by_artist(catalogue: Catalogue, tally: Tally) -> pd.DataFrame:
    """Return the tracks of every artist, sorted by artist and track.

    If an artist has several releases with one title, only the most popular is returned.

    Returns
    -------
    DataFrame
        ``key``, `artist_key` of the artist; ``track``, row of the catalogue; ``weight``, 1 + popularity,
        times `GUEST` if the artist is not the track's first.
    """
    artists = catalogue.artists
    key = np.array([artist_key(name) for name in artists.names], object)
    track = np.repeat(np.arange(len(artists)), np.diff(artists.start))
    is_guest = np.arange(len(track)) > artists.start[track]
    popularity = np.nan_to_num(catalogue.popularity[track].astype(np.float64))
    title = np.array([name.casefold() or str(row) for row, name in enumerate(catalogue.name)], object)
    rows = pd.DataFrame(
        {
            "key": pd.Series(key[artists.label_index], dtype="str"),
            "track": track,
            "weight": (1 + popularity) * np.where(is_guest, GUEST, 1.0),
            "title": pd.Series(title[track], dtype="str"),
        }
    ).sort_values(["key", "weight", "track"], ascending=[True, False, True])
    again = rows.duplicated(["key", "title"])
    tally.count(Effect.MERGED, "further release of a title of the artist", int(again.sum()))
    return rows[~again].drop(columns="title").sort_values(["key", "track"], ignore_index=True)


def divide_plays(plays: pd.DataFrame, tracks: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Divide each listener's plays of an artist among some of the artist's tracks.

    At most `MAX_TRACKS` tracks, and no more than there are plays, are drawn without replacement, with
    chances in proportion to their weights (the Gumbel trick: Efraimidis & Spirakis 2006). Each gets one play.
    The other plays are divided by weight, and those left by rounding go to the largest remainders.

    Parameters
    ----------
    plays : DataFrame
        ``user_id``, ``key`` and ``plays``, a whole number from 1; one row per listener and artist.
    tracks : DataFrame
        Result of `tracks_by_artist`.

    Returns
    -------
    DataFrame
        ``user_id``, ``key``, ``track``, ``kind``, ``at`` (unknown) and ``count``, whose sums are the plays.
    """
    rows = plays.merge(tracks, "inner", "key").sort_values(["user_id", "key", "track"], ignore_index=True)
    rows["luck"] = np.log(rows["weight"]) + rng.gumbel(size=len(rows))
    rows = rows.sort_values(["user_id", "key", "luck"], ascending=[True, True, False])
    place = rows.groupby(["user_id", "key"], sort=False).cumcount()
    rows = rows[place < np.minimum(rows["plays"], MAX_TRACKS)]
    group = rows.groupby(["user_id", "key"], sort=False)
    spare = rows["plays"] - group["track"].transform("size")
    exact = spare * rows["weight"] / group["weight"].transform("sum")
    rows = rows.assign(whole=np.floor(exact), part=exact - np.floor(exact), spare=spare)
    rows = rows.sort_values(["user_id", "key", "part", "track"], ascending=[True, True, False, True])
    group = rows.groupby(["user_id", "key"], sort=False)
    left = rows["spare"] - group["whole"].transform("sum")
    count = 1 + rows["whole"] + (group.cumcount() < left)
    chosen = rows[["user_id", "key", "track"]]
    return chosen.assign(kind=PLAY, at=np.datetime64("NaT", "s"), count=count.astype(np.int64))


def place_tags(tags: pd.DataFrame, played: pd.DataFrame, tracks: pd.DataFrame, tally: Tally) -> pd.DataFrame:
    """Turn days on which listeners tagged an artist into likes and saves of the artist's tracks.

    The first day becomes a ``like`` of the listener's most played track of the artist, the second a like of
    the next one, and so on. If the listener never played the artist, the days become ``save`` events of the
    artist's most popular tracks.

    Parameters
    ----------
    tags : DataFrame
        ``user_id``, ``key`` and ``at``, NaT if unknown.
    played : DataFrame
        Result of `divide_plays`.

    Returns
    -------
    DataFrame
        Columns as in `divide_plays`; ``count`` is 1.
    """
    tags = tags.sort_values(["user_id", "key", "at"], na_position="last")
    tags["day"] = tags.groupby(["user_id", "key"], sort=False).cumcount()
    mine = played.sort_values(["user_id", "key", "count", "track"], ascending=[True, True, False, True])
    mine = mine[["user_id", "key", "track"]].assign(
        day=mine.groupby(["user_id", "key"], sort=False).cumcount()
    )
    known = pd.MultiIndex.from_frame(tags[["user_id", "key"]]).isin(
        pd.MultiIndex.from_frame(mine[["user_id", "key"]])
    )
    theirs = tracks.sort_values(["key", "weight", "track"], ascending=[True, False, True])
    theirs = theirs[["key", "track"]].assign(day=theirs.groupby("key", sort=False).cumcount())
    theirs = theirs[theirs["day"] < MAX_TRACKS]
    liked = tags[known].merge(mine, "inner", ["user_id", "key", "day"]).assign(kind=LIKE)
    saved = tags[~known].merge(theirs, "inner", ["key", "day"]).assign(kind=SAVE)
    placed = pd.concat([liked, saved])
    tally.count(Effect.DROPPED, "day of tags beyond the artist's tracks", len(tags) - len(placed))
    return placed.drop(columns="day").assign(count=1)

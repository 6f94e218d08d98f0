"""Finds the id of each row of a table: a column of ids, else the ISRC, else one made of artist and title."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segue.domain.spelling import Likeness, title_key
from segue.domain.track_match import name_id
from segue.errors import SourceSchemaError
from segue.sources.dataset.account import Effect
from segue.sources.dataset.column import as_text, clean_ids, is_missing, split_names
from segue.sources.dataset.known_column import UNSURE_ID, need, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.sources.dataset.account import Tally

MOST_CONTRADICTED = 0.01
"""Share of the ids that may stand beside several titles; a column with more of them holds no ids."""

_LOOKS_LIKE_ID = r"(?:\S+:)?[0-9A-Za-z]{22}|\d+(?:\.0+)?|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
"""Ids and URIs of Spotify, numbers, and those of MusicBrainz."""


def find_ids(
    frame: pd.DataFrame, column: dict[str, str], aliases: Mapping[str, tuple[str, ...]], tally: Tally
) -> pd.Series:
    """Return the ids of the rows that have one, named after their column.

    Parameters
    ----------
    frame
        Its index numbers its rows.
    column
        The column of each role, as `find_columns` returns it; changed where ``track`` turns out to be an id,
        and without ``isrc`` afterwards.

    Raises
    ------
    SourceSchemaError
        There is no column of ids, and none of artists beside one of titles.
    """
    isrc = column.pop("isrc", None)
    if "track_id" not in column:
        _take_unsure(frame, column)
    if "track_id" in column:
        ids = clean_ids(frame[column["track_id"]], tally)
    elif "name" in column and "artists" in column:
        ids = _made_ids(frame, column, isrc, tally)
    else:
        if isrc is None:
            need(column, aliases, ["track_id"], tally.source, ", and no artist beside a title to make ids of")
        ids = clean_ids(frame[isrc], tally)
    return ids


def _take_unsure(frame: pd.DataFrame, column: dict[str, str]) -> None:
    """Take the column ``track`` for ids where no artist stands beside it, or its cells are no titles."""
    unsure = next((name for name in frame.columns if plain(name) == UNSURE_ID), None)
    if unsure is None:
        return
    text = as_text(frame[unsure])
    if column.get("name") == unsure:
        if "artists" in column and not text[~is_missing(text)].str.fullmatch(_LOOKS_LIKE_ID).all():
            return
        del column["name"]
    elif _repeats_across_titles(text, as_text(frame[column["name"]])):
        return  # beside a title it is the place on an album
    column["track_id"] = unsure


def _repeats_across_titles(track: pd.Series, title: pd.Series) -> bool:
    pairs = pd.DataFrame({"track": track, "title": title}).drop_duplicates()
    return bool(pairs["track"].duplicated().any())


def _made_ids(frame: pd.DataFrame, column: Mapping[str, str], isrc: str | None, tally: Tally) -> pd.Series:
    """Return the ISRC of each row, and an id made of artist and title where there is none."""
    title, artist = as_text(frame[column["name"]]), as_text(frame[column["artists"]])
    place, pairs = pd.factorize(pd.MultiIndex.from_arrays([artist, title]))
    made = np.array([_made_id(*pair) for pair in pairs], object)[place]
    ids = pd.Series(made, frame.index, "str", name=column["name"])
    if isrc is not None:
        codes = as_text(frame[isrc])
        ids = codes.where(~is_missing(codes), ids).rename(column["name"])
    tally.add(Effect.DROPPED, ids.name, "no id, and not both artist and title", title[ids == ""])
    ids = ids[ids != ""]
    is_made = ids.str.startswith("name-")
    tally.add(Effect.KEPT, ids.name, "no column of ids: one is made of artist and title", ids[is_made])
    return ids


def _made_id(artist: str, title: str) -> str:
    names = split_names(artist)
    return name_id(names[0], title) if names and title else ""


def drop_other_titles(ids: pd.Series, title: pd.Series, tally: Tally) -> pd.Series:
    """Return the ids without rows that give an id to another title than the first row with that id does.

    Editions of a song are one title.

    Raises
    ------
    SourceSchemaError
        More than `MOST_CONTRADICTED` of the ids have several titles: the column names something else.
    """
    known = title[~is_missing(title)]
    first = known.groupby(ids.loc[known.index], sort=False).transform("first")
    unlike = first.index[first.str.lower() != known.str.lower()]
    pairs = zip(first.loc[unlike], known.loc[unlike], strict=True)
    others = pd.Series([_key(one) != _key(other) for one, other in pairs], unlike, bool)
    other = ids.loc[others.index[others]]
    if not len(other):
        return ids
    if other.nunique() > MOST_CONTRADICTED * ids.nunique():
        row = other.index[0]
        raise SourceSchemaError(
            f"{tally.source}: {ids.name} {other.iloc[0]} is {first[row]!r} in one row and {known[row]!r} in "
            f"row {row} ({other.nunique()} such ids): name a column track_id that tells tracks apart, or "
            f"leave {ids.name} out where artist and title do."
        )
    reason = "an earlier row gives the id to another title"
    tally.add(Effect.DROPPED, ids.name, reason, known.loc[other.index])
    return ids.drop(other.index)


def _key(title: str) -> str:
    return title_key(title, Likeness.EDITION)

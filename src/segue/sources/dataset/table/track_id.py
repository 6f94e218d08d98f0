"""Finds the id of each row of a table: its id, else its ISRC, else an id made from artist and title."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segue.domain.catalogue.name_key import NO_ARTIST, Likeness, credit_keys, title_key
from segue.domain.catalogue.track_match import name_id
from segue.errors import SourceSchemaError
from segue.sources.dataset.account import Effect
from segue.sources.dataset.table.column import as_text, clean_ids, is_missing, split_names
from segue.sources.dataset.table.known_column import UNSURE_ID, need, plain
from segue.sources.dataset.table.reader import LIST_MARK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segue.sources.dataset.account import Tally

MOST_CONTRADICTED = 0.01
"""Maximum share of ids with several titles or artists; a column with more does not hold ids."""

_NUMBER = r"\d+(?:\.0+)?"
_LOOKS_LIKE_ID = (
    rf"(?:\S+:)?[0-9A-Za-z]{{22}}|{_NUMBER}|[0-9A-Fa-f]{{8}}(?:-[0-9A-Fa-f]{{4}}){{3}}-[0-9A-Fa-f]{{12}}"
)
"""Matches ids and URIs of Spotify, numbers, and ids of MusicBrainz."""


def find_ids(
    frame: pd.DataFrame, column: dict[str, str], aliases: Mapping[str, tuple[str, ...]], tally: Tally
) -> pd.Series:
    """Return the ids of the rows that have one; the series has the name of their column.

    Parameters
    ----------
    frame
        Its index numbers its rows.
    column
        The column of each role, from `find_columns`. It is changed: ``isrc`` is removed, and ``track`` moves
        to ``track_id`` if it holds ids.

    Raises
    ------
    SourceSchemaError
        There is no column of ids, and no columns of artists and titles.
    """
    isrc = column.pop("isrc", None)
    if "track_id" not in column:
        _take_unsure(frame, column, tally)
    id_columns = [name for name in (column.get("track_id"), isrc) if name is not None]
    if "name" in column and "artists" in column:
        return _made_ids(frame, column, id_columns, tally)
    if not id_columns:
        need(column, aliases, ["track_id"], tally.source, ", and no artist and title to make ids from")
    return clean_ids(frame[id_columns[0]], tally)


def _take_unsure(frame: pd.DataFrame, column: dict[str, str], tally: Tally) -> None:
    """Use the column ``track`` as ids if the table has no artists, or if all its cells look like ids."""
    unsure = next((name for name in frame.columns if plain(name) == UNSURE_ID), None)
    if unsure is None:
        return
    text = as_text(frame[unsure])
    if column.get("name") == unsure:
        if "artists" in column and not text[~is_missing(text)].str.fullmatch(_LOOKS_LIKE_ID).all():
            return
        if "artists" in column:
            numbers = text[text.str.fullmatch(_NUMBER)]
            tally.add(Effect.KEPT, unsure, "all cells look like ids: they are not titles", numbers)
        del column["name"]
    elif _repeats_across_titles(text, as_text(frame[column["name"]])):
        return  # the column holds the places of tracks on albums
    column["track_id"] = unsure


def _repeats_across_titles(track: pd.Series, title: pd.Series) -> bool:
    pairs = pd.DataFrame({"track": track, "title": title}).drop_duplicates()
    return bool(pairs["track"].duplicated().any())


def _made_ids(
    frame: pd.DataFrame, column: Mapping[str, str], id_columns: list[str], tally: Tally
) -> pd.Series:
    """Return the first known id of each row, else an id made from its artist and title."""
    ids = pd.Series("", frame.index, "str")
    for name in id_columns:
        ids = ids.where(ids != "", _known(as_text(frame[name])))
    bare = ids.index[ids == ""]
    title, artist = (as_text(frame.loc[bare, column[role]]) for role in ("name", "artists"))
    place, pairs = pd.factorize(pd.MultiIndex.from_arrays([artist, title]))
    made = pd.Series(np.array([_made_id(*pair) for pair in pairs], object)[place], bare, "str")
    ids[bare] = made
    ids = ids.rename(column.get("track_id", column["name"]))
    reason = "no id, and not both artist and title"
    tally.add(Effect.DROPPED, ids.name, reason, title[made.index[made == ""]])
    why = "the row has no id" if "track_id" in column else "no column of ids"
    tally.add(Effect.KEPT, ids.name, f"{why}: one is made from artist and title", made[made != ""])
    return clean_ids(ids[ids != ""], tally)


def _known(text: pd.Series) -> pd.Series:
    return text.where(~is_missing(text), "")


def _made_id(artist: str, title: str) -> str:
    names = split_names(artist)
    return name_id(names[0], title) if names and title else ""


def drop_contradicted(
    ids: pd.Series, frame: pd.DataFrame, column: Mapping[str, str], tally: Tally
) -> pd.Series:
    """Drop rows whose title or artist differs from the first row with the same id.

    Editions of a song have the same title, and two credits that share an artist are the same.

    Raises
    ------
    SourceSchemaError
        More than `MOST_CONTRADICTED` of the ids have several titles or artists: the column does not identify
        tracks.
    """
    for role, what, alike in (("name", "title", _one_title), ("artists", "artist", _share_artist)):
        if role in column:
            ids = _drop_others(ids, as_text(frame[column[role]].loc[ids.index]), what, alike, tally)
    return ids


def _drop_others(
    ids: pd.Series, cells: pd.Series, what: str, alike: Callable[[str, str], bool], tally: Tally
) -> pd.Series:
    known = cells[~is_missing(cells)]
    first = known.groupby(ids.loc[known.index], sort=False).transform("first")
    unlike = first.index[first.str.lower() != known.str.lower()]
    pairs = zip(first.loc[unlike], known.loc[unlike], strict=True)
    others = pd.Series([not alike(one, other) for one, other in pairs], unlike, bool)
    other = ids.loc[others.index[others]]
    if not len(other):
        return ids
    if other.nunique() > MOST_CONTRADICTED * ids.nunique():
        row = other.index[0]
        raise SourceSchemaError(
            f"{tally.source}: {ids.name} {other.iloc[0]} is {_shown(first[row])} in one row and "
            f"{_shown(known[row])} in row {row} ({other.nunique()} such ids): name the column that "
            f"identifies tracks track_id, or remove {ids.name} if artist and title identify them."
        )
    tally.add(
        Effect.DROPPED, ids.name, f"an earlier row gives the id to another {what}", known.loc[other.index]
    )
    return ids.drop(other.index)


def _shown(cell: str) -> str:
    return repr(cell.strip(LIST_MARK).replace(LIST_MARK, ";"))


def _one_title(one: str, other: str) -> bool:
    return title_key(one, Likeness.EDITION) == title_key(other, Likeness.EDITION)


def _share_artist(one: str, other: str) -> bool:
    """Return whether two cells share an artist; an unknown artist shares with all."""
    mine, theirs = ({key for name in split_names(cell) for key in credit_keys(name)} for cell in (one, other))
    return bool(mine & theirs or (mine | theirs) & NO_ARTIST or not (mine and theirs))

"""Cleans a table of events, or the events of the lake, into `Interactions`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.listening.event import EVENT_KINDS, MOST_MS, MOST_PLAYS, EventKind
from segue.domain.listening.interactions import UNKNOWN_MS, Interactions
from segue.errors import SourceSchemaError
from segue.sources.dataset.account import Effect
from segue.sources.dataset.table.column import as_text, clean_ids, clean_numbers, clean_text, is_missing
from segue.sources.dataset.table.known_column import EVENT, find_columns, need
from segue.sources.dataset.table.moment import clean_times
from segue.sources.dataset.table.track_id import find_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.listening.event import Event
    from segue.sources.dataset.account import Tally

_WORDS: Mapping[EventKind, tuple[str, ...]] = {
    EventKind.PLAY: ("played", "listen", "listened", "stream", "scrobble"),
    EventKind.LIKE: ("liked", "love", "loved", "favorite", "favourite", "thumbs_up"),
    EventKind.DISLIKE: ("disliked", "ban", "banned", "hate", "thumbs_down"),
    EventKind.SKIP: ("skipped",),
    EventKind.SAVE: ("saved", "bookmark", "add_to_library", "add_to_playlist"),
    EventKind.PURCHASE: ("purchased", "buy", "bought"),
}
_KINDS = {word: code for code, kind in enumerate(EVENT_KINDS) for word in (kind.value, *_WORDS[kind])}

MOST_CONTEXTS = 1000
"""Maximum number of situations; a column with more is free text, and only the commonest are kept."""


def clean_interactions(frames: Iterable[pd.DataFrame], tally: Tally, now: datetime) -> Interactions:
    """Clean tables whose indices number their rows; `known_column.EVENT` names the columns.

    Without a column of kinds every row is a play. Equal rows are one event; but rows without a time and a
    count are separate plays, and are added up.

    Raises
    ------
    SourceSchemaError
        No column holds user ids or track ids, or no row is left.
    """
    clean = pd.concat([_clean(frame, tally, now) for frame in frames])
    if not len(clean):
        raise SourceSchemaError(
            f"{tally.source}: no row is an event of a user with a track; give a table of (user_id, track_id)."
        )
    return build_interactions(clean)


def _clean(frame: pd.DataFrame, tally: Tally, now: datetime) -> pd.DataFrame:
    column = find_columns(frame.columns, EVENT)
    is_named = {"name", "artists"} <= column.keys()
    if "user_id" not in column:
        need(column, EVENT, ["user_id"] if is_named else ["user_id", "track_id"], tally.source)
    users = clean_ids(frame[column["user_id"]], tally)
    tracks = find_ids(frame.loc[users.index], column, EVENT, tally)
    for name in frame.columns.difference([*column.values(), tracks.name], sort=False):
        tally.ignore(name, "unknown")
    clean = pd.DataFrame({"user": users.loc[tracks.index], "track": tracks})
    clean["count"] = _counts(frame, column, clean.index, tally)
    clean = clean[clean["count"] > 0]
    clean["kind"] = _kinds(frame, column, clean.index, tally)
    clean = clean[clean["kind"] >= 0]
    rest = frame.loc[clean.index]
    clean["at"] = clean_times(rest[column["at"]], tally, now) if "at" in column else np.datetime64("NaT", "s")
    clean["ms"] = UNKNOWN_MS
    if "ms_played" in column:
        heard = clean_numbers(rest[column["ms_played"]], tally, 0, MOST_MS)
        clean["ms"] = heard.fillna(UNKNOWN_MS).astype(np.int32)
    clean["context"] = _contexts(rest, column, tally)
    return _without_repeats(clean, tally, counted="count" in column)


def clean_events(events: Iterable[Event], tally: Tally) -> Interactions:
    """Put the events of the lake into columns; a lake may be empty."""
    rows = [
        (e.user_id, e.track_id, e.kind, e.at.replace(tzinfo=None), e.ms_played, e.context) for e in events
    ]
    frame = pd.DataFrame(rows, range(1, len(rows) + 1), ["user", "track", "kind", "at", "ms", "context"])
    clean = frame.assign(  # all ids of the lake are valid
        user=frame["user"].astype("str"),
        track=frame["track"].astype("str"),
        kind=frame["kind"].map({kind: code for code, kind in enumerate(EVENT_KINDS)}).astype(np.int8),
        at=frame["at"].astype("datetime64[s]"),
        ms=pd.to_numeric(frame["ms"]).fillna(UNKNOWN_MS).astype(np.int32),
        count=1.0,
    )
    clean["context"] = _contexts(frame.astype({"context": "str"}), {"context": "context"}, tally)
    return build_interactions(clean)


def _counts(frame: pd.DataFrame, column: Mapping[str, str], index: pd.Index, tally: Tally) -> pd.Series:
    if "count" not in column:
        return pd.Series(1.0, index)
    cells = frame[column["count"]].loc[index]
    largest = float(np.finfo(np.float32).max)
    counts = clean_numbers(cells, tally, -largest, largest)
    tally.add(
        Effect.BLANKED,
        cells.name,
        f"more than {MOST_PLAYS:.0f} times, taken as 1",
        cells[counts > MOST_PLAYS],
    )
    counts = counts.mask(counts > MOST_PLAYS)
    tally.add(Effect.BLANKED, cells.name, "-1 stands for missing", cells[counts == -1])
    counts = counts.replace(-1, np.nan).fillna(1.0)
    tally.add(Effect.DROPPED, cells.name, "counts no event", cells[counts <= 0])
    return counts


def _kinds(frame: pd.DataFrame, column: Mapping[str, str], index: pd.Index, tally: Tally) -> pd.Series:
    if "kind" not in column:
        return pd.Series(0, index, np.int8)
    cells = as_text(frame[column["kind"]].loc[index])
    missing = is_missing(cells)
    tally.add(Effect.BLANKED, cells.name, "no kind of event, taken as a play", cells[missing])
    place, distinct = pd.factorize(cells)
    codes = [_KINDS.get(re.sub(r"[\s-]+", "_", word.lower()), -1) for word in distinct]
    code = pd.Series(np.array(codes, np.int8)[place], cells.index).where(~missing, 0)
    tally.add(Effect.DROPPED, cells.name, "unknown kind of event", cells[code < 0])
    return code


def _contexts(frame: pd.DataFrame, column: Mapping[str, str], tally: Tally) -> pd.Series:
    if "context" not in column:
        return pd.Series("", frame.index)
    text = clean_text(frame[column["context"]], tally)
    common = text[text != ""].value_counts().index[:MOST_CONTEXTS]
    rare = (text != "") & ~text.isin(common)
    tally.add(Effect.BLANKED, text.name, f"not among the {MOST_CONTEXTS} commonest situations", text[rare])
    return text.where(~rare, "")


def _without_repeats(clean: pd.DataFrame, tally: Tally, *, counted: bool) -> pd.DataFrame:
    is_unique = clean["at"].notna() | counted
    repeats = clean.duplicated()
    dropped, added = repeats & is_unique, repeats & ~is_unique
    tally.add(Effect.DROPPED, "", "repeats another event in everything", clean["track"][dropped])
    tally.add(Effect.MERGED, "", "a further event without a time: counted up", clean["track"][added])
    if added.any():
        alike = ["user", "track", "kind", "ms", "context"]
        many = clean[~is_unique].groupby(alike, sort=False)["count"].transform("sum")
        clean = clean.assign(count=clean["count"].where(is_unique, many.clip(upper=MOST_PLAYS)))
    return clean[~repeats]


def build_interactions(clean: pd.DataFrame) -> Interactions:
    """Build the value from clean events: index their users and tracks, and sort them.

    Parameters
    ----------
    clean : DataFrame
        Columns ``user``, ``track`` and ``context`` of text, and ``kind``, ``at``, ``count`` and ``ms`` as in
        `Interactions`.
    """
    users, user = _vocabulary(clean["user"])
    items, item = _vocabulary(clean["track"])
    place, distinct = pd.factorize(clean["context"])
    contexts = ("", *sorted(set(distinct) - {""}))
    context = np.array([contexts.index(each) for each in distinct], np.int16)[place]
    at, kind = clean["at"].to_numpy("datetime64[s]"), clean["kind"].to_numpy(np.int8)
    ms, count = clean["ms"].to_numpy(np.int32), clean["count"].to_numpy(np.float32)
    order = np.lexsort((count, ms, context, kind, item, at, user))
    return Interactions(
        users=users,
        items=items,
        user_index=user[order],
        item_index=item[order],
        kind=kind[order],
        at=at[order],
        count=count[order],
        ms_played=ms[order],
        context=context[order],
        contexts=contexts,
    )


def _vocabulary(ids: pd.Series) -> tuple[Vocabulary, NDArray[np.int32]]:
    place, distinct = pd.factorize(ids)
    vocabulary = build_vocabulary(distinct)
    return vocabulary, vocabulary.index_of(list(distinct))[place]

"""Cleans a table of pairs of users into `Friends`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.listening.friends import Friends, build_friends
from segue.sources.dataset.account import Effect
from segue.sources.dataset.table.column import clean_ids
from segue.sources.dataset.table.known_column import USER_IDS, find_columns, need

if TYPE_CHECKING:
    from segue.sources.dataset.account import Tally

ALIASES = {
    "user_id": USER_IDS,
    "friend_id": ("friend_id", "friend", "other_id", "other"),
}
"""Possible names of each column, the most reliable first, compared by their letters."""


def clean_friends(frame: pd.DataFrame, tally: Tally) -> Friends:
    """Clean a table whose index numbers its rows; each pair is needed in one direction only.

    Raises
    ------
    SourceSchemaError
        A column of user ids is missing.
    """
    column = find_columns(frame.columns, ALIASES)
    need(column, ALIASES, ALIASES, tally.source)
    for name in frame.columns.difference(list(column.values()), sort=False):
        tally.ignore(name, "unknown")
    users = clean_ids(frame[column["user_id"]], tally)
    friends = clean_ids(frame[column["friend_id"]].loc[users.index], tally)
    users = users.loc[friends.index]
    alone = users == friends
    tally.add(Effect.DROPPED, users.name, "is their own friend", users[alone])
    pairs = pd.DataFrame({"user": users[~alone], "friend": friends[~alone]})
    lower = pairs["user"].where(pairs["user"] < pairs["friend"], pairs["friend"])
    upper = pairs["friend"].where(pairs["user"] < pairs["friend"], pairs["user"])
    again = pd.DataFrame({"lower": lower, "upper": upper}).duplicated()
    tally.add(
        Effect.DROPPED,
        "",
        "repeats another pair, in either direction",
        (pairs["user"] + " " + pairs["friend"])[again],
    )
    pairs = pairs[~again]
    vocabulary = build_vocabulary({*pairs["user"], *pairs["friend"]})
    return build_friends(vocabulary, zip(pairs["user"], pairs["friend"], strict=True))

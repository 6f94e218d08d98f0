"""Cleans a table of features into columns of numbers by track: low-level audio, lyrics, whatever there is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.vector.column import build_labels, build_text
from segue.errors import SourceSchemaError, SourceUnavailableError
from segue.sources.dataset.account import Effect, Finding, Tally
from segue.sources.dataset.catalogue import COUNTERS, is_numeric
from segue.sources.dataset.table.column import as_text, clean_labels, clean_numbers, clean_text, is_missing
from segue.sources.dataset.table.known_column import TRACK, find_columns, plain
from segue.sources.dataset.table.merge import Merge
from segue.sources.dataset.table.reader import read_table
from segue.sources.dataset.table.track_id import find_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from segue.domain.catalogue.vocabulary import Vocabulary
    from segue.domain.vector.column import Labels, Text
    from segue.sources.dataset.account import Account

_ALIASES = {
    "track_id": (*TRACK["track_id"], "filename", "file_name", "file", "path"),
    "genres": (*TRACK["genres"], "label", "class"),
    "isrc": TRACK["isrc"],
    "name": TRACK["name"],
    "artists": TRACK["artists"],
}
"""Columns that are no features, and what they may be called; every other column of numbers is one."""

_FEW = 3
"""Columns of which the same is told one by one."""


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Features of tracks, and what the same table says of the tracks themselves.

    Attributes
    ----------
    vocabulary : Vocabulary (n_items,)
    name : Text (n_items,)
    artists, genres : Labels (n_items,)
        Empty where the table has no such column.
    columns : tuple of str (n_columns,)
    value : float32 (n_items, n_columns)
        NaN where unknown.
    """

    vocabulary: Vocabulary
    name: Text
    artists: Labels
    genres: Labels
    columns: tuple[str, ...]
    value: NDArray[np.float32]


def read_features(path: Path) -> tuple[FeatureTable, Account]:
    """Read a CSV or Parquet file with a column of track ids and others of numbers.

    Rows of one track become one, the first value that is known counts.

    Raises
    ------
    SourceUnavailableError
        There is no such file, or it cannot be read.
    SourceSchemaError
        No column holds track ids, or none numbers: the message names what is missing.
    """
    if not path.is_file():
        raise SourceUnavailableError(f"nothing at {path}: give a .csv or .parquet file of features.")
    tally = Tally(str(path))
    table = clean_features(read_table(path, tally), tally)
    account = tally.account(f"{len(table.columns)} features of {len(table.vocabulary)} tracks")
    return table, replace(account, findings=_together(account.findings))


def clean_features(frame: pd.DataFrame, tally: Tally) -> FeatureTable:
    """Clean a table whose index numbers its rows; raises SourceSchemaError as `read_features` does."""
    column = find_columns(frame.columns, _ALIASES)
    ids = find_ids(frame, column, _ALIASES, tally)
    if not len(ids):
        raise SourceSchemaError(f"{tally.source}: no row has an id ({ids.name}): name the tracks.")
    features = _features(frame, column, tally)
    if not features:
        why = _first_of(frame, column)
        raise SourceSchemaError(
            f"{tally.source} has no column of numbers beside its ids{why}: give features."
        )
    frame = frame.loc[ids.index]
    place, distinct = pd.factorize(ids)
    vocabulary = build_vocabulary(distinct)
    track = vocabulary.index_of(list(distinct))[place]
    merge = Merge(track, len(vocabulary), tally)
    tally.add(Effect.MERGED, str(ids.name), "another row has the track too", ids[ids.duplicated()])
    first = merge.first(np.ones(len(frame), bool))
    return FeatureTable(
        vocabulary=vocabulary,
        name=build_text(_names(frame, column, tally, merge)),
        artists=build_labels(_labels(frame, column.get("artists"), tally, first)),
        genres=build_labels(_labels(frame, column.get("genres"), tally, first, commas=True)),
        columns=tuple(features),
        value=np.column_stack([_numbers(frame[name], tally, merge) for name in features]),
    )


def _together(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Tell once what holds for many of hundreds of columns."""
    alike: dict[tuple[Effect, str], list[Finding]] = {}
    for finding in findings:
        alike.setdefault((finding.effect, finding.reason), []).append(finding)
    return tuple(
        one for found in alike.values() for one in (found if len(found) <= _FEW else (_sum_of(found),))
    )


def _sum_of(found: list[Finding]) -> Finding:
    column = f"{found[0].column} and {len(found) - 1} other columns"
    return replace(found[0], column=column, count=sum(each.count for each in found))


def _first_of(frame: pd.DataFrame, column: Mapping[str, str]) -> str:
    """Say of the first column why it is none: whoever wrote the table knows then what went wrong."""
    others = frame.columns.difference(list(column.values()), sort=False)
    if not len(others):
        return ", and no other column"
    empty, n = int(is_missing(as_text(frame[others[0]])).sum()), len(frame)
    return f" ({others[0]}, the first of {len(others)}, has {empty} empty cells of {n})"


def _features(frame: pd.DataFrame, column: Mapping[str, str], tally: Tally) -> list[str]:
    found = []
    for name in frame.columns.difference(list(column.values()), sort=False):
        letters = plain(name)
        if letters in COUNTERS or letters.endswith("id"):
            tally.ignore(name, "numbers or names rows, no feature")
        elif is_numeric(frame[name]):
            found.append(str(name))
        else:
            tally.ignore(name, "not of numbers")
    return found


def _numbers(column: pd.Series, tally: Tally, merge: Merge) -> NDArray[np.float32]:
    finite = float(np.finfo(np.float32).max)
    return merge.numbers(clean_numbers(column, tally, -finite, finite))


def _names(frame: pd.DataFrame, column: Mapping[str, str], tally: Tally, merge: Merge) -> list[str]:
    if "name" not in column:
        return [""] * merge.size
    return merge.texts(clean_text(frame[column["name"]], tally))


def _labels(
    frame: pd.DataFrame, name: str | None, tally: Tally, first: NDArray[np.int64], *, commas: bool = False
) -> list[tuple[str, ...]]:
    if name is None:
        return [()] * len(first)
    place, names = clean_labels(frame[name], tally, commas=commas)
    return [names[place[row]] for row in first.tolist()]

"""Cleans a table of features, such as low-level audio or lyrics, into columns of numbers by track."""

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
from segue.sources.dataset.catalogue import COUNTERS, ROW_LABEL, is_numeric
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
"""Columns that are not features, with their possible names; every other column of numbers is a feature."""

_FEW = 3
"""Maximum number of columns with the same finding that are reported one by one."""


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Features of tracks, and the tracks' names, artists and genres from the same table.

    Attributes
    ----------
    vocabulary : Vocabulary (n_items,)
    name : Text (n_items,)
    artists, genres : Labels (n_items,)
        Empty if the table has no such column.
    columns : tuple of str (n_columns,)
    value : float32 (n_items, n_columns)
        NaN if unknown.
    """

    vocabulary: Vocabulary
    name: Text
    artists: Labels
    genres: Labels
    columns: tuple[str, ...]
    value: NDArray[np.float32]


def read_features(path: Path) -> tuple[FeatureTable, Account]:
    """Read a CSV or Parquet file with a column of track ids and columns of numbers.

    Rows of one track become one; the first known value counts.

    Raises
    ------
    SourceUnavailableError
        The file does not exist or cannot be read.
    SourceSchemaError
        No column holds track ids, or none holds numbers; the message names the missing one.
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
            f"{tally.source} has no column of numbers besides its ids{why}: give features."
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
    """Join equal findings of many columns into one."""
    alike: dict[tuple[Effect, str], list[Finding]] = {}
    for finding in findings:
        alike.setdefault((finding.effect, finding.reason), []).append(finding)
    return tuple(
        one for equal in alike.values() for one in (equal if len(equal) <= _FEW else (_sum_of(equal),))
    )


def _sum_of(equal: list[Finding]) -> Finding:
    column = f"{equal[0].column} and {len(equal) - 1} other columns"
    return replace(equal[0], column=column, count=sum(each.count for each in equal))


def _first_of(frame: pd.DataFrame, column: Mapping[str, str]) -> str:
    """Describe the first other column, so that the author of the table sees what is wrong."""
    others = frame.columns.difference(list(column.values()), sort=False)
    if not len(others):
        return ", and no other column"
    empty, n = int(is_missing(as_text(frame[others[0]])).sum()), len(frame)
    return f" ({others[0]}, the first of {len(others)}, has {empty} empty cells of {n})"


def _features(frame: pd.DataFrame, column: Mapping[str, str], tally: Tally) -> list[str]:
    features = []
    for name in frame.columns.difference(list(column.values()), sort=False):
        letters = plain(name)
        if letters in COUNTERS or letters.endswith("id"):
            tally.ignore(name, ROW_LABEL)
        elif is_numeric(frame[name]):
            features.append(str(name))
        else:
            tally.ignore(name, "does not hold numbers")
    return features


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

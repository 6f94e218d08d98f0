"""Cleans a table of tracks into a `Catalogue`: several rows of one track become one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segue.domain.catalogue.tracks import AUDIO_FEATURES, Catalogue
from segue.domain.catalogue.vocabulary import build_vocabulary
from segue.domain.vector.column import build_labels, build_text
from segue.errors import SourceSchemaError
from segue.sources.dataset.account import Effect
from segue.sources.dataset.table.column import (
    as_text,
    clean_labels,
    clean_numbers,
    clean_text,
    is_missing,
    plain_numbers,
    to_numbers,
)
from segue.sources.dataset.table.known_column import (
    LOW_LEVEL,
    TRACK,
    find_columns,
    genre_columns,
    is_audio_descriptor,
    plain,
)
from segue.sources.dataset.table.merge import Merge
from segue.sources.dataset.table.moment import clean_dates
from segue.sources.dataset.table.track_id import drop_contradicted, find_ids
from segue.sources.dataset.table.unit import SHARES, share_factors, to_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from segue.sources.dataset.account import Tally

RANGES = {
    "key": (0, 11),
    "mode": (0, 1),
    "loudness": (-80, 20),
    "tempo": (10, 400),
    "time_signature": (1, 16),
}
"""Lowest and highest value of the audio features that are not shares from 0 to 1."""

LONGEST_S = 86_400
"""Maximum duration of a track in seconds; a longer one has a wrong unit."""

_NOTES = ("c", "c#", "d", "d#", "e", "f", "f#", "g", "g#", "a", "a#", "b")
_KEYS = {note: place for place, note in enumerate(_NOTES)} | {"db": 1, "eb": 3, "gb": 6, "ab": 8, "bb": 10}
_TRUTH = dict.fromkeys(("true", "t", "yes", "y"), 1) | dict.fromkeys(("false", "f", "no", "n"), 0)
_WORDS: Mapping[str, Mapping[str, float]] = {
    "key": _KEYS,
    "mode": {"minor": 0, "major": 1},
    "explicit": _TRUTH,
}

_NUMERIC_SHARE = 0.95
"""Minimum share of numbers in a column of text for it to be a feature."""

ROW_LABEL = "numbers or names the rows"
"""Reason to ignore a column of `COUNTERS` or ids."""

COUNTERS = {"", "index", "level0", "unnamed0", "row", "rownumber"}
"""Names of columns that number the rows and are not features."""


def join_tables(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Join tables of tracks, one below the other; the first table with a column gives the column's name.

    Parameters
    ----------
    tables
        Tables by file name; the index of each numbers its rows.

    Returns
    -------
    DataFrame
        Its index has the form ``3 of a.csv``.
    """
    names: dict[str, str] = {}
    parts = []
    for file, table in tables.items():
        column = find_columns(table.columns, TRACK)
        used = {name: names.setdefault(role, name) for role, name in column.items()}
        parts.append(table.rename(columns=used).set_axis([f"{row} of {file}" for row in table.index]))
    kinds = {name: {part[name].dtype for part in parts if name in part} for part in parts for name in part}
    mixed = [name for name, dtypes in kinds.items() if len(dtypes) > 1]
    return pd.concat(
        part.assign(**{name: as_text(part[name]) for name in mixed if name in part}) for part in parts
    )


def clean_catalogue(frame: pd.DataFrame, tally: Tally, now: datetime) -> Catalogue:
    """Clean a table whose index numbers its rows; `known_column.TRACK` names the columns.

    Rows of one track become one: genres are joined, the highest popularity counts, and for all other
    columns the first known value counts.

    Raises
    ------
    SourceSchemaError
        No column holds track ids, no row has an id, or too many ids have several titles or artists.
    """
    column = find_columns(frame.columns, TRACK)
    ids = find_ids(frame, column, TRACK, tally)
    if not len(ids):
        raise SourceSchemaError(f"{tally.source}: no row has an id ({ids.name}): name the tracks.")
    ids = drop_contradicted(ids, frame, column, tally)
    frame = frame.loc[ids.index]
    named = genre_columns(frame.columns, column)
    genres = [name for name in named if name in column.values() or not is_numeric(frame[name])]
    read = list(dict.fromkeys([*column.values(), *genres]))
    further = _low_level(frame, read, tally)
    frame = _without_copies(frame, ids, [*read, *further], tally)
    place, distinct = pd.factorize(ids.loc[frame.index])
    vocabulary = build_vocabulary(distinct)
    track = vocabulary.index_of(list(distinct))[place]
    shares = share_factors((frame[column[name]] for name in SHARES if name in column), tally)
    rows = _Rows(frame, column, genres, shares, ids.name, Merge(track, len(vocabulary), tally), tally)
    titled = rows.artist_known()
    return Catalogue(
        vocabulary=vocabulary,
        name=build_text(rows.text("name", titled)),
        artists=build_labels(rows.artists()),
        album=build_text(rows.text("album", titled)),
        genres=build_labels(rows.genres()),
        release_date=rows.dates("release_date", now),
        popularity=rows.highest("popularity", 0, 100),
        duration_s=rows.duration_s(),
        explicit=np.nan_to_num(rows.number("explicit", 0, 1), nan=-1).astype(np.int8),
        audio=np.column_stack([rows.number(name, *RANGES.get(name, (0, 1))) for name in AUDIO_FEATURES]),
        low_level_names=tuple(name.removeprefix(LOW_LEVEL) for name in further),
        low_level=np.column_stack(
            [np.empty((len(vocabulary), 0), np.float32), *(rows.feature(name) for name in further)]
        ),
    )


def _without_copies(frame: pd.DataFrame, ids: pd.Series, read: list[str], tally: Tally) -> pd.DataFrame:
    copies = pd.concat([ids, frame[read]], axis=1, ignore_index=True).duplicated()
    tally.add(
        Effect.DROPPED, "", "repeats another row in every cell that is read", frame.loc[copies, ids.name]
    )
    return frame[~copies]


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a table, and the tracks that they describe."""

    frame: pd.DataFrame
    column: Mapping[str, str]
    genre_columns: list[str]
    shares: Mapping[str, float]
    """Factor by which the numbers of each column become shares."""
    id_column: str
    merge: Merge
    tally: Tally

    def __post_init__(self) -> None:
        again = np.ones(len(self.frame), bool)
        again[self.merge.first(again)] = False
        ids = self.frame[self.id_column]
        self.tally.add(Effect.MERGED, ids.name, "another row has the track too", ids[again])

    def artist_known(self) -> pd.Series:
        if "artists" not in self.column:
            return pd.Series(data=False, index=self.frame.index)
        return ~is_missing(as_text(self.frame[self.column["artists"]]))

    def text(self, role: str, titled: pd.Series) -> list[str]:
        if role not in self.column:
            return [""] * self.merge.size
        return self.merge.texts(clean_text(self.frame[self.column[role]], self.tally, titled))

    def genres(self) -> list[tuple[str, ...]]:
        """Join the genres of a track from all of its rows and columns."""
        together: list[list[str]] = [[] for _ in range(self.merge.size)]
        for name in self.genre_columns:
            place, names = clean_labels(self.frame[name], self.tally, commas=True)
            pairs = zip(self.merge.group.tolist(), place.tolist(), strict=True)
            for track, cell in dict.fromkeys(pairs):
                together[track].extend(names[cell])
        return [tuple(each) for each in together]

    def artists(self) -> list[tuple[str, ...]]:
        """Return the artists of each track, from its first row with artists."""
        if "artists" not in self.column:
            return [()] * self.merge.size
        column = self.frame[self.column["artists"]]
        place, names = clean_labels(column, self.tally)
        known = np.array([bool(each) for each in names], bool)[place]
        first = self.merge.first(known)
        self.merge.report_others(column, place, known, first)
        return [names[place[row]] if row >= 0 else () for row in first.tolist()]

    def number(self, role: str, low: float, high: float, *, open_low: bool = False) -> NDArray[np.float32]:
        if role not in self.column:
            return np.full(self.merge.size, np.nan, np.float32)
        return self.merge.numbers(self._clean(role, low, high, open_low=open_low))

    def highest(self, role: str, low: float, high: float) -> NDArray[np.float32]:
        if role not in self.column:
            return np.full(self.merge.size, np.nan, np.float32)
        return self.merge.highest(self._clean(role, low, high))

    def duration_s(self) -> NDArray[np.float32]:
        """Return durations from the column in seconds, else milliseconds, else without a unit."""
        s = self.number("duration_s", 0, LONGEST_S, open_low=True)
        ms = self.number("duration_ms", 0, LONGEST_S * 1000, open_low=True) / np.float32(1000)
        s = np.where(np.isnan(s), ms, s)
        if "duration" not in self.column:
            return s
        column = to_seconds(self.frame[self.column["duration"]])
        other = self.merge.numbers(clean_numbers(column, self.tally, 0, LONGEST_S, open_low=True))
        return np.where(np.isnan(s), other, s)

    def dates(self, role: str, now: datetime) -> NDArray[np.datetime64]:
        if role not in self.column:
            return np.full(self.merge.size, "NaT", "datetime64[D]")
        column = self.frame[self.column[role]]
        return self.merge.dates(column, clean_dates(column, self.tally, now))

    def feature(self, name: str) -> NDArray[np.float32]:
        finite = float(np.finfo(np.float32).max)
        return self.merge.numbers(clean_numbers(self.frame[name], self.tally, -finite, finite))

    def _clean(self, role: str, low: float, high: float, *, open_low: bool = False) -> pd.Series:
        column = self.frame[self.column[role]]
        percent = self.shares.get(str(column.name), 1.0) != 1
        high = 100 if percent else high
        number = clean_numbers(column, self.tally, low, high, names=_WORDS.get(role), open_low=open_low)
        return number * self.shares[str(column.name)] if percent else number


def _low_level(frame: pd.DataFrame, read: list[str], tally: Tally) -> list[str]:
    """Return the low-level audio features among the unread columns; report the others as ignored."""
    roles = {plain(name) for names in TRACK.values() for name in names}
    features = []
    for name in frame.columns.difference(read, sort=False):
        letters = plain(name)
        if letters in COUNTERS or letters.endswith("id"):
            tally.ignore(name, ROW_LABEL)
        elif letters in roles:
            tally.ignore(name, "another column has this value")
        elif not is_numeric(frame[name]):
            tally.ignore(name, "unknown, and does not hold numbers")
        elif is_audio_descriptor(name):
            features.append(str(name))
        else:
            tally.ignore(name, f"not known as an audio feature: name it {LOW_LEVEL}{name} to use it")
    return features


def is_numeric(column: pd.Series) -> bool:
    """Return whether a column holds numbers, also as text; a few cells may be something else."""
    if (plain := plain_numbers(column)) is not None:
        return not np.isnan(plain).all()
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        return False
    if pd.api.types.is_numeric_dtype(column):
        return bool(column.notna().any())
    text = as_text(column)
    known = text[~is_missing(text)]
    return len(known) > 0 and bool(np.isfinite(to_numbers(known)).mean() >= _NUMERIC_SHARE)

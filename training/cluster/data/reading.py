"""Reads the tables that tracks are clustered by: a raw-data folder, a data set's catalogue, or one table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from segue.domain.catalogue.tracks import AUDIO_FEATURES
from segue.domain.catalogue.vocabulary import UNKNOWN_ITEM, Vocabulary
from segue.domain.vector.column import Labels, build_text
from segue.errors import SourceError, SourceSchemaError
from segue.sources.dataset import read_catalogue
from segue.sources.dataset.account import Account, Effect, Finding
from segue.sources.dataset.features import read_features
from training.cluster.data.input import VariantInput
from training.cluster.variant import LEAST_TRACKS, FeatureSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from segue.domain.vector.column import Text
    from segue.sources.dataset.features import FeatureTable
    from training.cluster.data.source import TableSource
    from training.cluster.variant import ClusterVariant


@dataclass(frozen=True, slots=True)
class Features:
    """One table of features, joined to the tracks.

    Attributes
    ----------
    columns : tuple of str (n_columns,)
    value : float32 (n_items, n_columns)
        NaN where unknown.
    """

    columns: tuple[str, ...]
    value: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Inputs:
    """The tracks and every table of features.

    Attributes
    ----------
    vocabulary : Vocabulary (n_items,)
    name : Text (n_items,)
    artists, genres : Labels (n_items,)
    tables : mapping of FeatureSource to Features
        Those that are there.
    missing : mapping of FeatureSource to str
        Why the others are not, and where they would be looked for.
    broken : frozenset of FeatureSource
        The missing tables that exist and cannot be read.
    accounts : tuple of Account
        What was read, and what the cleaning did.
    """

    vocabulary: Vocabulary
    name: Text
    artists: Labels
    genres: Labels
    tables: Mapping[FeatureSource, Features]
    missing: Mapping[FeatureSource, str]
    broken: frozenset[FeatureSource]
    accounts: tuple[Account, ...]


def read_inputs(source: TableSource) -> Inputs:
    """Read every table that a source names; one of features that cannot be read stops no other.

    Of a sample every variant sees the same tracks.

    Raises
    ------
    SourceUnavailableError, SourceSchemaError
        The tracks cannot be read: as the readers of `segue.sources.dataset`.
    """
    inputs = _read(source)
    if source.sample is None or source.sample >= len(inputs.vocabulary):
        return inputs
    rng = np.random.default_rng(source.seed)
    rows = np.sort(rng.choice(len(inputs.vocabulary), source.sample, replace=False))
    tables = {table: Features(each.columns, each.value[rows]) for table, each in inputs.tables.items()}
    return replace(
        inputs,
        vocabulary=Vocabulary(inputs.vocabulary.item_id[rows]),
        name=some_text(inputs.name, rows),
        artists=some_labels(inputs.artists, rows),
        genres=some_labels(inputs.genres, rows),
        tables=tables,
    )


def _read(source: TableSource) -> Inputs:
    further: dict[FeatureSource, tuple[FeatureTable, Account]] = {}
    broken: dict[FeatureSource, SourceError] = {}
    for table, path in ((FeatureSource.LOW_LEVEL, source.low_level), (FeatureSource.LYRICS, source.lyrics)):
        if path is not None:
            try:
                further[table] = read_features(path)
            except SourceError as error:
                broken[table] = error
    if source.tracks is None:
        if broken and not further:
            raise next(iter(broken.values()))
        return _of_features_only(source, further, broken)
    catalogue, account = read_catalogue(source.tracks)
    tables = {FeatureSource.AUDIO: Features(AUDIO_FEATURES, catalogue.audio)}
    if catalogue.low_level_names:
        tables[FeatureSource.LOW_LEVEL] = Features(catalogue.low_level_names, catalogue.low_level)
    accounts = [account]
    for table, (features, of_table) in further.items():
        joined, account = _joined(features, of_table, catalogue.vocabulary)
        tables[table] = joined
        accounts.append(account)
    return Inputs(
        catalogue.vocabulary,
        catalogue.name,
        catalogue.artists,
        catalogue.genres,
        tables,
        _missing(source, tables, broken),
        frozenset(broken),
        tuple(accounts),
    )


def _missing(
    source: TableSource, tables: Mapping[FeatureSource, Features], broken: Mapping[FeatureSource, SourceError]
) -> dict[FeatureSource, str]:
    absent = {table: source.looked_for(table) for table in FeatureSource if table not in tables}
    return absent | {table: str(error) for table, error in broken.items()}


def _of_features_only(
    source: TableSource,
    further: Mapping[FeatureSource, tuple[FeatureTable, Account]],
    broken: Mapping[FeatureSource, SourceError],
) -> Inputs:
    """Take the tracks from the first table of features. Users with no other table have their labels there."""
    if not further:
        raise SourceSchemaError("no table of tracks and none of features is named: give one of them.")
    own, of_own = next(iter(further.values()))
    tables, accounts = {}, []
    for table, (features, account) in further.items():
        tables[table], told = _joined(features, account, own.vocabulary)
        accounts.append(of_own if account is of_own else told)
    missing = _missing(source, tables, broken)
    return Inputs(
        own.vocabulary, own.name, own.artists, own.genres, tables, missing, frozenset(broken), tuple(accounts)
    )


def _joined(features: FeatureTable, account: Account, vocabulary: Vocabulary) -> tuple[Features, Account]:
    row = vocabulary.index_of(features.vocabulary.item_id.tolist())
    known = row != UNKNOWN_ITEM
    value = np.full((len(vocabulary), len(features.columns)), np.nan, np.float32)
    value[row[known]] = features.value[known]
    strange = features.vocabulary.item_id[~known]
    findings = account.findings
    if len(strange):
        shown = tuple(str(each) for each in strange[:3])
        findings += (Finding(Effect.DROPPED, "", "track is not in the catalogue", len(strange), shown),)
    result = f"{account.result}, {int(known.sum())} of them in the catalogue"
    return Features(features.columns, value), Account(account.source, account.rows_read, result, findings)


def input_of(variant: ClusterVariant, inputs: Inputs) -> VariantInput | str:
    """Return what a variant is made of, or in words why it cannot be made.

    A track has to be known to each of the variant's tables; a column that no such track knows is left out.
    """
    if absent := [inputs.missing[table] for table in variant.tables if table in inputs.missing]:
        return "; ".join(absent)
    tables = [inputs.tables[table] for table in variant.tables]
    known = np.all([~np.isnan(table.value).all(axis=1) for table in tables], axis=0)
    rows = np.flatnonzero(known)
    if len(rows) < LEAST_TRACKS:
        needed = " and ".join(variant.tables)
        have = "track has" if len(rows) == 1 else "tracks have"
        columns = (
            f" ({', '.join(AUDIO_FEATURES)})"
            if FeatureSource.AUDIO in variant.tables and not len(rows)
            else ""
        )
        return f"{len(rows)} {have} {needed} features{columns}: at least {LEAST_TRACKS} are needed"
    value = np.hstack([table.value[rows] for table in tables])
    told = np.flatnonzero(~np.isnan(value).all(axis=0))
    names = _distinct([name for table in tables for name in table.columns])
    return VariantInput(
        Vocabulary(inputs.vocabulary.item_id[rows]),
        some_text(inputs.name, rows),
        some_labels(inputs.artists, rows),
        some_labels(inputs.genres, rows),
        tuple(names[column] for column in told.tolist()),
        np.ascontiguousarray(value[:, told]),
    )


def _distinct(names: list[str]) -> list[str]:
    """Add a number to names that repeat: a low-level table may have a column ``tempo`` too."""
    seen: dict[str, int] = {}
    for place, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            names[place] = f"{name} ({seen[name]})"
    return names


def some_text(text: Text, rows: NDArray[np.intp]) -> Text:
    """Return some rows of a text."""
    return build_text(text[row] for row in rows.tolist())


def some_labels(labels: Labels, rows: NDArray[np.intp]) -> Labels:
    """Return some rows of labels; the names stay the same."""
    length = np.diff(labels.start)[rows]
    start = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    within = np.arange(start[-1]) - np.repeat(start[:-1], length)
    return Labels(labels.names, start, labels.label_index[np.repeat(labels.start[rows], length) + within])

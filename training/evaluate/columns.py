"""Tables of text or Parquet: which column is what, and which rows cannot be used and why."""

from __future__ import annotations

import csv
import io
import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from segue.errors import SourceSchemaError
from segue.sources.dataset.table.column import as_text, is_missing, plain_ids, split_names
from segue.sources.dataset.table.known_column import genre_columns, plain
from segue.sources.dataset.table.packing import unpack
from segue.sources.dataset.table.reader import LIST_MARK
from segue.sources.schema import listed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from pandas import DataFrame, Series

SUFFIXES = (".csv", ".tsv", ".dat", ".data", ".inter", ".rating", ".item", ".parquet")
"""File suffixes of tables of interactions or items, which may be packed as .gz or .zip."""

_FEW_ITEMS = 20
"""Items that may each have a genre of its own."""

_SEPARATORS = "\t,;|"
_EXTRA = "more cells than columns"
_EXPECTED = {
    "user": "an id",
    "item": "an id",
    "weight": "a number above 0",
    "timestamp": "numbers throughout, or ISO 8601 times",
    _EXTRA: "as many cells as there are columns",
}


def read_frame(path: Path, names: Mapping[str, tuple[str, ...]]) -> tuple[DataFrame, list[str]]:
    """Read a table, its columns called by what they are, its index the line or row in the file.

    Parameters
    ----------
    path : Path
        .parquet, or else text with a separator of tab, comma, semicolon or bar.
    names : mapping of str to tuple of str
        What a column may be, in the order that a file without a header has, and the names that say so.
        The first two are needed.

    Returns
    -------
    DataFrame, list of str
        Columns by the keys of ``names``; and what was guessed or left aside, in sentences.

    Raises
    ------
    SourceSchemaError
        It is no table, or a needed column is not there.
    """
    notes: list[str] = []
    file, content = unpack(path, SUFFIXES)
    if file.endswith(".parquet"):
        frame = _read_parquet(path, content)
    else:
        frame, guesses = _read_text(path, content, names)
        notes += guesses
    found = _find(frame, names)
    for meaning in list(names)[:2]:
        if meaning not in found:
            raise SourceSchemaError(
                f"{path} has the columns {listed(frame.columns.drop(_EXTRA, errors='ignore'))}; "
                f"one must be called {names[meaning][0]} (or {', '.join(names[meaning][1:])})."
            )
    further = genre_columns(map(str, frame.columns), {"genres": found["genre"]}) if "genre" in found else []
    if len(further) > 1:
        frame[found["genre"]] = _joined_genres(frame[further])
    used = {found[meaning]: meaning for meaning in names if meaning in found}
    ignored = [str(name) for name in frame.columns if name not in (*used, *further, _EXTRA)]
    if ignored:
        notes.append(f"{path.name}: columns not used: {listed(ignored)}")
    return frame[[*used, *frame.columns.intersection([_EXTRA])]].rename(columns=used), notes


def read_ids(column: Series) -> Series:
    """Return ids as text, missing where there is none; whole numbers that were saved as 3.0 are 3."""
    text = as_text(column)
    text = text.mask(is_missing(text))
    whole = text.dropna().str.fullmatch(r"(0|[1-9]\d{0,14})(\.0+)?").all()
    return plain_ids(text) if whole else text


def pack_ids(text: Series) -> NDArray[Any]:
    """Return ids as int64 where all are whole numbers, else as text."""
    if text.str.fullmatch(r"0|[1-9]\d{0,17}").all():
        whole: NDArray[np.int64] = text.to_numpy().astype(np.int64)
        return whole
    return np.asarray(text.tolist(), dtype=np.str_)


def read_weights(column: Series) -> Series:
    """Return numbers, missing where there is no finite number above 0."""
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    return numbers.where((numbers > 0) & np.isfinite(numbers))


def read_times(column: Series) -> Series:
    """Return numbers as they are, or dates and times as seconds since 1970, UTC where they name no zone."""
    is_date = pd.api.types.is_datetime64_any_dtype(column)
    numbers = None if is_date else pd.to_numeric(column, errors="coerce").astype(float)
    if numbers is not None and numbers.notna().mean() > 0.5:
        return numbers.where(np.isfinite(numbers))
    instants = pd.to_datetime(column, errors="coerce", utc=True, format=None if is_date else "ISO8601")
    return (instants - pd.Timestamp(0, tz="UTC")).dt.total_seconds()


def drop_faulty(path: Path, raw: DataFrame, clean: DataFrame) -> tuple[DataFrame, list[str]]:
    """Drop rows with a missing value, and say of each column how many, why, and where the first is.

    Parameters
    ----------
    path : Path
        For the sentences.
    raw, clean : DataFrame
        Cells as the file has them, and as they were understood; rows in one order.

    Raises
    ------
    SourceSchemaError
        Half of the rows or more would go: that is no mess but another kind of file.
    """
    if _EXTRA in raw:
        clean = clean.assign(**{_EXTRA: raw[_EXTRA].where(raw[_EXTRA] == "")})
    kept = np.ones(len(clean), np.bool_)
    notes = []
    place = "row" if path.suffix.lower() == ".parquet" else "line"
    for name in clean:
        wrong = kept & clean[name].isna().to_numpy()
        if not wrong.any():
            continue
        first = int(np.argmax(wrong))
        what = f"{name} is {str(raw[name].iloc[first])!r}" if name != _EXTRA else _EXTRA
        where = f"{place} {clean.index[first]}: {what}"
        kept &= ~wrong
        expected, n_wrong = _EXPECTED[str(name)], wrong.sum()
        if 2 * kept.sum() <= len(clean):
            raise SourceSchemaError(f"{path}, {where}; give {expected} ({n_wrong} such).")
        dropped = f"{n_wrong} of {len(clean)} rows dropped for want of {expected}"
        notes.append(f"{path.name}: {dropped}; the first is {where}")
    return clean[kept], notes


def _read_parquet(path: Path, content: bytes) -> DataFrame:
    try:
        frame = pd.read_parquet(io.BytesIO(content))
    except pa.ArrowInvalid as error:
        raise SourceSchemaError(f"{path} is no Parquet file ({error}): write it again.") from error
    named = [name for name in frame.index.names if name is not None]
    frame = frame.reset_index(level=named) if named else frame
    return frame.set_axis(np.arange(1, len(frame) + 1))


def _read_text(
    path: Path, content: bytes, names: Mapping[str, tuple[str, ...]]
) -> tuple[DataFrame, list[str]]:
    text, notes = _decode(path, content)
    first = text.lstrip().split("\n", 1)[0]
    separator = max(_SEPARATORS, key=first.count)
    # MovieLens' separator; elsewhere two colons are a part of an id
    if "::" in first and (not first.count(separator) or re.match(r"\d+::.+::", first)):
        text, first, separator = text.replace("::", "\t"), first.replace("::", "\t"), "\t"
    cells = next(csv.reader([first], delimiter=separator), [])
    try:
        with warnings.catch_warnings(record=True) as skipped:
            warnings.simplefilter("always", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.StringIO(text),
                sep=separator,
                header=None,
                names=[*range(len(cells)), _EXTRA],
                dtype=str,
                keep_default_na=False,
                index_col=False,
                skip_blank_lines=False,
                on_bad_lines="warn",  # those with cells beyond the extra column
            )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise SourceSchemaError(f"{path} is no table ({error}): give a header line, then rows.") from error
    wide = [line for warning in skipped for line in str(warning.message).splitlines() if line.strip()]
    if len(wide) > len(frame):
        raise SourceSchemaError(f"{path} is no table ({wide[0]}): give a header line, then rows.")
    if wide:
        notes.append(f"{path.name}: {len(wide)} lines dropped for too many cells; the first: {wide[0]}")
    frame = frame.fillna("").apply(lambda column: column.str.strip()).set_axis(frame.index + 1)
    frame = frame[(frame != "").any(axis=1)]
    if frame.empty:
        raise SourceSchemaError(f"{path} is empty: give a header line, then rows.")
    frame, guess = _named(path, frame, names)
    return frame, [*notes, *guess]


def _named(path: Path, frame: DataFrame, names: Mapping[str, tuple[str, ...]]) -> tuple[DataFrame, list[str]]:
    """Name the columns by the header, or by their place and content where there is none."""
    width = len(frame.columns) - 1
    if _has_header(frame, names):
        return frame.iloc[1:].rename(columns=dict(zip(range(width), frame.iloc[0], strict=False))), []
    meanings = dict(enumerate(list(names)[:width]))
    if "genre" in names:
        frame, place = _find_genres(path, frame)
        meanings = {0: "item", place: "genre"}
    elif width == 3 and "timestamp" in names and _is_time(frame.iloc[0, 2]):
        meanings[2] = "timestamp"
    note = f"{path.name}: no header; the columns are read as {', '.join(meanings.values())}"
    return frame.rename(columns={place: names[meaning][0] for place, meaning in meanings.items()}), [note]


def _find_genres(path: Path, frame: DataFrame) -> tuple[DataFrame, int]:
    """Return a table without a header, and the place of its genres: what repeats, and is no title or date.

    Several columns of 0 and 1 alone, as MovieLens' u.item has them, become one column of genres.
    """
    cells = frame.drop(columns=[0, _EXTRA])
    flags = [place for place in cells if cells[place].isin(["0", "1"]).all()]
    if len(flags) > 1:
        rows = cells[flags].to_numpy() == "1"
        frame[flags[0]] = [";".join(f"genre {flags[place]}" for place in np.flatnonzero(row)) for row in rows]
        return frame, flags[0]
    told = {place: cells[place][cells[place] != ""] for place in cells}
    if len(told) > 1:  # titles have years in them, dates and addresses too
        told = {
            place: column for place, column in told.items() if not column.str.contains(r"\d").mean() >= 0.5
        }
    split = {place: column.str.split(r"[;|,]").explode() for place, column in told.items() if len(column)}
    distinct = {place: column.nunique() / len(column) for place, column in split.items()}
    best = min(distinct, key=distinct.__getitem__, default=None)
    if best is None or (distinct[best] == 1 and (len(cells.columns) > 1 or len(frame) > _FEW_ITEMS)):
        raise SourceSchemaError(
            f"{path} has no header, and no column whose values repeat as genres do: give it a header line "
            "with the columns item and genre."
        )
    return frame, best


def _joined_genres(frame: DataFrame) -> list[str]:
    columns = ([split_names(cell, commas=True) for cell in frame[name].astype(str)] for name in frame)
    return [LIST_MARK + LIST_MARK.join(sum(row, ())) for row in zip(*columns, strict=True)]


def _decode(path: Path, content: bytes) -> tuple[str, list[str]]:
    utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return content.decode("utf-16" if utf16 else "utf-8-sig"), []
    except UnicodeDecodeError as error:
        note = f"{path.name}: not UTF-8 (byte {error.start}), read as Latin-1"
        return content.decode("latin-1"), [note]


def _has_header(frame: DataFrame, names: Mapping[str, tuple[str, ...]]) -> bool:
    """Tell a header: a name that is known, or no digit and no cell that is repeated below it."""
    if _find(frame.rename(columns=frame.iloc[0]), names):
        return True
    first = frame.iloc[0].drop(_EXTRA)
    repeats = any((frame[name].iloc[1:] == first[name]).any() for name in first.index[:2])
    return not repeats and not first.str.contains(r"\d").any()


def _is_time(cell: str) -> bool:
    number = pd.to_numeric(cell, errors="coerce")
    return bool(np.isnan(number) or number >= 1e8)  # a date, or seconds since 1970


def _find(frame: DataFrame, names: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Tell the column of each meaning; of several the one whose name comes first in ``names``.

    A name is known in any case, with or without what joins its words, and with RecBole's ``:type``.
    """
    columns = {plain(str(name).split(":", maxsplit=1)[0]): name for name in reversed(list(frame.columns))}
    found = {}
    for meaning, known in names.items():
        present = [columns[plain(name)] for name in known if plain(name) in columns]
        if meaning == "genre":
            present += [columns[name] for name in genre_columns(reversed(columns), {})]
        if present:
            found[meaning] = present[0]
    return found

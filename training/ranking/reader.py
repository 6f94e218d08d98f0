"""Reads interactions as they are published (.npz CSR, LightGCN text, CSV, Parquet), or says what is wrong."""

from __future__ import annotations

import warnings
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from segue.errors import SourceSchemaError, SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from pandas import DataFrame, Series

USER_NAMES = ("user", "user_id", "userid", "customer_id")
ITEM_NAMES = ("item", "item_id", "itemid", "track_id", "artist_id", "artistid")
WEIGHT_NAMES = ("weight", "rating", "count", "plays")
TIME_NAMES = ("timestamp", "at", "time")


@dataclass(frozen=True, slots=True)
class InteractionTable:
    """Interactions of one file, a row each, in the file's order.

    Attributes
    ----------
    user, item : int64 (n,) or str (n,)
        Ids as the file has them; of CSR and LightGCN files the row and the column.
    weight : float32 (n,)
        1 where the file has none.
    at : float64 (n,) or None
        Seconds or whatever the file counts in; only the order matters.
    shape : (int, int) or None
        Users and items of a file whose ids are rows and columns; some may have no interaction.
    """

    user: NDArray[Any]
    item: NDArray[Any]
    weight: NDArray[np.float32]
    at: NDArray[np.float64] | None = None
    shape: tuple[int, int] | None = None

    def __len__(self) -> int:
        return len(self.user)


def read_interactions(path: Path) -> InteractionTable:
    """Read a file; its suffix says how: .npz, .txt (LightGCN), .csv, .tsv, .parquet.

    Raises
    ------
    SourceUnavailableError
        The file is not there or cannot be read.
    SourceSchemaError
        It does not hold interactions; the message names the line or column, the value and the remedy.
    """
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise SourceSchemaError(
            f"{path}: {path.suffix or 'no suffix'} is no known form; give {', '.join(sorted(_READERS))}."
        )
    try:
        table = read(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnavailableError(f"{path} cannot be read ({error}): give a readable file.") from error
    if len(table) == 0:
        raise SourceSchemaError(f"{path} holds no interaction: give a file with at least one.")
    if not (table.weight > 0).all():
        wrong = table.weight[~(table.weight > 0)]
        raise SourceSchemaError(
            f"{path}: a weight is {wrong[0]:g} ({len(wrong)} such): give weights above 0 only."
        )
    return table


def _read_npz(path: Path) -> InteractionTable:
    names = ("data", "indices", "indptr", "shape")
    try:
        with np.load(path, allow_pickle=False) as archive:
            data, indices, indptr, shape = (archive[name] for name in names)
    except KeyError as error:
        raise SourceSchemaError(f"{path}: {error.args[0]}; a CSR file holds {', '.join(names)}.") from error
    except (ValueError, zipfile.BadZipFile) as error:
        raise SourceSchemaError(f"{path} is no .npz of plain arrays ({error}): save CSR arrays.") from error
    n_users, n_items = (int(size) for size in shape)
    consistent = len(indptr) == n_users + 1 and indptr[-1] == len(indices) == len(data) and indptr[0] == 0
    if not consistent or (np.diff(indptr) < 0).any():
        raise SourceSchemaError(
            f"{path}: indptr of {len(indptr)}, indices of {len(indices)} and data of {len(data)} are no CSR "
            f"matrix of {n_users} × {n_items}: save it again, in CSR form."
        )
    item = indices.astype(np.int64)
    wrong = np.flatnonzero((item < 0) | (item >= n_items))
    if len(wrong):
        raise SourceSchemaError(
            f"{path}: indices[{wrong[0]}] is {item[wrong[0]]} of {n_items} columns: save it as CSR again."
        )
    user = np.repeat(np.arange(n_users, dtype=np.int64), np.diff(indptr))
    return InteractionTable(user, item, data.astype(np.float32), shape=(n_users, n_items))


def _read_lightgcn(path: Path) -> InteractionTable:
    users, items = [], []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            values = line.split()
            for value in values:
                if not value.isascii() or not value.isdecimal():
                    raise SourceSchemaError(
                        f"{path}, line {number}: {value!r} is no index; a line is `user item item …`, "
                        "all whole numbers from 0."
                    )
            users.extend(values[:1] * (len(values) - 1))
            items.extend(values[1:])
    user, item = np.array(users, dtype=np.int64), np.array(items, dtype=np.int64)
    shape = (int(user.max(initial=-1)) + 1, int(item.max(initial=-1)) + 1)
    return InteractionTable(user, item, np.ones(len(user), np.float32), shape=shape)


def _read_csv(path: Path) -> InteractionTable:
    import pandas as pd

    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a row longer than the header
            frame = pd.read_csv(
                path, sep=separator, dtype=str, keep_default_na=False, index_col=False, skip_blank_lines=False
            )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, pd.errors.ParserWarning) as error:
        raise SourceSchemaError(f"{path} is no table ({error}): give a header line, then rows.") from error
    frame = frame.fillna("").set_axis(frame.index + 2)
    return _from_frame(path, frame[(frame != "").any(axis=1)])


def _read_parquet(path: Path) -> InteractionTable:
    import pandas as pd
    import pyarrow as pa

    try:
        frame = pd.read_parquet(path)
    except pa.ArrowInvalid as error:
        raise SourceSchemaError(f"{path} is no Parquet file ({error}): write it again.") from error
    return _from_frame(path, frame.set_axis(np.arange(1, len(frame) + 1)))


_READERS: dict[str, Callable[[Path], InteractionTable]] = {
    ".npz": _read_npz,
    ".txt": _read_lightgcn,
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".parquet": _read_parquet,
}


def _from_frame(path: Path, frame: DataFrame) -> InteractionTable:
    """Build from a table whose index counts lines or rows as the file's reader would."""
    columns = {str(name).strip().lower().replace(" ", "_"): name for name in frame.columns}

    def find(names: tuple[str, ...], *, needed: bool = False) -> Series | None:
        present = [columns[name] for name in names if name in columns]
        if needed and not present:
            raise SourceSchemaError(
                f"{path} has the columns {', '.join(map(str, frame.columns))}; one must be called "
                f"{names[0]} (or {', '.join(names[1:])})."
            )
        return frame[present[0]] if present else None

    user, item = find(USER_NAMES, needed=True), find(ITEM_NAMES, needed=True)
    weight, time = find(WEIGHT_NAMES), find(TIME_NAMES)
    return InteractionTable(
        _ids(path, user),
        _ids(path, item),
        np.ones(len(frame), np.float32) if weight is None else _numbers(path, weight).astype(np.float32),
        None if time is None else _times(path, time),
    )


def _ids(path: Path, column: Series) -> NDArray[Any]:
    """Ids as int64 where all are whole numbers, else as text."""
    text = column.astype(str).str.strip()
    _reject_first(path, column, column.isna() | (text == ""), "an id")
    if text.str.fullmatch(r"0|[1-9]\d{0,17}").all():
        whole: NDArray[np.int64] = text.to_numpy().astype(np.int64)
        return whole
    return np.asarray(text.tolist(), dtype=np.str_)


def _numbers(path: Path, column: Series) -> NDArray[np.float64]:
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    _reject_first(path, column, ~np.isfinite(numbers), "a finite number")
    return np.asarray(numbers, np.float64)


def _times(path: Path, column: Series) -> NDArray[np.float64]:
    """Numbers as they are; dates and times as seconds since 1970, UTC where they name no zone."""
    import pandas as pd

    is_date = pd.api.types.is_datetime64_any_dtype(column)
    if not is_date and pd.to_numeric(column, errors="coerce").notna().all():
        return _numbers(path, column)
    instants = pd.to_datetime(column, errors="coerce", utc=True, format=None if is_date else "ISO8601")
    _reject_first(path, column, instants.isna(), "numbers throughout, or ISO 8601 times")
    return np.asarray((instants - pd.Timestamp(0, tz="UTC")).dt.total_seconds(), np.float64)


def _reject_first(path: Path, column: Series, wrong: Series, expected: str) -> None:
    if wrong.any():
        first = wrong.idxmax()
        raise SourceSchemaError(
            f"{path}, {'row' if path.suffix == '.parquet' else 'line'} {first}: {column.name} is "
            f"{str(column[first])!r}; give {expected} ({int(wrong.sum())} such)."
        )

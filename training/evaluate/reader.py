"""Reads interactions as they are published (sparse .npz, LightGCN text, tables), and says what it dropped."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix, csr_matrix, load_npz

from segue.errors import SourceSchemaError, SourceUnavailableError
from segue.sources.dataset.table.known_column import COUNTS, ITEM_IDS, RATINGS, TIMES, USER_IDS
from training.evaluate.columns import (
    SUFFIXES,
    drop_faulty,
    pack_ids,
    read_frame,
    read_ids,
    read_times,
    read_weights,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from pandas import Series

NAMES = {
    "user": ("user", *USER_IDS),
    "item": ITEM_IDS,
    "weight": ("weight", *RATINGS, *COUNTS),
    "timestamp": ("timestamp", *TIMES),
}

MOST_IDS = 50_000_000
"""Rows or columns of a matrix: every one of them takes memory, whether it has an interaction or not."""


@dataclass(frozen=True, slots=True)
class InteractionTable:
    """Interactions of one file, a row each, in the file's order; those of a matrix by row and column.

    Attributes
    ----------
    user, item : int64 (n,) or str (n,)
        Ids as the file has them; of a matrix the row and the column.
    weight : float32 (n,)
        Above 0; 1 where the file has none.
    at : float64 (n,) or None
        Seconds or whatever the file counts in; only the order matters.
    shape : (int, int) or None
        Users and items of a matrix; some may have no interaction.
    notes : tuple of str
        What was guessed, left aside or dropped, in sentences.
    """

    user: NDArray[Any]
    item: NDArray[Any]
    weight: NDArray[np.float32]
    at: NDArray[np.float64] | None = None
    shape: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.user)


def read_interactions(path: Path, *, timed: bool = True) -> InteractionTable:
    """Read a file; its suffix says how: .npz a sparse matrix, .txt LightGCN's form, else a table.

    Rows that cannot be used are dropped and reported in ``notes``. If half of all rows or more cannot be
    used, the file is refused.

    Parameters
    ----------
    path : Path
    timed : bool
        Whether a row needs its time, where the file has a column of times; else that is not read.

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
        table = read(path, timed)
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnavailableError(f"{path} cannot be read ({error}): give a readable file.") from error
    if len(table) == 0:
        raise SourceSchemaError(f"{path} holds no interaction: give a file with at least one.")
    return table


def _read_npz(path: Path, _: bool) -> InteractionTable:
    try:
        matrix = _load_matrix(path)
    except KeyError as error:
        raise SourceSchemaError(
            f"{path}: {error.args[0]}; save a matrix with scipy.sparse.save_npz."
        ) from error
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        # numpy takes whatever is no archive for a pickle, and advises to load it as one.
        found = "it holds no arrays" if "pickle" in str(error) else error
        raise SourceSchemaError(
            f"{path} is no .npz of a sparse matrix ({found}): save it with scipy.sparse.save_npz."
        ) from error
    if max(matrix.shape) > MOST_IDS:
        raise SourceSchemaError(
            f"{path} is {matrix.shape[0]} × {matrix.shape[1]}: give at most {MOST_IDS} users and items, "
            "numbered from 0 without gaps, or a table of their ids."
        )
    order = np.lexsort((matrix.col, matrix.row))  # one order, whatever the form: divisions depend on it
    user, item = matrix.row[order].astype(np.int64), matrix.col[order].astype(np.int64)
    weight = matrix.data[order].astype(np.float32)
    is_good = np.isfinite(weight) & (weight > 0)
    n_wrong = int((~is_good).sum())
    if not n_wrong:
        return InteractionTable(user, item, weight, shape=matrix.shape)
    first = int(np.argmin(is_good))
    where = f"the weight of user {user[first]}, item {item[first]} is {weight[first]:g}"
    if 2 * n_wrong >= len(weight):
        raise SourceSchemaError(f"{path}: {where}; give numbers above 0 ({n_wrong} others).")
    note = f"{path.name}: {n_wrong} of {len(weight)} entries dropped for want of a weight above 0; {where}"
    return InteractionTable(user[is_good], item[is_good], weight[is_good], shape=matrix.shape, notes=(note,))


def _load_matrix(path: Path) -> coo_matrix:
    """Load what scipy saved, in whichever sparse form; without a word on the form it is CSR."""
    with np.load(path, allow_pickle=False) as archive:
        if "format" in archive:
            matrix = load_npz(path)
        else:
            data, indices, indptr, shape = (archive[name] for name in ("data", "indices", "indptr", "shape"))
            matrix = csr_matrix((data, indices, indptr), shape=tuple(shape))
    if matrix.format in {"csr", "csc"}:
        matrix.check_format(full_check=True)
    return coo_matrix(matrix)


def _read_lightgcn(path: Path, _: bool) -> InteractionTable:
    with path.open(encoding="utf-8-sig") as file:
        lines = [line.split() for line in file]
    users, items = [], []
    for values in lines:
        users.extend(values[:1] * (len(values) - 1))
        items.extend(values[1:])
    widths = {len(values) for values in lines if values}
    users_recur = len({values[0] for values in lines if values}) < sum(map(bool, lines))
    if (users_recur and widths in ({3}, {4})) or any("," in values[0] for values in lines[:1] if values):
        raise SourceSchemaError(
            f"{path} holds no lines `user item item …`: rename a table of user, item[, weight][, timestamp] "
            "to .csv or .tsv."
        )
    for number, values in enumerate(lines, start=1):
        for value, first in zip(values, users[:1] + items[:1] * len(values), strict=False):
            if first.isdecimal() and not (value.isascii() and value.isdecimal()):
                raise SourceSchemaError(
                    f"{path}, line {number}: {value!r} is no index; a line is `user item item …`, of whole "
                    "numbers throughout or of names throughout."
                )
    return InteractionTable(_pack_tokens(users), _pack_tokens(items), np.ones(len(users), np.float32))


def _pack_tokens(ids: list[str]) -> NDArray[Any]:
    return pack_ids(
        pd.Series([each.lstrip("0") or "0" if each.isdecimal() else each for each in ids], dtype=str)
    )


def _read_table(path: Path, timed: bool) -> InteractionTable:
    raw, notes = read_frame(path, NAMES)
    if not timed:
        raw = raw.drop(columns="timestamp", errors="ignore")
    read: dict[str, Callable[[Series], Series]] = {
        "user": read_ids, "item": read_ids, "weight": read_weights, "timestamp": read_times,
    }  # fmt: skip
    understood = {name: read[name](raw[name]) for name in NAMES if name in raw}
    clean, dropped = drop_faulty(path, raw, pd.DataFrame(understood, index=raw.index))
    return InteractionTable(
        pack_ids(clean["user"]),
        pack_ids(clean["item"]),
        clean["weight"].to_numpy(np.float32) if "weight" in clean else np.ones(len(clean), np.float32),
        clean["timestamp"].to_numpy(np.float64) if "timestamp" in clean else None,
        notes=(*notes, *dropped),
    )


_READERS: dict[str, Callable[[Path, bool], InteractionTable]] = {
    ".npz": _read_npz,
    ".txt": _read_lightgcn,
    **dict.fromkeys((*SUFFIXES, ".gz", ".zip"), _read_table),
}
